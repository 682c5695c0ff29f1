package blocks

import (
	"slices"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// NoticeView is what the people using a session are told of a destroy request from.
type NoticeView struct {
	Request approval.Request
	State   lifecycle.State
	Now     time.Time
}

// Concerned are the people using the session whom a request to end it concerns: all but who asked.
func Concerned(r approval.Request, s lifecycle.State) []string {
	return slices.DeleteFunc(slices.Clone(s.Session.Using), func(id string) bool { return id == r.By })
}

// Notice tells the people using the session, in the thread of its card, that somebody wants to end it, and
// lets them say that they still need it. Once the request is closed it says what became of it.
func Notice(v NoticeView) Message {
	r := v.Request
	p := newPage("notice", v.State.Revision, v.Now)
	open := r.State == approval.Open && r.Concerns(v.State)
	if open {
		p.say(called(Concerned(r, v.State))+Mention(r.By)+" asks to end the cluster early. "+loss(v.State),
			"An admin decides; until then it keeps running. The request expires "+when(r.ExpiresAt)+".")
	} else {
		p.say(Mention(r.By)+" asked to end the cluster early.", decided(r), anyway(r, v.State))
		p.quote("Reason of the denial", r.Answer, maxTyped)
	}
	p.quote("Reason", r.Reason, maxTyped)
	p.say(neededLine(&r))
	p.note("Request " + requestID(r))
	if open {
		p.actions(newButton(actionid.StillNeed, "I still need it", "tells the admins; it stops nothing, they still decide", requestValue(r)))
	}
	return p.message()
}

// ReminderView is what a reminder of an open request is worded from.
type ReminderView struct {
	Request  approval.Request
	State    lifecycle.State
	Escalate bool
	To       []string // whom it calls
	Now      time.Time
}

// Reminder says in the thread of the request's card that it still waits, and what waiting has cost.
func Reminder(v ReminderView) Message {
	r := v.Request
	first := "Request " + requestID(r) + " by " + Mention(r.By) + " still waits for a decision, " + duration(v.Now.Sub(r.At)) + " now."
	call := ""
	if len(v.To) > 0 {
		call = mentions(v.To)
	}
	if v.Escalate {
		call = "Nobody has decided yet: " + call + ", please look at it."
	}
	return words(first, waitingCost(v), neededLine(&r), "It expires "+when(r.ExpiresAt)+".", otherwise(v.State), call)
}

// waitingCost is what the cluster has cost since somebody asked to end it; waiting with more time costs nothing.
func waitingCost(v ReminderView) string {
	c := v.State.Cost
	if v.Request.Kind == approval.MoreTime {
		return ""
	}
	if !c.Configured || !c.Known {
		return costLine(v.State)
	}
	hours := max(v.Now.Sub(v.Request.At).Hours(), 0)
	return "Waiting has cost " + money(hours*c.PerHourMin, hours*c.PerHourMax, c.Currency) + rateDate(c) + "."
}

// RequestDecided tells the person who asked what became of the request.
func RequestDecided(r approval.Request, s lifecycle.State) Message {
	answer, next := "", anyway(r, s)
	switch r.State {
	case approval.Approved:
		next = begin(wishOf(r).done) + "."
	case approval.Denied:
		if typed := line(r.Answer, maxTyped); typed != "" {
			answer = "Reason of the denial: " + escapeWithin(typed, maxEscaped)
		}
	case approval.Expired:
		next += " " + begin(wishOf(r).again) + "."
	case approval.Open, approval.Withdrawn, approval.NoLongerNeeded:
	}
	return words("Your "+wishOf(r).noun+" "+requestID(r)+":", decided(r), next, answer) // what was typed comes last: nothing of ours can be taken for it
}

// RequestWithdrawn tells the person who asked that the request is taken back.
func RequestWithdrawn(r approval.Request, s lifecycle.State) Message {
	return words("Your request "+requestID(r)+" is withdrawn; "+wishOf(r).kept+".", anyway(r, s))
}

// NeedNoted tells who still needs the session what that does.
func NeedNoted() Message {
	return words("Noted: you still need it.", "The admins see it in the request; it stops nothing, they still decide.")
}

// StillNeeded tells the admins, in the thread of the request's card, that somebody still needs the session.
func StillNeeded(user string) Message {
	return words(Mention(user)+" still needs the cluster.", "That stops nothing: an admin still decides.")
}

// LookedAt tells an admin that another one is looking at the request.
func LookedAt(r approval.Request) Message {
	return words(Mention(r.LookedAtBy)+" is looking at it already, until "+when(r.LookedAtUntil)+".", "You may still decide.")
}
