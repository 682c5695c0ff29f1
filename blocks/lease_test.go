package blocks

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/lifecycle"
)

func launches(minutes ...int) func(*lifecycle.State) {
	return func(s *lifecycle.State) {
		s.StartWarn, s.StartTimeout = 15*time.Minute, 30*time.Minute
		for _, n := range minutes {
			s.Launches = append(s.Launches, time.Duration(n)*time.Minute-10*time.Second)
		}
	}
}

func since(d time.Duration) func(*lifecycle.State) {
	return func(s *lifecycle.State) { s.Session.LaunchedAt = noon().Add(-d) }
}

func extendedTwice(s *lifecycle.State) {
	s.Session.Extensions = []lifecycle.Extension{
		{By: "U0RAJ", At: noon().Add(-time.Hour), Until: noon().Add(time.Hour)},
		{By: "U0ANA", At: noon().Add(-time.Minute), Until: noon().Add(2 * time.Hour), Request: "D-0150", Approver: "U0MIA"},
	}
}

func atCap(s *lifecycle.State) { s.Limits.Max = s.Session.LeaseEnd.Sub(s.Session.LaunchedAt) }

func inGrace(why lifecycle.GraceWhy) func(*lifecycle.State) {
	return func(s *lifecycle.State) {
		s.Session.LeaseEnd, s.Session.GraceUntil = noon().Add(-time.Minute), noon().Add(29*time.Minute)
		s.Session.GraceWhy = why
	}
}

func addLease(all map[string]Message) {
	people := []string{"U0ANA", "U0RAJ"}
	leases := map[string]lifecycle.State{
		"lease_warning":     state(lifecycle.Up, usable),
		"lease_warning_cap": state(lifecycle.Up, usable, atCap),
	}
	for name, s := range leases {
		all[name] = LeaseWarning(LeaseView{State: s, People: people, Now: noon()})
	}
	for _, why := range []lifecycle.GraceWhy{lifecycle.GraceSteps, lifecycle.GraceLate} {
		all["lease_grace_"+string(why)] = GraceNotice(LeaseView{State: state(lifecycle.Up, usable, inGrace(why)), People: people, Now: noon()})
	}
	cards := map[string]lifecycle.State{
		"usual":            state(lifecycle.Up, seen(lifecycle.EMRBootstrapping), launches(7, 8, 9)),
		"slow_capacity":    state(lifecycle.Up, seen(lifecycle.EMRStarting), since(12*time.Minute), launches(7, 8, 9)),
		"slow_launch":      state(lifecycle.Launching, launching, since(10*time.Minute), launches(7, 8, 9)),
		"overdue":          state(lifecycle.Up, seen(lifecycle.EMRBootstrapping), since(16*time.Minute), launches()),
		"extended":         state(lifecycle.Up, usable, extendedTwice),
		"cap":              state(lifecycle.Up, usable, atCap),
		"receipt_extended": state(lifecycle.Down, usable, extendedTwice, stopWhy(lifecycle.StopLeaseEnd), ended(lifecycle.EndStopped)),
	}
	for name, s := range cards {
		all["card_"+name] = Card(CardView{State: s, Now: noon()})
	}
}

func addNews(all map[string]Message) {
	broken := state(lifecycle.Down, ended("BOOTSTRAP_FAILURE"), saying("bootstrap action 1 returned 1", false))
	all["news_ready"] = ReadyNews(state(lifecycle.Up, usable), noon())
	all["news_failed"] = FailedNews(broken, noon())
	all["card_failed_ref"] = Card(CardView{State: broken, Ref: "k3v9x2ab", Now: noon()})
	all["alert"] = Alert(AlertView{
		State: broken, By: "U0RAJ", Admins: []string{"U0MIA", "S0ADMINS"}, Ref: "k3v9x2ab",
		CardLink: "https://example.slack.com/archives/C0SHOW/p1", Now: noon(),
	})
	v := HistoryView{Cluster: "exploration", Now: noon()}
	all["history_none"] = History(v)
	v.Sessions, v.More = []lifecycle.State{
		state(lifecycle.Down, usable, stopAsked, ended(lifecycle.EndStopped)),
		state(lifecycle.Down, usable, stopWhy(lifecycle.StopLeaseEnd), ended(lifecycle.EndStopped)),
		broken,
		state(lifecycle.Down, stopWhy(lifecycle.StopStartTimeout), ended(lifecycle.EndStopped)),
		state(lifecycle.Down, stopAsked, ended(lifecycle.EndCanceled)),
		state(lifecycle.Down, usable, stopAsked, ended(lifecycle.EndStopped), cost(lifecycle.Cost{})),
	}, true
	all["history"] = History(v)
	granted := state(lifecycle.Down, usable, extendedTwice, stopWhy(lifecycle.StopLeaseEnd), ended(lifecycle.EndStopped))
	all["history_granted"] = History(HistoryView{Cluster: "exploration", Sessions: []lifecycle.State{granted}, Now: noon()})
	v.Days = 30
	for len(v.Sessions) < 40 {
		v.Sessions = append(v.Sessions, v.Sessions[0])
	}
	all["history_30d"] = History(v)
}

