package usecase_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"showtime/internal/job"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// TestTogether has two workers do the same jobs, and their ticks, at the very same time.
func TestTogether(t *testing.T) {
	t.Parallel()
	for _, memory := range []bool{true, false} {
		t.Run(map[bool]string{true: "racing_store", false: "file"}[memory], func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: memory})
			workers := []wiring.Joined{b.Joined, b.Another()}
			jobs := 0
			round := func(slips ...job.Job) {
				var all sync.WaitGroup
				for i, j := range slips {
					j.ID = fmt.Sprintf("click-%d-%d", jobs, i)
					m := message(t, slip(b, j))
					for n, w := range workers {
						all.Go(func() { _ = b.Deliver(w, m, n+1) })
					}
				}
				for _, w := range workers {
					all.Go(func() { _ = w.Worker.Tick(t.Context()) })
				}
				all.Wait()
				jobs += len(slips)
				b.TickFor(10 * time.Minute)
			}
			var starts, destroys []job.Job
			for _, who := range []string{testbed.Ana, testbed.Raj, testbed.Bo, testbed.Mia} {
				starts = append(starts, job.Job{Kind: job.Start, User: who})
			}
			for _, who := range []string{testbed.Ana, testbed.Raj} {
				destroys = append(destroys, job.Job{Kind: job.Destroy, User: who, Generation: 1})
			}
			round(starts...)
			if s := b.State(); !s.Ready() || len(s.Session.Using) != len(starts) || b.EMR.Calls("RunJobFlow") != 1 {
				t.Errorf("after the starts: %+v, %d launches", s.Row, b.EMR.Calls("RunJobFlow"))
			}
			round(destroys...)
			id := requestID(t, b)
			round(job.Job{Kind: job.Approve, User: testbed.Bo, Generation: 1, Request: id}, job.Job{Kind: job.Deny, User: testbed.Mia, Generation: 1, Request: id})
			wantOneOfEach(t, b, jobs)
		})
	}
}

// wantOneOfEach checks what the two have left.
func wantOneOfEach(t *testing.T, b *testbed.Bed, jobs int) {
	t.Helper()
	outcomes := map[string]int{}
	for _, a := range b.Audit() {
		outcomes[a.What+" "+a.Outcome]++
	}
	if n := len(asked(b)); n != jobs {
		t.Errorf("%d records of %d jobs: %v", n, jobs, outcomes)
	}
	if outcomes["start launched"] != 1 || outcomes["destroy requested"] != 1 || outcomes["approve approved"]+outcomes["deny denied"] != 1 {
		t.Errorf("decided: %v", outcomes)
	}
	if ended := b.State().Phase == lifecycle.Down; ended != (outcomes["approve approved"] == 1) {
		t.Errorf("the session is %s after %v", b.State().Phase, outcomes)
	}
	if n := b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your destroy request") + b.Seen(testbed.Team, "<@"+testbed.Raj+"> Your destroy request"); n != 1 {
		t.Errorf("the requester was told %d times", n)
	}
	if b.Cards() != 1 || len(twins(b)) != 0 {
		t.Errorf("%d cards, %v", b.Cards(), twins(b))
	}
	wantQuiet(t, b)
}
