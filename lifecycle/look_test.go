package lifecycle

import (
	"slices"
	"testing"
	"time"
)

func TestReadinessWithSteps(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		steps bool
		state string
		ready bool
	}{
		{"running_without_steps", false, EMRRunning, true},
		{"running_is_still_set_up", true, EMRRunning, false},
		{"waiting_after_steps", true, EMRWaiting, true},
		{"bootstrapping", false, EMRBootstrapping, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			set := testSettings()
			set.Shape.HasSteps = tt.steps
			w.l = w.local(set)
			w.emr.clusters[w.up()].State = tt.state
			if s := w.tick(time.Minute); s.Ready() != tt.ready || s.Session.EMRState != tt.state {
				t.Errorf("ready %v in %s, want %v", s.Ready(), s.Session.EMRState, tt.ready)
			}
		})
	}
}

func TestMasterDNSIsPickedUpLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.emr.clusters[w.up()]
	c.State = EMRWaiting
	if s := w.tick(2 * time.Minute); !s.Ready() || s.Notebook != "" {
		t.Fatalf("without a host: %+v", s)
	}
	c.MasterDNS = "ip-late"
	if s := w.tick(time.Minute); s.Notebook != "https://ip-late:9443" {
		t.Errorf("notebook %q", s.Notebook)
	}
}

func TestHowASessionEnded(t *testing.T) {
	t.Parallel()
	ready := t0.Add(6 * time.Minute)
	tests := []struct {
		name    string
		session Session
		reason  string
		want    string
	}{
		{"emrs_own_reason", Session{ReadyAt: ready}, "INSTANCE_FAILURE", "INSTANCE_FAILURE"},
		{"before_it_was_ready", Session{}, "BOOTSTRAP_FAILURE", "BOOTSTRAP_FAILURE"},
		{"by_hand_from_outside", Session{ReadyAt: ready}, "USER_REQUEST", EndOutside},
		{"without_a_reason", Session{ReadyAt: ready}, "", EndUnexplained},
		{"asked_and_without_a_reason", Session{ReadyAt: ready, Stop: &Stop{Why: StopAsked}}, "", EndStopped},
		{"asked", Session{ReadyAt: ready, Stop: &Stop{Why: StopAsked}}, "USER_REQUEST", EndStopped},
		{"asked_before_it_was_ready", Session{Stop: &Stop{Why: StopAsked}}, "USER_REQUEST", EndCanceled},
		{"start_timeout", Session{Stop: &Stop{Why: StopStartTimeout}}, "USER_REQUEST", EndStopped},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := Cluster{ReasonCode: tt.reason, EndedAt: t0.Add(time.Hour)}
			c.State = EMRTerminatedWithErrors
			st := endedStep(Row{Phase: Up, Session: tt.session}, c, t0.Add(2*time.Hour))
			if got := st.row.Session; got.End.Code != tt.want || !got.EndedAt.Equal(c.EndedAt) || st.row.Phase != Down {
				t.Errorf("ended %+v at %s, want %s", got.End, got.EndedAt, tt.want)
			}
		})
	}
}

// EMR does not say when it had the machines: the first look that sees them installing does.
func TestWhenTheCapacityWasThereIsRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("a")
	if s := w.tick(3 * time.Minute); !s.Session.CapacityAt.IsZero() {
		t.Fatalf("capacity at %s while EMR looks for it", s.Session.CapacityAt)
	}
	w.emr.clusters["j-001"].State = EMRBootstrapping
	seen := w.tick(time.Minute).Session.CapacityAt
	if s := w.tick(3 * time.Minute); seen.IsZero() || !s.Session.CapacityAt.Equal(seen) || !seen.Equal(t0.Add(4*time.Minute)) {
		t.Errorf("capacity seen %s, later %s", seen, s.Session.CapacityAt)
	}
}

// What EMR is ending is of no more use to anybody, and the start timeout is not what ended it.
func TestWhatEMRIsEndingIsNotReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.up()
	w.emr.clusters[id].State = EMRTerminating
	w.poke()
	if s := w.state(); s.Ready() || !s.Leaving() || s.Endable(1) || s.Notebook != "" || s.Session.Stop != nil {
		t.Errorf("EMR is ending it: %+v", s)
	}
	if out := w.start("b"); out.Result != ShuttingDown {
		t.Errorf("start is %s", out.Result)
	}
	join, err := w.l.Join(t.Context(), JoinInput{Op: op("c", 1)})
	if err != nil || join.Result != ShuttingDown {
		t.Errorf("join is %s, %v", join.Result, err)
	}
	extend, err := w.l.Extend(t.Context(), ExtendInput{Op: op("d", 1)})
	if err != nil || extend.Result != ShuttingDown {
		t.Errorf("extend is %s, %v", extend.Result, err)
	}
}