func addHostileLease(all map[string]Message, name, text string) {
	s := state(lifecycle.Up, usable)
	s.Cluster, s.Session.Starter, s.Cost.AsOf = text, text, text
	s.Session.Extensions = []lifecycle.Extension{{By: text, Until: noon(), Request: text, Approver: text}}
	all["hostile_lease_"+name] = LeaseWarning(LeaseView{State: s, People: []string{text}, Now: noon()})
	all["hostile_extended_"+name] = Card(CardView{State: s, Now: noon()})
	all["hostile_ready_"+name] = ReadyNews(s, noon())
	over := state(lifecycle.Down, ended(text), saying(text, true))
	over.Cluster, over.Session.Starter, over.Cost.Currency = text, text, text
	over.Session.Extensions = s.Session.Extensions
	all["hostile_alert_"+name] = Alert(AlertView{State: over, By: text, Admins: []string{text}, Ref: text, CardLink: text, Now: noon()})
	all["hostile_history_"+name] = History(HistoryView{Cluster: text, Sessions: []lifecycle.State{over}, Now: noon()})
}

func TestLeaseButtonsFollowTheState(t *testing.T) {
	t.Parallel()
	all := screens()
	cases := []struct {
		name       string
		has, lacks []string
	}{
		{"lease_warning", []string{actionid.Extend, actionid.LetEnd}, nil},
		{"lease_warning_cap", []string{actionid.MoreTime, actionid.LetEnd}, []string{actionid.Extend}},
		{"lease_grace_steps", []string{actionid.Extend, actionid.LetEnd}, nil},
		{"card_ready", []string{actionid.Extend}, []string{actionid.LetEnd}},
		{"card_cap", []string{actionid.MoreTime}, []string{actionid.Extend}},
		{"card_ready", nil, []string{actionid.MoreTime}},
		{"card_more_time", nil, []string{actionid.MoreTime, actionid.Extend}},
		{"lease_grace_more_time", []string{actionid.LetEnd}, []string{actionid.MoreTime, actionid.Extend}},
		{"panel_cap", []string{actionid.MoreTime, actionid.Destroy}, nil},
		{"panel_more_time_own", []string{actionid.Withdraw, actionid.Destroy}, []string{actionid.MoreTime}},
		{"status_cap_reason_required", []string{actionid.MoreTime, actionid.Destroy}, []string{actionid.Reason}},
		{"card_cap_stopping", nil, []string{actionid.MoreTime, actionid.Extend}},
		{"card_stop_noted", nil, []string{actionid.Extend}},
		{"card_stopping", nil, []string{actionid.Extend}},
		{"card_failed_ref", []string{actionid.Start, actionid.Alert}, nil},
		{"card_receipt_asked", []string{actionid.Start}, []string{actionid.Alert, actionid.Extend}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ids := offered(t, all[c.name])
			wantAll(t, ids, c.has...)
			wantNone(t, ids, c.lacks...)
		})
	}
}

