package usecase_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// TestStory is the whole show: /emr, Start, ready, an analyst's Destroy, an admin's Approve, the receipt.
func TestStory(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]testbed.Options{"in_process": {}, "through_a_manager": {Manager: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story(t, testbed.New(t, o))
		})
	}
}

func story(t *testing.T, b *testbed.Bed) {
	t.Helper()

	b.Type(testbed.Ana, testbed.Team, "/emr")
	panel := b.Ephemeral(testbed.Team, testbed.Ana)
	wantText(t, panel, "OFF")
	b.Click(testbed.Ana, panel, actionid.Start, map[string]string{actionid.Hours: "6", actionid.Purpose: "Case 4711"})

	s := b.State()
	if s.Phase != lifecycle.Up || s.Generation != 1 || s.Session.Starter != testbed.Ana || s.Session.Purpose != "Case 4711" {
		t.Fatalf("after Start: %+v", s.Row)
	}
	if got := s.Session.LeaseEnd.Sub(s.Session.LaunchedAt); got != 6*time.Hour {
		t.Errorf("lease is %v, want 6h", got)
	}
	card := b.Card()
	wantText(t, card, "STARTING", "Case 4711")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "The cluster is starting.")

	b.TickFor(15 * time.Minute)
	if !b.State().Ready() {
		t.Fatalf("not ready after 15 minutes: %+v", b.State().Row)
	}
	wantText(t, b.Card(), "READY")
	if b.Card().TS != card.TS || b.Cards() != 1 {
		t.Errorf("the card was posted anew: %d cards", b.Cards())
	}

	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	if got := b.State().Phase; got != lifecycle.Up {
		t.Fatalf("an analyst's destroy alone ended the session: %s", got)
	}
	request := b.RequestCard()
	wantText(t, request, "DECISION NEEDED", "<@"+testbed.Ana+">")

	b.Click(testbed.Bo, request, actionid.Approve, nil)
	if got := b.State().Phase; got != lifecycle.Stopping {
		t.Fatalf("after Approve the phase is %s", got)
	}
	wantText(t, b.RequestCard(), "APPROVED", "<@"+testbed.Bo+">")
	wantText(t, b.Card(), "STOPPING")

	b.TickFor(5 * time.Minute)
	if got := b.State().Phase; got != lifecycle.Down {
		t.Fatalf("after the stop the phase is %s", got)
	}
	wantText(t, b.Card(), "OFF", "<@"+testbed.Bo+">", "≈")
	if b.Card().TS != card.TS {
		t.Error("the receipt is not the card")
	}
	if live := b.Live(); live != 0 {
		t.Errorf("%d live clusters in EMR", live)
	}
}

func TestPhrase_starts_the_show(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{})
	d := b.Type(testbed.Raj, testbed.Team, "It’s showtime!")
	if got := b.State(); got.Generation != 1 || got.Session.Starter != testbed.Raj {
		t.Fatalf("the phrase did not start it: %+v", got.Row)
	}
	reply := lastInThread(t, b, d.MessageTS)
	wantText(t, reply, "Yes, it is!")

	b.Type(testbed.Ana, testbed.Team, "How's the show?")
	wantText(t, b.Last(testbed.Team, testbed.Ana), "STARTING")

	b.Type(testbed.Ana, testbed.Team, "That's a wrap!")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "Ask to destroy")
	if got := b.State().Phase; got != lifecycle.Up {
		t.Errorf("typed words ended the session: %s", got)
	}
}

func wantText(t *testing.T, m slacklike.Message, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(m.Text, part) {
			t.Errorf("message lacks %q:\n%s", part, m.Text)
		}
	}
}

// lastInThread is the newest message that everybody sees in a thread.
func lastInThread(t *testing.T, b *testbed.Bed, thread string) slacklike.Message {
	t.Helper()
	var last slacklike.Message
	for _, m := range b.Slack.Messages(testbed.Team, "") {
		if m.ThreadTS == thread && m.TS != thread && m.Reader == "" {
			last = m
		}
	}
	if last.TS == "" {
		t.Fatalf("nothing in thread %s", thread)
	}
	return last
}
