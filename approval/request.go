package approval

import "time"

// Decide says whether the person may approve or deny the request now, and gives the request as it then
// stands. Refused, it gives the request unchanged. That the request belongs to the present session is
// for the caller to check: only the lifecycle knows the generation.
func Decide(req Request, who Person, approve bool, policy Policy, now time.Time) (Request, Verdict) {
	// The order is part of the rule: their own request is the first thing a requester hears about,
	// and somebody who may not decide learns nothing about where the request stands.
	switch {
	case who.ID == req.By:
		return req, Verdict{Kind: Refuse, Code: CodeOwn, Sentence: "This is your own request: somebody else must decide about it."}
	case !who.approver():
		return req, refuseDecider(who)
	case !policy.Valid():
		return req, refusePolicy()
	case req.State != Open:
		return req, closed(req)
	case req.expired(now):
		return req, expired(req)
	}
	state := Denied
	if approve {
		state = Approved
	}
	return req.close(state, who.ID, now), allow()
}

// Withdraw takes an open request back; only the person who made it may. Refused, it gives the request unchanged.
func Withdraw(req Request, who Person, now time.Time) (Request, Verdict) {
	switch {
	case who.ID == "" || who.ID != req.By:
		return req, Verdict{Kind: Refuse, Code: CodeNotOwn, Sentence: "Only the person who asked can take this request back."}
	case req.State != Open:
		return req, closed(req)
	}
	return req.close(Withdrawn, who.ID, now), allow()
}

// Expire closes an open request whose time is over, and says whether it did.
func Expire(req Request, now time.Time) (Request, bool) {
	if req.State != Open || !req.expired(now) {
		return req, false
	}
	return req.close(Expired, "", now), true
}

// Drop closes an open request whose session is over anyway, and says whether it did.
func Drop(req Request, now time.Time) (Request, bool) {
	if req.State != Open {
		return req, false
	}
	return req.close(NoLongerNeeded, "", now), true
}

// Session is what a request is held against, as the lifecycle records it.
type Session interface {
	// Endable says whether ending the session early still means anything.
	Endable(generation int64) bool
	// Extendable says whether the lease end that somebody saw can still be moved.
	Extendable(generation int64, leaseEnd time.Time) bool
}

// Concerns says whether what the request asks for still means anything.
func (r Request) Concerns(s Session) bool {
	if r.Kind == MoreTime {
		return s.Extendable(r.Generation, r.LeaseEnd)
	}
	return s.Endable(r.Generation)
}

// expired counts the very instant of ExpiresAt, and a request without one, as too late.
func (r Request) expired(now time.Time) bool { return !now.Before(r.ExpiresAt) }

// close is the only place where the state of a request changes.
func (r Request) close(state RequestState, by string, now time.Time) Request {
	r.State, r.DecidedBy, r.DecidedAt = state, by, now
	return r
}

func refuseDecider(who Person) Verdict {
	if who.May() {
		return Verdict{Kind: Refuse, Code: CodeNotAdmin, Sentence: "Only an admin of Showtime can decide about a request."}
	}
	return refuseRole(who)
}

func expired(req Request) Verdict {
	return Verdict{
		Kind: Refuse, Code: CodeExpired, State: Expired, At: req.ExpiresAt,
		Sentence: "This request has expired. If it is still wanted, its person can ask again.",
	}
}

func closed(req Request) Verdict {
	v := Verdict{Kind: Refuse, Code: CodeClosed, State: req.State, By: req.DecidedBy, At: req.DecidedAt}
	switch req.State {
	case Approved:
		v.Sentence = "This request was already approved."
	case Denied:
		v.Sentence = "This request was already denied."
	case Withdrawn:
		v.Sentence = "This request was already taken back by its person."
	case Expired:
		v.Sentence = "This request has already expired."
	case NoLongerNeeded:
		v.Sentence = "This request is no longer needed: what it was about is over."
	default:
		v.Sentence = "This request cannot be decided any more."
	}
	return v
}
