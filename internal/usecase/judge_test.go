package usecase_test

import (
	"testing"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// TestJudge says who may decide about Ana's request.
func TestJudge(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		admins  []string
		who     string
		deny    bool
		outcome string
		why     string
		answer  string
	}{
		{"admin_approves", nil, testbed.Bo, false, "approved", "", ""},
		{"admin_denies", nil, testbed.Mia, true, "denied", "", ""},
		{"own_request", []string{testbed.Ana, testbed.Bo}, testbed.Ana, false, "refused", "own-request", "another admin decides"},
		{"analyst", nil, testbed.Raj, false, "refused", "not-admin", "Only an admin decides"},
		{"analyst_denies", nil, testbed.Raj, true, "refused", "not-admin", "Only an admin decides"},
		{"stranger", nil, testbed.Olli, false, "refused", "not-allowed", "You may not use"},
		{"guest", []string{testbed.Gus, testbed.Bo}, testbed.Gus, false, "refused", "not-allowed", "Guests"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := up(t, testbed.Options{Memory: true, Admins: tt.admins, Approval: approval.FourEyes})
			send(t, b, job.Job{Kind: job.Destroy, User: testbed.Ana, Generation: 1})
			kind := map[bool]job.Kind{true: job.Deny, false: job.Approve}[tt.deny]
			send(t, b, job.Job{Kind: kind, User: tt.who, Generation: 1, Request: requestID(t, b)})
			wantLast(t, b, tt.who, tt.why == "", tt.outcome, tt.why)
			if got, want := b.State().Phase == lifecycle.Stopping, tt.outcome == "approved"; got != want {
				t.Errorf("ended: %v, want %v", got, want)
			}
			if tt.why != "" {
				wantText(t, b.Ephemeral(testbed.Team, tt.who), tt.answer)
				wantText(t, b.RequestCard(), "DECISION NEEDED")
			} else if n := b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your destroy request"); n != 1 {
				t.Errorf("the requester was told %d times", n)
			}
			wantQuiet(t, b)
		})
	}
}

func TestJudge_first_decision_stands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name        string
		first, then job.Kind
		card        string
	}{
		{"deny_then_approve", job.Deny, job.Approve, "DENIED"},
		{"approve_then_deny", job.Approve, job.Deny, "APPROVED"},
		{"approve_twice", job.Approve, job.Approve, "APPROVED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := requested(t, testbed.Options{Memory: true})
			card := b.RequestCard()
			click := job.Job{Generation: 1, Request: requestID(t, b), Channel: card.Channel, MessageTS: card.TS}
			first, then := click, click
			first.Kind, first.User = tt.first, testbed.Bo
			then.Kind, then.User = tt.then, testbed.Mia
			send(t, b, first)
			edits := b.RequestCard().Edits
			send(t, b, then)
			wantText(t, b.Ephemeral(testbed.Admins, testbed.Mia), "Your click changed nothing", "<@"+testbed.Bo+">")
			wantLast(t, b, testbed.Mia, false, "refused", "not-open")
			wantText(t, b.RequestCard(), tt.card, "<@"+testbed.Bo+">")
			if b.RequestCard().Edits == edits {
				t.Error("the stale card was not redrawn")
			}
			if got := b.State().Phase == lifecycle.Stopping; got != (tt.first == job.Approve) {
				t.Errorf("ended: %v", got)
			}
		})
	}
}

