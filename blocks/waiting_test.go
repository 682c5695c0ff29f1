package blocks

import (
	"strings"
	"testing"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// waited is the open request, looked at by an admin and still needed by somebody.
func waited() approval.Request {
	r := request(approval.Open)
	r.LookedAtBy, r.LookedAtUntil = "U0BO", noon().Add(8*time.Minute)
	r.NeededBy = []string{"U0ANA"}
	return r
}

// denied is a denied request with a reason.
func denied() approval.Request {
	r := request(approval.Denied)
	r.Answer, r.NeededBy = "Wait for the export", []string{"U0ANA"}
	return r
}

func reminderView(s lifecycle.State) ReminderView {
	return ReminderView{Request: waited(), State: s, To: []string{"U0MIA", "S0ADMINS"}, Now: noon()}
}

// addWaiting adds what is seen while a request waits, and what its people are told.
func addWaiting(all map[string]Message) {
	up, open := state(lifecycle.Up, usable), waited()
	card := RequestView{Request: waited(), State: up, Policy: approval.ByAdmin, Admins: []string{"U0BO", "U0MIA"}, Now: noon()}
	all["request_open_looked"] = RequestCard(card)
	card.Request = denied()
	all["request_denied_reason"] = RequestCard(card)
	unpaid := state(lifecycle.Launching, launching, cost(lifecycle.Cost{}))
	all["request_open_starting"] = RequestCard(RequestView{Request: request(approval.Open), State: unpaid, Admins: []string{"U0MIA"}, Now: noon()})

	for _, st := range []approval.RequestState{
		approval.Open, approval.Approved, approval.Denied, approval.Withdrawn, approval.Expired, approval.NoLongerNeeded,
	} {
		all["notice_"+string(st)] = Notice(NoticeView{Request: request(st), State: up, Now: noon()})
		all["told_"+string(st)] = RequestDecided(request(st), up)
	}
	all["notice_needed"] = Notice(NoticeView{Request: open, State: up, Now: noon()})
	all["notice_denied_reason"] = Notice(NoticeView{Request: denied(), State: up, Now: noon()})
	all["told_denied_reason"] = RequestDecided(denied(), up)
	all["withdrawn"], all["need_noted"], all["still_needed"] = RequestWithdrawn(request(approval.Withdrawn), up), NeedNoted(), StillNeeded("U0ANA")
	all["looked_at"] = LookedAt(open)

	all["reminder"], all["reminder_no_rates"] = Reminder(reminderView(up)), Reminder(reminderView(unpaid))
	escalated := reminderView(up)
	escalated.Escalate, escalated.To = true, []string{"S0ONCALL"}
	all["reminder_escalated"] = Reminder(escalated)

	all["card_ready_needed"] = Card(CardView{State: up, Open: &open, Policy: approval.ByAdmin, Now: noon()})
	own := panelView(analyst("U0RAJ"), up)
	own.Open = &open
	all["panel_own_request"], all["status_own_request"], all["offer_own_request"] = Panel(own), Status(own), DestroyOffer(own)
	own.Public = true
	all["status_own_request_public"] = Status(own)
}

func TestRequestCardSaysWhatADeciderNeeds(t *testing.T) {
	t.Parallel()
	text := screens()["request_open_looked"].Text
	wantAll(t, text, "DECISION NEEDED", "Asked by <@U0RAJ>", "Reason: Hunt finished", "Still needed by <@U0ANA>",
		"2 people are using it", "Running for 2 h", "≈ $1.20 to $1.90 so far", "per hour", "Otherwise it stops at its lease end",
		"Expires", "One admin decides, not <@U0RAJ>: <@U0BO>, <@U0MIA>", "<@U0BO> is looking at it until", "other admins may still decide",
		"Input: Reason for denying", "Buttons: Approve destroy", "Deny (", "Looking at it (")
	wantAll(t, screens()["request_open_starting"].Text, "no rates are configured")
	wantAll(t, screens()["request_denied_reason"].Text, "Denied by <@U0MIA>", "Reason of the denial: Wait for the export",
		"It stops <!date^1795442400^", "Still needed by <@U0ANA>")
	wantNone(t, screens()["request_denied_reason"].Text, "Buttons", "Input")
}

func TestLookingLapses(t *testing.T) {
	t.Parallel()
	v := RequestView{Request: waited(), State: state(lifecycle.Up, usable), Admins: []string{"U0MIA"}, Now: noon().Add(8 * time.Minute)}
	wantNone(t, RequestCard(v).Text, "is looking at it")
}

// TestTypingSurvivesRedrawing holds because Slack keeps what somebody is typing under the input's block id.
func TestTypingSurvivesRedrawing(t *testing.T) {
	t.Parallel()
	v := RequestView{Request: request(approval.Open), State: state(lifecycle.Up, usable), Admins: []string{"U0MIA"}, Now: noon()}
	before := inputID(t, RequestCard(v))
	v.Request, v.State.Revision, v.Now = waited(), 18, noon().Add(time.Minute)
	if after := inputID(t, RequestCard(v)); before == "" || after != before {
		t.Errorf("the input's block id was %q and is %q", before, after)
	}
}

func inputID(tb testing.TB, m Message) string {
	tb.Helper()
	for _, b := range tree(tb, m) {
		if str(b, "type") == "input" {
			return str(b, "block_id")
		}
	}
	return ""
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	const leaseEnd = "It stops <!date^1795442400^"
	cases := []struct {
		name       string
		want, lack []string
	}{
		{"told_approved", []string{"D-0142", "Approved by <@U0MIA>", "being ended"}, []string{leaseEnd}},
		{"told_denied", []string{"Denied by <@U0MIA>", "keeps running", leaseEnd}, []string{"Reason"}},
		{"told_denied_reason", []string{"Reason of the denial: Wait for the export"}, nil},
		{"told_expired", []string{"Expired", leaseEnd, "/emr destroy"}, nil},
		{"told_withdrawn", []string{"Withdrawn by", leaseEnd}, nil},
		{"told_no longer needed", []string{"No longer needed"}, []string{leaseEnd}},
		{"notice_open", []string{"<@U0ANA>: <@U0RAJ> asks to end", "An admin decides", "Buttons: I still need it"}, nil},
		{"notice_needed", []string{"Still needed by <@U0ANA>"}, nil},
		{"notice_expired", []string{"<@U0RAJ> asked to end", "Expired", leaseEnd}, []string{"Buttons"}},
		{"request_expired", []string{"Expired", leaseEnd}, []string{"Buttons"}},
		{"reminder", []string{"still waits", "5 min", "Waiting has cost ≈ $0.14 to $0.23", "rates as of 2026-11-01", "Still needed by <@U0ANA>", "<@U0MIA>"}, []string{"Nobody has decided"}},
		{"reminder_no_rates", []string{"no rates are configured"}, []string{"Waiting has cost"}},
		{"reminder_escalated", []string{"Nobody has decided yet: <!subteam^S0ONCALL>"}, []string{"<@U0MIA>"}},
		{"panel_own_request", []string{"Destroy request D-0142 by <@U0RAJ>", "Still needed by <@U0ANA>", "Withdraw request ("}, []string{"Ask to destroy", "Input: Reason"}},
		{"offer_own_request", []string{"Withdraw request (", "Nothing has been changed"}, []string{"Ask to destroy", "Input: Reason"}},
		{"status_own_request", []string{"Withdraw request ("}, nil},
		{"status_own_request_public", nil, []string{"Withdraw request ("}},
		{"card_ready_needed", []string{"waits for an admin", "Still needed by <@U0ANA>"}, []string{"Withdraw"}},
	}
	all := screens()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantAll(t, all[c.name].Text, c.want...)
			wantNone(t, all[c.name].Text, c.lack...)
		})
	}
}

