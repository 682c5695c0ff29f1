package lifecycle

import (
	"errors"
	"slices"
	"time"
)

const (
	// launchLag is how long after a launch a listing must begin before its silence proves anything.
	launchLag = 5 * time.Minute
	// A wish is launched this often within this time.
	wishAttempts = 3
	wishWithin   = 15 * time.Minute
	// overdueAfter is how long EMR may take to end a cluster before somebody should look.
	overdueAfter = 20 * time.Minute
)

// step is one change of the row that time or EMR demands, decided and not yet recorded. The zero
// step is none.
type step struct {
	what    string // the audit's word
	why     string
	outcome string
	alarm   string // one of the Alarm constants, or none
	quiet   bool   // not worth an audit record: only what was seen changed
	row     Row    // the row it leaves
	closed  *Row   // a session that another one takes the place of
	took    time.Duration
}

func (s step) none() bool { return s.what == "" }

// next decides the one next step. It is pure: what it sees is row, sight and clock.
func next(row Row, s sight, now time.Time) step {
	if st := newerStep(row, s, now); !st.none() {
		return st
	}
	switch row.Phase {
	case Launching:
		return nextLaunching(row, s, now)
	case Up, Stopping:
		return nextRunning(row, s, now)
	default:
		return nextDown(row, s, now)
	}
}

func nextLaunching(row Row, s sight, now time.Time) step {
	for _, c := range s.ours() {
		if s.tags[c.ID].Generation == row.Generation {
			return step{what: "adopt", outcome: "adopted", row: row.adopted(c.ID, now)}
		}
	}
	switch {
	case s.lagOver(row) && len(s.blind) == 0:
		return giveUp(row, now)
	case !row.Session.Unsure && now.Sub(row.Session.LaunchedAt) > launchWithin:
		return step{what: "confirming", quiet: true, row: row.unsure()}
	}
	return step{}
}

// lagOver says whether the listing would show what the row's launch has made.
func (s sight) lagOver(row Row) bool { return s.listedAt.Sub(row.Session.LaunchedAt) > launchLag }

// giveUp ends a launch that came to nothing; unless it was to be stopped anyway, its wish stays.
func giveUp(row Row, now time.Time) step {
	r := row.Session
	wish := &Wish{
		Op: r.Op, By: r.Starter, Purpose: r.Purpose, Length: r.Length, Using: r.Using,
		Since: r.Since, Attempts: r.Attempt,
	}
	st := step{what: "give-up", outcome: EndGivenUp, alarm: AlarmNoAnswer}
	code := EndGivenUp
	switch {
	case r.Stop != nil:
		code, wish, st.alarm = EndCanceled, nil, ""
	case wish.spent(now):
		wish, st.alarm = nil, AlarmNoLaunch
	}
	st.row = row.down(End{Code: code, Billing: true}, now)
	st.row.Wish = wish
	return st
}

// spent says whether a wish has had its launches.
func (w Wish) spent(now time.Time) bool {
	return w.Attempts >= wishAttempts || now.Sub(w.Since) >= wishWithin
}

// The step that is followed by RunJobFlow.
const relaunchStep = "relaunch"

func nextDown(row Row, s sight, now time.Time) step {
	if row.Wish == nil {
		return step{}
	}
	wish := *row.Wish
	switch {
	case wish.spent(now):
		row.Wish = nil
		return step{what: "wish-dropped", outcome: EndGivenUp, alarm: AlarmNoLaunch, row: row}
	case s.clean(row) && fresh(s.listedAt, now):
		return step{what: relaunchStep, outcome: string(Launched), row: row.launching(wish, now)}
	}
	return step{}
}

func nextRunning(row Row, s sight, now time.Time) step {
	id := row.Session.EMRID
	c, asked := s.asked[id]
	if asked && Ended(c.State) {
		return endedStep(row, c, now)
	}
	if errors.Is(s.failed[id], ErrUnknownCluster) && s.missed >= 2 {
		st := step{what: "ended", outcome: EndVanished, alarm: AlarmVanished}
		st.row = row.down(End{Code: EndVanished, Billing: true}, now)
		return st
	}
	if st := tagStep(row, s); !st.none() {
		return st
	}
	if asked {
		if st := observed(row, c, s.set.Shape, now); !st.none() {
			return st
		}
	}
	if row.Phase == Stopping {
		return overdueStep(row, now)
	}
	if st := timeoutStep(row, s, now); !st.none() {
		return st
	}
	return leaseStep(row, s, now)
}

