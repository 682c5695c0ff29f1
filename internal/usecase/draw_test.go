package usecase_test

import (
	"context"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/emrsim"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// TestDraw_after_faults: whatever Slack does, there is one card, and in the end it shows the record.
func TestDraw_after_faults(t *testing.T) {
	t.Parallel()
	const post, update = "chat.postMessage", "chat.update"
	tests := []struct {
		name  string
		fault slacklike.Fault
	}{
		{"post_unavailable", slacklike.Fault{Method: post, Kind: slacklike.Unavailable, Times: 3}},
		{"post_breaks", slacklike.Fault{Method: post, Kind: slacklike.Reset, Times: 3}},
		{"post_loses_reply", slacklike.Fault{Method: post, Kind: slacklike.LostReply, Times: 1}},
		{"post_limited", slacklike.Fault{Method: post, Kind: slacklike.Limited, Times: 3}},
		{"post_refused", slacklike.Fault{Method: post, Kind: slacklike.Refusal, Error: "team_added_to_org", Times: 2}},
		{"update_unavailable", slacklike.Fault{Method: update, Kind: slacklike.Unavailable, Times: 5}},
		{"update_breaks", slacklike.Fault{Method: update, Kind: slacklike.Reset, Times: 5}},
		{"update_loses_reply", slacklike.Fault{Method: update, Kind: slacklike.LostReply, Times: 5}},
		{"update_limited", slacklike.Fault{Method: update, Kind: slacklike.Limited, Times: 5}},
		{"everything_down", slacklike.Fault{Kind: slacklike.Unavailable, Times: 8}},
		{"history_down_while_unsure", slacklike.Fault{Method: "conversations.history", Kind: slacklike.Unavailable, Times: 2}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: true})
			b.Type(testbed.Ana, testbed.Team, "/emr") // membership is known
			if tt.fault.Method == "conversations.history" {
				b.Slack.Inject(slacklike.Fault{Method: post, Kind: slacklike.LostReply, Times: 1})
			}
			if tt.fault.Method == "" {
				b.Type(testbed.Ana, testbed.Team, "/emr start")
				b.Slack.Inject(tt.fault)
			} else {
				b.Slack.Inject(tt.fault)
				b.Type(testbed.Ana, testbed.Team, "/emr start")
			}
			b.TickFor(30 * time.Minute)
			wantText(t, b.Card(), "READY", "Session 1")
			if n := b.Cards(); n != 1 {
				t.Errorf("%d cards", n)
			}
			wantQuiet(t, b)
		})
	}
}

// TestDraw_soon_after_an_outage: a card does not go on lying once Slack is back.
func TestDraw_soon_after_an_outage(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	end := b.Slack.Inject(slacklike.Fault{Method: "chat.update", Kind: slacklike.Unavailable})
	before := len(b.Slack.Calls("chat.update"))
	b.Click(testbed.Bo, b.Card(), actionid.Destroy, nil)
	b.TickFor(40 * time.Minute)
	wantText(t, b.Card(), "READY")
	if tries := len(b.Slack.Calls("chat.update")) - before; tries < 18 {
		t.Errorf("tried %d times in 40 minutes", tries)
	}
	end()
	b.TickFor(3 * time.Minute)
	wantText(t, b.Card(), "OFF")
}

func TestDraw_deleted_card_is_posted_anew(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	first := b.Card()
	b.Slack.DeleteMessage(first.Channel, first.TS)
	b.Type(testbed.Raj, testbed.Team, "/emr start")
	if got := b.Card(); got.TS == first.TS || b.Cards() != 1 {
		t.Fatalf("%d cards", b.Cards())
	}
	wantText(t, b.Card(), "READY", "<@"+testbed.Raj+">")
}

func TestDraw_card_moves_where_its_channel_is_gone(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	b.Slack.AddChannel(slacklike.Channel{ID: testbed.Team, Name: "threat-hunting", Archived: true})
	send(t, b, job.Job{Kind: job.Destroy, User: testbed.Bo, Channel: testbed.Admins, Generation: 1})
	b.TickFor(5 * time.Minute)
	if n := b.Seen(testbed.Admins, "OFF"); n == 0 {
		t.Error("the card is nowhere")
	}
}

// TestDraw_refused_blocks become plain text: worse looking, still true.
func TestDraw_refused_blocks(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	b.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.Refusal, Error: "invalid_blocks", Times: 1})
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	wantText(t, b.Card(), "STARTING")
	if len(b.Card().Blocks) != 0 || b.Cards() != 1 {
		t.Error("the card is not the plain text")
	}
	b.TickFor(10 * time.Minute)
	if !hasButton(b.Card(), actionid.Destroy) {
		t.Error("the next drawing has no blocks either")
	}
}

// TestDraw_for_time: minutes and money grow old, so a card without inputs is drawn again for them.
func TestDraw_for_time(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	edits := b.Card().Edits
	b.TickFor(time.Hour)
	if grown := b.Card().Edits - edits; grown < 5 || grown > 7 {
		t.Errorf("edited %d times in an hour", grown)
	}
}

// TestDraw_receipt_that_was_owed is drawn after the next session has begun.
func TestDraw_receipt_that_was_owed(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	first := b.Card()
	end := b.Slack.Inject(slacklike.Fault{Method: "chat.update", Kind: slacklike.Unavailable})
	b.Click(testbed.Bo, first, actionid.Destroy, nil)
	b.TickFor(5 * time.Minute)
	b.Type(testbed.Raj, testbed.Team, "/emr start")
	end()
	b.TickFor(5 * time.Minute)
	for _, m := range b.Slack.Messages(testbed.Team, "") {
		if m.TS == first.TS {
			wantText(t, m, "OFF", "Session 1")
		}
	}
	wantText(t, b.Card(), "Session 2")
}

