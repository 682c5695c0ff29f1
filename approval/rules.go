package approval

// Situation is what the rules must know of the session that somebody wants to end.
type Situation struct {
	Starter string // who started it
	Usable  bool   // it has been ready for work at least once
}

// MayStart says whether the person may start or join a session.
func MayStart(p Person) Verdict {
	if !p.May() {
		return refuseRole(p)
	}
	return allow()
}

// MayDestroy says whether the person may end the session now, must ask, or may not. Admins are those
// who could approve at this moment; when an approval is needed and none of them could give it, the
// answer is no at once, so that nobody waits for a decision that cannot come.
func MayDestroy(policy Policy, who Person, s Situation, admins []Person) Verdict {
	switch {
	case !who.May():
		return refuseRole(who)
	case !policy.Valid():
		return refusePolicy()
	case mayCancel(who, s), policy == NoneNeed, policy == ByAdmin && who.Admin:
		return allow()
	}
	return ask(policy, who, admins)
}

// MayPassCap says whether the person may extend a session past its lease's cap now, or must ask. An admin
// may, unless four eyes are wanted; even where a destroy needs nobody, this needs an admin.
func MayPassCap(policy Policy, who Person, admins []Person) Verdict {
	asked := policy
	if policy == NoneNeed {
		asked = ByAdmin
	}
	switch {
	case !who.May():
		return refuseRole(who)
	case !policy.Valid():
		return refusePolicy()
	case asked == ByAdmin && who.Admin:
		return allow()
	}
	return ask(asked, who, admins)
}

// ask gives "ask an admin", or no when no admin could answer.
func ask(policy Policy, who Person, admins []Person) Verdict {
	switch {
	case NoApprover(policy, who.ID, admins):
		return Verdict{Kind: Refuse, Code: CodeNoApprover, Sentence: "An admin must agree to this, and there is no " +
			"other admin who could at the moment. Nothing was asked; please tell whoever runs Showtime."}
	case policy == FourEyes:
		return Verdict{Kind: Ask, Code: CodeNeedsOther, Sentence: "Another admin must agree first."}
	}
	return Verdict{Kind: Ask, Code: CodeNeedsAdmin, Sentence: "An admin must agree first."}
}

// NoApprover says that a request of this person could be approved by nobody among the admins. It is
// false under a policy that needs no approval, and true under one that these rules do not know.
func NoApprover(policy Policy, requester string, admins []Person) bool {
	if policy == NoneNeed {
		return false
	}
	for _, a := range admins {
		if policy.Valid() && a.approver() && a.ID != requester {
			return false
		}
	}
	return true
}

// mayCancel is the rule that holds under every policy: what nobody could use yet is nobody's loss.
func mayCancel(who Person, s Situation) bool {
	return !s.Usable && (who.Admin || who.ID == s.Starter)
}

func allow() Verdict { return Verdict{Kind: Allow} }

func refusePolicy() Verdict {
	return Verdict{Kind: Refuse, Code: CodeNoPolicy, Sentence: "Nobody knows who must agree to this: " +
		"the approval policy is not set up. Please tell whoever runs Showtime."}
}

func refuseRole(p Person) Verdict {
	v := Verdict{Kind: Refuse, Code: CodeBarred}
	switch p.Barred {
	case Guest:
		v.Sentence = "Guests cannot use Showtime. Please ask a full member of this workspace."
	case Bot:
		v.Sentence = "Bots cannot use Showtime."
	case Deactivated:
		v.Sentence = "Deactivated accounts cannot use Showtime."
	case Foreign:
		v.Sentence = "Only people of this workspace can use Showtime. Please ask one of them."
	default:
		v.Code = CodeNoRole
		v.Sentence = "You are not among the people who may use this cluster. Please ask an admin of Showtime to add you."
	}
	return v
}