func TestJudge_too_late(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		after func(t *testing.T, b *testbed.Bed)
		who   string
		why   string
		card  string
		told  int // how often Ana is told
	}{
		{"expired", func(_ *testing.T, b *testbed.Bed) { b.Clock.Move(45 * time.Minute) }, testbed.Bo, "expired", "EXPIRED", 1},
		{"session_is_over", func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			send(t, b, job.Job{Kind: job.Destroy, User: testbed.Mia, Generation: 1})
		}, testbed.Bo, "no longer needed", "NO LONGER NEEDED", 1},
		{"session_is_replaced", func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			send(t, b, job.Job{Kind: job.Destroy, User: testbed.Mia, Generation: 1})
			b.TickFor(5 * time.Minute)
			b.Type(testbed.Raj, testbed.Team, "/emr start")
		}, testbed.Bo, "not-open", "NO LONGER NEEDED", 1},
		{"who_may_not_decide_closes_nothing", func(_ *testing.T, b *testbed.Bed) { b.Clock.Move(45 * time.Minute) }, testbed.Raj, "not-admin", "DECISION NEEDED", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := requested(t, testbed.Options{Memory: true})
			tt.after(t, b)
			ended := b.State().Phase
			send(t, b, job.Job{Kind: job.Approve, User: tt.who, Generation: 1, Request: requestID(t, b)})
			wantLast(t, b, tt.who, false, "refused", tt.why)
			wantText(t, b.RequestCard(), tt.card)
			if got := b.State().Phase; got != ended {
				t.Errorf("the phase became %s", got)
			}
			if n := b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your destroy request"); n != tt.told {
				t.Errorf("Ana was told %d times, want %d", n, tt.told)
			}
			wantQuiet(t, b)
		})
	}
}

func TestRequest_ends_by_itself(t *testing.T) {
	t.Parallel()
	t.Run("expires", func(t *testing.T) {
		t.Parallel()
		b := requested(t, testbed.Options{Memory: true})
		b.TickFor(46 * time.Minute)
		wantText(t, b.RequestCard(), "EXPIRED")
		wantText(t, b.Card(), "READY")
		if n := b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your destroy request"); n != 1 {
			t.Errorf("Ana was told %d times", n)
		}
		b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
		wantText(t, b.RequestCard(), "DECISION NEEDED")
	})
	t.Run("session_ends", func(t *testing.T) {
		t.Parallel()
		b := requested(t, testbed.Options{Memory: true})
		b.EMR.EndOutside(b.State().Session.EMRID)
		b.TickFor(3 * time.Minute)
		wantText(t, b.RequestCard(), "NO LONGER NEEDED")
		wantQuiet(t, b)
	})
	t.Run("buttons_go_with_the_session", func(t *testing.T) {
		t.Parallel()
		b := requested(t, testbed.Options{Memory: true})
		b.Click(testbed.Mia, b.Card(), actionid.Destroy, nil)
		if wantText(t, b.RequestCard(), "Its session is over"); hasButton(b.RequestCard(), actionid.Approve) {
			t.Error("it can still be approved")
		}
	})
	t.Run("is_forgotten_after_two_days", func(t *testing.T) {
		t.Parallel()
		b := requested(t, testbed.Options{Memory: true})
		id := requestID(t, b)
		b.Click(testbed.Mia, b.RequestCard(), actionid.Deny, nil)
		b.Clock.Move(49 * time.Hour)
		b.TickFor(2 * time.Minute)
		send(t, b, job.Job{Kind: job.Approve, User: testbed.Bo, Generation: 1, Request: id})
		wantLast(t, b, testbed.Bo, false, "out-of-date", "out-of-date")
	})
}

func TestRequest_card_follows_the_session(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	wantText(t, b.RequestCard(), "1 person is using it")
	b.Click(testbed.Raj, b.Card(), actionid.Join, nil)
	wantText(t, b.RequestCard(), "2 people are using it")
}

func TestRequest_card_falls_back_where_the_admins_channel_is_gone(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	b.Slack.AddChannel(slacklike.Channel{ID: testbed.Admins, Name: "emr-admins", Archived: true})
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	if n := b.Seen(testbed.Team, "DECISION NEEDED"); n != 1 {
		t.Fatalf("%d request cards in the team's channel", n)
	}
	send(t, b, job.Job{Kind: job.Approve, User: testbed.Bo, Generation: 1, Request: requestID(t, b)})
	if b.State().Phase != lifecycle.Stopping {
		t.Error("it cannot be approved there")
	}
	if b.Seen(testbed.Team, "APPROVED") != 1 {
		t.Error("the decision was not drawn")
	}
}
