package lifecycle

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// drain spends the launch budget just before the next minute's tick.
func (w *world) drain() {
	w.t.Helper()
	key := Key{Partition: "installation/lab", Name: "launches"}
	empty := bucket{V: 1, Tokens: 0, At: w.clock.now().Add(time.Minute)}
	if err := w.store.Update(w.t.Context(), func(tx Tx) error { return tx.Put(key, empty) }); err != nil {
		w.t.Fatal(err)
	}
}

func TestRelaunchTiming(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.script["launch"] = []error{errFault, errFault, errFault, errFault}
	w.start("a")
	generation := map[int]int64{5: 1, 6: 2, 11: 2, 12: 3, 17: 3, 60: 3}
	for minute := 1; minute <= 60; minute++ {
		s := w.tick(time.Minute)
		if want, asked := generation[minute]; asked && s.Generation != want {
			t.Errorf("after %d min generation %d, want %d", minute, s.Generation, want)
		}
		if live := minute < 18; s.Live() != live {
			t.Errorf("after %d min the phase is %s", minute, s.Phase)
		}
	}
	if n := w.emr.count("launch"); n != wishAttempts {
		t.Errorf("%d launches, want %d", n, wishAttempts)
	}
	if h, _ := w.l.History(t.Context(), time.Time{}, 0); len(h) != 3 || !h[0].Session.End.Billing || h[0].Session.Op != "a" {
		t.Errorf("history %+v", h)
	}
}

func TestRelaunchWaitsForItsSlotAndNotForever(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.script["launch"] = []error{errFault}
	w.start("a")
	w.tick(5 * time.Minute)
	for range 9 { // at the minutes 6 to 14
		w.drain()
		if s := w.tick(time.Minute); s.Phase != Down || s.Wish == nil || s.Generation != 1 {
			t.Fatalf("without a slot: %+v", s.Row)
		}
	}
	if s := w.tick(time.Minute); s.Wish != nil || s.Generation != 1 || !slices.Contains(w.alarms, AlarmNoLaunch) {
		t.Errorf("after 15 minutes: %+v, alarms %v", s.Row, w.alarms)
	}
	if n := w.emr.count("launch"); n != 1 {
		t.Errorf("%d launches, want 1", n)
	}
}

func TestStopEndsTheWishToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.script["launch"] = []error{errFault}
	w.start("a")
	w.tick(5 * time.Minute)
	w.drain()
	w.tick(time.Minute)
	w.stop("b")
	w.tick(20 * time.Minute)
	if w.state().Wish != nil || w.emr.count("launch") != 1 {
		t.Errorf("row %+v, calls %v", w.state().Row, w.emr.calls)
	}
}

// The answer comes when the launch has been given up and repeated: what it made is ended in the same call.
func TestLateIDOfAnOlderGenerationIsEndedAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.lag = 20 * time.Minute
	late := true
	w.emr.at = func(_ context.Context, call string) error {
		if call == "launched" && late {
			late = false
			w.clock.add(6 * time.Minute)
			w.poke()
		}
		return nil
	}
	w.start("a")
	w.want(Up, 2, "j-002")
	if w.emr.clusters["j-001"].asked.IsZero() || !w.emr.clusters["j-002"].asked.IsZero() {
		t.Errorf("calls %v", w.emr.calls)
	}
	if !slices.Contains(w.alarms, AlarmOrphan) {
		t.Errorf("alarms %v", w.alarms)
	}
}

func TestLaunchOnlyWithinItsTime(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		listing  time.Duration // how long EMR's listing takes
		record   time.Duration // how long each write takes until it is confirmed
		result   Result
		launches int
		left     time.Duration
	}{
		{"quick", 0, 0, Launched, 1, 20 * time.Second},
		{"slow_record", 0, 15 * time.Second, Launched, 1, 5 * time.Second},
		{"too_slow_record", 0, 20 * time.Second, Launched, 0, 0},
		{"slow_listing_before_the_record", 90 * time.Second, 0, Launched, 1, 20 * time.Second},
		{"listing_out_of_date", 121 * time.Second, 0, Unclean, 0, 0},
		{"clock_goes_back", 0, -time.Minute, Launched, 1, 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			var left time.Duration
			w.emr.at = func(ctx context.Context, call string) error {
				switch call {
				case "listed":
					w.clock.add(tt.listing)
				case "launch":
					deadline, _ := ctx.Deadline()
					left = time.Until(deadline).Round(2500 * time.Millisecond)
				}
				return nil
			}
			w.store.at = func(_ context.Context, point string) error {
				if point == "committed" && w.state().Phase == Launching {
					w.clock.add(tt.record)
				}
				return nil
			}
			out := w.start("a")
			if out.Result != tt.result || w.emr.count("launch") != tt.launches || left != tt.left {
				t.Errorf("%s with %d launches and %s left, want %s, %d, %s", out.Result, w.emr.count("launch"), left, tt.result, tt.launches, tt.left)
			}
		})
	}
}

// The write that recorded LAUNCHING committed and its confirmation was lost: nobody may launch.
func TestLostConfirmationLaunchesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.at = func(_ context.Context, point string) error {
		if point == "committed" && w.state().Phase == Launching {
			return errFault
		}
		return nil
	}
	in := StartInput{Op: op("a", AnyGeneration)}
	if _, err := w.l.Start(t.Context(), in); !errors.Is(err, errFault) {
		t.Fatalf("start: %v", err)
	}
	w.store.at = func(context.Context, string) error { return nil }
	if out := w.start("a"); !out.Known || out.State.Phase != Launching {
		t.Errorf("delivered again: %+v", out)
	}
	if n := w.emr.count("launch"); n != 0 {
		t.Errorf("%d launches, want none", n)
	}
	w.tick(6 * time.Minute)
	w.want(Up, 2, "j-001")
}

func TestTwinsAreEndedWithinThreeTicksOfBeingListed(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		lost  bool
		fault string // EMR's first answer to this call of a tick is a throttle
	}{
		{"answered", false, ""},
		{"reply_lost", true, ""},
		{"describe_throttled", false, "describe"},
		{"terminate_throttled", true, "terminate"},
		{"listing_throttled", false, "list"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.emr.twin, w.emr.lost, w.emr.lag = true, tt.lost, 90*time.Second
			w.start("a")
			w.clock.add(90 * time.Second)
			if tt.fault != "" {
				w.emr.script[tt.fault] = []error{ErrThrottled}
			}
			ticks := 0
			for ; ticks < 3 && w.emr.clusters["j-002"].asked.IsZero(); ticks++ {
				_ = w.l.Poke(t.Context())
				w.clock.add(time.Minute)
			}
			if w.emr.clusters["j-002"].asked.IsZero() {
				t.Errorf("the twin lives after %d ticks: %v", ticks, w.emr.calls)
			}
			w.want(Up, 1, "j-001")
			if !slices.Equal(w.alarms, []string{AlarmOrphan}) || !w.emr.clusters["j-001"].asked.IsZero() {
				t.Errorf("alarms %v, calls %v", w.alarms, w.emr.calls)
			}
		})
	}
}
