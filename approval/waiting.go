package approval

import (
	"slices"
	"time"
)

// LookFor is how long "looking at it" counts.
const LookFor = 10 * time.Minute

// Look notes that an admin is looking at an open request, so that others need not; it keeps nobody from
// deciding. Refused, it gives the request unchanged.
func Look(req Request, who Person, now time.Time) (Request, Verdict) {
	switch {
	case who.ID == req.By:
		return req, Verdict{Kind: Refuse, Code: CodeOwn, Sentence: "This is your own request: somebody else must decide about it."}
	case !who.approver():
		return req, refuseDecider(who)
	case req.State != Open:
		return req, closed(req)
	case req.expired(now):
		return req, expired(req)
	case req.Looked(now) && req.LookedAtBy != who.ID:
		return req, Verdict{
			Kind: Refuse, Code: CodeLookedAt, State: Open, By: req.LookedAtBy, At: req.LookedAtUntil,
			Sentence: "Another admin is looking at it already. You may still decide.",
		}
	}
	req.LookedAtBy, req.LookedAtUntil = who.ID, now.Add(LookFor)
	return req, allow()
}

// Looked says whether somebody is looking at the request now.
func (r Request) Looked(now time.Time) bool { return r.LookedAtBy != "" && now.Before(r.LookedAtUntil) }

// Need notes that somebody who uses the session still needs it. It is shown to who decides and vetoes
// nothing. Saying it again is allowed and changes nothing. Refused, it gives the request unchanged.
func Need(req Request, who Person, uses bool, now time.Time) (Request, Verdict) {
	switch {
	case !who.May():
		return req, refuseRole(who)
	case req.Kind != Destroy:
		return req, Verdict{Kind: Refuse, Code: CodeNoEnd, Sentence: "This request ends nothing: nobody loses the cluster by it."}
	case who.ID == req.By:
		return req, Verdict{Kind: Refuse, Code: CodeOwn, Sentence: "This is your own request. If you still need the cluster, withdraw it."}
	case req.State != Open:
		return req, closed(req)
	case req.expired(now):
		return req, expired(req)
	case !uses:
		return req, Verdict{
			Kind: Refuse, Code: CodeNotUsing,
			Sentence: "You are not among the people using the cluster. Join it first; the card has the button.",
		}
	case !slices.Contains(req.NeededBy, who.ID):
		req.NeededBy = append(slices.Clone(req.NeededBy), who.ID)
	}
	return req, allow()
}

// Schedule says when an open request calls for attention, counted from when it was asked.
type Schedule struct {
	Remind        []time.Duration
	EscalateAfter time.Duration // 0 = never
}

// Call is what time demands for an open request.
type Call struct{ Remind, Escalate bool }

// Due gives the request with a mark for everything whose time has come, and what of it had no mark yet.
// Reminders that were missed are made up for by one.
func Due(req Request, s Schedule, now time.Time) (Request, Call) {
	if req.State != Open || req.expired(now) {
		return req, Call{}
	}
	waited, passed := now.Sub(req.At), 0
	for _, after := range s.Remind {
		if waited >= after {
			passed++
		}
	}
	call := Call{
		Remind:   passed > req.Reminded,
		Escalate: s.EscalateAfter > 0 && waited >= s.EscalateAfter && !req.Escalated,
	}
	req.Reminded = max(req.Reminded, passed)
	req.Escalated = req.Escalated || call.Escalate
	return req, call
}
