package usecase_test

import (
	"testing"

	"showtime/internal/actionid"
	"showtime/internal/testbed"
)

// TestManagerAway says what people hear when the lifecycle manager is down: at once when they only wanted to
// look, and before their job is given up when they wanted something changed.
func TestManagerAway(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Manager: true})
	b.Type(testbed.Ana, testbed.Team, "/emr")
	panel := b.Ephemeral(testbed.Team, testbed.Ana)
	b.LoseManager()
	b.Type(testbed.Raj, testbed.Team, "/emr status")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "lifecycle manager", "does not answer")
	if a := b.Attempts(testbed.Raj); len(a) != 1 || a[0].Outcome != "shown" {
		t.Errorf("audit %+v", a)
	}
	b.Click(testbed.Ana, panel, actionid.Start, nil)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "lifecycle manager", "does not answer")
}
