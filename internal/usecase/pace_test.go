package usecase_test

import (
	"testing"
	"time"

	"showtime/internal/job"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
)

// TestCard_is_edited_at_most_every_three_seconds: what comes sooner is owed, and the tick pays it.
func TestCard_is_edited_at_most_every_three_seconds(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	paced := b.With(func(p *wiring.Parts) { p.DrawEvery = wiring.DrawEvery })
	edits := func() int { return len(b.Slack.Calls("chat.update")) }
	before := edits()
	for _, who := range []string{testbed.Raj, testbed.Bo, testbed.Mia} { // a second after another
		j := slip(b, job.Job{Kind: job.Join, User: who, Generation: 1})
		if err := b.Deliver(paced, message(t, j), 1); err != nil {
			t.Fatal(err)
		}
	}
	if n := edits() - before; n != 1 {
		t.Errorf("%d edits within three seconds", n)
	}
	b.Clock.Move(time.Minute)
	if err := paced.Worker.Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantText(t, b.Card(), "<@"+testbed.Raj+">", "<@"+testbed.Bo+">", "<@"+testbed.Mia+">")
}
