package usecase

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/slackapi"
	"showtime/lifecycle"
)

// screen is what an answer shows; it is drawn from the record when it is said, never before.
type screen string

const (
	words  screen = "" // only the answer's text
	panel  screen = "panel"
	status screen = "status"
	offer  screen = "offer" // the Destroy button, for those who typed
	// reminder is of a request that is open still
	reminder screen = "reminder"
	past     screen = "past" // the ended sessions
	// failure is what the admins are told of a failed session.
	failure screen = "failure"
	// checkup is what the doctor finds.
	checkup screen = "checkup"
)

// answer is one thing to say to one person, or in a thread.
type answer struct {
	Screen screen `json:"screen,omitempty"`
	Text   string `json:"text,omitempty"`   // words, or the line above a screen
	Reason string `json:"reason,omitempty"` // prefills the offer's input
	Days   int    `json:"days,omitempty"`   // how far back the ended sessions go

	User        string `json:"user"`
	Channel     string `json:"channel"`
	Thread      string `json:"thread,omitempty"`
	ResponseURL string `json:"response_url,omitempty"` // a credential
	Replace     bool   `json:"replace,omitempty"`      // the clicked panel becomes the answer
	Public      bool   `json:"public,omitempty"`       // in the thread, for all
	// InCard means: a mention in the thread of the session's card, wherever that is by then.
	InCard     bool  `json:"in_card,omitempty"`
	Generation int64 `json:"generation,omitempty"`
	// InRequest is the request in the thread of whose card it is said; Escalate makes a reminder an escalation.
	InRequest string `json:"in_request,omitempty"`
	Escalate  bool   `json:"escalate,omitempty"`
	// Alone means that nobody else may hear of it, however late it is said.
	Alone bool `json:"alone,omitempty"`
	// Launch is the operation that launched, if the answer says so.
	Launch string `json:"launch,omitempty"`
	Ref    string `json:"ref,omitempty"`
}

// shared says whether others see the answer too, so that it is better missing than said twice.
func (a answer) shared() bool { return a.Public || a.InCard || a.InRequest != "" }

// reply makes words the answer to a job, for its person alone.
func (b *Bot) reply(j job.Job, m blocks.Message) answer {
	return answer{
		Text: m.Text, User: j.User, Channel: j.Channel, Thread: j.ThreadTS, ResponseURL: j.ResponseURL, Ref: j.Ref,
	}
}

// replyPanel makes the panel the answer to a job: a click on a panel replaces it, anything else gets a new one.
func (b *Bot) replyPanel(j job.Job, line string) answer {
	a := b.reply(j, blocks.Message{Text: line})
	a.Screen, a.Replace = panel, j.Source == job.Click && j.Ephemeral
	return a
}

// replyInThread makes words a public answer under the message that was the phrase.
func (b *Bot) replyInThread(j job.Job, m blocks.Message) answer {
	a := b.reply(j, m)
	a.Public, a.Thread = true, j.MessageTS
	if j.ThreadTS != "" {
		a.Thread = j.ThreadTS
	}
	return a
}

// oweSay owes an answer.
func (b *Bot) oweSay(j job.Job, part string, a answer) *owed {
	o := b.owe(j, part)
	o.Say = &a
	return o
}

// say says an answer: through its response_url while that works, else where its person will see it.
func (b *Bot) say(ctx context.Context, a answer) error {
	switch {
	case a.InCard:
		return b.sayInCard(ctx, a)
	case a.InRequest != "":
		return b.sayInRequest(ctx, a)
	}
	m, err := b.render(ctx, a)
	if err != nil {
		return err
	}
	switch {
	case a.Public:
		_, err = b.poster.Post(ctx, a.Channel, m, a.Thread)
		err = unlessUnclear(err)
	case a.ResponseURL != "":
		err = b.responder.Respond(ctx, a.ResponseURL, slackapi.Reply{Message: m, Replace: a.Replace})
	default:
		err = b.poster.Ephemeral(ctx, a.Channel, a.User, m, a.Thread)
	}
	if lost(err) {
		return b.sayLate(ctx, a, m)
	}
	return err
}

