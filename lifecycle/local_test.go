package lifecycle

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"
)

func (w *world) up() string {
	w.t.Helper()
	return w.start("op-up").State.Session.EMRID
}

func TestStartLaunchesOnceAndAnswersAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	recorded := 0
	in := StartInput{Op: op("a", 0), Length: 6 * time.Hour, Purpose: "churn"}
	in.Record = func(_ Tx, out Outcome) error { recorded++; _ = out; return nil }
	for i := range 2 {
		out, err := w.l.Start(t.Context(), in)
		if err != nil || out.Result != Launched || out.Known != (i == 1) || out.State.Phase != Up {
			t.Fatalf("start %d: %+v, %v", i, out, err)
		}
	}
	if n := w.emr.count("launch"); n != 1 || recorded != 1 {
		t.Errorf("%d launches and %d records, want one each", n, recorded)
	}
	if s := w.state().Session; !s.LeaseEnd.Equal(t0.Add(6*time.Hour)) || s.Purpose != "churn" {
		t.Errorf("session is %+v", s)
	}
}

func TestStartDecisions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		row  Row
		in   StartInput
		want Result
	}{
		{"down", Row{Phase: Down, Generation: 3}, StartInput{Op: op("a", 3)}, Launched},
		{"another_generation_while_down", Row{Phase: Down, Generation: 3}, StartInput{Op: op("a", 2)}, OutOfDate},
		{"another_generation_while_up", Row{Phase: Up, Generation: 3}, StartInput{Op: op("a", 2)}, Joined},
		{"typed_while_launching", Row{Phase: Launching, Generation: 3}, StartInput{Op: op("a", AnyGeneration)}, Joined},
		{"stopping", Row{Phase: Stopping, Generation: 3}, StartInput{Op: op("a", AnyGeneration)}, ShuttingDown},
		{"stop_noted", Row{Phase: Launching, Session: Session{Stop: &Stop{}}}, StartInput{Op: op("a", 0)}, ShuttingDown},
		{"too_long", Row{Phase: Down}, StartInput{Op: op("a", 0), Length: 13 * time.Hour}, BadLength},
		{"negative", Row{Phase: Down}, StartInput{Op: op("a", 0), Length: -time.Hour}, BadLength},
	}
	w := newWorld(t)
	for _, tt := range tests {
		if got, _ := w.l.startOn(tt.in, tt.row, t0); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestRefusalGoesBackDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.script["launch"] = []error{&Refusal{Code: "ValidationException", Message: "no"}}
	for range 2 { // the second time from memory
		out := w.start("a")
		if out.Result != Refused || out.Refusal.Code != "ValidationException" || out.State.Phase != Down || out.State.Session.End.Billing {
			t.Fatalf("outcome %+v", out)
		}
	}
	if h, _ := w.l.History(t.Context(), time.Time{}, 0); len(h) != 1 || h[0].Session.End.Code != EndRefused {
		t.Errorf("history %+v", h)
	}
}

func TestLostReplyIsAdoptedAndNeverRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.lost, w.emr.lag = true, 2*time.Minute
	if out := w.start("a"); out.State.Phase != Launching || !out.State.Session.Unsure {
		t.Fatalf("after a lost reply: %+v", out.State)
	}
	w.start("a")
	w.tick(3 * time.Minute)
	w.want(Up, 1, "j-001")
	if n := w.emr.count("launch"); n != 1 {
		t.Errorf("%d launches, want 1", n)
	}
}

func TestGivenUpLaunchIsRepeatedThreeTimes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dead := errors.New("503")
	w.emr.script["launch"] = []error{dead, dead, dead, dead}
	w.start("a")
	w.tick(5 * time.Minute)
	w.want(Launching, 1, "")
	w.tick(30 * time.Minute)
	if n := w.emr.count("launch"); n < 2 || n > 3 {
		t.Errorf("%d launches, want at most 3", n)
	}
	if s := w.state(); s.Phase != Down || s.Wish != nil || !slices.Contains(w.alarms, AlarmNoLaunch) {
		t.Errorf("in the end: %+v, alarms %v", s.Row, w.alarms)
	}
}

func TestUndescribableClusterBlocksGiveUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.lost = true
	w.start("a")
	w.emr.clusters["j-001"].unreadable = ErrDenied
	w.tick(12 * time.Minute)
	w.want(Launching, 1, "")
	w.emr.clusters["j-001"].unreadable = nil
	w.tick(time.Minute)
	w.want(Up, 1, "j-001")
}

func TestOrphanIsEndedAndForeignIsNot(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.up()
	orphan, foreign := w.emr.create(1), w.emr.create(1)
	w.emr.clusters[orphan].Protected = true
	w.emr.clusters[foreign].Tags[TagInstallation] = "other"
	w.tick(2 * time.Minute)
	if w.emr.clusters[orphan].asked.IsZero() || !w.emr.clusters[foreign].asked.IsZero() || !w.emr.clusters[id].asked.IsZero() {
		t.Errorf("calls %v", w.emr.calls)
	}
	if !slices.Equal(w.alarms, []string{AlarmOrphan}) {
		t.Errorf("alarms %v, want one for the orphan", w.alarms)
	}
}

func TestNewerGenerationIsAdoptedOnTheSecondTick(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.emr.create(7)
	w.tick(time.Minute)
	w.want(Down, 0, "")
	if out := w.start("a"); out.Result != Unclean {
		t.Errorf("start beside a newer one: %s", out.Result)
	}
	w.tick(time.Minute)
	w.want(Up, 7, id)
	if !slices.Contains(w.alarms, AlarmNewer) {
		t.Errorf("alarms %v", w.alarms)
	}
}

func TestStopUnprotectsTerminatesAndRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.up()
	w.emr.clusters[id].Protected = true
	w.emr.script["terminate"] = []error{ErrThrottled}
	if out := w.stop("b"); out.Result != StopBegun {
		t.Fatalf("stop: %s", out.Result)
	}
	if w.tick(time.Minute); w.emr.count("terminate") != 2 {
		t.Errorf("calls %v", w.emr.calls)
	}
	w.tick(3 * time.Minute)
	if s := w.state(); s.Phase != Down || s.Session.End.Code != EndCanceled || s.Session.End.Billing {
		t.Errorf("end %+v", s.Session.End)
	}
}

func TestStopDuringLaunchingIsDoneOnAdoption(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.lost = true
	w.start("a")
	if out := w.stop("b"); out.Result != StopNoted {
		t.Fatalf("stop: %s", out.Result)
	}
	w.tick(time.Minute)
	if w.state().Phase != Stopping || w.emr.count("terminate") != 1 {
		t.Errorf("phase %s, calls %v", w.state().Phase, w.emr.calls)
	}
}

func TestLostTagsTouchNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.up()
	w.emr.clusters[id].Tags = nil
	w.stop("b")
	w.tick(25 * time.Minute)
	if w.emr.count("terminate") != 0 || w.state().Session.Trouble != TroubleTags || !w.state().Session.StopOverdue {
		t.Errorf("row %+v, calls %v", w.state().Row, w.emr.calls)
	}
	if !slices.Equal(w.alarms, []string{AlarmTags, AlarmOverdue}) {
		t.Errorf("alarms %v", w.alarms)
	}
}

func TestVanishedNeedsTwoListings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.up()
	w.tick(6 * time.Minute)
	delete(w.emr.clusters, id)
	w.tick(time.Minute)
	w.want(Up, 1, id)
	w.tick(time.Minute)
	if s := w.state(); s.Phase != Down || s.Session.End.Code != EndVanished {
		t.Errorf("row %+v", s.Row)
	}
}

func TestStartTimeoutStops(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.up()
	w.tick(29 * time.Minute)
	w.want(Up, 1, "j-001")
	w.tick(time.Minute)
	if s := w.state(); s.Phase != Stopping || s.Session.Stop.Why != StopStartTimeout {
		t.Errorf("row %+v", s.Row)
	}
}

func TestLeaseEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.auto = true
	w.up()
	if s := w.tick(4*time.Hour - time.Minute); !s.Ready() || s.Notebook != "https://ip-j-001:9443" || len(s.Launches) != 1 {
		t.Fatalf("before the end: %+v", s)
	}
	if s := w.tick(time.Minute); s.Phase != Stopping || s.Session.Stop.Why != StopLeaseEnd {
		t.Errorf("at the end: %+v", s.Row)
	}
}

func TestLateLeaseEndIsAnnouncedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.auto = true
	w.up()
	w.tick(10 * time.Minute)
	w.clock.add(5 * time.Hour)
	if s := w.tick(29 * time.Minute); s.Phase != Up || s.Session.GraceUntil.IsZero() {
		t.Fatalf("in the grace: %+v", s.Row)
	}
	if s := w.tick(2 * time.Minute); s.Phase != Stopping {
		t.Errorf("after the grace: %+v", s.Row)
	}
}

// A lease end is announced once: that nobody looked in the grace either gives no second one.
func TestALateLeaseEndHasOneGrace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.auto = true
	w.up()
	w.clock.add(5 * time.Hour)
	if s := w.tick(time.Minute); s.Session.GraceWhy != GraceLate {
		t.Fatalf("not announced: %+v", s.Row)
	}
	w.clock.add(40 * time.Minute)
	if s := w.tick(time.Minute); s.Phase != Stopping {
		t.Errorf("after the grace: %+v", s.Row)
	}
}

func TestPacedRecordsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range paceBurst {
		if wait, err := w.l.takeSlot(t.Context()); wait > 0 || err != nil {
			t.Fatalf("slot: %v, %v", wait, err)
		}
	}
	if out := w.start("a"); out.Result != Paced || out.RetryAfter <= 0 || w.state().Generation != 0 {
		t.Fatalf("outcome %+v", out)
	}
	w.clock.add(3 * time.Second)
	if out := w.start("a"); out.Result != Launched || out.Known {
		t.Errorf("outcome %+v", out)
	}
}

func TestNoListingNoStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.script["list"] = []error{ErrThrottled}
	if out := w.start("a"); out.Result != Unclean || w.emr.count("launch") != 0 {
		t.Errorf("outcome %+v", out)
	}
}

func TestNewerRowIsReadAndNotChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.up()
	row := w.state().Row
	row.V = rowVersion + 1
	if err := w.store.Update(t.Context(), func(tx Tx) error { return tx.Put(w.l.key(rowRecord), row) }); err != nil {
		t.Fatal(err)
	}
	_, stopErr := w.l.Stop(t.Context(), StopInput{Op: op("b", AnyGeneration)})
	if pokeErr := w.l.Poke(t.Context()); !errors.Is(stopErr, ErrNewer) || !errors.Is(pokeErr, ErrNewer) {
		t.Errorf("stop: %v, poke: %v", stopErr, pokeErr)
	}
	w.want(Up, 1, "j-001")
}

func TestConcurrentStartsLaunchOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var all sync.WaitGroup
	for i := range 5 {
		all.Go(func() {
			_, err := w.l.Start(t.Context(), StartInput{Op: op(string(rune('a'+i)), AnyGeneration)})
			if err != nil {
				t.Errorf("start: %v", err)
			}
		})
	}
	all.Wait()
	if n := w.emr.count("launch"); n != 1 {
		t.Errorf("%d launches, want 1", n)
	}
}

func TestIdleTickAsksOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.auto = true
	w.up()
	w.tick(10 * time.Minute)
	revision := w.state().Revision
	calls, lists := len(w.emr.calls), w.store.lists
	w.poke()
	asked, read := len(w.emr.calls)-calls, w.store.lists-lists
	if asked != 1 || read != 1 || w.state().Revision != revision {
		t.Errorf("%d EMR calls, %d reads, revision %d, want 1, 1, %d", asked, read, w.state().Revision, revision)
	}
}
