package lifecycle

import (
	"testing"
	"time"
)

// ready is a session that people work on.
func (w *world) ready() {
	w.t.Helper()
	w.emr.auto = true
	w.up()
	if s := w.tick(15 * time.Minute); !s.Ready() {
		w.t.Fatalf("not ready: %+v", s.Row)
	}
}

func (w *world) extend(id string, from time.Time, pastCap bool) Outcome {
	w.t.Helper()
	out, err := w.l.Extend(w.t.Context(), ExtendInput{Op: op(id, 1), From: from, PastCap: pastCap, Request: "D-1", Approver: "UMIA"})
	if err != nil {
		w.t.Fatalf("extend: %v", err)
	}
	return out
}

func TestExtendingRecordsWhoAndUntilWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready()
	end := w.state().Session.LeaseEnd
	out := w.extend("x1", end, false)
	s := out.State.Session
	if out.Result != Extended || !s.LeaseEnd.Equal(end.Add(time.Hour)) || len(s.Extensions) != 1 ||
		s.Extensions[0].By != "UANA" || !s.Extensions[0].Until.Equal(s.LeaseEnd) {
		t.Fatalf("extended: %s %+v", out.Result, s)
	}
	if again := w.extend("x1", end, false); !again.Known || !again.State.Session.LeaseEnd.Equal(s.LeaseEnd) {
		t.Errorf("the same operation moved it again: %+v", again.State.Session)
	}
	if late := w.extend("x2", end, false); late.Result != NothingToDo || !late.State.Session.LeaseEnd.Equal(s.LeaseEnd) {
		t.Errorf("a second click for the same lease end: %s %v", late.Result, late.State.Session.LeaseEnd)
	}
}

func TestExtendingStopsAtTheCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready()
	launched := w.state().Session.LaunchedAt
	for n := range 8 { // 4 h and eight steps of 1 h are the cap of 12 h
		if out := w.extend("x"+string(rune('a'+n)), time.Time{}, false); out.Result != Extended {
			t.Fatalf("step %d: %s", n, out.Result)
		}
	}
	s := w.state()
	if !s.Session.LeaseEnd.Equal(launched.Add(12 * time.Hour)) {
		t.Errorf("at the cap the lease ends %v after the launch", s.Session.LeaseEnd.Sub(launched))
	}
	if _, ok := s.ExtendedTo(w.clock.now()); ok {
		t.Error("the state offers another step")
	}
	if out := w.extend("over", time.Time{}, false); out.Result != PastCap {
		t.Errorf("past the cap: %s", out.Result)
	}
	out := w.extend("admin", time.Time{}, true)
	last := out.State.Session.Extensions[len(out.State.Session.Extensions)-1]
	if out.Result != Extended || last.Approver != "UMIA" || last.Request != "D-1" {
		t.Errorf("an admin's step: %s %+v", out.Result, last)
	}
}

func TestStepsAtTheEndGetOneGrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready()
	w.emr.auto = false
	bound := w.state().Cost.AtMost
	end := w.state().Session.LeaseEnd
	for _, c := range w.emr.clusters {
		c.State = EMRRunning
	}
	s := w.tick(4*time.Hour - 15*time.Minute)
	if s.Phase != Up || s.Session.GraceWhy != GraceSteps || !s.Session.GraceUntil.Equal(end.Add(30*time.Minute)) {
		t.Fatalf("at the end: %+v", s.Row)
	}
	if s.Cost.AtMost != bound {
		t.Errorf("at most %v, was %v before the grace", s.Cost.AtMost, bound)
	}
	if s = w.tick(29 * time.Minute); s.Phase != Up {
		t.Fatalf("in the grace: %s", s.Phase)
	}
	if s = w.tick(2 * time.Minute); s.Phase != Stopping || s.Session.Stop.Why != StopLeaseEnd {
		t.Errorf("after the grace: %+v", s.Row)
	}
}

func TestExtendingInTheGraceEndsIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ready()
	w.emr.auto = false
	for _, c := range w.emr.clusters {
		c.State = EMRRunning
	}
	w.tick(4*time.Hour - 10*time.Minute)
	out := w.extend("x", time.Time{}, false)
	if s := out.State.Session; out.Result != Extended || !s.GraceUntil.IsZero() || !s.LeaseEnd.Equal(w.clock.now().Add(time.Hour)) {
		t.Errorf("extended in the grace: %s %+v", out.Result, s)
	}
}

func TestWhatCanStillBeAskedOf(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 11, 23, 13, 0, 0, 0, time.UTC)
	tests := []struct {
		name                string
		phase               Phase
		stop                *Stop
		generation          int64
		leaseEnd            time.Time
		endable, extendable bool
	}{
		{"launching", Launching, nil, 7, end, true, true},
		{"up", Up, nil, 7, end, true, true},
		{"up_to_be_stopped", Up, &Stop{}, 7, end, true, false},
		{"lease_moved", Up, nil, 7, end.Add(time.Hour), true, false},
		{"less_than_a_button_carries", Up, nil, 7, end.Add(time.Microsecond), true, true},
		{"another_session", Up, nil, 6, end, false, false},
		{"stopping", Stopping, &Stop{}, 7, end, false, false},
		{"down", Down, nil, 7, end, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := State{Row: Row{Phase: tt.phase, Generation: 7, Session: Session{LeaseEnd: end, Stop: tt.stop}}}
			if got := s.Endable(tt.generation); got != tt.endable {
				t.Errorf("endable: %t", got)
			}
			if got := s.Extendable(tt.generation, tt.leaseEnd); got != tt.extendable {
				t.Errorf("extendable: %t", got)
			}
		})
	}
}
