package roles_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"showtime/internal/roles"
)

func TestShowRemembersForFiveMinutes(t *testing.T) {
	t.Parallel()
	d, now := workspace(), frozen()
	r := roles.New(lists(), d, func() time.Time { return now })
	look := func(wantAnalyst bool) {
		t.Helper()
		if p, err := r.Show(t.Context(), "UGRP"); err != nil || p.Analyst != wantAnalyst {
			t.Errorf("Show() = %+v, %v, want analyst %v", p, err, wantAnalyst)
		}
	}
	look(true)
	d.groups["SANA"] = nil
	now = now.Add(roles.MaxAge)
	look(true)
	if got := d.count("SANA"); got != 1 {
		t.Errorf("group was read %d times, want 1", got)
	}
	now = now.Add(time.Nanosecond)
	look(false)
}

func TestShowForgetsNoFault(t *testing.T) {
	t.Parallel()
	d, now := workspace(), frozen()
	r := roles.New(lists(), d, func() time.Time { return now })
	if _, err := r.Show(t.Context(), "UANA"); err != nil {
		t.Fatal(err)
	}
	d.broken["UANA"] = errors.New("slack is down")
	now = now.Add(roles.MaxAge + 1)
	if p, err := r.Show(t.Context(), "UANA"); err == nil || p.May() {
		t.Errorf("Show() = %+v, %v: an old answer was used after its time", p, err)
	}
	delete(d.broken, "UANA")
	if p, err := r.Show(t.Context(), "UANA"); err != nil || !p.Analyst {
		t.Errorf("Show() = %+v, %v: a fault was remembered", p, err)
	}
}

func TestFreshReadsNowEvenWithAFrozenClock(t *testing.T) {
	t.Parallel()
	d, cfg := workspace(), lists()
	cfg.Analysts.Groups = []string{"SADM", "SANA"}
	r := roles.New(cfg, d, frozen)
	for range 2 {
		if _, err := r.Fresh(t.Context(), "UGRP"); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"UGRP", "SADM", "SANA"} {
		if got := d.count(key); got != 2 {
			t.Errorf("%s was read %d times by two fresh looks, want 2", key, got)
		}
	}
	d.groups["SANA"] = nil
	if p, err := r.Fresh(t.Context(), "UGRP"); err != nil || p.Analyst {
		t.Errorf("Fresh() = %+v, %v, want no role", p, err)
	}
	if p, err := r.Show(t.Context(), "UGRP"); err != nil || p.Analyst {
		t.Errorf("Show() = %+v, %v: it must know what a fresh look found", p, err)
	}
}

func TestBarredCostsNoGroupLookup(t *testing.T) {
	t.Parallel()
	d := workspace()
	d.users["UGRP"] = roles.User{ID: "UGRP", TeamID: "T2"}
	if _, err := roles.New(lists(), d, frozen).Fresh(t.Context(), "UGRP"); err != nil {
		t.Fatal(err)
	}
	if got := d.count("SANA") + d.count("SADM"); got != 0 {
		t.Errorf("%d group lookups for a barred account, want 0", got)
	}
}

func TestShowsAtOnceShareOneLookup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, gate := workspace(), make(chan struct{})
		d.before = func(context.Context, string) { <-gate }
		r := roles.New(lists(), d, time.Now)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if p, err := r.Show(t.Context(), "UADM"); err != nil || !p.Admin {
					t.Errorf("Show() = %+v, %v", p, err)
				}
			})
		}
		synctest.Wait()
		close(gate)
		wg.Wait()
		if got := d.count("UADM"); got != 1 {
			t.Errorf("user was read %d times, want 1", got)
		}
	})
}

// TestFreshDoesNotJoinAnOlderLookup covers the answer that was on its way before the click: it may
// be older than the click, so it must decide nothing, and must not be remembered over the newer one.
func TestFreshDoesNotJoinAnOlderLookup(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d, gate, first := workspace(), make(chan struct{}), true
		d.before = func(_ context.Context, key string) {
			d.mu.Lock()
			slow := key == "UADM" && first
			first = first && !slow
			d.mu.Unlock()
			if slow {
				<-gate
			}
		}
		r := roles.New(lists(), d, time.Now)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = r.Show(t.Context(), "UADM")
		}()
		synctest.Wait()
		d.mu.Lock()
		old := d.users["UADM"]
		d.users["UADM"] = roles.User{ID: "UADM", TeamID: home, Deleted: true}
		d.mu.Unlock()
		if p, err := r.Fresh(t.Context(), "UADM"); err != nil || p.May() {
			t.Errorf("Fresh() = %+v, %v, want nobody", p, err)
		}
		d.mu.Lock()
		d.users["UADM"] = old // what the slow answer will say
		d.mu.Unlock()
		close(gate)
		<-done
		if p, err := r.Show(t.Context(), "UADM"); err != nil || p.May() {
			t.Errorf("Show() = %+v, %v: the older answer replaced the newer", p, err)
		}
	})
}

func TestOneWhoGoesAwayDoesNotFailTheOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := workspace()
		hang := true
		d.before = func(ctx context.Context, key string) {
			d.mu.Lock()
			mine := key == "UADM" && hang
			hang = hang && !mine
			d.mu.Unlock()
			if mine {
				<-ctx.Done()
			}
		}
		r := roles.New(lists(), d, time.Now)
		leaving, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := r.Show(leaving, "UADM"); !errors.Is(err, context.Canceled) {
				t.Errorf("leaver got %v", err)
			}
		})
		synctest.Wait()
		wg.Go(func() {
			if p, err := r.Show(t.Context(), "UADM"); err != nil || !p.Admin {
				t.Errorf("Show() = %+v, %v, want the admin", p, err)
			}
		})
		synctest.Wait()
		leave()
		wg.Wait()
	})
}
