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

// RequestCard draws a request for the admins; once decided it keeps its facts and loses its buttons.
func RequestCard(v RequestView) Message {
	r := v.Request
	open := r.State == approval.Open && r.Concerns(v.State)
	p := newPage("request", v.State.Revision, v.Now)
	if open {
		p = newForm("request", r.Generation)
	}
	p.header(requestTitle(r) + " · " + wishOf(r).title + " " + line(v.State.Cluster, maxTyped))
	p.say(decided(r), undone(r), anyway(r, v.State))
	p.quote("Reason of the denial", r.Answer, maxTyped)
	p.say("Asked by " + Mention(r.By) + " " + when(r.At) + ".")
	p.quote("Reason", r.Reason, maxTyped)
	p.say(neededLine(&r))
	number := identity(lifecycle.State{Row: lifecycle.Row{Session: lifecycle.Session{Generation: r.Generation}}})
	switch {
	case open:
		consequences(p, v)
		p.note("Request "+requestID(r), number, "As of "+when(v.Now))
		denialInput(p, r)
		p.actions(approveButton(v), denyButton(v), claimButton(v))
	case r.State == approval.Open:
		p.say(begin(wishOf(r).over) + "; there is nothing left to decide.")
		p.note("Request "+requestID(r), number)
	default:
		p.note("Request "+requestID(r), number)
	}
	return p.message()
}

func requestTitle(r approval.Request) string {
	switch r.State {
	case approval.Open:
		return "🟡 DECISION NEEDED"
	case approval.Approved:
		if r.Undone != "" {
			return "⚪ APPROVED, NOT DONE"
		}
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
		return "Denied by " + Mention(r.DecidedBy) + " " + when(r.DecidedAt) + ". " + begin(wishOf(r).kept) + "."
	case approval.Withdrawn:
		return "Withdrawn by " + Mention(r.DecidedBy) + " " + when(r.DecidedAt) + "."
	case approval.Expired:
		return "Expired " + when(r.ExpiresAt) + " without a decision. Nothing was done."
	case approval.NoLongerNeeded:
		return "No longer needed since " + when(r.DecidedAt) + ", without a decision: " + wishOf(r).over + "."
	}
	return "It is closed."
}

// consequences are what an admin must know to decide.
func consequences(p *page, v RequestView) {
	s := v.State
	e := s.Session
	p.say(approving(v), peopleLine(e),
		standing(s, v.Now)+" Running for "+duration(v.Now.Sub(e.LaunchedAt))+".",
		otherwise(s))
	p.quote("Purpose of the session", e.Purpose, maxTyped)
	p.say(costLine(s))
	p.say("Expires "+when(v.Request.ExpiresAt)+"; without a decision nothing is done.", mayDecide(v), lookedLine(v))
}

// approving is what an approval does, and costs.
func approving(v RequestView) string {
	s := v.State
	if v.Request.Kind != approval.MoreTime {
		return "Approving ends the cluster for everybody. " + loss(s)
	}
	by := beyond(s, v.Now)
	if v.Now.After(s.Session.LeaseEnd) { // in its grace: the step is counted from the approval
		return "Approving lets it run for " + duration(by) + " from then on" + dearer(s, by) + ", past its limit of " + duration(s.Limits.Max) + "."
	}
	return "Approving moves the lease's end by " + duration(by) + dearer(s, by) + ", past its limit of " + duration(s.Limits.Max) +
		", to " + when(s.ExtendedPastCap(v.Now)) + "."
}

// lookedLine says who is looking at it, while that counts.
func lookedLine(v RequestView) string {
	if !v.Request.Looked(v.Now) {
		return ""
	}
	return Mention(v.Request.LookedAtBy) + " is looking at it until " + when(v.Request.LookedAtUntil) + "; other admins may still decide."
}

// neededLine says who still needs the session that a request wants to end.
func neededLine(r *approval.Request) string {
	if r == nil || len(r.NeededBy) == 0 {
		return ""
	}
	return "Still needed by " + mentions(r.NeededBy) + "."
}

// anyway says, when a request came to nothing, what ends the session all the same.
func anyway(r approval.Request, s lifecycle.State) string {
	switch r.State {
	case approval.Denied, approval.Withdrawn, approval.Expired:
		if r.Concerns(s) {
			return byItself(lastEnd(s))
		}
	case approval.Open, approval.Approved, approval.NoLongerNeeded:
	}
	return ""
}

// lastEnd is when the lease ends the session, its grace included once that is announced.
func lastEnd(s lifecycle.State) time.Time {
	if s.Session.GraceUntil.After(s.Session.LeaseEnd) {
		return s.Session.GraceUntil
	}
	return s.Session.LeaseEnd
}

func byItself(end time.Time) string {
	if end.IsZero() {
		return ""
	}
	return "It stops " + when(end) + " by itself."
}

// otherwise says what happens without an approval.
func otherwise(s lifecycle.State) string {
	if s.Session.LeaseEnd.IsZero() {
		return ""
	}
	return "Otherwise it stops at its lease end " + when(lastEnd(s)) + "."
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
	if v.Request.Kind == approval.MoreTime {
		by := duration(beyond(v.State, v.Now))
		b := newButton(actionid.Approve, "Approve "+by+" more", "moves the lease's end by "+by+", after asking you once more",
			requestValue(v.Request)).styled(slack.StylePrimary).asking(confirm{
			"Extend past the limit?", "The lease's end moves by " + by + dearer(v.State, beyond(v.State, v.Now)) + ".", "Extend", "Back",
		})
		b.Confirm.Style = slack.StylePrimary
		return b
	}
	return newButton(actionid.Approve, "Approve destroy", "ends the cluster for everybody, after asking you once more",
		requestValue(v.Request)).styled(slack.StyleDanger).asking(confirm{
		"Destroy the cluster?", loss(v.State) + " This cannot be undone.", "Destroy", "Back",
	})
}

func denyButton(v RequestView) *button {
	return newButton(actionid.Deny, "Deny", wishOf(v.Request).kept+" and the person is told, with the reason if you typed one",
		requestValue(v.Request))
}

func claimButton(v RequestView) *button {
	return newButton(actionid.Claim, "Looking at it", "tells the others for "+duration(approval.LookFor)+" that you look at it; they may still decide",
		requestValue(v.Request))
}

// denialInput asks why not. Nobody must say; approving does not use it.
func denialInput(p *page, r approval.Request) {
	element := slack.NewPlainTextInputBlockElement(plain(wishOf(r).against), actionid.Reason).WithMaxLength(maxTyped)
	p.input("reason", "Reason for denying", "Optional; shown to the person who asked and on this card. Only Deny uses it.", element, true)
}