// TestDraw_receipt_once: who listed the card before another process drew its receipt and forgot it does
// not post it again.
func TestDraw_receipt_once(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		b := testbed.New(t, testbed.Options{Memory: true})
		b.Type(testbed.Ana, testbed.Team, "/emr start")
		b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
		end := b.Slack.Inject(slacklike.Fault{Method: "chat.update", Kind: slacklike.Unavailable})
		b.TickFor(5 * time.Minute)
		b.Type(testbed.Raj, testbed.Team, "/emr start")
		end()
		b.Clock.Move(3 * time.Minute)
		other := b.Another()
		passed := b.Points.During(n, func() { _ = other.Worker.Tick(t.Context()) }, func() { _ = b.Worker.Tick(t.Context()) })
		if len(passed) < n {
			return
		}
		b.TickFor(3 * time.Minute)
		if got := b.Cards(); got != 2 {
			t.Errorf("point %d (%s): %d cards of 2 sessions", n, passed[n-1], got)
		}
	}
}

// TestTell_late: a dead response_url does not swallow what was decided.
func TestTell_late(t *testing.T) {
	t.Parallel()
	t.Run("mention_in_the_cards_thread", func(t *testing.T) {
		t.Parallel()
		b := up(t, testbed.Options{Memory: true})
		end := b.Slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.Unavailable})
		b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
		b.Clock.Move(31 * time.Minute)
		end()
		b.TickFor(3 * time.Minute)
		if n := len(told(b, "<@"+testbed.Ana+">", "was sent to the admins")); n != 1 {
			t.Fatalf("told %d times in the card's thread", n)
		}
		wantQuiet(t, b)
	})
	t.Run("in_the_channel_where_there_is_no_card", func(t *testing.T) {
		t.Parallel()
		b := testbed.New(t, testbed.Options{Memory: true})
		end := b.Slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.Unavailable})
		b.Type(testbed.Ana, testbed.Team, "/emr start 99")
		b.Clock.Move(31 * time.Minute)
		end()
		b.TickFor(3 * time.Minute)
		wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "not possible")
		wantQuiet(t, b)
	})
	t.Run("who_may_not_is_not_named_to_others", func(t *testing.T) {
		t.Parallel()
		b := up(t, testbed.Options{Memory: true})
		end := b.Slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.Unavailable})
		b.Type(testbed.Olli, testbed.Team, "/emr start")
		b.Clock.Move(31 * time.Minute)
		end()
		b.TickFor(3 * time.Minute)
		if len(told(b, testbed.Olli)) != 0 || len(told(b, "You may not use")) != 0 {
			t.Error("a refusal went to everybody")
		}
		wantText(t, b.Ephemeral(testbed.Team, testbed.Olli), "You may not use")
		wantQuiet(t, b)
	})
	t.Run("card_is_deleted", func(t *testing.T) {
		t.Parallel()
		b := requested(t, testbed.Options{Memory: true})
		card := b.Card()
		b.Slack.DeleteMessage(card.Channel, card.TS)
		b.Click(testbed.Mia, b.RequestCard(), actionid.Deny, nil)
		b.TickFor(3 * time.Minute)
		replies := thread(b, b.Card())
		if len(replies) != 1 {
			t.Fatalf("%d replies in the new card's thread", len(replies))
		}
		wantText(t, replies[0], "<@"+testbed.Ana+">", "Denied")
		wantQuiet(t, b)
	})
}

// TestTell_when_roles_cannot_be_asked_any_more: what was decided is said, and nothing is denied that happened.
func TestTell_when_roles_cannot_be_asked_any_more(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	end := b.Slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.Unavailable})
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	b.Clock.Move(10 * time.Minute)
	b.Slack.Inject(slacklike.Fault{Method: "users.info", Kind: slacklike.Unavailable})
	end()
	b.TickFor(3 * time.Minute)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "was sent to the admins")
	if b.Seen(testbed.Team, "nothing was changed") != 0 {
		t.Error("it says that nothing was changed")
	}
}

// TestTell_public_words_at_most_once, even when nobody knows whether they were said.
func TestTell_public_words_at_most_once(t *testing.T) {
	t.Parallel()
	for _, kind := range []slacklike.FaultKind{slacklike.LostReply, slacklike.Limited, slacklike.Unavailable} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: true})
			b.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: kind, Times: 2})
			b.Type(testbed.Raj, testbed.Team, "It's showtime!")
			b.TickFor(10 * time.Minute)
			want := 1
			if kind == slacklike.Unavailable {
				want = 0 // a 503 may have done it
			}
			if n := b.Seen(testbed.Team, "Yes, it is!"); n != want {
				t.Errorf("said %d times, want %d", n, want)
			}
			if b.Cards() != 1 || b.State().Phase != lifecycle.Up {
				t.Errorf("%d cards", b.Cards())
			}
			wantQuiet(t, b)
		})
	}
}

// TestDraw_sessions_nobody_saw: a launch that was given up and repeated by the clock, while the bot was not
// there, has a card all the same.
func TestDraw_sessions_nobody_saw(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	b.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 2, Err: &emrsim.Error{Status: 500, Type: "InternalServerError"}})
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	alone := b.Manager.(interface{ Poke(context.Context) error })
	for range 13 {
		b.Clock.Move(time.Minute)
		if err := alone.Poke(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	b.TickFor(20 * time.Minute)
	wantText(t, b.Card(), "READY", "Session 3")
	if n := b.Cards(); n != 3 {
		t.Errorf("%d cards of 3 sessions", n)
	}
	wantQuiet(t, b)
}
