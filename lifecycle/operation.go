package lifecycle

import (
	"context"
	"time"
)

// Op is one operation somebody asked for. Repeating it with the same id changes nothing and answers the same.
type Op struct {
	ID         string
	Generation int64 // the session it is meant for, or AnyGeneration
	By         string
	At         time.Time
	// Record, if given, runs in the transaction that records the operation's result, whatever that
	// is: what the caller must remember becomes true together with it. It may run several times.
	Record func(tx Tx, out Outcome) error
}

// StartInput asks for a session.
type StartInput struct {
	Op
	Length  time.Duration // 0 = the configured default
	Purpose string
}

// StopInput asks for the end of a session.
type StopInput struct {
	Op
	Why      StopWhy
	Request  string
	Approver string
	Reason   string
}

// JoinInput adds Op.By to the people using the session.
type JoinInput struct{ Op }

// ExtendInput moves the lease's end by a step; PastCap is an admin's decision.
type ExtendInput struct {
	Op
	Step time.Duration // 0 = the configured step
	// From, if given, is the lease end the wish was about: when it has been moved since, nothing is done.
	From     time.Time
	PastCap  bool
	Request  string // the request behind an extension past the cap, and who granted it
	Approver string
}

// Outcome is the answer to an operation.
type Outcome struct {
	Result Result
	State  State
	// Known says that the operation id had been recorded before: Result is what it was then.
	Known bool
	// RetryAfter is how long to wait when Result is Paced.
	RetryAfter time.Duration
	// Refusal is EMR's own word when Result is Refused.
	Refusal *Refusal
}

// Result says what became of an operation.
type Result string

// The results.
const (
	Launched     Result = "launched"      // LAUNCHING was recorded; State says whether EMR has answered
	Joined       Result = "joined"        // there is a session; the person is now among its people
	StopBegun    Result = "stop-begun"    // STOPPING was recorded
	StopNoted    Result = "stop-noted"    // remembered, done when the launch is adopted
	Extended     Result = "extended"      //
	NothingToDo  Result = "nothing-to-do" // it is so already
	OutOfDate    Result = "out-of-date"   // meant for another session
	ShuttingDown Result = "shutting-down" // start while it stops
	Paced        Result = "paced"         // no launch slot; nothing was recorded
	Unclean      Result = "unclean"       // another live cluster of ours is in EMR's listing, or EMR cannot be asked
	PastCap      Result = "past-cap"      // the lease's cap is reached
	Refused      Result = "refused"       // EMR's definite no
	BadLength    Result = "bad-length"    // a lease length out of bounds
)

// Manager is the one interface through which the worker reaches the cluster: implemented in process by
// Local, and over HTTP by the client of the lifecycle manager. An error means that the outcome is unknown
// or nothing was done; asking again with the same operation id is always safe.
type Manager interface {
	Start(ctx context.Context, in StartInput) (Outcome, error)
	Stop(ctx context.Context, in StopInput) (Outcome, error)
	Extend(ctx context.Context, in ExtendInput) (Outcome, error)
	Join(ctx context.Context, in JoinInput) (Outcome, error)
	State(ctx context.Context) (State, error)
	// Look is State for somebody who looks, with what really runs counted at most once a minute.
	Look(ctx context.Context) (State, error)
	// History gives the ended sessions since a time, newest first, each as the state it ended in (its
	// Session, Phase DOWN, its final Cost), so that its receipt can be drawn again. limit 0 = all.
	History(ctx context.Context, since time.Time, limit int) ([]State, error)
}
