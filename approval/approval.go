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

// Valid says whether the policy is one of the three.
func (p Policy) Valid() bool { return p == ByAdmin || p == FourEyes || p == NoneNeed }

// Person is somebody as the rules see them, read from fresh membership.
type Person struct {
	ID      string
	Analyst bool
	Admin   bool // an admin is an analyst too
	// Barred is why this person has no role whatever the lists say; empty for everybody else.
	Barred Barred
}

// Barred is the kind of account that may never use Showtime.
type Barred string

// The accounts that are refused.
const (
	Guest       Barred = "guest"
	Bot         Barred = "bot"
	Deactivated Barred = "deactivated"
	Foreign     Barred = "foreign" // another workspace's person
)

// May says whether the person may use Showtime at all.
func (p Person) May() bool {
	return p.ID != "" && p.Barred == "" && (p.Analyst || p.Admin)
}

// approver says whether the person could decide about somebody else's request.
func (p Person) approver() bool { return p.May() && p.Admin }

// Verdict is what a rule says, with the sentence its person sees when it is no. The sentence is plain
// English without Slack markup and complete in itself; State, By and At are the facts behind CodeClosed,
// for a caller that can render a mention and a date.
type Verdict struct {
	Kind     VerdictKind
	Code     Code
	Sentence string

	State RequestState
	By    string // who decided; empty when nobody did
	At    time.Time
}

// Code is the rule that spoke, in fixed words that may be logged.
type Code string

// The codes. An allowing verdict has none.
const (
	CodeNoRole     Code = "no-role"     // on none of the lists
	CodeBarred     Code = "barred"      // an account that is never let in
	CodeNeedsAdmin Code = "needs-admin" // Ask: an admin must agree
	CodeNeedsOther Code = "needs-other" // Ask: another admin must agree
	CodeNoApprover Code = "no-approver" // an admin must agree and there is none
	CodeNoPolicy   Code = "no-policy"   // a policy these rules do not know
	CodeOwn        Code = "own-request" // nobody decides about their own request
	CodeNotAdmin   Code = "not-admin"
	CodeClosed     Code = "not-open" // State, By and At say what became of the request
	CodeExpired    Code = "expired"
	CodeNotOwn     Code = "not-own-request" // only its person withdraws a request
	CodeLookedAt   Code = "looked-at"       // another admin is looking at it: By until At
	CodeNotUsing   Code = "not-using"       // only who uses the session can still need it
	CodeNoEnd      Code = "ends-nothing"    // nobody need say so of a request that ends nothing
)

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

// Undone is why what was approved could not be done.
type Undone string

// The grounds.
const (
	TooLate   Undone = "too-late"  // what it was about is over
	Forbidden Undone = "forbidden" // who looks after the cluster does not let Showtime do it
)

// RequestKind is what a request wants.
type RequestKind string

// The kinds of requests.
const (
	Destroy  RequestKind = ""          // the session's early end
	MoreTime RequestKind = "more-time" // one more step for the session, past its lease's cap
)

// Request is somebody's confirmed wish that an admin must agree to. It is pinned to the session's generation.
type Request struct {
	V          int          `json:"v"`
	ID         string       `json:"id"` // short, shown to people
	Kind       RequestKind  `json:"kind,omitempty"`
	State      RequestState `json:"state"`
	Generation int64        `json:"generation"`
	By         string       `json:"by"`
	Reason     string       `json:"reason,omitempty"`
	At         time.Time    `json:"at"`
	ExpiresAt  time.Time    `json:"expires_at"`
	Channel    string       `json:"channel"` // where it was asked, for telling its person
	// LeaseEnd is, of MoreTime, the lease end that it wants to move: it means nothing once that has moved.
	LeaseEnd time.Time `json:"lease_end,omitzero"`

	DecidedBy string    `json:"decided_by,omitempty"`
	DecidedAt time.Time `json:"decided_at,omitzero"`
	// Undone is why an approved request changed nothing in the end; empty while it did or may.
	Undone Undone `json:"undone,omitempty"`
	// Answer is what who denied it typed.
	Answer string `json:"answer,omitempty"`

	// LookedAtBy says who is looking at it, and until when that counts; anybody may still decide.
	LookedAtBy    string    `json:"looked_at_by,omitempty"`
	LookedAtUntil time.Time `json:"looked_at_until,omitzero"`
	// NeededBy are the people who use the session and said that they still need it. They veto nothing.
	NeededBy []string `json:"needed_by,omitempty"`
	// Reminded counts the reminders whose time has come, Escalated says that the escalation's has.
	Reminded  int  `json:"reminded,omitempty"`
	Escalated bool `json:"escalated,omitempty"`
}
