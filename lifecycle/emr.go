package lifecycle

import (
	"context"
	"errors"
	"time"
)

// EMR is what the lifecycle needs of EMR. Every method is one attempt; the caller decides about repeating.
type EMR interface {
	// List gives the account's live clusters (STARTING to TERMINATING), whoever owns them.
	List(ctx context.Context) ([]Summary, error)
	// Describe gives one cluster with its tags. Errors: ErrUnknownCluster, ErrDenied, ErrThrottled, others.
	Describe(ctx context.Context, id string) (Cluster, error)
	// Instances gives every instance that a cluster has had, as far as EMR tells.
	Instances(ctx context.Context, id string) ([]Instance, error)
	// Launch calls RunJobFlow exactly once, without any retry, and gives the new id. A *Refusal means
	// that nothing was launched; after any other error something may have been.
	Launch(ctx context.Context, l Launch) (string, error)
	// Unprotect lifts termination protection.
	Unprotect(ctx context.Context, id string) error
	// Terminate asks for the end of this one cluster; ending an ended one is no error.
	Terminate(ctx context.Context, id string) error
}

// The answers of EMR that mean something to the lifecycle.
var (
	ErrUnknownCluster = errors.New("EMR does not know this cluster")
	ErrDenied         = errors.New("EMR denies access to this cluster")
	ErrThrottled      = errors.New("EMR is limiting requests")
)

// Refusal is EMR's definite no to a launch: nothing runs, nothing is billed.
type Refusal struct{ Code, Message string }

func (r *Refusal) Error() string { return "EMR refused the launch: " + r.Code + ": " + r.Message }

// The tags written at launch and never afterwards.
const (
	TagInstallation = "showtime:installation"
	TagCluster      = "showtime:cluster"
	TagGeneration   = "showtime:generation"
	TagRequester    = "showtime:requester"
	// TagPrefix is reserved: a cluster file may not use it.
	TagPrefix = "showtime:"
)

// Launch is what distinguishes one launch from the next; everything else is the operator's file.
type Launch struct {
	Generation int64
	Requester  string
}

// The states of an EMR cluster.
const (
	EMRStarting             = "STARTING"
	EMRBootstrapping        = "BOOTSTRAPPING"
	EMRRunning              = "RUNNING"
	EMRWaiting              = "WAITING"
	EMRTerminating          = "TERMINATING"
	EMRTerminated           = "TERMINATED"
	EMRTerminatedWithErrors = "TERMINATED_WITH_ERRORS"
)

// Summary is one line of a listing; it has no tags.
type Summary struct {
	ID, Name, State string
	CreatedAt       time.Time
}

// Cluster is EMR's full answer about one cluster.
type Cluster struct {
	Summary
	Tags      map[string]string
	Protected bool
	MasterDNS string
	ReadyAt   time.Time
	EndedAt   time.Time
	// ReasonCode may be empty even for a failure. ReasonMessage is for people, never for decisions.
	ReasonCode    string
	ReasonMessage string
	Details       []ErrorDetail
}

// Instance is one machine of a cluster that is, or was, paid for.
type Instance struct {
	Type  string
	From  time.Time
	Until time.Time // zero while it runs
}

// ErrorDetail is one of EMR's structured error details.
type ErrorDetail struct{ Code, Message string }

// Ended says whether the state is final.
func Ended(state string) bool { return state == EMRTerminated || state == EMRTerminatedWithErrors }

// Node is a kind of instance a cluster file asks for, as a range because clusters scale.
type Node struct {
	Type     string
	Min, Max int
}

// Shape is what can be said about a cluster before it runs, read from run_job_flow.
type Shape struct {
	Nodes    []Node
	HasSteps bool // then RUNNING is still set-up, and only WAITING is ready
}
