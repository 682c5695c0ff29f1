package usecase_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/internal/queue"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// scene is one step of the story: what somebody does or what time demands. It gives the queued message,
// if there is one; whatever follows is the worker's.
type scene struct {
	name string
	play func(t *testing.T, b *testbed.Bed) (d slacklike.Delivery, tick bool)
}

// scenes are the story from the phrase to the receipt.
func scenes() []scene {
	click := func(who, action string, card func(*testbed.Bed) slacklike.Message) func(*testing.T, *testbed.Bed) (slacklike.Delivery, bool) {
		return func(t *testing.T, b *testbed.Bed) (slacklike.Delivery, bool) {
			t.Helper()
			m := card(b)
			d, err := b.Slack.Click(t.Context(), who, m.Channel, m.TS, action, slacklike.ClickOptions{})
			if err != nil {
				t.Fatalf("%s clicks %s: %v", who, action, err)
			}
			return d, false
		}
	}
	tick := func(after time.Duration) func(*testing.T, *testbed.Bed) (slacklike.Delivery, bool) {
		return func(_ *testing.T, b *testbed.Bed) (slacklike.Delivery, bool) {
			b.Clock.Move(after)
			return slacklike.Delivery{}, true
		}
	}
	return []scene{
		{"start", func(t *testing.T, b *testbed.Bed) (slacklike.Delivery, bool) {
			t.Helper()
			d, err := b.Slack.Type(t.Context(), testbed.Ana, testbed.Team, "It's showtime!", slacklike.TypeOptions{})
			if err != nil {
				t.Fatal(err)
			}
			return d, false
		}},
		{"ready", tick(8 * time.Minute)},
		{"request", click(testbed.Ana, actionid.Destroy, (*testbed.Bed).Card)},
		{"approve", click(testbed.Bo, actionid.Approve, (*testbed.Bed).RequestCard)},
		{"over", tick(4 * time.Minute)},
	}
}

// troubled plays the story; in one scene trouble strikes at the nth point, if n is not 0. It gives the
// points that were passed in that scene.
func troubled(t *testing.T, b *testbed.Bed, in string, n int, trouble func(m []queue.Message)) (passed []string) {
	t.Helper()
	for _, s := range scenes() {
		b.Clock.Move(time.Second)
		_, tick := s.play(t, b)
		jobs := b.Queue.Take()
		act := func(w wiring.Joined, receives int) {
			for _, m := range jobs {
				_ = b.Deliver(w, m, receives)
			}
			if tick {
				_ = w.Worker.Tick(t.Context())
			}
		}
		if s.name != in {
			act(b.Joined, 1)
			continue
		}
		passed = b.Points.During(n, func() { trouble(jobs) }, func() { act(b.Joined, 1) })
		if n == 0 {
			return passed
		}
		b.Joined = b.Another()
		b.Clock.Move(10 * time.Second)
		act(b.Joined, 2) // the queue hands it out again
		b.TickFor(12 * time.Minute)
		for !b.State().Ready() && b.State().Phase != lifecycle.Down {
			b.TickFor(time.Minute)
		}
	}
	b.TickFor(8 * time.Minute)
	return passed
}

// TestCrash kills the process before every call and transaction of every scene; another one goes on.
func TestCrash(t *testing.T) {
	t.Parallel()
	begins := func(point string) bool { return strings.HasPrefix(point, "before ") }
	everyPoint(t, begins, func(*testing.T, *testbed.Bed, []queue.Message) { testbed.Die() })
}

// TestOvertaken has another process do the same job, and a tick, at every point of every scene.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	everyPoint(t, func(string) bool { return true }, overtake)
}

// TestOvertaken_slowly is the same where the first process stood still for longer than any claim holds.
// What it was about to send is not sent: its context ends with the claim, in real time.
func TestOvertaken_slowly(t *testing.T) {
	t.Parallel()
	sendsNothing := func(point string) bool { return !strings.HasPrefix(point, "before /") }
	everyPoint(t, sendsNothing, func(t *testing.T, b *testbed.Bed, jobs []queue.Message) {
		t.Helper()
		b.Clock.Move(70 * time.Second)
		overtake(t, b, jobs)
	})
}

