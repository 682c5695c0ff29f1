package usecase_test

import (
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// TestWithdraw_on_the_answer goes the whole way by clicks: ask, see the button on the answer, take it back.
func TestWithdraw_on_the_answer(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	b.Type(testbed.Ana, testbed.Team, "/emr destroy the hunt is over")
	offer := b.Ephemeral(testbed.Team, testbed.Ana)
	b.Click(testbed.Ana, offer, actionid.Destroy, nil)
	wantText(t, b.RequestCard(), "DECISION NEEDED", "Reason: the hunt is over")

	answer := b.Ephemeral(testbed.Team, testbed.Ana)
	wantText(t, answer, "was sent to the admins", "Withdraw request (")
	b.Click(testbed.Ana, answer, actionid.Withdraw, nil)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "is withdrawn", "It stops", "Ask to destroy")
	wantLast(t, b, testbed.Ana, true, "withdrawn", "")
	wantText(t, b.RequestCard(), "WITHDRAWN", "<@"+testbed.Ana+">")
	if hasButton(b.RequestCard(), actionid.Approve) {
		t.Error("a withdrawn request can still be approved")
	}

	send(t, b, job.Job{Kind: job.Approve, User: testbed.Bo, Generation: 1, Request: requestID(t, b), Channel: testbed.Admins})
	wantText(t, b.Ephemeral(testbed.Admins, testbed.Bo), "Your click changed nothing", "Withdrawn by <@"+testbed.Ana+">")
	if got := b.State().Phase; got != lifecycle.Up {
		t.Errorf("the phase is %s", got)
	}
	wantQuiet(t, b)
}

func TestWithdraw_on_the_panel(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	for _, command := range []string{"/emr", "/emr status", "/emr destroy"} {
		b.Type(testbed.Ana, testbed.Team, command)
		mine := b.Ephemeral(testbed.Team, testbed.Ana)
		if !hasButton(mine, actionid.Withdraw) || hasButton(mine, actionid.Destroy) {
			t.Errorf("%s shows Ana no Withdraw, or Destroy beside it:\n%s", command, mine.Text)
		}
		b.Type(testbed.Raj, testbed.Team, command)
		if others := b.Ephemeral(testbed.Team, testbed.Raj); hasButton(others, actionid.Withdraw) {
			t.Errorf("%s shows Raj a Withdraw for Ana's request", command)
		}
	}
	b.Type(testbed.Ana, testbed.Team, "/emr")
	b.Click(testbed.Ana, b.Ephemeral(testbed.Team, testbed.Ana), actionid.Withdraw, nil)
	wantText(t, b.RequestCard(), "WITHDRAWN")
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	wantText(t, b.RequestCard(), "DECISION NEEDED")
}

func TestWithdraw_refused(t *testing.T) {
	t.Parallel()
	decide := func(kind job.Kind) func(*testing.T, *testbed.Bed) {
		return func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			send(t, b, job.Job{Kind: kind, User: testbed.Bo, Generation: 1, Request: requestID(t, b)})
		}
	}
	tests := []struct {
		name   string
		before func(*testing.T, *testbed.Bed)
		who    string
		why    string
		card   string
		answer string
	}{
		{"by_another_analyst", nil, testbed.Raj, "not-own-request", "DECISION NEEDED", "Only the person who asked"},
		{"by_an_admin", nil, testbed.Bo, "not-own-request", "DECISION NEEDED", "Only the person who asked"},
		{"by_a_stranger", nil, testbed.Olli, "not-allowed", "DECISION NEEDED", "You may not use"},
		{"after_approve", decide(job.Approve), testbed.Ana, "not-open", "APPROVED", "Approved by <@" + testbed.Bo + ">"},
		{"after_deny", decide(job.Deny), testbed.Ana, "not-open", "DENIED", "Denied by <@" + testbed.Bo + ">"},
		{"after_it_expired", func(_ *testing.T, b *testbed.Bed) { b.Clock.Move(time.Hour) }, testbed.Ana, "expired", "EXPIRED", "Expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := requested(t, testbed.Options{Memory: true})
			if tt.before != nil {
				tt.before(t, b)
			}
			send(t, b, job.Job{Kind: job.Withdraw, User: tt.who, Generation: 1, Request: requestID(t, b)})
			wantLast(t, b, tt.who, false, "refused", tt.why)
			wantText(t, b.RequestCard(), tt.card)
			wantText(t, b.Ephemeral(testbed.Team, tt.who), tt.answer)
			wantQuiet(t, b)
		})
	}
}

// TestDeny_with_a_reason shows the reason to the person who asked and on the card, and keeps it out of the log.
func TestDeny_with_a_reason(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	b.Click(testbed.Mia, b.RequestCard(), actionid.Deny, map[string]string{actionid.Reason: "<!channel> wait for\nRaj's export"})
	wantText(t, b.RequestCard(), "DENIED", "Reason of the denial: &lt;!channel&gt; wait for Raj's export")
	told := thread(b, b.Card())
	if len(told) != 1 {
		t.Fatalf("%d messages in the card's thread", len(told))
	}
	wantText(t, told[0], "<@"+testbed.Ana+">", "Denied by <@"+testbed.Mia+">", "&lt;!channel&gt; wait for Raj's export", "It stops")
	if a := b.Attempts(testbed.Mia); len(a) != 1 || a[0].Typed != "<!channel> wait for Raj's export" {
		t.Errorf("audit: %+v", a)
	}
	wantUnlogged(t, b, "export")
}

// TestApprove_uses_no_reason holds because the input beside the buttons is for a denial.
func TestApprove_uses_no_reason(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	b.Click(testbed.Mia, b.RequestCard(), actionid.Approve, map[string]string{actionid.Reason: "no, wait"})
	if wantText(t, b.RequestCard(), "APPROVED"); b.Seen(testbed.Admins, "no, wait") != 0 || b.State().Session.Stop.Reason != "done" {
		t.Errorf("stop: %+v", b.State().Session.Stop)
	}
}
