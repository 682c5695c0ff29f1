package usecase

import (
	"context"
	"errors"
	"fmt"

	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/slackapi"
)

// screen is what an answer shows; it is drawn from the record when it is said, never before.
type screen string

const (
	words  screen = "" // only the answer's text
	panel  screen = "panel"
	status screen = "status"
	offer  screen = "offer" // the Destroy button, for those who typed
)

// answer is one thing to say to one person, or in a thread.
type answer struct {
	Screen screen `json:"screen,omitempty"`
	Text   string `json:"text,omitempty"`   // words, or the line above a screen
	Reason string `json:"reason,omitempty"` // prefills the offer's input

	User        string `json:"user"`
	Channel     string `json:"channel"`
	Thread      string `json:"thread,omitempty"`
	ResponseURL string `json:"response_url,omitempty"` // a credential
	Replace     bool   `json:"replace,omitempty"`      // the clicked panel becomes the answer
	Public      bool   `json:"public,omitempty"`       // in the thread, for all
	// InCard means: a mention in the thread of the session's card, wherever that is by then.
	InCard     bool  `json:"in_card,omitempty"`
	Generation int64 `json:"generation,omitempty"`
}

// reply makes words the answer to a job, for its person alone.
func (b *Bot) reply(j job.Job, m blocks.Message) answer {
	return answer{
		Text: m.Text, User: j.User, Channel: j.Channel, Thread: j.ThreadTS, ResponseURL: j.ResponseURL,
	}
}

// show makes a screen the answer to a job: a click on a panel replaces it, anything else gets a new one.
func (b *Bot) replyScreen(j job.Job, s screen, line string) answer {
	a := b.reply(j, blocks.Message{Text: line})
	a.Screen, a.Replace = s, j.Source == job.Click && j.Ephemeral
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
	if a.InCard {
		return b.sayInCard(ctx, a)
	}
	m, err := b.render(ctx, a)
	if err != nil {
		return err
	}
	switch {
	case a.Public:
		_, err = b.poster.Post(ctx, a.Channel, m, a.Thread)
		return unlessUnclear(err)
	case a.ResponseURL == "":
		return b.poster.Ephemeral(ctx, a.Channel, a.User, m, a.Thread)
	}
	err = b.responder.Respond(ctx, a.ResponseURL, slackapi.Reply{Message: m, Replace: a.Replace})
	if slackapi.IsKind(err, slackapi.Gone) {
		return b.sayLate(ctx, a)
	}
	return err
}

// sayLate tells a person after the response_url has died: by a mention in the card's thread. A screen
// is not worth that: whoever still wants it asks again.
func (b *Bot) sayLate(ctx context.Context, a answer) error {
	if a.Screen != words {
		return nil
	}
	err := b.sayInCard(ctx, a)
	if errors.Is(err, errLater) { // there is no card
		return b.poster.Ephemeral(ctx, a.Channel, a.User, slackapi.Message{Text: a.Text}, a.Thread)
	}
	return err
}

// sayInCard mentions the person in the thread of the session's card.
func (b *Bot) sayInCard(ctx context.Context, a answer) error {
	c, err := b.cardOf(ctx, a.Generation)
	if err != nil {
		return err
	}
	if c == nil || c.TS == "" {
		return errLater
	}
	m := slackapi.Message{Text: blocks.Mention(a.User) + " " + a.Text}
	_, err = b.poster.Post(ctx, c.Channel, m, c.TS)
	return unlessUnclear(err)
}

// unlessUnclear takes a public sentence whose outcome is unclear as said: it is better missing than said twice.
func unlessUnclear(err error) error {
	if slackapi.IsKind(err, slackapi.Unclear) {
		return nil
	}
	return err
}

// render draws an answer from what is recorded now.
func (b *Bot) render(ctx context.Context, a answer) (slackapi.Message, error) {
	if a.Screen == words {
		return slackapi.Message{Text: a.Text}, nil
	}
	v, err := b.panelView(ctx, a)
	if err != nil {
		return slackapi.Message{}, fmt.Errorf("look at the cluster: %w", err)
	}
	switch a.Screen {
	case status:
		return message(blocks.Status(v)), nil
	case offer:
		return message(blocks.DestroyOffer(v)), nil
	default:
		return message(blocks.Panel(v)), nil
	}
}

func message(m blocks.Message) slackapi.Message {
	return slackapi.Message{Text: m.Text, Blocks: m.Blocks}
}
