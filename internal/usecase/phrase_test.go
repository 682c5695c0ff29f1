package usecase_test

import (
	"testing"
	"time"

	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

func TestPhrase_start(t *testing.T) {
	t.Parallel()
	t.Run("joke_in_the_thread_then_the_card", func(t *testing.T) {
		t.Parallel()
		b := testbed.New(t, testbed.Options{Memory: true})
		d := b.Type(testbed.Raj, testbed.Team, "It's showtime!")
		wantText(t, lastInThread(t, b, d.MessageTS), "Yes, it is!")
		wantText(t, b.Last(testbed.Team, testbed.Ana), "STARTING")
	})
	t.Run("joins", func(t *testing.T) {
		t.Parallel()
		b := up(t, testbed.Options{Memory: true})
		d := b.Type(testbed.Raj, testbed.Team, "it's showtime")
		wantText(t, lastInThread(t, b, d.MessageTS), "Yes, it is!", "It is on already")
		if !b.State().Uses(testbed.Raj) {
			t.Error("the person was not added")
		}
	})
	t.Run("inside_a_thread", func(t *testing.T) {
		t.Parallel()
		b := testbed.New(t, testbed.Options{Memory: true})
		parent := b.Type(testbed.Ana, testbed.Team, "Ready?")
		if _, err := b.Slack.Type(t.Context(), testbed.Ana, testbed.Team, "It's showtime!", slacklike.TypeOptions{ThreadTS: parent.MessageTS}); err != nil {
			t.Fatal(err)
		}
		b.Drain()
		wantText(t, lastInThread(t, b, parent.MessageTS), "Yes, it is!")
	})
}

// TestPhrase_refusals go to the person alone, and outside of the channels nothing is said at all.
func TestPhrase_refusals(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, who, channel, why string
		told                    bool
	}{
		{"nobody", testbed.Olli, testbed.Team, "not-allowed", true},
		{"guest", testbed.Gus, testbed.Team, "not-allowed", true},
		{"wrong_channel", testbed.Ana, testbed.Elsewhere, "wrong-channel", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: true})
			b.Type(tt.who, tt.channel, "It's showtime!")
			wantLast(t, b, tt.who, false, "refused", tt.why)
			said := 0
			for _, m := range b.Slack.Messages(tt.channel, "") {
				if m.BotID != "" && m.Reader != tt.who {
					t.Errorf("everybody sees %q", m.Text)
				}
				if m.BotID != "" {
					said++
				}
			}
			if (said > 0) != tt.told || b.State().Live() {
				t.Errorf("%d answers", said)
			}
		})
	}
}

func TestPhrase_status_is_for_everybody(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	d := b.Type(testbed.Bo, testbed.Team, "How's the show?")
	wantText(t, lastInThread(t, b, d.MessageTS), "READY", "<@"+testbed.Ana+">")
}

// TestPhrase_status_said_late says nothing about its person's role to everybody.
func TestPhrase_status_said_late(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	outage := b.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.Limited})
	d := b.Type(testbed.Ana, testbed.Team, "How's the show?")
	b.Slack.AddGroup(slacklike.Group{ID: testbed.Analysts, Members: []string{testbed.Raj}})
	b.Clock.Move(6 * time.Minute)
	outage()
	b.TickFor(5 * time.Minute)
	for _, m := range b.Slack.Messages(testbed.Team, "") {
		if m.ThreadTS == d.MessageTS {
			wantText(t, m, "READY")
		}
	}
	wantQuiet(t, b)
}

func TestPhrase_is_done_once(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	d := b.Type(testbed.Raj, testbed.Team, "It's showtime!")
	b.Slack.Resend(t.Context(), d)
	b.Drain()
	if got := len(thread(b, slacklike.Message{Channel: testbed.Team, TS: d.MessageTS})); got != 1 || b.State().Generation != 1 {
		t.Errorf("%d answers, generation %d", got, b.State().Generation)
	}
}

// TestPhrase_whose_message_was_deleted is answered to its person alone.
func TestPhrase_whose_message_was_deleted(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	d, err := b.Slack.Type(t.Context(), testbed.Raj, testbed.Team, "It's showtime!", slacklike.TypeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b.Slack.DeleteMessage(testbed.Team, d.MessageTS)
	b.Drain()
	if b.State().Phase != lifecycle.Up {
		t.Error("it was not started")
	}
	b.TickFor(2 * time.Minute)
	if n := b.Seen(testbed.Team, "Yes, it is!"); n != 1 {
		t.Errorf("told %d times", n)
	}
	wantQuiet(t, b)
}
