package lifecycle

import (
	"slices"
	"time"
)

// Phase is where the cluster stands: DOWN → LAUNCHING → UP → STOPPING → DOWN.
type Phase string

// The phases.
const (
	Down      Phase = "DOWN"
	Launching Phase = "LAUNCHING"
	Up        Phase = "UP"
	Stopping  Phase = "STOPPING"
)

// AnyGeneration is the generation of typed words: whichever session there is.
const AnyGeneration int64 = -1

// rowVersion is the version of the rows this build writes. It reads this one and the one before.
const rowVersion = 1

// Row is the cluster's record: the one place where it is decided what the cluster is.
type Row struct {
	V int `json:"v"`
	// Revision grows with every change; a card that shows an older one is out of date.
	Revision   int64 `json:"revision"`
	Phase      Phase `json:"phase"`
	Generation int64 `json:"generation"`
	// Session is the current session or, when DOWN, the last one. Zero before the first launch.
	Session Session `json:"session"`
	// Wish is a launch that was given up and is to be repeated by itself.
	Wish *Wish `json:"wish,omitempty"`
}

// Session is one life of the cluster.
type Session struct {
	Generation int64         `json:"generation"`
	Op         string        `json:"op"` // the operation that asked for it
	Starter    string        `json:"starter"`
	Purpose    string        `json:"purpose,omitempty"`
	Length     time.Duration `json:"length"`
	Using      []string      `json:"using,omitempty"` // people using it, the starter first

	LaunchedAt time.Time `json:"launched_at"`
	Attempt    int       `json:"attempt"`        // 1 for the first launch of a wish
	Since      time.Time `json:"since,omitzero"` // the wish's first launch
	EMRID      string    `json:"emr_id,omitempty"`
	EMRState   string    `json:"emr_state,omitempty"` // last seen
	MasterDNS  string    `json:"master_dns,omitempty"`
	// CapacityAt is when the machines were first seen to be there: EMR itself does not tell.
	CapacityAt time.Time `json:"capacity_at,omitzero"`
	ReadyAt    time.Time `json:"ready_at,omitzero"`
	Unsure     bool      `json:"unsure,omitempty"` // the launch got no clear answer; being confirmed

	// Count is the last count of its instances, nil while nobody has looked.
	Count *Count `json:"count,omitempty"`

	LeaseEnd   time.Time `json:"lease_end"`
	GraceUntil time.Time `json:"grace_until,omitzero"` // an announced lease end that is enforced only then
	GraceWhy   GraceWhy  `json:"grace_why,omitempty"`  // why GraceUntil was given
	// Extensions are the moves of the lease's end, oldest first.
	Extensions []Extension `json:"extensions,omitempty"`

	Stop        *Stop     `json:"stop,omitempty"` // wanted; during LAUNCHING done once adopted
	StopBegunAt time.Time `json:"stop_begun_at,omitzero"`
	StopOverdue bool      `json:"stop_overdue,omitempty"` // 20 minutes and EMR has not ended it
	// Trouble is why nothing can be done at the moment, for the card: "" or one of the Trouble constants.
	Trouble string `json:"trouble,omitempty"`

	EndedAt time.Time `json:"ended_at,omitzero"`
	End     *End      `json:"end,omitempty"`
}

// GraceWhy says why a lease end is announced before it is enforced.
type GraceWhy string

// The grounds for a grace.
const (
	GraceLate  GraceWhy = "late"  // nobody had looked for long when the lease ended
	GraceSteps GraceWhy = "steps" // EMR showed running steps at the lease's end
)

// Extension is one move of the lease's end.
type Extension struct {
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Until   time.Time `json:"until"` // the lease's end from then on
	Request string    `json:"request,omitempty"`
	// Approver is the admin who granted an extension past the cap.
	Approver string `json:"approver,omitempty"`
}

// TroubleTags means that the recorded cluster does not carry our tags, so it is not touched.
const TroubleTags = "tags"

// Stop is a recorded wish to end a session, with whose it was and why.
type Stop struct {
	By  string    `json:"by"` // a person, a grant or "showtime"
	Why StopWhy   `json:"why"`
	At  time.Time `json:"at"`
	Op  string    `json:"op,omitempty"`
	// Request is the approval request behind it, if any, and Approver who granted it.
	Request  string `json:"request,omitempty"`
	Approver string `json:"approver,omitempty"`
	Reason   string `json:"reason,omitempty"` // typed by a person
}

// StopWhy says on what grounds a session is stopped.
type StopWhy string