// endedStep is the end of a session as EMR tells it.
func endedStep(row Row, c Cluster, now time.Time) step {
	e := End{Code: c.ReasonCode, Message: c.ReasonMessage, Details: c.Details}
	stop := row.Session.Stop
	switch {
	case stop != nil && stop.Why == StopAsked && row.Session.ReadyAt.IsZero():
		e.Code = EndCanceled
	case stop != nil:
		e.Code = EndStopped
	case e.Code == "":
		e.Code = EndUnexplained
	case e.Code == "USER_REQUEST":
		e.Code = EndOutside
	}
	at := c.EndedAt
	if at.IsZero() || at.After(now) {
		at = now
	}
	row.Session.EMRState = c.State
	return step{what: "ended", outcome: e.Code, why: c.ReasonCode, row: row.down(e, at)}
}

// tagStep notices that the recorded cluster lost its tags, or has them again.
func tagStep(row Row, s sight) step {
	id := row.Session.EMRID
	_, asked := s.asked[id]
	t, read := s.tags[id]
	bad := errors.Is(s.failed[id], ErrDenied) ||
		asked && read && (!t.Ours || t.Generation != row.Session.Generation)
	switch {
	case bad && row.Session.Trouble == "":
		row.Session.Trouble = TroubleTags
		return step{what: "tags", why: TroubleTags, alarm: AlarmTags, row: row}
	case !bad && asked && row.Session.Trouble == TroubleTags:
		row.Session.Trouble = ""
		return step{what: "tags", outcome: "restored", row: row}
	}
	return step{}
}

// observed takes over what EMR says about the running cluster. Ready is never taken back.
func observed(row Row, c Cluster, shape Shape, now time.Time) step {
	r := &row.Session
	before := *r
	r.EMRState = c.State
	if c.State == EMRBootstrapping && r.CapacityAt.IsZero() {
		r.CapacityAt = now
	}
	if c.MasterDNS != "" {
		r.MasterDNS = c.MasterDNS
	}
	st := step{what: "observed", outcome: c.State, quiet: true}
	if r.ReadyAt.IsZero() && (c.State == EMRWaiting || c.State == EMRRunning && !shape.HasSteps) {
		r.ReadyAt = c.ReadyAt
		if r.ReadyAt.IsZero() || r.ReadyAt.After(now) {
			r.ReadyAt = now
		}
		st.what, st.quiet, st.took = "ready", false, max(0, r.ReadyAt.Sub(r.LaunchedAt))
	}
	if r.EMRState == before.EMRState && r.MasterDNS == before.MasterDNS && r.ReadyAt.Equal(before.ReadyAt) {
		return step{}
	}
	st.row = row
	return st
}

func overdueStep(row Row, now time.Time) step {
	if row.Session.StopOverdue || now.Sub(row.Session.StopBegunAt) <= overdueAfter {
		return step{}
	}
	row.Session.StopOverdue = true
	return step{what: "stop-overdue", alarm: AlarmOverdue, row: row}
}

// timeoutStep stops a session that did not become ready in time, if EMR has just said that it is not:
// in its answer, or by listing the state in which it was not. One just adopted may have been ready for long, and
// one that is ending has a reason of its own.
func timeoutStep(row Row, s sight, now time.Time) step {
	r := row.Session
	c, listed := s.listed[r.EMRID]
	_, asked := s.asked[r.EMRID]
	known := asked || s.failed[r.EMRID] == nil && listed && c.State == r.EMRState
	if !r.ReadyAt.IsZero() || !known || row.Leaving() || now.Sub(r.LaunchedAt) < s.set.StartTimeout {
		return step{}
	}
	row = row.stopping(Stop{By: Self, Why: StopStartTimeout, At: now})
	return step{what: "start-timeout", why: string(StopStartTimeout), outcome: string(StopBegun), row: row}
}

// newerStep adopts a live one of ours of a newer generation, seen by two ticks in a row: the row was
// restored from a backup. Its lease is unknown, so an end that has passed is announced first.
func newerStep(row Row, s sight, now time.Time) step {
	var found *Summary
	for _, c := range s.ours() {
		g := s.tags[c.ID].Generation
		if g > row.Generation && slices.Contains(s.newer, c.ID) && (found == nil || g > s.tags[found.ID].Generation) {
			found = &c
		}
	}
	if found == nil {
		return step{}
	}
	st := step{what: "adopt-newer", outcome: "adopted", alarm: AlarmNewer}
	if row.live() {
		old := row.down(End{Code: EndOutside, Billing: true}, now)
		st.closed = &old
	}
	st.row = row.replaced(*found, s, now)
	return st
}
