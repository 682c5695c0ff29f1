package usecase_test

import (
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// shared is a bed with a ready session that Ana started and Raj joined, and Ana's open request.
func shared(t *testing.T) *testbed.Bed {
	t.Helper()
	return sharedIn(t, testbed.Options{Memory: true})
}

func sharedIn(t *testing.T, o testbed.Options) *testbed.Bed {
	t.Helper()
	b := up(t, o)
	b.Click(testbed.Raj, b.Card(), actionid.Join, nil)
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	return b
}

// notice is the one message in the thread of the session's card that tells people of the request.
func notice(t *testing.T, b *testbed.Bed) slacklike.Message {
	t.Helper()
	var found []slacklike.Message
	for _, m := range thread(b, b.Card()) {
		if string(m.Metadata) != "" && len(m.Blocks) > 0 {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d notices in the card's thread", len(found))
	}
	return found[0]
}

// TestNeed_on_a_deleted_notice has somebody delete the notice, Slack lose the reply to the new one, and a click
// on the old one arrive late: it must not make the new one be posted again.
func TestNeed_on_a_deleted_notice(t *testing.T) {
	t.Parallel()
	b := shared(t)
	old := notice(t, b)
	b.Slack.DeleteMessage(old.Channel, old.TS)
	calm := b.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.LostReply})
	send(t, b, job.Job{Kind: job.Claim, User: testbed.Bo, Generation: 1, Request: requestID(t, b)})
	b.TickFor(3 * time.Minute)
	calm()
	send(t, b, job.Job{Kind: job.StillNeed, User: testbed.Raj, Generation: 1, Request: requestID(t, b), MessageTS: old.TS})
	b.TickFor(3 * time.Minute)
	notice(t, b)
}

func TestNeed(t *testing.T) {
	t.Parallel()
	b := shared(t)
	told := notice(t, b)
	wantText(t, told, "<@"+testbed.Raj+">: <@"+testbed.Ana+"> asks to end the cluster early", "I still need it (")

	b.Click(testbed.Raj, told, actionid.StillNeed, nil)
	wantLast(t, b, testbed.Raj, true, "needed", "")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "Noted: you still need it", "they still decide")
	const needed = "Still needed by <@" + testbed.Raj + ">"
	for _, m := range []slacklike.Message{b.Card(), b.RequestCard(), notice(t, b)} {
		wantText(t, m, needed)
	}
	replies := thread(b, b.RequestCard())
	if len(replies) != 1 {
		t.Fatalf("%d messages in the request card's thread", len(replies))
	}
	wantText(t, replies[0], "<@"+testbed.Raj+"> still needs the cluster", "stops nothing")

	b.Click(testbed.Raj, notice(t, b), actionid.StillNeed, nil)
	wantLast(t, b, testbed.Raj, true, "nothing-to-do", "")
	if n := len(thread(b, b.RequestCard())); n != 1 {
		t.Errorf("said again, it stands %d times in the thread", n)
	}

	b.Click(testbed.Bo, b.RequestCard(), actionid.Approve, nil)
	if got := b.State().Phase; got != lifecycle.Stopping {
		t.Errorf("a need vetoed the approval: the phase is %s", got)
	}
	if closed := notice(t, b); hasButton(closed, actionid.StillNeed) {
		t.Error("the notice keeps its button")
	} else {
		wantText(t, closed, "asked to end the cluster early", "Approved by <@"+testbed.Bo+">", needed)
	}
	wantQuiet(t, b)
}

func TestNeed_refused(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before func(*testing.T, *testbed.Bed)
		who    string
		why    string
		answer string
	}{
		{"not_using_it", nil, testbed.Bo, "not-using", "Join it first"},
		{"own_request", nil, testbed.Ana, "own-request", "withdraw it"},
		{"stranger", nil, testbed.Olli, "not-allowed", "You may not use"},
		{"decided", func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			b.Click(testbed.Bo, b.RequestCard(), actionid.Deny, nil)
		}, testbed.Raj, "not-open", "Denied by <@" + testbed.Bo + ">"},
		{"expired", func(_ *testing.T, b *testbed.Bed) { b.Clock.Move(time.Hour) }, testbed.Raj, "expired", "Expired"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := shared(t)
			told := notice(t, b)
			if tt.before != nil {
				tt.before(t, b)
			}
			send(t, b, job.Job{Kind: job.StillNeed, User: tt.who, Generation: 1, Request: requestID(t, b), MessageTS: told.TS})
			wantLast(t, b, tt.who, false, "refused", tt.why)
			wantText(t, b.Ephemeral(testbed.Team, tt.who), tt.answer)
			if b.Seen(testbed.Team, "Still needed by") != 0 || len(thread(b, b.RequestCard())) != 0 {
				t.Error("it was noted")
			}
		})
	}
}

func TestNotice_only_where_somebody_else_uses_it(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	b.TickFor(2 * time.Minute)
	if n := len(thread(b, b.Card())); n != 0 {
		t.Fatalf("%d messages for nobody", n)
	}
	b.Click(testbed.Raj, b.Card(), actionid.Join, nil)
	wantText(t, notice(t, b), "<@"+testbed.Raj+">: <@"+testbed.Ana+"> asks")
	b.Click(testbed.Bo, b.RequestCard(), actionid.Deny, nil)
	wantText(t, notice(t, b), "Denied by", "It stops")
}

func TestNotice_comes_not_too_late(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	b.Click(testbed.Bo, b.RequestCard(), actionid.Deny, nil)
	b.Click(testbed.Raj, b.Card(), actionid.Join, nil)
	b.TickFor(2 * time.Minute)
	if n := b.Seen(testbed.Team, "to end the cluster early"); n != 0 {
		t.Errorf("%d notices of a decided request", n)
	}
}

// TestNotice_lost_is_found_by_its_button because the click says where it stands.
func TestNotice_lost_is_found_by_its_button(t *testing.T) {
	t.Parallel()
	for _, decidedFirst := range []bool{false, true} {
		b := requested(t, testbed.Options{Memory: true})
		b.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.LostReply, Times: 1})
		b.Click(testbed.Raj, b.Card(), actionid.Join, nil)
		b.TickFor(3 * time.Minute)
		if decidedFirst {
			b.Click(testbed.Bo, b.RequestCard(), actionid.Deny, nil)
		}
		b.Click(testbed.Raj, notice(t, b), actionid.StillNeed, nil)
		if !decidedFirst {
			wantText(t, notice(t, b), "Still needed by <@"+testbed.Raj+">")
			b.Click(testbed.Bo, b.RequestCard(), actionid.Deny, nil)
		}
		if closed := notice(t, b); hasButton(closed, actionid.StillNeed) {
			t.Errorf("decided first %t: the notice keeps its button", decidedFirst)
		}
	}
}

// TestNotice_is_said_once even where nobody knows whether it was: it cannot be looked for in a thread.
func TestNotice_is_said_once(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault slacklike.Fault
		want  int
	}{
		{"reply_lost", slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.LostReply, Times: 1}, 1},
		{"not_posted", slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.Refusal, Error: "ratelimited", Times: 1}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := requested(t, testbed.Options{Memory: true})
			b.Slack.Inject(tt.fault)
			b.Click(testbed.Raj, b.Card(), actionid.Join, nil)
			b.TickFor(10 * time.Minute)
			if n := b.Seen(testbed.Team, "asks to end the cluster early"); n != tt.want {
				t.Errorf("%d notices, want %d", n, tt.want)
			}
			b.Click(testbed.Bo, b.RequestCard(), actionid.Deny, nil)
			b.TickFor(2 * time.Minute)
			wantQuiet(t, b)
		})
	}
}
