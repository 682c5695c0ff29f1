package blocks

import (
	"strconv"
	"time"

	"github.com/slack-go/slack"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// PanelView is what one person's panel, status or destroy offer is drawn from.
type PanelView struct {
	State          lifecycle.State
	Viewer         approval.Person
	Policy         approval.Policy
	ReasonRequired bool
	Open           *approval.Request // an open destroy request, if any
	MoreTime       *approval.Request // an open request for more time than the lease's cap, if any
	Notice         string            // a line on top, in our own words
	Reason         string            // typed; prefills the destroy offer
	CardLink       string            // permalink of the card; may be empty
	// Public says that others see the message too, so that its words must hold for anybody.
	Public bool
	// RolesUnknown says that Slack could not be asked who the viewer is: nothing is shown, and why.
	RolesUnknown bool
	Now          time.Time
}

// Panel draws the ephemeral panel that /emr shows to the person who typed it.
func Panel(v PanelView) Message {
	if no, refused := refusal(v); refused {
		return no
	}
	p := newForm("panel", v.State.Generation)
	facts(p, v)
	switch {
	case v.State.Live():
		liveInput(p, v)
	case v.State.Wish == nil:
		startInputs(p, v)
	}
	p.actions(mainButton(v), joinFor(v), statusButton(v.State), cardButton(v.State, v.CardLink), moreTimeButton(v), destroyButton(v), withdrawButton(v, v.Open))
	p.actions(withdrawButton(v, v.MoreTime)) // apart: Slack wants an action id once in its block
	return p.message()
}

// liveInput asks for the reason of whatever of the panel's buttons has one.
func liveInput(p *page, v PanelView) {
	ends, longer := destroyButton(v) != nil, moreTimeButton(v) != nil
	switch {
	case ends && longer:
		p.input("reason", needed("Reason for destroying, or for more time", v.ReasonRequired), "Shown to the admins; that of an end on the card too.",
			reasonElement(v, "Why it can end now, or why it is needed longer"), !v.ReasonRequired)
	case ends:
		reasonInput(p, v)
	case longer:
		moreTimeInput(p, v.ReasonRequired)
	}
}

// facts are the state, then the time, then the money, for one person.
func facts(p *page, v PanelView) {
	s := v.State
	p.header(title(s))
	p.say(v.Notice)
	p.say(standing(s, v.Now), leaseLine(s, v.Now), pendingStop(s), troubleLine(s.Session), overdueLine(s.Session))
	if !s.Live() {
		ending(p, s)
	}
	p.say(nodesLine(s, v.Now), costLine(s))
	if s.Live() {
		p.say("Started by "+Mention(s.Session.Starter)+".", peopleLine(s.Session), stopLine(s.Session), openLine(v.Open), neededLine(v.Open), openLine(v.MoreTime))
		p.quote("Purpose", s.Session.Purpose, maxTyped)
	}
}

// mainButton is the one thing most people want: start it, or open it.
func mainButton(v PanelView) *button {
	if !v.State.Live() && v.State.Wish == nil {
		return startButton(v.State, "Start cluster")
	}
	return notebookButton(v.State)
}

// joinFor offers to use it too, to whoever does not yet.
func joinFor(v PanelView) *button {
	s := v.State
	if !stoppable(s) || !v.Public && s.Uses(v.Viewer.ID) {
		return nil
	}
	return joinButton(s)
}

// startInputs asks for purpose and hours. Nothing is enforced here: the worker checks every value.
func startInputs(p *page, v PanelView) {
	purpose := slack.NewPlainTextInputBlockElement(plain("What it is for"), actionid.Purpose).WithMaxLength(maxTyped)
	p.input("purpose", "Purpose", "Everybody in the channel sees it.", purpose, true)
	limits := v.State.Limits
	if options, standard := hourOptions(v.State); len(options) > 0 {
		hours := slack.NewOptionsSelectBlockElement(slack.OptTypeStatic, plain("How long"), actionid.Hours, options...)
		if standard != nil {
			hours = hours.WithInitialOption(standard)
		}
		p.input("hours", "Keep it for", "Without a choice: "+duration(limits.Default)+atMost(v.State)+". Then it stops by itself.", hours, true)
	} else if limits.Default > 0 {
		p.say("It runs for " + duration(limits.Default) + ", then it stops by itself.")
	}
}

// atMost says what the default length can cost.
func atMost(s lifecycle.State) string {
	c := s.Cost
	if !c.Configured || !c.Known {
		return ""
	}
	sum := c.PerHourMax * s.Limits.Default.Hours()
	return ", at most " + money(sum, sum, c.Currency)
}

// maxHours is how many whole hours are offered; /emr start takes any length within the bounds.
const maxHours = 24

// hourOptions are the whole hours within the lease's bounds with what each can cost, and the default
// among them.
func hourOptions(s lifecycle.State) (options []*slack.OptionBlockObject, standard *slack.OptionBlockObject) {
	most := min(int(s.Limits.Max/time.Hour), maxHours)
	for h := 1; h <= most; h++ {
		label := count(h, "hour", "hours")
		if c := s.Cost; c.Configured && c.Known {
			sum := c.PerHourMax * float64(h)
			label += " · at most " + money(sum, sum, c.Currency)
		}
		option := slack.NewOptionBlockObject(strconv.Itoa(h), plain(truncate(label, maxOption)), nil)
		options = append(options, option)
		if time.Duration(h)*time.Hour == s.Limits.Default {
			standard = option
		}
	}
	return options, standard
}

// reasonInput asks why it should end, prefilled with what was typed before.
func reasonInput(p *page, v PanelView) {
	p.input("reason", needed("Reason for destroying", v.ReasonRequired), "Shown to the admins and on the card.",
		reasonElement(v, "Why it can end now"), !v.ReasonRequired)
}

func reasonElement(v PanelView, placeholder string) slack.BlockElement {
	element := slack.NewPlainTextInputBlockElement(plain(placeholder), actionid.Reason).WithMaxLength(maxTyped)
	if reason := line(v.Reason, maxTyped); reason != "" {
		element = element.WithInitialValue(reason)
	}
	return element
}

// Status draws the same facts to one person, or in a thread, without inputs.
func Status(v PanelView) Message {
	if no, refused := refusal(v); refused {
		return no
	}
	p := newPage("status", v.State.Revision, v.Now)
	facts(p, v)
	p.actions(notebookButton(v.State), joinFor(v), statusButton(v.State), cardButton(v.State, v.CardLink),
		moreTimeButton(v), destroyButton(v), withdrawButton(v, v.Open))
	p.actions(withdrawButton(v, v.MoreTime))
	return p.message()
}

// DestroyOffer draws the answer to typed words that want to destroy: they never do, the button does.
func DestroyOffer(v PanelView) Message {
	s := v.State
	if no, refused := refusal(v); refused {
		return no
	}
	switch {
	case !s.Live():
		return NothingRunning()
	case !stoppable(s):
		return ShuttingDown()
	}
	p := newForm("offer", s.Generation)
	p.header(title(s))
	p.say(v.Notice)
	p.say(standing(s, v.Now), leaseLine(s, v.Now))
	destroy := destroyButton(v)
	if destroy == nil { // it is asked for already
		p.say("Nothing has been changed.", peopleLine(s.Session), openLine(v.Open), neededLine(v.Open))
		p.say(costLine(s))
	} else {
		text := destroyConfirm(v).confirm.text
		p.say("Nothing has been done yet. "+escape(text), peopleLine(s.Session), openLine(v.Open), neededLine(v.Open))
		p.say(costLine(s))
		reasonInput(p, v)
	}
	p.actions(destroy, statusButton(s), cardButton(s, v.CardLink), withdrawButton(v, v.Open))
	return p.message()
}