// The grounds for a stop.
const (
	StopAsked        StopWhy = "asked"         // somebody who may
	StopLeaseEnd     StopWhy = "lease-end"     // agreed at the start
	StopStartTimeout StopWhy = "start-timeout" // never became ready
)

// End says how a session ended.
type End struct {
	// Code is how: one of the End constants, or EMR's own reason code.
	Code    string        `json:"code"`
	Message string        `json:"message,omitempty"`
	Details []ErrorDetail `json:"details,omitempty"`
	// Billing says whether something may still cost money: false only when that is known.
	Billing bool `json:"billing,omitempty"`
}

// Ways to end that are not EMR's own reason codes.
const (
	EndStopped  = "stopped"   // by the recorded Stop
	EndRefused  = "refused"   // RunJobFlow said no
	EndGivenUp  = "given-up"  // no cluster appeared
	EndVanished = "vanished"  // EMR no longer knows the id
	EndOutside  = "outside"   // somebody outside asked EMR to, and nobody here had
	EndCanceled = "cancelled" // stopped before it was ever usable
	// EndUnexplained is an end without a reason code: a failed step and an idle cluster's rule can look like this.
	EndUnexplained = "unexplained"
)

// Wish is what somebody wanted when a launch was given up.
type Wish struct {
	Op       string        `json:"op"`
	By       string        `json:"by"`
	Purpose  string        `json:"purpose,omitempty"`
	Length   time.Duration `json:"length"`
	Using    []string      `json:"using,omitempty"`
	Since    time.Time     `json:"since"`
	Attempts int           `json:"attempts"`
}

// State is what the lifecycle says about its cluster: the row and what follows from it.
type State struct {
	Cluster string
	Row
	// Notebook is the URL to open, empty until ready or when none is configured.
	Notebook string
	Cost     Cost
	// ListedAt is when the last listing of EMR began; zero when there was none.
	ListedAt time.Time
	Limits   LeaseConfig
	// StartWarn and StartTimeout are when a session that is not ready is called slow, and when it is stopped.
	StartWarn, StartTimeout time.Duration
	// Launches is how long the last launches took until ready, oldest first.
	Launches []time.Duration
}

// Live says whether there is a session that is not over.
func (s State) Live() bool { return s.Phase != Down && s.Phase != "" }

// Endable says whether ending the session of that generation early still means anything: it is not ending yet.
func (s State) Endable(generation int64) bool {
	return s.Generation == generation && (s.Phase == Launching || s.Phase == Up) && !s.Leaving()
}

// Extendable says whether the lease of the session of that generation still ends when somebody saw it end, as
// exact as a button carries it, and can be moved.
func (s State) Extendable(generation int64, leaseEnd time.Time) bool {
	return s.Generation == generation && s.joinable() && s.Session.LeaseEnd.UnixMilli() == leaseEnd.UnixMilli()
}

// Ready says whether people can work on it.
func (s State) Ready() bool { return s.Phase == Up && !s.Session.ReadyAt.IsZero() && !s.Leaving() }

// ExtendedTo says where one more step would move the lease's end, and false when the cap is reached.
func (s State) ExtendedTo(now time.Time) (time.Time, bool) {
	return extended(s.Session, s.Limits, s.Limits.Step, false, now)
}

// ExtendedPastCap says where one more step would move the lease's end that has reached its cap.
func (s State) ExtendedPastCap(now time.Time) time.Time {
	end, _ := extended(s.Session, s.Limits, s.Limits.Step, true, now)
	return end
}

// AtCap says whether there is a session that nobody is ending and whose lease only an admin extends further.
func (s State) AtCap(now time.Time) bool {
	_, further := s.ExtendedTo(now)
	return s.joinable() && s.Limits.Step > 0 && !further
}

// Uses says whether a person is among the people using the session.
func (s State) Uses(person string) bool { return slices.Contains(s.Session.Using, person) }

// Cost is an estimate from the configured rates; Known is false when there are none for a type in use.
type Cost struct {
	Configured bool // the cluster file has rates at all
	Known      bool
	Unknown    []string // instance types without a rate
	Currency   string
	AsOf       string
	// SoFar and PerHour are ranges because clusters scale; AtMost is the upper bound at the lease's end.
	SoFarMin, SoFarMax     float64
	PerHourMin, PerHourMax float64
	// PerHourNow is what the counted instances cost; 0 when they were not counted lately.
	PerHourNow float64
	AtMost     float64
}