func TestWithdrawIsOnlyForItsPerson(t *testing.T) {
	t.Parallel()
	open := request(approval.Open)
	cases := []struct {
		name               string
		who                approval.Person
		policy             approval.Policy
		destroys, withdraw bool
	}{
		{"its_person", analyst("U0RAJ"), approval.ByAdmin, false, true},
		{"its_person_who_may_decide_alone_now", analyst("U0RAJ"), approval.NoneNeed, true, true},
		{"another_analyst", analyst("U0ANA"), approval.ByAdmin, true, false},
		{"an_admin", admin(), approval.ByAdmin, true, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := panelView(c.who, state(lifecycle.Up, usable))
			v.Open, v.Policy = &open, c.policy
			got := offered(t, Panel(v))
			if strings.Contains(got, actionid.Destroy) != c.destroys || strings.Contains(got, actionid.Withdraw) != c.withdraw {
				t.Errorf("buttons: %s", got)
			}
		})
	}
}

func TestConcernedAreAllButWhoAsked(t *testing.T) {
	t.Parallel()
	s := state(lifecycle.Up, usable)
	if got := Concerned(request(approval.Open), s); len(got) != 1 || got[0] != "U0ANA" {
		t.Errorf("Concerned() = %v", got)
	}
	if len(s.Session.Using) != 2 {
		t.Error("Concerned changed the session")
	}
}
