package usecase_test

import (
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// off is a bed whose first session is over.
func off(t *testing.T) *testbed.Bed {
	t.Helper()
	b := up(t, testbed.Options{Memory: true})
	b.Click(testbed.Bo, b.Card(), actionid.Destroy, nil)
	b.TickFor(5 * time.Minute)
	if b.State().Live() {
		t.Fatalf("still %s", b.State().Phase)
	}
	return b
}

// TestStale_buttons act on nothing, say so, and what they stood on is drawn again.
func TestStale_buttons(t *testing.T) {
	t.Parallel()
	again := func(t *testing.T) *testbed.Bed { // a second session is up
		t.Helper()
		b := off(t)
		b.Type(testbed.Raj, testbed.Team, "/emr start")
		return b
	}
	tests := []struct {
		name    string
		bed     func(t *testing.T) *testbed.Bed
		job     job.Job
		outcome string
	}{
		{"start_of_no_session", off, job.Job{Kind: job.Start, Generation: 0}, "out-of-date"},
		{"start_of_a_later_session", off, job.Job{Kind: job.Start, Generation: 2}, "out-of-date"},
		{"start_joins_while_another_is_up", again, job.Job{Kind: job.Start, Generation: 0}, "joined"},
		{"join_of_a_session_that_is_over", off, job.Job{Kind: job.Join, Generation: 1}, "out-of-date"},
		{"join_of_the_one_before", again, job.Job{Kind: job.Join, Generation: 1}, "out-of-date"},
		{"destroy_of_a_session_that_is_over", off, job.Job{Kind: job.Destroy, Generation: 1}, "out-of-date"},
		{"destroy_of_the_one_before", again, job.Job{Kind: job.Destroy, Generation: 1}, "out-of-date"},
		{"approve_of_no_request", again, job.Job{Kind: job.Approve, Generation: 2, Request: "D-NOSUCH"}, "out-of-date"},
		{"unknown_button", again, job.Job{Kind: job.Outdated, Generation: job.AnyGeneration}, "out-of-date"},
		{"button_of_a_later_build", again, job.Job{Kind: "dance", Generation: 2}, "out-of-date"},
	}
	for _, tt := range tests {
		for _, ephemeral := range []bool{false, true} {
			name := tt.name + "/" + map[bool]string{true: "on_a_panel", false: "on_the_card"}[ephemeral]
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b := tt.bed(t)
				before, card := b.State().Row, b.Card()
				click := tt.job
				click.User, click.Ephemeral, click.MessageTS = testbed.Bo, ephemeral, card.TS
				if click.Kind == job.Join || click.Kind == job.Destroy || click.Kind == job.Start {
					click.MessageTS = "1.000001" // of an earlier session: none that is kept
				}
				send(t, b, click)
				wantLast(t, b, testbed.Bo, tt.outcome == "joined", tt.outcome, map[bool]string{true: "", false: "out-of-date"}[tt.outcome == "joined"])
				after := b.State().Row
				if tt.outcome == "joined" {
					if !b.State().Uses(testbed.Bo) {
						t.Error("the person did not join")
					}
				} else if wantText(t, b.Ephemeral(testbed.Team, testbed.Bo), "out of date"); after.Revision != before.Revision {
					t.Errorf("it changed the session: %+v", after)
				}
				if after.Generation != before.Generation || b.Cards() != int(after.Generation) {
					t.Errorf("generation %d, %d cards", after.Generation, b.Cards())
				}
				wantQuiet(t, b)
			})
		}
	}
}

func TestStale_card_is_redrawn(t *testing.T) {
	t.Parallel()
	for _, stale := range []job.Job{
		{Kind: job.Outdated, Generation: job.AnyGeneration},
		{Kind: job.Destroy, Generation: 1},
		{Kind: job.Join, Generation: 1},
	} {
		t.Run(string(stale.Kind), func(t *testing.T) {
			t.Parallel()
			b := off(t)
			card := b.Card()
			stale.User, stale.MessageTS = testbed.Bo, card.TS
			send(t, b, stale)
			if got := b.Card(); got.TS != card.TS || got.Edits != card.Edits+1 {
				t.Errorf("the card was edited %d times after %d", got.Edits, card.Edits)
			}
		})
	}
}

// TestEarlier_receipt has no button left that could not work.
func TestEarlier_receipt(t *testing.T) {
	t.Parallel()
	b := off(t)
	first := b.Card()
	if !hasButton(first, actionid.Start) {
		t.Fatal("the receipt cannot start again")
	}
	b.Click(testbed.Raj, first, actionid.Start, nil)
	if s := b.State(); s.Generation != 2 || s.Phase != lifecycle.Up {
		t.Fatalf("Start again did not: %+v", s.Row)
	}
	for _, m := range b.Slack.Messages(testbed.Team, "") {
		if m.TS == first.TS && hasButton(m, actionid.Start) {
			t.Error("the earlier receipt still has a Start button")
		}
	}
	if b.Card().TS == first.TS || b.Cards() != 2 {
		t.Errorf("%d cards", b.Cards())
	}
}

// TestClicks say where the answer goes: a panel becomes it, the public card stays what it is.
func TestClicks(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	b.Type(testbed.Raj, testbed.Team, "/emr")
	panel := b.Ephemeral(testbed.Team, testbed.Raj)
	b.Click(testbed.Raj, panel, actionid.Join, nil)
	if got := b.Ephemeral(testbed.Team, testbed.Raj); got.TS != panel.TS {
		t.Error("the click on the panel made a second one")
	}
	card := b.Card()
	b.Click(testbed.Bo, card, actionid.Join, nil)
	if answer := b.Ephemeral(testbed.Team, testbed.Bo); answer.TS == card.TS {
		t.Error("the answer replaced the card")
	}
	if got := b.Card(); got.TS != card.TS || got.Reader != "" {
		t.Error("the card is another one")
	}
	wantText(t, b.Card(), "READY", "<@"+testbed.Bo+">")
	b.Click(testbed.Bo, b.Card(), actionid.Join, nil)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Bo), "You are already among the people using it.")
}