func TestLeaseScreensHaveTheFacts(t *testing.T) {
	t.Parallel()
	all := screens()
	cases := []struct {
		name        string
		want, never []string
	}{
		{"lease_warning", []string{"<@U0ANA>, <@U0RAJ>: the lease ends <!date^", "lost then", "at most ≈ $10.80", "Extend by 1 h", "≈ $2.70", "Let it end"}, nil},
		{"lease_warning_cap", []string{"limit of 4 h", "an admin decides"}, []string{"Extend by"}},
		{"lease_grace_steps", []string{"lease ended <!date^", "steps still running", "It stops <!date^", "whatever is running"}, nil},
		{"lease_grace_late", []string{"Nobody looked after it"}, nil},
		{"card_usual", []string{"Usually ready in 8 to 9 min, so by <!date^"}, []string{"minute", "Slower"}},
		{"card_slow_capacity", []string{"Slower than usual", "within 9 min", "hangs at: capacity"}, []string{"Usually"}},
		{"card_slow_launch", []string{"hangs at: AWS's answer"}, nil},
		{"card_overdue", []string{"not ready after 15 min", "installing the software", "start timeout"}, nil},
		{"card_extended", []string{"Extended by <@U0ANA> until <!date^", "request D-0150", "approved by <@U0MIA>", "Extended by <@U0RAJ>"}, nil},
		{"card_receipt_extended", []string{"Extended by <@U0RAJ>"}, nil},
		{"card_failed_ref", []string{"Reference: k3v9x2ab", "Retry", "Tell the admins", "no further cost"}, []string{"Start again"}},
		{"news_ready", []string{"<@U0ANA>: it is ready, after 8 min", "Open notebook"}, nil},
		{"news_failed", []string{"<@U0ANA>: A set-up script failed"}, nil},
		{"alert", []string{"FAILED", "<@U0MIA>, <!subteam^S0ADMINS>: <@U0RAJ> asks", "BOOTSTRAP_FAILURE", "Reference: k3v9x2ab"}, nil},
		{"history_none", []string{"There was none."}, nil},
		{"history", []string{"6 sessions", "lease end", "ended by <@U0ANA>", "FAILED (BOOTSTRAP_FAILURE)", "FAILED (start timeout)", "cancelled", "no estimate for 1", "30d"}, nil},
		{"history_granted", []string{"more time granted by <@U0MIA>"}, nil},
		{"history_30d", []string{"last 30 days", "40 sessions", "25 oldest are left out"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantAll(t, all[c.name].Text, c.want...)
			wantNone(t, all[c.name].Text, c.never...)
		})
	}
}

// TestACardHoldsHoweverLateItIsRead holds because a card is not drawn again for time alone.
func TestACardHoldsHoweverLateItIsRead(t *testing.T) {
	t.Parallel()
	for _, s := range []lifecycle.State{
		state(lifecycle.Launching, launching), state(lifecycle.Launching, unsure), state(lifecycle.Up, seen(lifecycle.EMRStarting)),
		state(lifecycle.Up, usable), state(lifecycle.Up, usable, inGrace(lifecycle.GraceSteps)), state(lifecycle.Stopping, usable, stopAsked),
	} {
		now, later := Card(CardView{State: s, Now: noon()}), Card(CardView{State: s, Now: noon().Add(9 * time.Minute)})
		if now.Text != later.Text {
			t.Errorf("the card reads otherwise nine minutes later:\n%s\n%s", now.Text, later.Text)
		}
	}
}

func TestLeaseButtonsArePinnedToTheirLeaseEnd(t *testing.T) {
	t.Parallel()
	s := state(lifecycle.Up, usable)
	full := state(lifecycle.Up, usable, atCap)
	for _, b := range []*button{extendButton(s, noon()), letEndButton(s), moreTimeButton(PanelView{State: full, Now: noon()})} {
		v, err := actionid.Decode(b.Value)
		if err != nil || v.LeaseEnd != s.Session.LeaseEnd.UnixMilli() {
			t.Errorf("%s carries %+v, %v", b.ActionID, v, err)
		}
	}
}

func TestTheLastStepBeforeTheCapIsShorter(t *testing.T) {
	t.Parallel()
	s := state(lifecycle.Up, usable)
	s.Limits.Max = s.Session.LeaseEnd.Sub(s.Session.LaunchedAt) + 20*time.Minute
	if b := extendButton(s, noon()); !strings.Contains(b.Text.Text, "20 min") {
		t.Errorf("the button says %q", b.Text.Text)
	}
}