// lost says that there is nothing to be said any more at the place that was tried.
func lost(err error) bool {
	return slackapi.IsKind(err, slackapi.Gone) || slackapi.IsKind(err, slackapi.NoChannel)
}

// sayLate tells a person whose response_url, thread or channel is no more: by a mention in the card's
// thread, or alone in the channel where it is for nobody else, a mere screen, or there is no card.
func (b *Bot) sayLate(ctx context.Context, a answer, m slackapi.Message) error {
	if a.Text != "" && !a.Alone {
		a.Screen = words
		if err := b.sayInCard(ctx, a); !errors.Is(err, errLater) {
			return err
		}
	}
	err := b.poster.Ephemeral(ctx, a.Channel, a.User, m, "")
	if lost(err) {
		b.logger(ctx).Warn().Err(err).Msg("person cannot be told anywhere")
		return nil
	}
	return err
}

// sayInCard mentions the person in the thread of the session's card.
func (b *Bot) sayInCard(ctx context.Context, a answer) error {
	c, err := b.cardFor(ctx, a.Generation)
	if err != nil {
		return err
	}
	if c == nil {
		return errLater
	}
	a, err = b.current(ctx, a)
	if err != nil {
		return err
	}
	m := slackapi.Message{Text: blocks.Mention(a.User) + " " + a.Text}
	_, err = b.poster.Post(ctx, c.Channel, m, c.TS)
	if lost(err) { // somebody deleted the card: it is posted anew, and then this is said there
		return errors.Join(err, b.store.Update(ctx, func(tx lifecycle.Tx) error { return b.spoil(tx, *c) }))
	}
	return unlessUnclear(err)
}

// unlessUnclear takes a public sentence whose outcome is unclear as said: it is better missing than said twice.
func unlessUnclear(err error) error {
	if slackapi.IsKind(err, slackapi.Unclear) {
		return nil
	}
	return err
}

// render draws an answer from what is recorded now. Somebody whose role cannot be told any more still
// hears what was decided, and sees nothing else.
func (b *Bot) render(ctx context.Context, a answer) (slackapi.Message, error) {
	a, err := b.current(ctx, a)
	if err != nil {
		return slackapi.Message{}, err
	}
	switch a.Screen { //nolint:exhaustive // the other screens are one person's panel in different words
	case words:
		return slackapi.Message{Text: a.Text}, nil
	case past:
		return b.renderHistory(ctx, a)
	case failure:
		return b.renderFailure(ctx, a)
	case checkup:
		return b.renderCheckup(ctx, a)
	}
	v, err := b.panelView(ctx, a)
	if errors.Is(err, lifecycle.ErrAway) { // nobody need wait for a screen until the manager is back
		return slackapi.Message{Text: cmp.Or(a.Text, blocks.NothingToShow().Text)}, nil
	}
	if err != nil {
		return slackapi.Message{}, fmt.Errorf("look at the cluster: %w", err)
	}
	switch {
	case a.Text != "" && (v.RolesUnknown || !v.Viewer.May()):
		return slackapi.Message{Text: a.Text}, nil
	case a.Screen == status:
		return message(blocks.Status(v)), nil
	case a.Screen == offer:
		return message(blocks.DestroyOffer(v)), nil
	default:
		return message(blocks.Panel(v)), nil
	}
}

// current makes an answer about a launch say so if EMR has refused it: that is known only after the
// launch was recorded.
func (b *Bot) current(ctx context.Context, a answer) (answer, error) {
	if a.Launch == "" {
		return a, nil
	}
	state, err := b.manager.State(ctx)
	if err != nil {
		return a, fmt.Errorf("look at the launch: %w", err)
	}
	end := state.Session.End
	if state.Session.Op != a.Launch || end == nil || end.Code != lifecycle.EndRefused {
		return a, nil
	}
	no := lifecycle.Refusal{Message: end.Message}
	if len(end.Details) > 0 {
		no.Code = end.Details[0].Code
	}
	a.Text = blocks.EMRRefused(no, a.Ref).Text
	return a, nil
}

func message(m blocks.Message) slackapi.Message {
	return slackapi.Message{Text: m.Text, Blocks: m.Blocks}
}
