package usecase_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showtime/internal/job"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// TestMoreTime_race has many people decide at the same instant, in two processes: one decision stands, and the
// lease moves once if it was yes.
func TestMoreTime_race(t *testing.T) {
	t.Parallel()
	for round := range 10 {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			b := askedLonger(t, testbed.Options{Memory: true})
			end, id := b.State().Session.LeaseEnd, requestID(t, b)
			workers := []wiring.Joined{b.Joined, b.Another()}
			var acts []func()
			for n := range 12 {
				j := job.Job{ID: fmt.Sprintf("race-%d", n), Kind: []job.Kind{job.Approve, job.Deny}[n%2], User: testbed.Bo, Generation: 1, Request: id}
				if n%4 > 1 {
					j.User = testbed.Mia
				}
				m := message(t, slip(b, j))
				acts = append(acts, func() { deliverAll(t, b, workers[n%2], m) })
			}
			together(acts...)
			b.TickFor(3 * time.Minute)
			var won []lifecycle.Attempt
			for _, a := range b.Audit() {
				if a.Allowed && a.Request == id && a.Who != lifecycle.Self && a.Outcome != "requested" {
					won = append(won, a)
				}
			}
			if len(won) != 1 {
				t.Fatalf("%d winners: %v", len(won), won)
			}
			if won[0].Outcome == "approved" {
				wantExtended(t, b, end, testbed.Ana, won[0].Who)
			} else if s := b.State().Session; len(s.Extensions) != 0 {
				t.Errorf("denied and extended: %+v", s.Extensions)
			}
			wantQuiet(t, b)
		})
	}
}

// TestMoreTime_crash kills the process at every point between an approval's write, the act and the drawing.
// The lease is moved once; or, when an admin moved it alone before that, not again, and both people are told.
func TestMoreTime_crash(t *testing.T) {
	t.Parallel()
	for _, manager := range []bool{false, true} {
		for _, overtaken := range []bool{false, true} {
			t.Run(fmt.Sprintf("manager_%t/overtaken_%t", manager, overtaken), func(t *testing.T) {
				t.Parallel()
				missed := 0 // deaths after which both people heard that it came too late
				for n, died := 1, true; died; n += crashStride {
					died = crashMoreTime(t, testbed.Options{Memory: true, Manager: manager}, n, overtaken, &missed)
				}
				if crashStride == 1 && (missed > 0) != overtaken {
					t.Errorf("%d approvals came too late", missed)
				}
			})
		}
	}
}

func crashMoreTime(t *testing.T, o testbed.Options, n int, overtaken bool, missed *int) (died bool) {
	t.Helper()
	b := askedLonger(t, o)
	end := b.State().Session.LeaseEnd
	click := job.Job{ID: "the-click", Kind: job.Approve, User: testbed.Bo, Generation: 1, Request: requestID(t, b)}
	m, other := message(t, slip(b, click)), message(t, slip(b, longer(b, testbed.Mia)))
	passed := b.Points.During(n, func() { died = true; testbed.Die() }, func() { _ = b.Deliver(b.Joined, m, 1) })
	survivor := b.Another()
	if overtaken {
		deliverAll(t, b, survivor, other)
	}
	deliverAll(t, b, survivor, m)
	b.TickFor(4 * time.Minute)
	s := b.State().Session
	switch {
	case !s.LeaseEnd.Equal(end.Add(time.Hour)) || len(s.Extensions) != 1:
		t.Errorf("extended to %v by %+v", s.LeaseEnd, s.Extensions)
	case s.Extensions[0].By == testbed.Mia && strings.Contains(b.RequestCard().Text, "APPROVED"):
		once(t, b, "approved-more-time")
		wantText(t, b.RequestCard(), "APPROVED, NOT DONE", "It came too late")
		asked, agreed := b.Seen(testbed.Team, "was approved. It came too late"), b.Seen(testbed.Admins, "was approved. It came too late")
		if asked > 1 || agreed > 1 {
			t.Errorf("%d and %d words that it came too late", asked, agreed)
		}
		*missed += asked * agreed // one that died while saying so counts as said
	}
	once(t, b, string(job.Approve))
	wantQuiet(t, b)
	if t.Failed() {
		t.Fatalf("died at point %d of %d: %v", n, len(passed), passed[len(passed)-1])
	}
	return died
}

// TestMoreTime_of_two_admins_at_once: each may extend alone, and both together mean one step.
func TestMoreTime_of_two_admins_at_once(t *testing.T) {
	t.Parallel()
	for range 5 {
		b := capped(t, testbed.Options{Memory: true})
		end := b.State().Session.LeaseEnd
		workers := []wiring.Joined{b.Joined, b.Another()}
		var acts []func()
		for i, who := range []string{testbed.Bo, testbed.Mia} {
			m := message(t, slip(b, longer(b, who)))
			acts = append(acts, func() { deliverAll(t, b, workers[i], m) })
		}
		together(acts...)
		wantExtended(t, b, end, b.State().Session.Extensions[0].By, "")
	}
}
