package blocks

import (
	"strconv"
	"time"

	"showtime/approval"
	"showtime/lifecycle"
)

// CardView is what the public card of a session is drawn from.
type CardView struct {
	State lifecycle.State
	Open  *approval.Request // an open destroy request, if any
	// MoreTime is an open request for more time than the lease's cap, if any.
	MoreTime *approval.Request
	// Policy makes the words of the Destroy button exact; without it they hold under every policy.
	Policy approval.Policy
	// Earlier says that there has been a later session: this one's Start button would be out of date.
	Earlier bool
	Ref     string // finds what was logged about the session
	Now     time.Time
}

// Card draws the one public message of a session: live while there is one, its receipt afterwards.
func Card(v CardView) Message {
	if v.State.Live() {
		return liveCard(v)
	}
	if v.State.Wish != nil {
		return repeatCard(v)
	}
	return receipt(v)
}

func cardPage(v CardView) *page {
	p := newPage("card", v.State.Revision, v.Now)
	p.header(title(v.State))
	return p
}

func liveCard(v CardView) Message {
	s := v.State
	p := cardPage(v)
	p.say(append(steps(s, v.Now), etaLine(s, v.Now))...)
	p.say(cardLease(s, v.Now), stopLine(s.Session), pendingStop(s), openLine(v.Open), neededLine(v.Open), openLine(v.MoreTime))
	reasonOf(p, s.Session)
	p.say(troubleLine(s.Session), overdueLine(s.Session))
	p.say(nodesLine(s, v.Now), costLine(s))
	p.say(append([]string{"Started by " + Mention(s.Session.Starter) + ".", peopleLine(s.Session)}, extendedBy(s.Session)...)...)
	p.quote("Purpose", s.Session.Purpose, maxTyped)
	p.note(identity(s))
	everybody := PanelView{State: s, Policy: v.Policy, MoreTime: v.MoreTime, Public: true, Now: v.Now}
	p.actions(notebookButton(s), joinFor(everybody), extendButton(s, v.Now), moreTimeButton(everybody), destroyButton(everybody))
	return p.message()
}

func reasonOf(p *page, e lifecycle.Session) {
	if e.Stop != nil {
		p.quote("Reason", e.Stop.Reason, maxTyped)
	}
}

// steps are the way to a usable cluster, with the times that are known.
func steps(s lifecycle.State, now time.Time) []string {
	e := s.Session
	at := sceneOf(s)
	switch at {
	case ready:
		return []string{
			"✓ Requested " + when(e.LaunchedAt),
			granted(e),
			"✓ Ready " + when(e.ReadyAt) + ", after " + duration(e.ReadyAt.Sub(e.LaunchedAt)),
		}
	case stopping, leaving:
		return []string{standing(s, now)}
	case off, failed, repeating, confirming, requested, capacity, installing:
	}
	if at == confirming {
		return []string{"✓ Requested " + when(e.LaunchedAt), "◔ Confirming with AWS", standing(s, now)}
	}
	got := granted(e)
	if at == requested || at == capacity || got == "" {
		got = step(at, capacity, "Capacity from AWS")
	}
	return []string{
		"✓ Requested " + when(e.LaunchedAt),
		got,
		step(at, installing, "Installing the software"),
		step(at, ready, "Ready"),
	}
}

// granted says when the machines were seen to be there, if they were.
func granted(e lifecycle.Session) string {
	if e.CapacityAt.IsZero() {
		return ""
	}
	return "✓ Capacity from AWS, seen " + when(e.CapacityAt)
}

// step marks one step as done, under way or to come.
func step(at, this scene, words string) string {
	switch {
	case at > this:
		return "✓ " + words
	case at == this:
		return "◔ " + words + ": under way"
	}
	return "○ " + words + ": to come"
}

func identity(s lifecycle.State) string {
	out := "Session " + strconv.FormatInt(s.Session.Generation, 10)
	if s.Session.EMRID != "" {
		out += " · " + foreign(s.Session.EMRID)
	}
	return out
}

// repeatCard is the card between a launch that was given up and the next one.
func repeatCard(v CardView) Message {
	s, w := v.State, v.State.Wish
	p := cardPage(v)
	p.say(standing(s, v.Now))
	p.say("Wanted since " + when(w.Since) + "; launches so far: " + strconv.Itoa(w.Attempts) + ".")
	ending(p, s)
	p.say(costLine(s))
	p.say("Started by "+Mention(w.By)+".", peopleLine(lifecycle.Session{Using: w.Using}))
	p.quote("Purpose", w.Purpose, maxTyped)
	p.note(identity(s))
	p.actions(statusButton(s))
	return p.message()
}

// receipt is the card of a session that is over.
func receipt(v CardView) Message {
	s := v.State
	e := s.Session
	p := cardPage(v)
	if e.LaunchedAt.IsZero() {
		p.say(standing(s, v.Now))
		p.actions(startButton(s, "Start cluster"))
		return p.message()
	}
	p.say(ran(e), stopped(e))
	reasonOf(p, e)
	ending(p, s)
	p.say(total(s))
	p.say(append([]string{"Started by " + Mention(e.Starter) + ".", usedBy(e)}, extendedBy(e)...)...)
	p.quote("Purpose", e.Purpose, maxTyped)
	if !wentWrong(e) {
		v.Ref = ""
	}
	p.note(identity(s), ref(v.Ref))
	if !v.Earlier {
		p.actions(againButton(s), alertButton(s))
	}
	return p.message()
}

func ran(e lifecycle.Session) string {
	span := " (" + when(e.LaunchedAt) + " to " + when(e.EndedAt) + ")"
	whole := duration(e.EndedAt.Sub(e.LaunchedAt))
	switch {
	case e.End != nil && e.End.Code == lifecycle.EndRefused:
		return "Asked of AWS " + when(e.LaunchedAt) + "."
	case e.ReadyAt.IsZero():
		return "Lasted " + whole + span + " and was never ready."
	}
	return "Ran " + whole + span + ", ready after " + duration(e.ReadyAt.Sub(e.LaunchedAt)) + "."
}

// stopped says who or what ended the session.
func stopped(e lifecycle.Session) string {
	if e.Stop == nil {
		return ""
	}
	switch e.Stop.Why {
	case lifecycle.StopLeaseEnd:
		return "Stopped at its lease end " + when(e.LeaseEnd) + ", as agreed at the start."
	case lifecycle.StopStartTimeout:
		return "" // the ending tells it
	case lifecycle.StopAsked:
	}
	return "Stopped by " + Mention(e.Stop.By) + " " + when(e.Stop.At) + approvedBy(*e.Stop) + "."
}

func usedBy(e lifecycle.Session) string {
	if len(e.Using) == 0 {
		return ""
	}
	return "Used by " + mentions(e.Using) + "."
}

// total is what the session has cost.
func total(s lifecycle.State) string {
	c := s.Cost
	if s.Session.End != nil && s.Session.End.Code == lifecycle.EndRefused {
		return "Cost: nothing was launched."
	}
	if !c.Configured || !c.Known {
		return costLine(s)
	}
	whole := " in all · "
	if e := s.Session.End; e == nil || e.Billing {
		whole = " as far as it is known · "
	}
	return "Cost: " + money(c.SoFarMin, c.SoFarMax, c.Currency) + whole + perHour(c) + rateDate(c) + "."
}
