package lifecycle

import (
	"slices"
	"testing"
	"time"
)

// limit makes EMR limit every call of an operation from now on, until it is given nil.
func (w *world) limit(call string, times int) {
	w.emr.mu.Lock()
	defer w.emr.mu.Unlock()
	w.emr.script[call] = slices.Repeat([]error{ErrThrottled}, times)
}

// chance makes the waits as long as they can be (0), or half of that (1).
func (w *world) chance(jitter float64) { w.l.patience.jitter = func() float64 { return jitter } }

// asked pokes every ten seconds for a while, as EMR's events may, and says when a call was made.
func (w *world) asked(call string, d time.Duration) []time.Duration {
	w.t.Helper()
	var at []time.Duration
	begun := w.clock.now()
	for ; w.clock.now().Sub(begun) < d; w.clock.add(10 * time.Second) {
		before := w.emr.count(call)
		_ = w.l.Poke(w.t.Context()) // what it says is another test's business
		if w.emr.count(call) > before {
			at = append(at, w.clock.now().Sub(begun))
		}
	}
	return at
}

func seconds(all ...int) []time.Duration {
	out := make([]time.Duration, 0, len(all))
	for _, s := range all {
		out = append(out, time.Duration(s)*time.Second)
	}
	return out
}

// A listing that is limited is asked again after 1, 2, 4, 5, 5 minutes at most, and half of that at least.
func TestPatience_waits_longer_each_time(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		jitter float64
		want   []time.Duration
	}{
		{"no_chance", 0, seconds(0, 60, 180, 420, 720, 1020)},
		{"some_chance", 0.5, seconds(0, 50, 140, 320, 550, 780, 1010)},
		{"all_chance", 1, seconds(0, 30, 90, 210, 360, 510, 660, 810, 960, 1110)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.chance(tt.jitter)
			w.limit("list", 1000)
			if got := w.asked("list", 20*time.Minute); !slices.Equal(got, tt.want) {
				t.Errorf("asked at %v, want %v", got, tt.want)
			}
		})
	}
}

func TestPatience_ends_with_an_answer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chance(0)
	w.limit("list", 3)
	w.asked("list", 7*time.Minute)
	if got := w.asked("list", time.Minute); !slices.Equal(got, seconds(0, 10, 20, 30, 40, 50)) {
		t.Errorf("after an answer it asks at %v", got)
	}
	w.limit("list", 1)
	if got := w.asked("list", 90*time.Second); !slices.Equal(got, seconds(0, 60, 70, 80)) {
		t.Errorf("limited once more it asks at %v", got)
	}
}

// A look at one cluster that is limited holds no listing back, and is not repeated with every poke.
func TestPatience_is_of_each_question(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.up()
	w.chance(0)
	w.limit("describe", 1000)
	lists := w.emr.count("list")
	if got := w.asked("describe", 8*time.Minute); !slices.Equal(got, seconds(0, 60, 180, 420)) {
		t.Errorf("described at %v", got)
	}
	if n := w.emr.count("list") - lists; n != 48 {
		t.Errorf("%d listings in 48 pokes", n)
	}
	w.limit("describe", 0)
	w.emr.auto = true
	w.tick(5 * time.Minute)
	if got := w.state().Session.EMRState; got == EMRStarting {
		t.Error("it is not looked at any more")
	}
}

// Whatever is limited, the lease's end and what must be ended wait for nobody.
func TestPatience_ends_the_lease_all_the_same(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.auto = true
	id := w.up()
	w.tick(4*time.Hour - 20*time.Minute)
	w.chance(0)
	w.limit("list", 1000)
	w.limit("describe", 1000)
	w.asked("list", 20*time.Minute+10*time.Second)
	if s := w.state(); s.Phase != Stopping || s.Session.Stop.Why != StopLeaseEnd {
		t.Fatalf("at the end: %+v", s.Row)
	}
	w.limit("describe", 0)
	if w.asked("list", 10*time.Second); w.emr.clusters[id].asked.IsZero() {
		t.Errorf("it is not ended, though nothing but looking was limited: %v", w.emr.calls)
	}
}

func TestPatience_does_not_hold_up_a_person(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chance(0)
	w.limit("list", 3)
	w.asked("list", 5*time.Minute) // held until the seventh
	if out := w.start("a"); out.Result != Launched {
		t.Errorf("start is %s", out.Result)
	}
}

// Another process knows nothing of this one's patience, and asks once.
func TestPatience_of_another_process(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.chance(0)
	w.limit("list", 1000)
	w.asked("list", 8*time.Minute)
	w.l = w.local(testSettings())
	w.chance(0)
	if got := w.asked("list", time.Minute); !slices.Equal(got, seconds(0)) {
		t.Errorf("asked at %v", got)
	}
}

func TestPatience_survives_a_clock_that_goes_back(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.limit("list", 1)
	w.asked("list", 10*time.Second)
	w.clock.add(-time.Hour)
	if got := w.asked("list", 10*time.Second); !slices.Equal(got, seconds(0)) {
		t.Errorf("asked at %v", got)
	}
}