func TestAFailureAtTheStartTimeoutKeepsItsReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start("a")
	w.tick(29 * time.Minute)
	c := w.emr.clusters["j-001"]
	c.State = EMRTerminating
	if s := w.tick(3 * time.Minute); s.Session.Stop != nil || s.Tempo(w.clock.now()) != InTime {
		t.Errorf("it is stopped by %+v, tempo %q", s.Session.Stop, s.Tempo(w.clock.now()))
	}
	c.State, c.ReasonCode = EMRTerminatedWithErrors, "BOOTSTRAP_FAILURE"
	if s := w.tick(time.Minute); s.Phase != Down || s.Session.End.Code != "BOOTSTRAP_FAILURE" {
		t.Errorf("it is %s: %+v", s.Phase, s.Session.End)
	}
}

// A denied look proves that a cluster is none of ours only when it is more than a minute older than the launch.
func TestDeniedNamesake(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		older    time.Duration
		launches int
		asked    int // in 8 ticks and one start
	}{
		{"well_before_the_launch", 61 * time.Second, 2, 1},
		{"a_minute_before_the_launch", time.Minute, 1, 8},
		{"after_the_launch", -time.Second, 1, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.emr.script["launch"] = []error{errFault}
			w.start("a")
			id := w.emr.create(1)
			w.emr.clusters[id].CreatedAt, w.emr.clusters[id].unreadable = t0.Add(-tt.older), ErrDenied
			w.tick(8 * time.Minute)
			if n, asked := w.emr.count("launch"), w.emr.count("describe "+id); n != tt.launches || asked != tt.asked {
				t.Errorf("%d launches and %d looks, want %d and %d", n, asked, tt.launches, tt.asked)
			}
			if w.emr.count("terminate") != 0 {
				t.Errorf("calls %v", w.emr.calls)
			}
		})
	}
}

// EMR shows a cluster's tags only a while after it shows the cluster.
func TestTagsReadableLate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.lost = true
	w.start("a")
	c := w.emr.clusters["j-001"]
	tags := c.Tags
	c.Tags = nil
	w.tick(2 * time.Minute)
	w.want(Launching, 1, "")
	c.Tags = tags
	w.tick(time.Minute)
	w.want(Up, 1, "j-001")
}

// EMR denied all knowledge of the cluster, and then shows it alive.
func TestVanishedOneThatComesBackIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.up()
	w.tick(6 * time.Minute)
	c := w.emr.clusters[id]
	delete(w.emr.clusters, id)
	w.tick(2 * time.Minute)
	w.want(Down, 1, id)
	w.emr.clusters[id] = c
	w.clock.add(3 * time.Minute)
	if out := w.start("a"); out.Result != Unclean {
		t.Errorf("start beside it is %s, want %s", out.Result, Unclean)
	}
	w.tick(time.Minute)
	if c.asked.IsZero() || !slices.Equal(w.alarms, []string{AlarmVanished, AlarmOrphan}) {
		t.Errorf("alarms %v, calls %v", w.alarms, w.emr.calls)
	}
}

// A listing that still shows what EMR says has ended stands in nobody's way.
func TestStartRightAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.up()
	listing, err := TakeListing(t.Context(), w.emr, w.l.patience)
	if err != nil {
		t.Fatal(err)
	}
	w.stop("b")
	w.emr.clusters[id].State = EMRTerminated
	if err := w.l.PokeWith(t.Context(), listing); err != nil {
		t.Fatal(err)
	}
	w.want(Down, 1, id)
	listings := w.emr.count("list")
	if out := w.start("c"); out.Result != Launched || len(w.alarms) != 0 || w.emr.count("list") != listings {
		t.Errorf("start is %s, alarms %v, calls %v", out.Result, w.alarms, w.emr.calls)
	}
}

func TestListingFromTheFutureIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.add(10 * time.Minute)
	w.poke()
	w.clock.add(-10 * time.Minute) // the tick's clock was wrong
	listings := w.emr.count("list")
	if out := w.start("a"); out.Result != Launched || w.emr.count("list") != listings+1 {
		t.Errorf("start is %s after %d new listings, want one", out.Result, w.emr.count("list")-listings)
	}
}

// A newer session's lease may have been extended: it is not ended before its grace is over.
func TestReplacedSessionIsNotEndedUnannounced(t *testing.T) {
	t.Parallel()
	for _, age := range []time.Duration{3*time.Hour + 57*time.Minute, 5 * time.Hour} {
		w := newWorld(t)
		c := w.emr.clusters[w.emr.create(7)]
		c.State, c.CreatedAt = EMRWaiting, t0.Add(-age)
		if s := w.tick(2*time.Minute + 29*time.Minute); s.Phase != Up || s.Generation != 7 {
			t.Errorf("adopted at the age of %s and in its grace: %+v", age, s.Row)
		}
		if s := w.tick(time.Minute); s.Phase != Stopping {
			t.Errorf("adopted at the age of %s and after its grace: %+v", age, s.Row)
		}
	}
}
