package usecase_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

func wantUnlogged(t *testing.T, b *testbed.Bed, typed string) {
	t.Helper()
	if strings.Contains(b.Log.String(), typed) {
		t.Errorf("the log has what somebody typed: %q", typed)
	}
}

// TestLook says who may look at Ana's request.
func TestLook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		who    string
		admins []string
		why    string
		answer string
	}{
		{"admin", testbed.Bo, nil, "", ""},
		{"own_request", testbed.Ana, []string{testbed.Ana, testbed.Bo}, "own-request", "another admin decides"},
		{"analyst", testbed.Raj, nil, "not-admin", "Only an admin decides"},
		{"stranger", testbed.Olli, nil, "not-allowed", "You may not use"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := up(t, testbed.Options{Memory: true, Admins: tt.admins, Approval: "four-eyes"})
			send(t, b, job.Job{Kind: job.Destroy, User: testbed.Ana, Generation: 1})
			send(t, b, job.Job{Kind: job.Claim, User: tt.who, Generation: 1, Request: requestID(t, b)})
			if tt.why == "" {
				wantLast(t, b, tt.who, true, "looking", "")
				wantText(t, b.RequestCard(), "<@"+tt.who+"> is looking at it until", "other admins may still decide")
				return
			}
			wantLast(t, b, tt.who, false, "refused", tt.why)
			wantText(t, b.Ephemeral(testbed.Team, tt.who), tt.answer)
			if b.Seen(testbed.Admins, "is looking at it") != 0 {
				t.Error("the card says that somebody looks at it")
			}
		})
	}
}

func TestLook_holds_ten_minutes_and_nobody_back(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	b.Click(testbed.Bo, b.RequestCard(), actionid.Claim, nil)
	b.Click(testbed.Mia, b.RequestCard(), actionid.Claim, nil)
	wantText(t, b.Ephemeral(testbed.Admins, testbed.Mia), "<@"+testbed.Bo+"> is looking at it already", "You may still decide")
	wantLast(t, b, testbed.Mia, false, "refused", "looked-at")
	wantText(t, b.RequestCard(), "<@"+testbed.Bo+"> is looking at it")

	b.Clock.Move(10 * time.Minute)
	b.Click(testbed.Mia, b.RequestCard(), actionid.Claim, nil)
	wantText(t, b.RequestCard(), "<@"+testbed.Mia+"> is looking at it")

	b.Click(testbed.Bo, b.RequestCard(), actionid.Approve, nil)
	wantText(t, b.RequestCard(), "APPROVED", "<@"+testbed.Bo+">")
	if got := b.State().Phase; got != lifecycle.Stopping {
		t.Errorf("the phase is %s", got)
	}
	send(t, b, job.Job{Kind: job.Claim, User: testbed.Mia, Generation: 1, Request: requestID(t, b)})
	wantLast(t, b, testbed.Mia, false, "refused", "not-open")
}

// TestRequest_card_is_not_redrawn_for_time holds because an admin may be typing a reason into it.
func TestRequest_card_is_not_redrawn_for_time(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	b.Click(testbed.Bo, b.RequestCard(), actionid.Claim, nil)
	edits := b.RequestCard().Edits
	b.TickFor(40 * time.Minute)
	if got := b.RequestCard(); got.Edits != edits || !hasButton(got, actionid.Approve) {
		t.Errorf("it was redrawn %d times", got.Edits-edits)
	}
}

// TestRequest_waits_no_more once its session is being ended otherwise: nothing says that an admin must decide.
func TestRequest_waits_no_more(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	wantText(t, b.Card(), "waits for an admin")
	b.Click(testbed.Mia, b.Card(), actionid.Destroy, nil)
	b.Type(testbed.Ana, testbed.Team, "/emr")
	for _, m := range []slacklike.Message{b.Card(), b.Ephemeral(testbed.Team, testbed.Ana)} {
		if strings.Contains(m.Text, "waits for an admin") || hasButton(m, actionid.Withdraw) {
			t.Errorf("the request still waits:\n%s", m.Text)
		}
	}
}
