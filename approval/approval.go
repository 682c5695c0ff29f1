// Package approval holds the rules of who may, who must agree, and the states of a request. It is pure:
// it knows no Slack, no AWS, no HTTP and no clock.
package approval

import "time"

// Policy says what an early destroy needs.
type Policy string

// The policies of SHOWTIME_APPROVAL.
const (
	ByAdmin  Policy = "admin"     // an analyst's destroy needs one admin; an admin's own does not
	FourEyes Policy = "four-eyes" // always another admin
	NoneNeed Policy = "none"      // nobody else
)

// Person is somebody as the rules see them, read from fresh membership.
type Person struct {
	ID      string
	Analyst bool
	Admin   bool // an admin is an analyst too
}

// May says whether the person may use Showtime at all.
func (p Person) May() bool { return p.Analyst || p.Admin }

// Verdict is what a rule says, with the sentence its person sees when it is no.
type Verdict struct {
	Kind     VerdictKind
	Sentence string
}

// VerdictKind is allowed, refused, or "ask an admin".
type VerdictKind int

// The verdicts. The zero value refuses.
const (
	Refuse VerdictKind = iota
	Allow
	Ask
)

// RequestState is where a request stands. Only open can change, and only once.
type RequestState string

// The states of a request.
const (
	Open           RequestState = "open"
	Approved       RequestState = "approved"
	Denied         RequestState = "denied"
	Withdrawn      RequestState = "withdrawn"
	Expired        RequestState = "expired"
	NoLongerNeeded RequestState = "no longer needed"
)

// Request is an analyst's confirmed wish to end a session early. It is pinned to the session's generation.
type Request struct {
	V          int          `json:"v"`
	ID         string       `json:"id"` // short, shown to people
	State      RequestState `json:"state"`
	Generation int64        `json:"generation"`
	By         string       `json:"by"`
	Reason     string       `json:"reason,omitempty"`
	At         time.Time    `json:"at"`
	ExpiresAt  time.Time    `json:"expires_at"`
	Channel    string       `json:"channel"` // where it was asked, for telling its person

	DecidedBy string    `json:"decided_by,omitempty"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
}
