package usecase_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// together runs functions at once and waits for them.
func together(all ...func()) {
	var wait sync.WaitGroup
	start := make(chan struct{})
	for _, do := range all {
		wait.Go(func() {
			<-start
			do()
		})
	}
	close(start)
	wait.Wait()
}

// TestRace_decisions has many people decide about one request at the same instant, in two processes.
// Exactly one of them wins; every other one reads who did, and the act is done only if it was approved.
func TestRace_decisions(t *testing.T) {
	t.Parallel()
	for _, memory := range []bool{true, false} {
		for round := range 10 {
			t.Run(fmt.Sprintf("memory_%t_%d", memory, round), func(t *testing.T) {
				t.Parallel()
				raceDecisions(t, testbed.Options{Memory: memory})
			})
		}
	}
}

func raceDecisions(t *testing.T, o testbed.Options) {
	t.Helper()
	b := requested(t, o)
	id := requestID(t, b)
	workers := []wiring.Joined{b.Joined, b.Another()}
	if !o.Memory { // the embedded store belongs to one process
		workers[1] = b.Joined
	}
	var acts []func()
	for n := range 12 {
		who := []string{testbed.Bo, testbed.Mia, testbed.Ana}[n%3]
		kind := []job.Kind{job.Approve, job.Deny}[n%2]
		if who == testbed.Ana {
			kind = job.Withdraw
		}
		m := message(t, slip(b, job.Job{ID: fmt.Sprintf("race-%d", n), Kind: kind, User: who, Generation: 1, Request: id}))
		acts = append(acts, func() { deliverAll(t, b, workers[n%2], m) })
	}
	together(acts...)

	winners := map[string]lifecycle.Attempt{}
	for _, a := range b.Audit() {
		switch {
		case a.Request != id || a.Outcome == "requested" || a.Who == lifecycle.Self:
		case a.Allowed:
			winners[a.ID] = a
		case a.Why != "not-open":
			t.Errorf("%s by %s was refused with %q", a.What, a.Who, a.Why)
		}
	}
	if len(winners) != 1 {
		t.Fatalf("%d winners: %v", len(winners), winners)
	}
	for _, w := range winners {
		wantDecided(t, b, w)
	}
}

// wantDecided checks that what the winner decided is what was done and what everybody sees.
func wantDecided(t *testing.T, b *testbed.Bed, w lifecycle.Attempt) {
	t.Helper()
	b.TickFor(10 * time.Minute)
	wantText(t, b.RequestCard(), map[string]string{"approved": "APPROVED", "denied": "DENIED", "withdrawn": "WITHDRAWN"}[w.Outcome], "<@"+w.Who+">")
	if ended := b.State().Phase == lifecycle.Down; ended != (w.Outcome == "approved") {
		t.Errorf("%s by %s, and the phase is %s", w.Outcome, w.Who, b.State().Phase)
	}
	told := b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your destroy request")
	if want := map[bool]int{true: 0, false: 1}[w.Outcome == "withdrawn"]; told != want {
		t.Errorf("Ana was told %d times", told)
	}
	wantQuiet(t, b)
}

// deliverAll hands a message out until it is done, as the queue would.
func deliverAll(t *testing.T, b *testbed.Bed, to wiring.Joined, m queue.Message) {
	t.Helper()
	for n := 1; n <= queue.MaxReceives; n++ {
		if b.Deliver(to, m, n) == nil {
			return
		}
	}
	t.Errorf("%s was never done", m.DedupeID)
}
