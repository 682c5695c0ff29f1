package usecase_test

import (
	"testing"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// TestFlow_two_analysts_two_admins is a whole afternoon by clicks alone, under every policy that asks:
// a denial, a withdrawal, an expiry, and at last an approval.
func TestFlow_two_analysts_two_admins(t *testing.T) {
	t.Parallel()
	for _, policy := range []approval.Policy{approval.ByAdmin, approval.FourEyes} {
		t.Run(string(policy), func(t *testing.T) {
			t.Parallel()
			asker := map[approval.Policy]string{approval.ByAdmin: testbed.Raj, approval.FourEyes: testbed.Bo}[policy]
			flow(t, testbed.New(t, testbed.Options{Approval: policy, File: withRequest(calling)}), asker)
		})
	}
}

// flow ends with a request of asker's that Mia approves.
func flow(t *testing.T, b *testbed.Bed, asker string) {
	t.Helper()
	b.Type(testbed.Ana, testbed.Team, "/emr start 8 Case 4711")
	b.TickFor(10 * time.Minute)
	b.Type(testbed.Raj, testbed.Team, "It's showtime!")
	if got := b.State().Session.Using; len(got) != 2 || b.State().Generation != 1 {
		t.Fatalf("a second starter did not join: %v", got)
	}

	// Ana asks, Raj still needs it, Bo looks, Mia denies.
	b.Type(testbed.Ana, testbed.Team, "/emr destroy Hunt finished")
	b.Click(testbed.Ana, b.Ephemeral(testbed.Team, testbed.Ana), actionid.Destroy, nil)
	wantText(t, b.RequestCard(), "Asked by <@"+testbed.Ana+">", "Reason: Hunt finished", "2 people are using it", "so far", "per hour",
		"Otherwise it stops", "Expires", "<@"+testbed.Bo+">, <@"+testbed.Mia+">")
	b.Click(testbed.Raj, notice(t, b), actionid.StillNeed, nil)
	b.Click(testbed.Bo, b.RequestCard(), actionid.Claim, nil)
	wantText(t, b.RequestCard(), "Still needed by <@"+testbed.Raj+">", "<@"+testbed.Bo+"> is looking at it")
	b.Click(testbed.Mia, b.RequestCard(), actionid.Deny, map[string]string{actionid.Reason: "Raj's export runs"})
	wantText(t, b.RequestCard(), "DENIED", "Raj's export runs")
	wantText(t, notice(t, b), "Denied by <@"+testbed.Mia+">")

	// She asks again and thinks better of it.
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	wantText(t, b.RequestCard(), "DECISION NEEDED")
	b.Type(testbed.Ana, testbed.Team, "/emr")
	b.Click(testbed.Ana, b.Ephemeral(testbed.Team, testbed.Ana), actionid.Withdraw, nil)
	wantText(t, b.RequestCard(), "WITHDRAWN")

	// Raj asks, and nobody decides.
	b.Click(testbed.Raj, b.Card(), actionid.Destroy, nil)
	b.TickFor(46 * time.Minute)
	if n := len(thread(b, b.RequestCard())); n != 2 {
		t.Errorf("%d reminders", n)
	}
	wantText(t, b.RequestCard(), "EXPIRED", "It stops")

	// The last one is approved, by another admin.
	b.Click(asker, b.Card(), actionid.Destroy, nil)
	wantText(t, b.RequestCard(), "DECISION NEEDED", "Asked by <@"+asker+">")
	own := b.RequestCard()
	send(t, b, job.Job{Kind: job.Approve, User: asker, Generation: 1, Request: newest(t, b), Channel: own.Channel, MessageTS: own.TS})
	wantLast(t, b, asker, false, "refused", "own-request")
	b.Click(testbed.Mia, b.RequestCard(), actionid.Approve, nil)
	b.TickFor(5 * time.Minute)
	wantText(t, b.RequestCard(), "APPROVED", "<@"+testbed.Mia+">")
	wantText(t, b.Card(), "OFF", "<@"+asker+">", "approved by <@"+testbed.Mia+">")
	if b.State().Phase != lifecycle.Down || b.Live() != 0 {
		t.Errorf("the phase is %s and %d clusters are live", b.State().Phase, b.Live())
	}
	wantQuiet(t, b)
}

// newest is the id of the last request that was made.
func newest(t *testing.T, b *testbed.Bed) string {
	t.Helper()
	id := ""
	for _, a := range b.Audit() {
		if a.Outcome == "requested" {
			id = a.Request
		}
	}
	return id
}
