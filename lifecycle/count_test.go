package lifecycle

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// counted is a ready session, three of whose machines run and one of which has run for an hour.
func counted(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.ready()
	at := w.state().Session.LaunchedAt
	for range 3 {
		w.emr.instances = append(w.emr.instances, Instance{Type: "m6g.xlarge", From: at})
	}
	w.emr.instances = append(w.emr.instances, Instance{Type: "m6g.xlarge", From: at.Add(-time.Hour), Until: at})
	return w
}

func (w *world) look() State {
	w.t.Helper()
	s, err := w.l.Look(w.t.Context())
	if err != nil {
		w.t.Fatalf("look: %v", err)
	}
	return s
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6 }

func TestLooksCountOnceAMinuteWhoeverLooks(t *testing.T) {
	t.Parallel()
	w := counted(t)
	other := w.local(testSettings())
	for range 5 {
		w.look()
		if _, err := other.Look(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.emr.count("instances"); n != 1 {
		t.Fatalf("%d countings in one minute", n)
	}
	w.clock.add(59 * time.Second)
	w.look()
	if n := w.emr.count("instances"); n != 1 {
		t.Errorf("%d countings within 59 s", n)
	}
	w.clock.add(time.Second)
	w.look()
	if n := w.emr.count("instances"); n != 2 {
		t.Errorf("%d countings after a minute, want 2", n)
	}
}

func TestTwoLooksAtOnceCountOnce(t *testing.T) {
	t.Parallel()
	w := counted(t)
	id := w.state().Session.EMRID
	for range 2 { // both have read that a counting is due
		if err := w.l.count(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.emr.count("instances"); n != 1 {
		t.Errorf("%d countings", n)
	}
}

func TestNobodyLooksAndNothingIsCounted(t *testing.T) {
	t.Parallel()
	w := counted(t)
	for range 20 {
		w.tick(time.Minute)
	}
	w.state()
	if n := w.emr.count("instances"); n != 0 {
		t.Errorf("%d countings", n)
	}
}

func TestCountSaysWhatRunsAndWhatItCost(t *testing.T) {
	t.Parallel()
	w := counted(t)
	s := w.look()
	hours := s.Session.Count.At.Sub(s.Session.LaunchedAt).Hours()
	if diff := cmp.Diff(map[string]int{"m6g.xlarge": 3}, s.Session.Count.Running); diff != "" {
		t.Error(diff)
	}
	used := (3*hours + 1) * 0.2
	if c := s.Cost; !near(c.SoFarMin, used) || !near(c.SoFarMax, used) || !near(c.PerHourNow, 0.6) {
		t.Errorf("the cost is %+v, want %v so far", c, used)
	}
	// 4.5 h with grace: what is left can cost the file's five machines.
	if want := used + (4.5-hours)*5*0.2; !near(s.Cost.AtMost, want) {
		t.Errorf("at most %v, want %v", s.Cost.AtMost, want)
	}
	w.clock.add(5 * time.Minute)
	if c := w.state().Cost; !near(c.SoFarMin, used+0.6/12) || !near(c.SoFarMax, used+1.0/12) {
		t.Errorf("five minutes later it is %+v", c)
	}
}

func TestCountIsNoLongerTrustedAfterTenMinutes(t *testing.T) {
	t.Parallel()
	w := counted(t)
	w.look()
	w.clock.add(countHolds + time.Second)
	if s := w.state(); s.Counted(w.clock.now()) != nil || s.Cost.PerHourNow != 0 {
		t.Errorf("it still says what runs: %+v", s.Cost)
	}
}

func TestOnlyOtherNumbersAreAChange(t *testing.T) {
	t.Parallel()
	w := counted(t)
	revision := w.state().Revision
	if got := w.look().Revision; got != revision+1 {
		t.Errorf("the first count left revision %d, want %d", got, revision+1)
	}
	w.clock.add(time.Minute)
	s := w.look()
	if s.Revision != revision+1 || !s.Session.Count.At.Equal(w.clock.now()) {
		t.Errorf("the same count left revision %d, counted at %v", s.Revision, s.Session.Count.At)
	}
	w.clock.add(time.Minute)
	w.emr.instances = w.emr.instances[1:]
	if got := w.look().Revision; got != revision+2 {
		t.Errorf("a machine less left revision %d, want %d", got, revision+2)
	}
}

// A failure is not asked again within its minute, and what was said before is said as before: a range.
func TestFailedCountFallsBackToTheRange(t *testing.T) {
	t.Parallel()
	for _, fault := range []error{ErrThrottled, ErrDenied, ErrUnknownCluster, errFault} {
		t.Run(fault.Error(), func(t *testing.T) {
			t.Parallel()
			w := counted(t)
			before := w.state()
			w.emr.script["instances"] = []error{fault}
			w.look()
			s := w.look()
			if diff := cmp.Diff(before, s); diff != "" {
				t.Error(diff)
			}
			if n := w.emr.count("instances"); n != 1 {
				t.Errorf("asked %d times", n)
			}
		})
	}
}

func TestTypeWithoutARateIsNamed(t *testing.T) {
	t.Parallel()
	w := counted(t)
	w.emr.instances = append(w.emr.instances, Instance{Type: "r6g.large", From: w.clock.now()})
	c := w.look().Cost
	if c.Known || !cmp.Equal(c.Unknown, []string{"r6g.large"}) || c.PerHourNow != 0 {
		t.Errorf("the cost is %+v", c)
	}
}

func TestOnlyALiveClusterIsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.look() // before the first launch
	w.ready()
	w.stop("s1")
	for range 10 {
		w.tick(time.Minute)
	}
	w.want(Down, 1, w.state().Session.EMRID)
	w.look()
	if n := w.emr.count("instances"); n != 0 {
		t.Errorf("%d countings of nothing", n)
	}
}
