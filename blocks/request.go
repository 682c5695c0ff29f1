package blocks

import (
	"time"

	"github.com/slack-go/slack"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// RequestView is what an approval card is drawn from.
type RequestView struct {
	Request approval.Request
	State   lifecycle.State
	Policy  approval.Policy
	Admins  []string // user ids or user-group ids to mention
	Now     time.Time
}

// RequestCard draws a destroy request for the admins; once decided it keeps its facts and loses its buttons.
func RequestCard(v RequestView) Message {
	r := v.Request
	p := newPage("request", v.State.Revision, v.Now)
	p.header(requestTitle(r) + " · Destroy " + line(v.State.Cluster, maxTyped))
	p.say(decided(r))
	p.say("Asked by " + Mention(r.By) + " " + when(r.At) + ".")
	p.quote("Reason", r.Reason, maxTyped)
	open := r.State == approval.Open && decidable(v.State) && v.State.Generation == r.Generation
	switch {
	case open:
		consequences(p, v)
	case r.State == approval.Open:
		p.say("Its session is over; there is nothing left to decide.")
	}
	p.note("Request "+requestID(r), identity(lifecycle.State{Row: lifecycle.Row{
		Session: lifecycle.Session{Generation: r.Generation},
	}}))
	if open {
		p.actions(approveButton(v), denyButton(v))
	}
	return p.message()
}

// decidable says whether ending the session early still means anything.
func decidable(s lifecycle.State) bool {
	return s.Phase == lifecycle.Launching || s.Phase == lifecycle.Up
}

func requestTitle(r approval.Request) string {
	switch r.State {
	case approval.Open:
		return "🟡 DECISION NEEDED"
	case approval.Approved:
		return "🟢 APPROVED"
	case approval.Denied:
		return "🔴 DENIED"
	case approval.Withdrawn:
		return "⚪ WITHDRAWN"
	case approval.Expired:
		return "⚪ EXPIRED"
	case approval.NoLongerNeeded:
		return "⚪ NO LONGER NEEDED"
	}
	return "⚪ CLOSED"
}

// decided says who decided what and when, or nothing while it is open.
func decided(r approval.Request) string {
	switch r.State {
	case approval.Open:
		return ""
	case approval.Approved:
		return "Approved by " + Mention(r.DecidedBy) + " " + when(r.DecidedAt) + "."
	case approval.Denied:
		return "Denied by " + Mention(r.DecidedBy) + " " + when(r.DecidedAt) + ". The cluster keeps running."
	case approval.Withdrawn:
		return "Withdrawn by " + Mention(r.DecidedBy) + " " + when(r.DecidedAt) + "."
	case approval.Expired:
		return "Expired " + when(r.ExpiresAt) + " without a decision. Nothing was done."
	case approval.NoLongerNeeded:
		return "No longer needed since " + when(r.DecidedAt) + ": the session ended before anybody decided."
	}
	return "It is closed."
}

// consequences are what an admin must know to decide.
func consequences(p *page, v RequestView) {
	s := v.State
	e := s.Session
	p.say("Approving ends the cluster for everybody. "+loss(s), peopleLine(e),
		standing(s, v.Now)+" Running for "+duration(v.Now.Sub(e.LaunchedAt))+".",
		otherwise(s))
	p.quote("Purpose of the session", e.Purpose, maxTyped)
	p.say(costLine(s))
	p.say("Expires "+when(v.Request.ExpiresAt)+"; without a decision nothing is done.", mayDecide(v))
}

// otherwise says what happens without an approval.
func otherwise(s lifecycle.State) string {
	if s.Session.LeaseEnd.IsZero() {
		return ""
	}
	return "Otherwise it stops at its lease end " + when(s.Session.LeaseEnd) + "."
}

// mayDecide names who can: any admin but the one who asked.
func mayDecide(v RequestView) string {
	var others []string
	for _, id := range v.Admins {
		if id != v.Request.By {
			others = append(others, id)
		}
	}
	if len(others) == 0 {
		return "Nobody else can approve it: there is no other admin. The lease end applies."
	}
	return "One admin decides, not " + Mention(v.Request.By) + ": " + mentions(others) + "."
}

func requestValue(r approval.Request) actionid.Value {
	return actionid.Value{Generation: r.Generation, Request: r.ID}
}

func approveButton(v RequestView) *button {
	return newButton(actionid.Approve, "Approve destroy", "ends the cluster for everybody, after asking you once more",
		requestValue(v.Request)).styled(slack.StyleDanger).asking(confirm{
		"Destroy the cluster?", loss(v.State) + " This cannot be undone.", "Destroy", "Back",
	})
}

func denyButton(v RequestView) *button {
	return newButton(actionid.Deny, "Deny", "the cluster keeps running and the person is told", requestValue(v.Request))
}
