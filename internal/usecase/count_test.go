package usecase_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/emrsim"
	"showtime/internal/testbed"
)

// TestLooking_counts_what_runs with the bot's own EMR and through a lifecycle manager: once a minute at most,
// whoever looks, on the answer at once and on the card with the next tick.
func TestLooking_counts_what_runs(t *testing.T) {
	t.Parallel()
	for name, manager := range map[string]bool{"own_emr": false, "lifecycle_manager": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := up(t, testbed.Options{Memory: true, Manager: manager})
			before := b.EMR.Calls("ListInstances") // whoever starts it is shown the panel
			b.TickFor(5 * time.Minute)
			if n := b.EMR.Calls("ListInstances") - before; n != 0 {
				t.Fatalf("%d listings of instances while nobody looked", n)
			}
			for _, who := range []string{testbed.Ana, testbed.Raj, testbed.Bo} {
				b.Type(who, testbed.Team, "/emr status")
				wantText(t, b.Ephemeral(testbed.Team, who), "Running: 3 × m6g.xlarge, counted", "≈ $0.57 per hour")
			}
			if n := b.EMR.Calls("ListInstances") - before; n != 1 {
				t.Errorf("%d listings of instances in a minute", n)
			}
			b.Tick()
			wantText(t, b.Card(), "Running: 3 × m6g.xlarge, counted", "≈ $0.57 per hour")

			b.EMR.Scale(b.State().Session.EMRID, 2)
			b.Type(testbed.Raj, testbed.Team, "/emr")
			b.Tick()
			wantText(t, b.Card(), "Running: 5 × m6g.xlarge, counted", "≈ $0.95 per hour")

			b.TickFor(12 * time.Minute)
			if strings.Contains(b.Card().Text, "Running: 5") {
				t.Error("the card still says what ran when somebody looked last")
			}
			if n := b.EMR.Calls("ListInstances") - before; n != 2 {
				t.Errorf("%d listings of instances, want 2", n)
			}
		})
	}
}

func TestLooking_when_it_cannot_be_counted_shows_the_range(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	b.EMR.Inject(emrsim.Fault{Op: "ListInstances", Times: 1, Err: emrsim.Throttled()})
	b.Type(testbed.Ana, testbed.Team, "/emr status")
	answer := b.Ephemeral(testbed.Team, testbed.Ana)
	wantText(t, answer, "Cost: ", "per hour")
	if strings.Contains(answer.Text, "Running: ") {
		t.Errorf("it says what runs:\n%s", answer.Text)
	}
}
