package blocks

import (
	"testing"
	"time"

	"showtime/approval"
	"showtime/lifecycle"
)

// longer is the request for more time of a session at its lease's cap.
func longer(st approval.RequestState) approval.Request {
	r := request(st)
	r.Kind, r.Reason, r.LeaseEnd = approval.MoreTime, "The export runs on", noon().Add(2*time.Hour)
	return r
}

// addMoreTime adds what is seen of a lease at its cap.
func addMoreTime(all map[string]Message) {
	s, open := state(lifecycle.Up, usable, atCap), longer(approval.Open)
	addMoreTimePanels(all, s, &open)
	all["card_more_time"] = Card(CardView{State: s, MoreTime: &open, Policy: approval.ByAdmin, Now: noon()})
	all["card_cap_stopping"] = Card(CardView{State: state(lifecycle.Stopping, usable, atCap, stopAsked), Now: noon()})
	for _, p := range []approval.Policy{approval.ByAdmin, approval.FourEyes, approval.NoneNeed} {
		all["card_cap_"+string(p)] = Card(CardView{State: s, Policy: p, Now: noon()})
	}
	card := RequestView{Request: open, State: s, Policy: approval.ByAdmin, Admins: []string{"U0BO", "U0MIA"}, Now: noon()}
	for _, st := range []approval.RequestState{
		approval.Open, approval.Approved, approval.Denied, approval.Withdrawn, approval.Expired, approval.NoLongerNeeded,
	} {
		card.Request = longer(st)
		all["request_more_time_"+string(st)] = RequestCard(card)
		all["told_more_time_"+string(st)] = RequestDecided(longer(st), s)
	}
	moved := s
	moved.Session.LeaseEnd = moved.Session.LeaseEnd.Add(time.Hour)
	card.Request, card.State = open, moved
	all["request_more_time_moved"] = RequestCard(card)
	all["reminder_more_time"] = Reminder(ReminderView{Request: open, State: s, To: []string{"U0MIA"}, Now: noon()})
	for _, why := range []approval.Undone{approval.TooLate, approval.Forbidden} {
		vain := longer(approval.Approved)
		vain.Undone = why
		card.Request = vain
		all["request_more_time_"+string(why)], all["more_time_"+string(why)] = RequestCard(card), ApprovedInVain(vain, moved)
		later := moved
		later.Generation++
		all["more_time_"+string(why)+"_later"] = ApprovedInVain(vain, later)
		all["more_time_"+string(why)+"_stopping"] = ApprovedInVain(vain, state(lifecycle.Stopping, usable, stopAsked))
	}
	all["manager_forbids"] = ManagerForbids("k3v9x2ab")
	all["more_time_sent"] = RequestSent(open)
	all["more_time_open"], all["more_time_withdrawn"] = RequestOpen(open), RequestWithdrawn(longer(approval.Withdrawn), s)
	late := state(lifecycle.Up, usable, inGrace(lifecycle.GraceSteps))
	late.Limits.Max = late.Session.LeaseEnd.Sub(late.Session.LaunchedAt)
	all["lease_grace_cap"] = GraceNotice(LeaseView{State: late, People: []string{"U0ANA"}, Policy: approval.ByAdmin, Now: noon()})
	waiting := open
	waiting.LeaseEnd = late.Session.LeaseEnd
	all["request_more_time_grace"] = RequestCard(RequestView{Request: waiting, State: late, Policy: approval.ByAdmin, Admins: []string{"U0BO"}, Now: noon()})
	all["lease_grace_more_time"] = GraceNotice(LeaseView{State: late, People: []string{"U0ANA"}, MoreTime: &open, Now: noon()})
	all["lease_warning_cap_reason"] = LeaseWarning(LeaseView{State: s, People: []string{"U0ANA"}, ReasonRequired: true, Now: noon()})
}