func overtake(t *testing.T, b *testbed.Bed, jobs []queue.Message) {
	t.Helper()
	other := b.Another()
	for _, m := range jobs {
		_ = b.Deliver(other, m, 2)
	}
	_ = other.Worker.Tick(t.Context())
}

// everyPoint plays the story once for each point of each scene that is worth it.
func everyPoint(t *testing.T, worth func(point string) bool, trouble func(*testing.T, *testbed.Bed, []queue.Message)) {
	t.Helper()
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			points := troubled(t, testbed.New(t, testbed.Options{Memory: true}), s.name, 0, nil)
			if len(points) < 10 {
				t.Errorf("only %d points: nothing was tried", len(points))
			}
			for i, point := range points {
				if !worth(point) {
					continue
				}
				b := testbed.New(t, testbed.Options{Memory: true})
				troubled(t, b, s.name, i+1, func(m []queue.Message) { trouble(t, b, m) })
				if bad := broken(b, point); len(bad) > 0 {
					t.Errorf("point %d (%s):\n%s", i+1, point, strings.Join(bad, "\n"))
				}
			}
		})
	}
}

// broken lists what a story that is over must have kept and did not.
func broken(b *testbed.Bed, point string) []string {
	var bad []string
	wrong := func(is bool, format string, args ...any) {
		if is {
			bad = append(bad, fmt.Sprintf(format, args...))
		}
	}
	s := b.State()
	wrong(s.Phase != lifecycle.Down || b.Live() != 0, "it ended %s with %d live clusters", s.Phase, b.Live())
	bad = append(bad, twins(b)...)
	stop := s.Session.Stop
	wrong(stop == nil || stop.By != testbed.Ana || stop.Approver != testbed.Bo, "it was stopped by %+v", stop)
	wrong(!strings.Contains(b.Card().Text, "OFF"), "the card says %s", b.Card().Text)
	wrong(!strings.Contains(b.RequestCard().Text, "APPROVED"), "the request's card says %s", b.RequestCard().Text)
	wrong(b.Cards() != int(s.Generation), "%d cards of %d sessions", b.Cards(), s.Generation)
	wrong(b.Seen(testbed.Admins, "Destroy exploration") != 1, "%d request cards", b.Seen(testbed.Admins, "Destroy exploration"))
	wrong(b.Owed() != 0, "%d things are owed", b.Owed())
	wrong(b.Seen(testbed.Team, "was sent to the admins") == 0, "Ana was not told about her request")
	unsure := strings.HasPrefix(point, "after update") || strings.HasPrefix(point, "before /api/chat.postMessage")
	for what, n := range map[string]int{
		"the joke": b.Seen(testbed.Team, "Yes, it is!"), "the decision": b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your destroy request"),
	} {
		wrong(n > 1 || n == 0 && !unsure, "%s was told %d times", what, n)
	}
	return append(bad, unaudited(b)...)
}

// twins lists the sessions that ever had more than one cluster.
func twins(b *testbed.Bed) []string {
	var bad []string
	of := map[string]int{}
	for _, c := range b.EMR.Clusters() {
		if of[c.Tags[lifecycle.TagGeneration]]++; of[c.Tags[lifecycle.TagGeneration]] == 2 {
			bad = append(bad, "two clusters of session "+c.Tags[lifecycle.TagGeneration])
		}
	}
	return bad
}

// unaudited lists the jobs and acts of the story without exactly one audit record.
func unaudited(b *testbed.Bed) []string {
	var bad []string
	records := map[string]int{}
	for _, a := range b.Audit() {
		records[a.What+" "+a.Outcome]++
	}
	acts := 0
	for what, n := range records {
		if strings.HasPrefix(what, "approved-destroy ") {
			acts += n
		}
	}
	if acts != 1 {
		bad = append(bad, fmt.Sprintf("the approved end was recorded %d times: %v", acts, records))
	}
	for _, want := range []string{"start launched", "destroy requested", "approve " + string(approval.Approved), "approved-destroy stop-begun"} {
		if records[want] != 1 {
			bad = append(bad, fmt.Sprintf("%d audit records of %q", records[want], want))
		}
	}
	return bad
}
