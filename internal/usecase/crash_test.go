package usecase_test

import (
	"fmt"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// act is something that a process may die in the middle of: a job, or a tick where there is none.
type act struct {
	name string
	job  func(t *testing.T, b *testbed.Bed) job.Job
	// check looks at what has become of it once others have finished it.
	check func(t *testing.T, b *testbed.Bed)
}

// click makes a click on Ana's open request, by somebody.
func click(kind job.Kind, who, reason string) func(*testing.T, *testbed.Bed) job.Job {
	return func(t *testing.T, b *testbed.Bed) job.Job {
		t.Helper()
		return job.Job{ID: "the-click", Kind: kind, User: who, Generation: 1, Request: requestID(t, b), Reason: reason}
	}
}

func acts() []act {
	up := func(t *testing.T, b *testbed.Bed) {
		t.Helper()
		if got := b.State().Phase; got != lifecycle.Up {
			t.Errorf("the phase is %s", got)
		}
	}
	return []act{
		{"approve", click(job.Approve, testbed.Bo, ""), func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			wantText(t, b.RequestCard(), "APPROVED", "<@"+testbed.Bo+">")
			if b.State().Phase != lifecycle.Down || b.Live() != 0 {
				t.Errorf("the phase is %s and %d clusters are live", b.State().Phase, b.Live())
			}
			once(t, b, "approved-destroy")
		}},
		{"deny", click(job.Deny, testbed.Mia, "wait"), func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			up(t, b)
			wantText(t, b.RequestCard(), "DENIED", "Reason of the denial: wait")
		}},
		{"withdraw", click(job.Withdraw, testbed.Ana, ""), func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			up(t, b)
			wantText(t, b.RequestCard(), "WITHDRAWN")
		}},
		{"look", click(job.Claim, testbed.Bo, ""), func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			up(t, b)
			wantText(t, b.RequestCard(), "<@"+testbed.Bo+"> is looking at it")
		}},
		{"need", click(job.StillNeed, testbed.Raj, ""), func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			up(t, b)
			wantText(t, b.RequestCard(), "Still needed by <@"+testbed.Raj+">")
			wantText(t, b.Card(), "Still needed by <@"+testbed.Raj+">")
			if n := b.Seen(testbed.Admins, "still needs the cluster"); n > 1 {
				t.Errorf("the admins were told %d times", n)
			}
		}},
		{"remind", nil, func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			up(t, b)
			if n := b.Seen(testbed.Admins, "still waits for a decision"); n > 1 {
				t.Errorf("%d reminders", n)
			}
		}},
	}
}

// once checks that the audit has one record of an act.
func once(t *testing.T, b *testbed.Bed, what string) {
	t.Helper()
	n := 0
	for _, a := range b.Audit() {
		if a.What == what {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d audit records of %s", n, what)
	}
}

// TestCrash_about_a_request kills the process at every point between the write, the act and the drawing.
// Whoever comes next, the queue with the job again or the tick before it, finishes it, once.
func TestCrash_about_a_request(t *testing.T) {
	t.Parallel()
	for _, a := range acts() {
		for _, tickFirst := range []bool{false, true} {
			if tickFirst && a.name != "approve" { // the others owe words and drawings only
				continue
			}
			t.Run(fmt.Sprintf("%s/tick_first_%t", a.name, tickFirst), func(t *testing.T) {
				t.Parallel()
				n := 1
				for crash(t, a, n, tickFirst) {
					n++
				}
				if n < 5 {
					t.Errorf("only %d points were passed", n)
				}
			})
		}
	}
}

// crash plays the act with a death at the nth point, and says whether there are so many.
func crash(t *testing.T, a act, n int, tickFirst bool) (died bool) {
	t.Helper()
	b := sharedIn(t, testbed.Options{Memory: true, File: withRequest(`{"expires": "45m", "remind": ["5m"]}`)})
	var m queue.Message
	do := func() { _ = b.Worker.Tick(t.Context()) }
	if a.job != nil {
		m = message(t, slip(b, a.job(t, b)))
		do = func() { _ = b.Deliver(b.Joined, m, 1) }
	} else {
		b.Clock.Move(6 * time.Minute)
	}
	passed := b.Points.During(n, func() { died = true; testbed.Die() }, do)
	survivor := b.Another()
	finish := []func(){
		func() {
			if a.job != nil {
				deliverAll(t, b, survivor, m)
			}
		},
		func() {
			for range 3 {
				b.Clock.Move(time.Minute)
				_ = survivor.Worker.Tick(t.Context())
			}
		},
	}
	if tickFirst {
		finish[0], finish[1] = finish[1], finish[0]
	}
	for _, next := range finish {
		next()
	}
	b.TickFor(90 * time.Second)
	wantQuiet(t, b)
	if a.job != nil {
		once(t, b, string(a.job(t, b).Kind))
	}
	if n := b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your destroy request"); n > 1 {
		t.Errorf("Ana was told %d times", n)
	}
	if n := b.Seen(testbed.Admins, "Destroy exploration"); n != 1 {
		t.Errorf("%d request cards", n)
	}
	a.check(t, b)
	if t.Failed() && died {
		t.Fatalf("the process died at point %d: %s", n, passed[len(passed)-1])
	}
	return died
}

// TestCrash_while_asking kills the process at every point of a request's beginning: there is one request,
// with one card and at most one notice, whose buttons work.
func TestCrash_while_asking(t *testing.T) {
	t.Parallel()
	for n, died := 1, true; died; n++ {
		died = false
		b := up(t, testbed.Options{Memory: true})
		b.Click(testbed.Raj, b.Card(), actionid.Join, nil)
		m := message(t, slip(b, job.Job{Kind: job.Destroy, User: testbed.Ana, Generation: 1}))
		passed := b.Points.During(n, func() { died = true; testbed.Die() }, func() { _ = b.Deliver(b.Joined, m, 1) })
		deliverAll(t, b, b.Another(), m)
		b.TickFor(3 * time.Minute)
		if cards, notices := b.Seen(testbed.Admins, "DECISION NEEDED"), b.Seen(testbed.Team, "asks to end the cluster early"); cards != 1 || notices > 1 {
			t.Fatalf("died at %s: %d cards and %d notices", passed[len(passed)-1], cards, notices)
		}
		wantQuiet(t, b)
		once(t, b, string(job.Destroy))
		b.Click(testbed.Bo, b.RequestCard(), actionid.Approve, nil)
		if got := b.State().Phase; got != lifecycle.Stopping {
			t.Fatalf("died at %s: the phase is %s", passed[len(passed)-1], got)
		}
	}
}