func addMoreTimePanels(all map[string]Message, s lifecycle.State, open *approval.Request) {
	v := panelView(analyst("U0RAJ"), s)
	all["panel_cap"], all["status_cap"] = Panel(v), Status(v)
	v.MoreTime = open
	all["panel_more_time_own"], all["status_more_time_own"] = Panel(v), Status(v)
	destroying := request(approval.Open)
	v.Open = &destroying
	all["panel_more_time_both"] = Panel(v)
	v.MoreTime = nil
	all["panel_cap_destroying"] = Panel(v)
	boss := panelView(admin(), s)
	all["panel_cap_boss"] = Panel(boss)
	v = panelView(analyst("U0RAJ"), s)
	v.ReasonRequired = true
	all["panel_cap_reason_required"], all["status_cap_reason_required"] = Panel(v), Status(v)
}

func TestMoreTimeSaysWhatItDoesAndCosts(t *testing.T) {
	t.Parallel()
	all := screens()
	for _, name := range []string{"card_cap", "panel_cap", "status_cap", "lease_warning_cap", "lease_grace_cap"} {
		wantAll(t, all[name].Text, "1 h more (", "at most ≈ $2.70", "past its limit of", "if an admin agrees")
	}
	wantAll(t, all["request_more_time_open"].Text, "DECISION NEEDED · More time for exploration", "Asked by <@U0RAJ>", "Reason: The export runs on",
		"Approving moves the lease's end by 1 h for at most ≈ $2.70, past its limit of 4 h, to <!date^1795446000^", "Using it: <@U0ANA>, <@U0RAJ>",
		"Running for 2 h", "Otherwise it stops at its lease end <!date^1795442400^", "Expires", "One admin decides, not <@U0RAJ>", "Buttons: Approve 1 h more")
	wantNone(t, all["request_more_time_open"].Text, "ends the cluster", "destroy")
	wantAll(t, all["request_more_time_denied"].Text, "The lease's end stays.", "It stops <!date^1795442400^")
	wantNone(t, all["request_more_time_denied"].Text, "Buttons", "keeps running")
	wantAll(t, all["request_more_time_moved"].Text, "nothing left to decide")
	wantNone(t, all["request_more_time_moved"].Text, "Buttons", "Input")
	wantAll(t, all["more_time_too-late"].Text, "was approved. It came too late and changed nothing", "It stops <!date^1795446000^")
	wantNone(t, all["more_time_too-late_stopping"].Text, "by itself")
	wantNone(t, all["more_time_too-late_later"].Text, "by itself")
	wantAll(t, all["request_more_time_grace"].Text, "Approving lets it run for 1 h from then on for at most ≈ $2.70")
	wantAll(t, all["request_more_time_too-late"].Text, "APPROVED, NOT DONE", "It came too late")
	wantAll(t, all["request_more_time_forbidden"].Text, "APPROVED, NOT DONE", "Showtime's grant")
	wantNone(t, all["reminder_more_time"].Text, "Waiting has cost")
}

func TestTheDialogForMoreTimeSaysWhoDecides(t *testing.T) {
	t.Parallel()
	s := state(lifecycle.Up, usable, atCap)
	cases := []struct {
		name   string
		view   PanelView
		says   string
		button string
	}{
		{"analyst", panelView(analyst("U0RAJ"), s), "An admin decides. Until then the lease's end stays.", "Send request"},
		{"admin", panelView(admin(), s), "It moves at once", "Extend"},
		{"public_four_eyes", PanelView{State: s, Policy: approval.FourEyes, Public: true, Now: noon()}, "An admin other than you decides.", "Send request"},
		{"admin_four_eyes", PanelView{State: s, Viewer: admin(), Policy: approval.FourEyes, Now: noon()}, "An admin other than you decides.", "Send request"},
		{"public_none", PanelView{State: s, Policy: approval.NoneNeed, Public: true, Now: noon()}, "from an admin, it moves at once", "Go on"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dialog := moreTimeButton(c.view).Confirm
			wantAll(t, dialog.Text.Text, c.says)
			if dialog.Confirm.Text != c.button {
				t.Errorf("the dialog's button says %q, want %q", dialog.Confirm.Text, c.button)
			}
		})
	}
}
