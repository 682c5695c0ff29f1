package blocks

import (
	"time"

	"github.com/slack-go/slack"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// LeaseView is what a word about the lease's end is drawn from.
type LeaseView struct {
	State  lifecycle.State
	People []string // whom it calls
	// MoreTime is an open request for more time than the lease's cap, if any.
	MoreTime       *approval.Request
	Policy         approval.Policy
	ReasonRequired bool
	Now            time.Time
}

// LeaseWarning tells the people using a session, in the thread of its card, that its lease is about to end.
func LeaseWarning(v LeaseView) Message {
	s := v.State
	p := newPage("lease", s.Revision, v.Now)
	p.say("⏰ "+called(v.People)+"the lease ends "+when(s.Session.LeaseEnd)+", and the cluster with it.",
		"Running jobs, HDFS and local files are lost then; what is in S3 stays.", capLine(s, v.Now))
	leaseEnds(p, v)
	return p.message()
}

// GraceNotice tells them that the lease has ended and why the cluster still runs for a while.
func GraceNotice(v LeaseView) Message {
	s := v.State
	why := "Nobody looked after it when its lease ended, so that end is announced first."
	if s.Session.GraceWhy == lifecycle.GraceSteps {
		why = "AWS shows steps still running, so they get one grace."
	}
	p := newPage("grace", s.Revision, v.Now)
	p.say("⏰ "+called(v.People)+"the lease ended "+when(s.Session.LeaseEnd)+". "+why,
		"It stops "+when(s.Session.GraceUntil)+" by itself, whatever is running then.", capLine(s, v.Now))
	leaseEnds(p, v)
	return p.message()
}

// leaseEnds offers what can be done about a lease's end. Such a word is never drawn again, so it may ask for a reason.
func leaseEnds(p *page, v LeaseView) {
	s := v.State
	p.say(costLine(s), openLine(v.MoreTime))
	longer := moreTimeButton(PanelView{State: s, Policy: v.Policy, MoreTime: v.MoreTime, Public: true, Now: v.Now})
	if longer != nil {
		moreTimeInput(p, v.ReasonRequired)
	}
	p.actions(primary(extendButton(s, v.Now)), primary(longer), letEndButton(s))
}

// called begins a sentence with those it is for.
func called(people []string) string {
	if len(people) == 0 {
		return ""
	}
	return mentionsOf(people, maxCalled) + ": "
}

// capLine says that the lease cannot be extended, when it cannot.
func capLine(s lifecycle.State, now time.Time) string {
	if _, ok := s.ExtendedTo(now); ok {
		return ""
	}
	return "It has reached the limit of " + duration(s.Limits.Max) + "; past it, an admin decides."
}

// extendButton is nil when the lease cannot be extended.
func extendButton(s lifecycle.State, now time.Time) *button {
	end, ok := s.ExtendedTo(now)
	if !ok || !stoppable(s) {
		return nil
	}
	from := s.Session.LeaseEnd
	if now.After(from) {
		from = now
	}
	by := duration(end.Sub(from))
	return newButton(actionid.Extend, "Extend by "+by, "moves the lease's end by "+by+dearer(s, end.Sub(from)), leaseValue(s))
}

// dearer says what more time can cost.
func dearer(s lifecycle.State, by time.Duration) string {
	c := s.Cost
	if !c.Configured || !c.Known {
		return ""
	}
	sum := c.PerHourMax * by.Hours()
	return " for at most " + money(sum, sum, c.Currency)
}

func letEndButton(s lifecycle.State) *button {
	return newButton(actionid.LetEnd, "Let it end", "you are not reminded again of this lease end", leaseValue(s))
}

// leaseValue pins a button to the lease end it was drawn for.
func leaseValue(s lifecycle.State) actionid.Value {
	v := current(s)
	v.LeaseEnd = s.Session.LeaseEnd.UnixMilli()
	return v
}

func primary(b *button) *button {
	if b == nil {
		return nil
	}
	return b.styled(slack.StylePrimary)
}

// Extended tells who extended the lease until when it lives now.
func Extended(s lifecycle.State) Message {
	return words("The lease now ends "+when(s.Session.LeaseEnd)+".", costLine(s))
}

// ExtendedAlready tells who clicked Extend for a lease end that has been moved meanwhile.
func ExtendedAlready(s lifecycle.State) Message {
	return words("The lease has been extended already: it ends "+when(s.Session.LeaseEnd)+".", "Nothing was changed.")
}

// LetEnd tells who lets the session end that they are not reminded again.
func LetEnd(s lifecycle.State) Message {
	return words("Noted: you let it end "+when(lastEnd(s))+".", "You are not reminded of that again; anybody may still extend it.")
}

// cardLease says on the card until when it lives and who extended it. It holds however late it is read.
func cardLease(s lifecycle.State, now time.Time) string {
	e := s.Session
	if e.LeaseEnd.After(now) && e.GraceUntil.IsZero() && stoppable(s) {
		return "Stops " + when(e.LeaseEnd) + " by itself."
	}
	return leaseLine(s, now)
}

// maxExtensions is how many extensions are told of; the last ones matter.
const maxExtensions = 3

// extendedBy says who extended the lease, the last ones first.
func extendedBy(e lifecycle.Session) []string {
	var out []string
	for i := len(e.Extensions) - 1; i >= 0 && len(out) < maxExtensions; i-- {
		x := e.Extensions[i]
		out = append(out, "Extended by "+Mention(x.By)+" until "+when(x.Until)+
			approvedBy(lifecycle.Stop{Request: x.Request, Approver: x.Approver})+".")
	}
	if rest := len(e.Extensions) - len(out); rest > 0 {
		out = append(out, "Extended "+count(rest, "time", "times")+" before.")
	}
	return out
}
