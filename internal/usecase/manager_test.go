package usecase_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/actionid"
	"showtime/internal/emrsim"
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

// TestManager_says_the_same: whatever people do and whatever happens to the cluster, they see the same through
// a lifecycle manager as without one: every message in every channel, to the letter.
func TestManager_says_the_same(t *testing.T) {
	t.Parallel()
	acts := map[string]func(t *testing.T, b *testbed.Bed){
		"story":                   story,
		"joined_and_extended":     joinedAndExtended,
		"more_time_and_lease_end": moreTimeAndLeaseEnd,
		"failures":                failures,
		"ended_outside":           endedOutside,
	}
	for name, act := range acts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			file := strings.Replace(testbed.ClusterFile, `"max": "12h"`, `"max": "6h"`, 1)
			shown := func(manager bool) []string {
				b := testbed.New(t, testbed.Options{Memory: true, Manager: manager, File: file})
				act(t, b)
				b.Type(testbed.Ana, testbed.Team, "/emr history")
				wantQuiet(t, b)
				return transcript(b)
			}
			if diff := cmp.Diff(shown(false), shown(true)); diff != "" {
				t.Errorf("in process -, through a manager +:\n%s", diff)
			}
		})
	}
}

// drawn are the ids that are drawn by chance: a reference, a request's.
var drawn = regexp.MustCompile(`(Reference: )[a-z2-7]{8}|([DM]-)[A-Z2-7]{6}`)

// transcript is every message with its fallback, which says what its blocks do, and who sees it.
func transcript(b *testbed.Bed) []string {
	var all []string
	for _, channel := range []string{testbed.Team, testbed.Admins} {
		for _, m := range b.Slack.Messages(channel, "") {
			all = append(all, channel+" "+m.Reader+": "+drawn.ReplaceAllString(m.Text, "$1$2…"))
		}
	}
	return all
}

func joinedAndExtended(t *testing.T, b *testbed.Bed) {
	t.Helper()
	b.Type(testbed.Ana, testbed.Team, "/emr start 2h Case 4711")
	b.Type(testbed.Raj, testbed.Team, "It's showtime!")
	b.TickFor(15 * time.Minute)
	b.Type(testbed.Raj, testbed.Team, "/emr status")
	b.Click(testbed.Raj, b.Card(), actionid.Extend, nil)
	wantText(t, b.Card(), "Extended by <@"+testbed.Raj+">")
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	b.Click(testbed.Mia, b.RequestCard(), actionid.Deny, map[string]string{actionid.Reason: "Raj needs it"})
	b.TickFor(3*time.Hour + 30*time.Minute) // the warnings, the lease's end
	wantText(t, b.Card(), "Stopped at its lease end")
}

func moreTimeAndLeaseEnd(t *testing.T, b *testbed.Bed) {
	t.Helper()
	b.Type(testbed.Ana, testbed.Team, "/emr start 6")
	b.TickFor(10 * time.Minute)
	b.Click(testbed.Raj, b.Card(), actionid.MoreTime, nil)
	b.Click(testbed.Bo, b.RequestCard(), actionid.Approve, nil)
	wantText(t, b.Card(), "approved by <@"+testbed.Bo+">")
	b.EMR.RunSteps(b.State().Session.EMRID, true)
	b.TickFor(8 * time.Hour) // with its grace
	wantText(t, b.Card(), "Stopped at its lease end")
}

func failures(t *testing.T, b *testbed.Bed) {
	t.Helper()
	for _, fate := range []emrsim.Fate{emrsim.BootstrapFails, emrsim.InvalidLater, emrsim.NoCapacity} {
		b.EMR.NextLaunch(fate)
		b.Type(testbed.Ana, testbed.Team, "/emr start")
		b.TickFor(45 * time.Minute)
		wantText(t, b.Card(), "FAILED")
		b.Click(testbed.Ana, b.Card(), actionid.Alert, nil)
	}
	b.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Invalid("Instance type 'm6g.xlarge' is not supported")})
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "not supported")
	b.TickFor(2 * time.Minute)
}

func endedOutside(t *testing.T, b *testbed.Bed) {
	t.Helper()
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	b.TickFor(12 * time.Minute)
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	b.EMR.EndOutside(b.State().Session.EMRID)
	b.TickFor(10 * time.Minute)
	wantText(t, b.Card(), "outside")
	wantText(t, b.RequestCard(), "NO LONGER NEEDED")
}
