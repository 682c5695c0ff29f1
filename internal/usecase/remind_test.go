package usecase_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
)

// withRequest is the cluster file with these settings for requests.
func withRequest(settings string) string {
	return strings.Replace(testbed.ClusterFile, `"rates":`, `"request": `+settings+`, "rates":`, 1)
}

const calling = `{"expires": "45m", "remind": ["10m", "30m"], "escalate_to": "S0ONCALL", "escalate_after": "30m"}`

func TestRemind(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true, File: withRequest(calling)})
	b.TickFor(9 * time.Minute)
	if n := len(thread(b, b.RequestCard())); n != 0 {
		t.Fatalf("%d reminders before their time", n)
	}
	b.TickFor(2 * time.Minute)
	first := thread(b, b.RequestCard())
	if len(first) != 1 {
		t.Fatalf("%d reminders after 10 minutes", len(first))
	}
	wantText(t, first[0], "still waits for a decision", "Waiting has cost ≈ $0.1", "rates as of 2026-11-01", "Otherwise it stops at its lease end", "<@"+testbed.Bo+">, <@"+testbed.Mia+">")

	b.TickFor(20 * time.Minute)
	second := thread(b, b.RequestCard())
	if len(second) != 2 {
		t.Fatalf("%d reminders after 30 minutes", len(second))
	}
	wantText(t, second[1], "Waiting has cost ≈ $0.2", "Nobody has decided yet: <!subteam^S0ONCALL>")

	b.TickFor(20 * time.Minute)
	if n := len(thread(b, b.RequestCard())); n != 2 {
		t.Errorf("%d reminders in all", n)
	}
	wantText(t, b.RequestCard(), "EXPIRED", "It stops")
	told := thread(b, b.Card())
	wantText(t, told[len(told)-1], "<@"+testbed.Ana+">", "Expired", "It stops", "by itself", "/emr destroy")
	wantQuiet(t, b)
}

func TestRemind_calls_who_looks_at_it(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true, File: withRequest(calling)})
	b.TickFor(5 * time.Minute)
	b.Click(testbed.Mia, b.RequestCard(), actionid.Claim, nil)
	b.TickFor(6 * time.Minute)
	replies := thread(b, b.RequestCard())
	if len(replies) != 1 || strings.Contains(replies[0].Text, testbed.Bo) {
		t.Fatalf("replies: %+v", replies)
	}
	wantText(t, replies[0], "<@"+testbed.Mia+">")
}

func TestRemind_nobody(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, file string
		click      string
	}{
		{"none_configured", withRequest(`{"expires": "45m", "remind": []}`), ""},
		{"escalation_to_nobody", withRequest(`{"expires": "45m", "remind": [], "escalate_after": "5m"}`), ""},
		{"decided", withRequest(calling), actionid.Deny},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := requested(t, testbed.Options{Memory: true, File: tt.file})
			if tt.click != "" {
				b.Click(testbed.Bo, b.RequestCard(), tt.click, nil)
			}
			b.TickFor(44 * time.Minute)
			if n := len(thread(b, b.RequestCard())); n != 0 {
				t.Errorf("%d reminders", n)
			}
		})
	}
}

// TestRemind_late makes up for reminders that no tick and no Slack was there to say by one, once.
func TestRemind_late(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		trouble func(b *testbed.Bed)
	}{
		{"no_tick", func(b *testbed.Bed) { b.Clock.Move(32 * time.Minute) }},
		{"slack_down", func(b *testbed.Bed) {
			end := b.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.Refusal, Error: "ratelimited"})
			b.TickFor(12 * time.Minute)
			end()
		}},
		{"reply_lost", func(b *testbed.Bed) {
			b.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.LostReply, Times: 1})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := requested(t, testbed.Options{Memory: true, File: withRequest(`{"expires": "45m", "remind": ["10m", "11m"]}`)})
			tt.trouble(b)
			before := len(thread(b, b.RequestCard()))
			b.TickFor(12 * time.Minute)
			want := map[string]int{"no_tick": 1, "slack_down": 2, "reply_lost": 2}[tt.name]
			if n := len(thread(b, b.RequestCard())); before != 0 || n != want {
				t.Errorf("%d reminders, then %d; want %d", before, n, want)
			}
		})
	}
}

// TestRemind_by_two_workers ticks in two processes: every reminder is said once.
func TestRemind_by_two_workers(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true, File: withRequest(calling)})
	other := b.Another()
	for range 35 {
		b.Clock.Move(time.Minute)
		together(
			func() { _ = b.Worker.Tick(t.Context()) },
			func() { _ = other.Worker.Tick(t.Context()) },
		)
	}
	if n := len(thread(b, b.RequestCard())); n != 2 {
		t.Errorf("%d reminders", n)
	}
}
