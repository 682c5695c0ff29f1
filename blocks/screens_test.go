package blocks

import (
	"time"

	"showtime/approval"
	"showtime/lifecycle"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

func analyst(id string) approval.Person { return approval.Person{ID: id, Analyst: true} }
func admin() approval.Person            { return approval.Person{ID: "U0MIA", Analyst: true, Admin: true} }

func rates() lifecycle.Cost {
	return lifecycle.Cost{
		Configured: true, Known: true, Currency: "USD", AsOf: "2026-11-01",
		SoFarMin: 1.2, SoFarMax: 1.9, PerHourMin: 1.7, PerHourMax: 2.7, AtMost: 10.8,
	}
}

// state is a session that was launched two hours before noon, changed by the given functions.
func state(phase lifecycle.Phase, changes ...func(*lifecycle.State)) lifecycle.State {
	s := lifecycle.State{
		Cluster: "exploration",
		Row: lifecycle.Row{
			V: 1, Revision: 17, Phase: phase, Generation: 4,
			Session: lifecycle.Session{
				Generation: 4, Starter: "U0ANA", Purpose: "Case 4711", Length: 4 * time.Hour, Using: []string{"U0ANA", "U0RAJ"},
				LaunchedAt: noon().Add(-2 * time.Hour), Attempt: 1, LeaseEnd: noon().Add(2 * time.Hour), EMRID: "j-3ABC",
			},
		},
		Cost:   rates(),
		Limits: lifecycle.LeaseConfig{Default: 4 * time.Hour, Max: 12 * time.Hour, Step: time.Hour},
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func never(s *lifecycle.State) { s.Generation, s.Revision, s.Session = 0, 0, lifecycle.Session{} }

func launching(s *lifecycle.State) {
	s.Session.EMRID, s.Session.LaunchedAt = "", noon().Add(-90*time.Second)
}

func unsure(s *lifecycle.State) { launching(s); s.Session.Unsure = true }

func seen(emr string) func(*lifecycle.State) {
	return func(s *lifecycle.State) {
		s.Session.EMRState, s.Session.LaunchedAt = emr, noon().Add(-4*time.Minute)
		if emr == lifecycle.EMRBootstrapping {
			s.Session.CapacityAt = noon().Add(-2 * time.Minute)
		}
	}
}

func usable(s *lifecycle.State) {
	s.Session.EMRState, s.Session.ReadyAt = lifecycle.EMRWaiting, noon().Add(-112*time.Minute)
	s.Session.CapacityAt = noon().Add(-116 * time.Minute)
	s.Notebook = "https://ip-10-0-0-7.ec2.internal:9443"
}

func left(s *lifecycle.State) { s.Session.EMRState = lifecycle.EMRTerminating }

func stopAsked(s *lifecycle.State) {
	s.Session.Stop = &lifecycle.Stop{
		By: "U0ANA", Why: lifecycle.StopAsked, At: noon().Add(-2 * time.Minute), Request: "D-0142", Approver: "U0MIA", Reason: "Hunt finished",
	}
	s.Session.StopBegunAt = noon().Add(-time.Minute)
}

func stopWhy(why lifecycle.StopWhy) func(*lifecycle.State) {
	return func(s *lifecycle.State) {
		s.Session.Stop = &lifecycle.Stop{By: "showtime", Why: why, At: noon().Add(-2 * time.Minute)}
	}
}

func ended(code string) func(*lifecycle.State) {
	return func(s *lifecycle.State) {
		s.Session.EndedAt = noon().Add(-time.Minute)
		s.Session.End = &lifecycle.End{Code: code}
	}
}

func saying(message string, billing bool) func(*lifecycle.State) {
	return func(s *lifecycle.State) { s.Session.End.Message, s.Session.End.Billing = message, billing }
}

func wished(s *lifecycle.State) {
	ended(lifecycle.EndGivenUp)(s)
	s.Wish = &lifecycle.Wish{By: "U0ANA", Purpose: "Case 4711", Using: []string{"U0ANA"}, Since: noon().Add(-8 * time.Minute), Attempts: 1}
}

func cost(c lifecycle.Cost) func(*lifecycle.State) {
	return func(s *lifecycle.State) { s.Cost = c }
}

func request(state approval.RequestState) approval.Request {
	r := approval.Request{
		V: 1, ID: "D-0142", State: state, Generation: 4, By: "U0RAJ", Reason: "Hunt finished", At: noon().Add(-5 * time.Minute),
		ExpiresAt: noon().Add(40 * time.Minute), Channel: "C0SHOW",
	}
	if state != approval.Open {
		r.DecidedBy, r.DecidedAt = "U0MIA", noon().Add(-time.Minute)
	}
	return r
}

func panelView(who approval.Person, s lifecycle.State) PanelView {
	return PanelView{
		State: s, Viewer: who, Policy: approval.ByAdmin, CardLink: "https://example.slack.com/archives/C0SHOW/p1", Now: noon(),
	}
}

// screens are all screens in all states that look different; each has a golden file of its name.
func screens() map[string]Message {
	all := map[string]Message{}
	addPanels(all)
	addCards(all)
	addEndings(all)
	addRequests(all)
	addWaiting(all)
	addHostile(all)
	addLease(all)
	addMoreTime(all)
	addNews(all)
	addCheckups(all)
	return all
}

func addPanels(all map[string]Message) {
	open := request(approval.Open)
	views := map[string]PanelView{
		"off_never":        panelView(analyst("U0RAJ"), state(lifecycle.Down, never)),
		"off_again":        panelView(analyst("U0RAJ"), state(lifecycle.Down, stopAsked, ended(lifecycle.EndStopped))),
		"off_no_rates":     panelView(analyst("U0RAJ"), state(lifecycle.Down, never, cost(lifecycle.Cost{}))),
		"off_short_leases": panelView(analyst("U0RAJ"), state(lifecycle.Down, never, shortLeases)),
		"failed":           panelView(analyst("U0RAJ"), state(lifecycle.Down, ended("BOOTSTRAP_FAILURE"))),
		"wish":             panelView(analyst("U0RAJ"), state(lifecycle.Down, wished)),
		"unsure":           panelView(analyst("U0BOB"), state(lifecycle.Launching, unsure)),
		"launching_own":    panelView(analyst("U0ANA"), state(lifecycle.Launching, launching)),
		"launching_other":  panelView(analyst("U0BOB"), state(lifecycle.Launching, launching)),
		"launching_stop":   panelView(analyst("U0ANA"), state(lifecycle.Launching, launching, stopAsked)),
		"installing_admin": panelView(admin(), state(lifecycle.Up, seen(lifecycle.EMRBootstrapping))),
		"ready_user":       panelView(analyst("U0RAJ"), state(lifecycle.Up, usable)),
		"ready_stranger":   panelView(analyst("U0BOB"), state(lifecycle.Up, usable)),
		"ready_admin":      panelView(admin(), state(lifecycle.Up, usable)),
		"leaving":          panelView(analyst("U0RAJ"), state(lifecycle.Up, usable, left)),
		"stopping":         panelView(analyst("U0RAJ"), state(lifecycle.Stopping, usable, stopAsked)),
		"not_allowed":      panelView(approval.Person{ID: "U0EVE"}, state(lifecycle.Up, usable)),
	}
	for policy, who := range map[approval.Policy]approval.Person{approval.FourEyes: admin(), approval.NoneNeed: analyst("U0BOB")} {
		v := panelView(who, state(lifecycle.Up, usable))
		v.Policy, v.ReasonRequired, v.Open, v.Notice, v.Reason = policy, true, &open, "That button was out of date.", "Hunt finished"
		views["ready_"+string(policy)] = v
	}
	for name, v := range views {
		all["panel_"+name], all["status_"+name], all["offer_"+name] = Panel(v), Status(v), DestroyOffer(v)
	}
	public := panelView(analyst("U0RAJ"), state(lifecycle.Up, usable))
	public.Public = true
	all["status_public"], all["offer_public"] = Status(public), DestroyOffer(public)
}

func shortLeases(s *lifecycle.State) {
	s.Limits = lifecycle.LeaseConfig{Default: 5 * time.Second, Max: 10 * time.Second}
}

func addCards(all map[string]Message) {
	open := request(approval.Open)
	states := map[string]lifecycle.State{
		"never":           state(lifecycle.Down, never),
		"requested":       state(lifecycle.Launching, launching),
		"confirming":      state(lifecycle.Launching, unsure),
		"stop_noted":      state(lifecycle.Launching, unsure, stopAsked),
		"wish":            state(lifecycle.Down, wished),
		"capacity":        state(lifecycle.Up, seen(lifecycle.EMRStarting)),
		"installing":      state(lifecycle.Up, seen(lifecycle.EMRBootstrapping)),
		"ready":           state(lifecycle.Up, usable),
		"ready_no_rates":  state(lifecycle.Up, usable, cost(lifecycle.Cost{})),
		"ready_unknown":   state(lifecycle.Up, usable, cost(lifecycle.Cost{Configured: true, Unknown: []string{"m9g.huge", "r9.<big>"}})),
		"ready_grace":     state(lifecycle.Up, usable, func(s *lifecycle.State) { s.Session.GraceUntil = noon().Add(30 * time.Minute) }),
		"ready_tags":      state(lifecycle.Up, usable, func(s *lifecycle.State) { s.Session.Trouble = lifecycle.TroubleTags }),
		"ready_trouble":   state(lifecycle.Up, usable, func(s *lifecycle.State) { s.Session.Trouble = "quota" }),
		"stopping":        state(lifecycle.Stopping, usable, stopAsked),
		"leaving":         state(lifecycle.Up, usable, left),
		"stopping_lease":  state(lifecycle.Stopping, usable, stopWhy(lifecycle.StopLeaseEnd)),
		"stopping_late":   state(lifecycle.Stopping, usable, stopAsked, func(s *lifecycle.State) { s.Session.StopOverdue = true }),
		"receipt_asked":   state(lifecycle.Down, usable, stopAsked, ended(lifecycle.EndStopped)),
		"receipt_lease":   state(lifecycle.Down, usable, stopWhy(lifecycle.StopLeaseEnd), ended(lifecycle.EndStopped)),
		"receipt_timeout": state(lifecycle.Down, stopWhy(lifecycle.StopStartTimeout), ended(lifecycle.EndStopped)),
		"receipt_cancel":  state(lifecycle.Down, stopAsked, ended(lifecycle.EndCanceled)),
		"receipt_billing": state(lifecycle.Down, usable, ended(lifecycle.EndVanished), saying("", true)),
		"receipt_no_rate": state(lifecycle.Down, usable, stopAsked, ended(lifecycle.EndStopped), cost(lifecycle.Cost{})),
	}
	for name, s := range states {
		all["card_"+name] = Card(CardView{State: s, Now: noon()})
	}
	for _, policy := range []approval.Policy{approval.ByAdmin, approval.FourEyes, approval.NoneNeed} {
		all["card_ready_"+string(policy)] = Card(CardView{State: states["ready"], Open: &open, Policy: policy, Now: noon()})
		all["card_capacity_"+string(policy)] = Card(CardView{State: states["capacity"], Policy: policy, Now: noon()})
	}
}

// codes are all the ways to end that have their own words, and two that have not.
func codes() []string {
	return []string{
		lifecycle.EndStopped, lifecycle.EndRefused, lifecycle.EndGivenUp, lifecycle.EndVanished, lifecycle.EndOutside, lifecycle.EndCanceled,
		"BOOTSTRAP_FAILURE", "VALIDATION_ERROR", "INSTANCE_FAILURE", "INSTANCE_FLEET_TIMEOUT", "INTERNAL_ERROR", "STEP_FAILURE",
		"ALL_STEPS_COMPLETED", lifecycle.EndUnexplained, "SOMETHING_NEW",
	}
}

func addEndings(all map[string]Message) {
	for _, code := range codes() {
		s := state(lifecycle.Down, ended(code), saying("On the primary instance, bootstrap action 1 returned 1", false))
		s.Session.End.Details = []lifecycle.ErrorDetail{{Code: "E1", Message: "first"}, {Code: "E2", Message: "second"}}
		all["ending_"+code] = Card(CardView{State: s, Now: noon()})
	}
}

func addRequests(all map[string]Message) {
	base := RequestView{State: state(lifecycle.Up, usable), Policy: approval.ByAdmin, Admins: []string{"U0MIA", "S0ADMINS"}, Now: noon()}
	for _, st := range []approval.RequestState{
		approval.Open, approval.Approved, approval.Denied, approval.Withdrawn, approval.Expired, approval.NoLongerNeeded,
	} {
		v := base
		v.Request = request(st)
		all["request_"+string(st)] = RequestCard(v)
	}
	alone := base
	alone.Request, alone.Admins = request(approval.Open), []string{"U0RAJ"}
	all["request_open_alone"] = RequestCard(alone)
	over := base
	over.Request, over.State = request(approval.Open), state(lifecycle.Down, usable, ended("INSTANCE_FAILURE"))
	all["request_open_over"] = RequestCard(over)
}
