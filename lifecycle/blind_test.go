package lifecycle

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// blind lets a time pass in minutes, each with a tick whose listing fails and says so.
func (w *world) blind(d time.Duration) State {
	w.t.Helper()
	for passed := time.Duration(0); passed < d; passed += time.Minute {
		w.clock.add(time.Minute)
		w.emr.script["list"] = []error{errFault}
		if err := w.l.Poke(w.t.Context()); !errors.Is(err, errFault) {
			w.t.Fatalf("a tick without a listing says %v, want the listing's fault", err)
		}
	}
	return w.state()
}

func TestLeaseEndsWhileEMRCannotBeListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.auto = true
	id := w.up()
	w.tick(4*time.Hour - 20*time.Minute)
	if s := w.blind(19 * time.Minute); s.Phase != Up {
		t.Fatalf("before the end: %+v", s.Row)
	}
	if s := w.blind(time.Minute); s.Phase != Stopping || s.Session.Stop.Why != StopLeaseEnd || w.emr.clusters[id].asked.IsZero() {
		t.Fatalf("at the end: %+v, calls %v", s.Row, w.emr.calls)
	}
	if s := w.blind(3 * time.Minute); s.Phase != Down || s.Session.End.Code != EndStopped {
		t.Errorf("after the end: %+v", s.Row)
	}
	if got := w.audits(); !slices.Equal(got, []string{"ready", "lease-end", "ended"}) {
		t.Errorf("audit %v", got)
	}
}

func TestBlindTickVerifiesTagsBeforeEnding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.auto = true
	id := w.up()
	w.tick(4*time.Hour - time.Minute)
	w.emr.clusters[id].Tags = nil
	if s := w.blind(2 * time.Minute); s.Phase != Stopping || s.Session.Trouble != TroubleTags || w.emr.count("terminate") != 0 {
		t.Errorf("row %+v, calls %v", s.Row, w.emr.calls)
	}
}

func TestBlindTickRepeatsStop(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.up()
	w.emr.script["terminate"] = []error{ErrThrottled}
	w.stop("b")
	if w.blind(time.Minute); w.emr.count("terminate") != 2 {
		t.Errorf("calls %v", w.emr.calls)
	}
}

func TestBlindTickStopsWhatNeverBecameReady(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.up()
	w.tick(28 * time.Minute)
	if s := w.blind(time.Minute); s.Phase != Up {
		t.Fatalf("before the timeout: %+v", s.Row)
	}
	w.emr.script["describe"] = []error{errFault}
	if s := w.blind(time.Minute); s.Phase != Up {
		t.Fatalf("nobody knows whether it is ready: %+v", s.Row)
	}
	if s := w.blind(time.Minute); s.Phase != Stopping || s.Session.Stop.Why != StopStartTimeout {
		t.Errorf("after the timeout: %+v", s.Row)
	}
}

func TestBlindTickDecidesNoLaunch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.script["launch"] = []error{errFault}
	w.start("a")
	w.blind(12 * time.Minute)
	w.want(Launching, 1, "")
	if n := w.emr.count("launch"); n != 1 {
		t.Errorf("%d launches, want 1", n)
	}
}

func TestBlindTickRepeatsNoLaunch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.script["launch"] = []error{errFault}
	w.start("a")
	w.tick(5 * time.Minute)
	w.drain()
	w.tick(time.Minute) // given up, and no slot to launch again
	w.blind(5 * time.Minute)
	w.want(Down, 1, "")
	if w.tick(time.Minute); w.state().Generation != 2 {
		t.Errorf("a listing again: %+v", w.state().Row)
	}
}

func TestBlindTickProvesNobodyGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.up()
	w.tick(6 * time.Minute)
	delete(w.emr.clusters, id)
	w.blind(10 * time.Minute)
	w.want(Up, 1, id)
}

// A tick without a listing is a tick, but the listing before it is no younger for that.
func TestBlindTickDoesNotRenewTheListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tick(time.Minute)
	listed := w.state().ListedAt
	if s := w.blind(3 * time.Minute); !s.ListedAt.Equal(listed) {
		t.Errorf("listed at %s, want %s", s.ListedAt, listed)
	}
	w.emr.script["list"] = []error{errFault}
	if out := w.start("a"); out.Result != Unclean {
		t.Errorf("start is %s, want %s", out.Result, Unclean)
	}
}
