// Package interactions turns the payload of a clicked button, and the inputs around it, into an intent:
// a job to queue, or nothing. It reads with its own small structs, because a click must not be lost to
// an element of the message that this build does not know.
package interactions

import (
	"encoding/json"
	"errors"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/job"
)

// maxValue is the longest value Slack lets a button carry.
const maxValue = 2000

// ErrMalformed says that a payload cannot have come from an interaction.
var ErrMalformed = errors.New("parse interaction: not an interaction payload")

// Request is an interaction. Ignored says in a fixed word why there is nothing to do; without it, Job is to be queued.
type Request struct {
	AppID    string
	Team     string // the workspace of the app, as far as the payload says
	UserTeam string // the workspace of the person, as far as the payload says
	// Enterprise is the organisation; some payloads give it as the person's workspace.
	Enterprise string

	Ignored string
	Job     job.Job // its time is when the button was pressed; zero where the payload does not say
}

// The words of Ignored.
const (
	OtherType = "other-type" // no click on a button
	NoAction  = "no-action"  // a click on nothing
	NoJob     = "no-job"     // a link or an input: Slack reports it, and nobody asked for anything
)

type payload struct {
	Type       string    `json:"type"`
	AppID      string    `json:"api_app_id"`
	Trigger    string    `json:"trigger_id"`
	Response   string    `json:"response_url"`
	Team       *identity `json:"team"`
	Enterprise *identity `json:"enterprise"`
	Channel    *identity `json:"channel"`
	User       person    `json:"user"`
	Container  container `json:"container"`
	Message    message   `json:"message"`
	Actions    []action  `json:"actions"`
	State      struct {
		Values map[string]map[string]json.RawMessage `json:"values"`
	} `json:"state"`
}

type identity struct {
	ID string `json:"id"`
}

func (i *identity) id() string {
	if i == nil {
		return ""
	}
	return i.ID
}

type person struct {
	ID     string `json:"id"`
	TeamID string `json:"team_id"`
}

type container struct {
	MessageTS string `json:"message_ts"`
	ThreadTS  string `json:"thread_ts"`
	ChannelID string `json:"channel_id"`
	Ephemeral bool   `json:"is_ephemeral"`
}

type message struct {
	TS       string `json:"ts"`
	ThreadTS string `json:"thread_ts"`
}

// Parse reads an interaction payload. Its only error is ErrMalformed.
func Parse(data []byte) (Request, error) {
	var p payload
	if err := decode(data, &p); err != nil || p.Type == "" {
		return Request{}, ErrMalformed
	}
	r := Request{AppID: p.AppID, Team: p.Team.id(), UserTeam: p.User.TeamID, Enterprise: p.Enterprise.id()}
	if r.Team == "" { // an app installed for the whole organisation
		r.Team = p.User.TeamID
	}
	if p.Type != "block_actions" {
		r.Ignored = OtherType
		return r, nil
	}
	j, ignored := choose(p.Actions)
	if ignored != "" {
		r.Ignored = ignored
		return r, nil
	}
	channel := first(p.Channel.id(), p.Container.ChannelID)
	if p.Trigger == "" || !job.IsSlackID(p.User.ID) || channel != "" && !job.IsSlackID(channel) {
		return Request{}, ErrMalformed
	}
	r.Job = p.address(j, channel)
	r.Job.At = pressed(p.Actions)
	return r, nil
}

// pressed is when the person clicked: what one click reports happened at one time.
func pressed(actions []action) time.Time {
	for _, a := range actions {
		if at, ok := job.TimeOf(a.TS); ok {
			return at
		}
	}
	return time.Time{}
}

// address says where a job comes from and where its answer goes.
func (p *payload) address(j job.Job, channel string) job.Job {
	j.V = job.Version
	j.Source = job.Click
	j.ID = job.TriggerID(job.Click, p.Trigger)
	j.Ref = job.RefOf(j.ID)
	j.User = p.User.ID
	j.Team = first(p.User.TeamID, p.Team.id())
	j.Enterprise = p.Enterprise.id()
	j.Channel = channel
	j.MessageTS = first(p.Container.MessageTS, p.Message.TS)
	j.ThreadTS = first(p.Container.ThreadTS, p.Message.ThreadTS)
	j.Ephemeral = p.Container.Ephemeral
	j.ResponseURL = p.Response
	j.Hours, j.Purpose, j.Reason = p.input(actionid.Hours), p.input(actionid.Purpose), p.input(actionid.Reason)
	return j
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

type action struct {
	ID    string `json:"action_id"`
	Value string `json:"value"`
	TS    string `json:"action_ts"`
}

// choose finds the first action that is a job. Actions that are none of ours are a button this build
// does not know; a link or an input is answered and forgotten.
func choose(actions []action) (j job.Job, ignored string) {
	if len(actions) == 0 {
		return job.Job{}, NoAction
	}
	known := false
	for _, a := range actions {
		if kind := kindOf(a.ID); kind != "" {
			return read(kind, a.Value), ""
		}
		known = known || jobless(a.ID)
	}
	if known {
		return job.Job{}, NoJob
	}
	return outdated(), ""
}

func kindOf(id string) job.Kind {
	switch id {
	case actionid.Start:
		return job.Start
	case actionid.Join:
		return job.Join
	case actionid.Status:
		return job.Status
	case actionid.Destroy:
		return job.Destroy
	case actionid.Approve:
		return job.Approve
	case actionid.Deny:
		return job.Deny
	case actionid.Claim:
		return job.Claim
	case actionid.StillNeed:
		return job.StillNeed
	case actionid.Withdraw:
		return job.Withdraw
	case actionid.Extend:
		return job.Extend
	case actionid.MoreTime:
		return job.MoreTime
	case actionid.LetEnd:
		return job.LetEnd
	case actionid.Alert:
		return job.Alert
	default:
		return ""
	}
}

func jobless(id string) bool {
	switch id {
	case actionid.OpenNotebook, actionid.OpenCard, actionid.Purpose, actionid.Hours, actionid.Reason:
		return true
	default:
		return false
	}
}

// read makes the job of a button. A value that is not ours makes the button outdated.
func read(kind job.Kind, value string) job.Job {
	if len(value) > maxValue {
		return outdated()
	}
	v, err := actionid.Decode(value)
	if err != nil || ofRequest(kind) && v.Request == "" || ofLease(kind) && v.LeaseEnd == 0 {
		return outdated()
	}
	return job.Job{Kind: kind, Generation: v.Generation, Request: v.Request, LeaseEnd: v.LeaseEnd}
}

// ofRequest says whether a button means nothing without its request.
func ofRequest(kind job.Kind) bool {
	switch kind {
	case job.Approve, job.Deny, job.Claim, job.StillNeed, job.Withdraw:
		return true
	default:
		return false
	}
}

// ofLease says whether a button means nothing without the lease end it was drawn for.
func ofLease(kind job.Kind) bool {
	return kind == job.Extend || kind == job.MoreTime || kind == job.LetEnd
}

func outdated() job.Job {
	return job.Job{Kind: job.Outdated, Generation: job.AnyGeneration}
}

// decode reads JSON and lets fields of an unexpected type stay empty: what is needed is checked by its user.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) && mismatch.Field != "" {
		return nil
	}
	return err
}
