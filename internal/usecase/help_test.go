package usecase_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// up is a bed with a session that Ana started and that is ready.
func up(t *testing.T, o testbed.Options) *testbed.Bed {
	t.Helper()
	b := testbed.New(t, o)
	b.Type(testbed.Ana, testbed.Team, "/emr start 6")
	b.TickFor(10 * time.Minute)
	if !b.State().Ready() {
		t.Fatalf("not ready: %+v", b.State().Row)
	}
	return b
}

// requested is a bed with a ready session and Ana's open request to destroy it.
func requested(t *testing.T, o testbed.Options) *testbed.Bed {
	t.Helper()
	b := up(t, o)
	send(t, b, job.Job{Kind: job.Destroy, User: testbed.Ana, Generation: 1, Reason: "done"})
	wantText(t, b.RequestCard(), "DECISION NEEDED")
	return b
}

// requestID is the id of the newest request.
func requestID(t *testing.T, b *testbed.Bed) string {
	t.Helper()
	for _, a := range b.Audit() {
		if a.Outcome == "requested" {
			return a.Request
		}
	}
	t.Fatal("no request was made")
	return ""
}

// slip completes a job as the receiver would: a click on a public message, unless it says otherwise.
func slip(b *testbed.Bed, j job.Job) job.Job {
	b.Clock.Move(time.Second)
	if j.ID == "" {
		j.ID = fmt.Sprintf("click-%s-%s-%d-%d", j.Kind, j.User, len(b.Audit()), b.Clock.Now().UnixNano())
	}
	j.V, j.Ref = job.Version, job.RefOf(j.ID)
	if j.Source == "" {
		j.Source = job.Click
	}
	if j.At.IsZero() {
		j.At = b.Clock.Now()
	}
	if j.Channel == "" {
		j.Channel = testbed.Team
	}
	return j
}

// send hands a job to the worker without a receiver; its answers are ephemeral messages.
func send(t *testing.T, b *testbed.Bed, j job.Job) {
	t.Helper()
	if err := b.Deliver(b.Joined, message(t, slip(b, j)), 1); err != nil {
		t.Fatalf("%s by %s: %v", j.Kind, j.User, err)
	}
}

// message is a job as the queue carries it.
func message(t *testing.T, j job.Job) queue.Message {
	t.Helper()
	body, err := j.Encode()
	if err != nil {
		t.Fatalf("encode job: %v", err)
	}
	return queue.Message{Body: body, Group: j.Group("exploration"), DedupeID: j.ID}
}

// last is the newest audit record.
func last(t *testing.T, b *testbed.Bed) lifecycle.Attempt {
	t.Helper()
	all := b.Audit()
	if len(all) == 0 {
		t.Fatal("the audit is empty")
	}
	return all[len(all)-1]
}

// wantLast checks the newest audit record of a person.
func wantLast(t *testing.T, b *testbed.Bed, who string, allowed bool, outcome, why string) {
	t.Helper()
	of := b.Attempts(who)
	if len(of) == 0 {
		t.Fatalf("no audit record of %s", who)
	}
	a := of[len(of)-1]
	if a.Allowed != allowed || a.Outcome != outcome || a.Why != why {
		t.Errorf("audit says allowed %v, %q, %q; want %v, %q, %q", a.Allowed, a.Outcome, a.Why, allowed, outcome, why)
	}
}

// thread is what everybody sees in the thread of a message, but for the news that it is ready.
func thread(b *testbed.Bed, m slacklike.Message) []slacklike.Message {
	var replies []slacklike.Message
	for _, r := range b.Slack.Messages(m.Channel, "") {
		if r.ThreadTS == m.TS && r.Reader == "" && !strings.Contains(r.Text, ": it is ready, after ") {
			replies = append(replies, r)
		}
	}
	return replies
}

// wantQuiet checks that nothing is owed any more.
func wantQuiet(t *testing.T, b *testbed.Bed) {
	t.Helper()
	if n := b.Owed(); n != 0 {
		t.Errorf("%d things are still owed", n)
	}
}

// hasButton says whether a message has a button.
func hasButton(m slacklike.Message, action string) bool {
	return strings.Contains(string(m.Blocks), `"`+action+`"`)
}
