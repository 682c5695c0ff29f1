// Package job is the order slip between the receiver, which only writes it, and
// the worker, which only reads it: one thing somebody asked for in Slack.
package job

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Version is the version of the slips this build writes. It reads this one and the one before.
const Version = 1

// MaxAge is how long after Slack's own time stamp a job may still start, end, extend or decide anything.
const MaxAge = 10 * time.Minute

// AnyGeneration is the generation of typed words, the same number as lifecycle.AnyGeneration: the
// receiver does not import the lifecycle.
const AnyGeneration int64 = -1

// ErrNewer says that a slip was written by a later build; it must go back to the queue unprocessed.
var ErrNewer = errors.New("job was written by a newer version")

// Kind says what was asked.
type Kind string

// The kinds of jobs.
const (
	Panel      Kind = "panel"       // bare /emr, and the destroy phrase's cousin "show me the buttons"
	Status     Kind = "status"      // /emr status, the Status button, the status phrase
	Start      Kind = "start"       // /emr start, the Start button, the start phrase
	Join       Kind = "join"        // the Join button
	AskDestroy Kind = "ask-destroy" // typed words; answered with the Destroy button, never acted on
	Destroy    Kind = "destroy"     // the confirmed Destroy button
	Approve    Kind = "approve"     // the confirmed Approve button
	Deny       Kind = "deny"        // the Deny button
	Claim      Kind = "claim"       // the "Looking at it" button
	StillNeed  Kind = "still-need"  // the "I still need it" button
	Withdraw   Kind = "withdraw"    // the Withdraw button
	Extend     Kind = "extend"      // the Extend button: one step
	MoreTime   Kind = "more-time"   // the confirmed button for one step past the lease's cap
	LetEnd     Kind = "let-end"     // the Let it end button: no more warnings for this person
	Alert      Kind = "alert"       // the Tell the admins button of a failed session
	History    Kind = "history"     // /emr history
	Doctor     Kind = "doctor"      // /emr doctor
	Outdated   Kind = "outdated"    // a button this build does not know
)

// Source says how it was asked, because the answer goes back the same way.
type Source string

// The sources of jobs.
const (
	Command Source = "command"
	Click   Source = "click"
	Phrase  Source = "phrase"
)

// Job is one thing somebody asked. All strings come from a signed Slack request; the typed ones
// (Hours, Purpose, Reason) are still whatever a person chose to type.
type Job struct {
	V      int    `json:"v"`
	ID     string `json:"id"`  // deduplication id, operation id and dedupe key; made from what Slack sent
	Ref    string `json:"ref"` // short reference, shown to people and found in logs
	Kind   Kind   `json:"kind"`
	Source Source `json:"source"`
	// At is Slack's time: the signed timestamp of a command or click, the ts of a message.
	At      time.Time `json:"at"`
	EventID string    `json:"event_id,omitempty"` // second dedupe key of a phrase

	User       string `json:"user"`
	Team       string `json:"team,omitempty"`
	Enterprise string `json:"enterprise,omitempty"`
	Channel    string `json:"channel"`

	// MessageTS is the clicked message or the message that was the phrase; ThreadTS the thread it stood in.
	MessageTS string `json:"message_ts,omitempty"`
	ThreadTS  string `json:"thread_ts,omitempty"`
	Ephemeral bool   `json:"ephemeral,omitempty"` // the clicked message was ephemeral

	// ResponseURL is a credential: never logged. It works five times within thirty minutes.
	ResponseURL string `json:"response_url,omitempty"`

	// Generation is the one the clicked button was drawn for, AnyGeneration for typed words.
	Generation int64  `json:"generation"`
	Request    string `json:"request,omitempty"`   // id of the approval request a button belongs to
	LeaseEnd   int64  `json:"lease_end,omitempty"` // the lease end a button was drawn for, Unix milliseconds

	Hours   string `json:"hours,omitempty"`
	Purpose string `json:"purpose,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Days    int    `json:"days,omitempty"` // how far back a history goes; 0 = the last sessions
}

// Decode reads a slip. A newer one gives ErrNewer together with what could be read of it, so that
// its person can be told; anything else unreadable gives another error.
func Decode(data []byte) (Job, error) {
	var j Job
	if err := json.Unmarshal(data, &j); err != nil {
		return Job{}, fmt.Errorf("decode job: %w", err)
	}
	switch {
	case j.V > Version:
		return j, ErrNewer
	case j.V < 1 || j.ID == "" || j.Kind == "":
		return Job{}, errors.New("decode job: version, id or kind is missing")
	}
	return j, nil
}

// Encode writes the slip in this build's version.
func (j Job) Encode() ([]byte, error) {
	j.V = Version
	data, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("encode job: %w", err)
	}
	return data, nil
}

// Group is the queue's message group: what may change the cluster shares one, everything else has
// one per person, so that nobody's question waits behind a failing job.
func (j Job) Group(cluster string) string {
	switch j.Kind {
	case Start, Join, Destroy, Approve, Deny, Claim, StillNeed, Withdraw, Extend, MoreTime, LetEnd, Alert:
		return "cluster/" + cluster
	default:
		return "person/" + j.User
	}
}

// Changes says whether the job may change something, and so needs a fresh look at who asks.
func (j Job) Changes() bool { return j.Group("") == "cluster/" }
