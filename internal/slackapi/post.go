package slackapi

import (
	"context"

	"github.com/slack-go/slack"
)

// maxPlain is how many characters of text every method takes.
const maxPlain = 4000

// Metadata marks a message, so that it can be found again.
type Metadata = slack.SlackMetadata

// Message is what a message shows. Text is read out by screen readers and shown in notifications;
// where there are no blocks it is the message.
type Message struct {
	Text     string
	Blocks   []slack.Block
	Metadata *Metadata
}

// options are the message in slack-go's words. Nothing is unfurled, and nothing is escaped again.
func (m Message) options() []slack.MsgOption {
	options := []slack.MsgOption{
		slack.MsgOptionText(m.Text, false), slack.MsgOptionDisableLinkUnfurl(), slack.MsgOptionDisableMediaUnfurl(),
	}
	if len(m.Blocks) > 0 {
		options = append(options, slack.MsgOptionBlocks(m.Blocks...))
	}
	if m.Metadata != nil {
		options = append(options, slack.MsgOptionMetadata(*m.Metadata))
	}
	return options
}

// plain is the message without blocks, in a length that every method takes.
func (m Message) plain() Message {
	if text := []rune(m.Text); len(text) > maxPlain {
		m.Text = string(text[:maxPlain])
	}
	m.Blocks = nil
	return m
}

// Post posts a message into a channel, or into a thread when threadTS is not "", and gives its ts. An
// Unclear error means that it may stand there: look with Find before posting again.
func (c *Client) Post(ctx context.Context, channel string, m Message, threadTS string) (ts string, err error) {
	err = c.show(ctx, "chat.postMessage", m, func(ctx context.Context, api *slack.Client, m Message) (err error) {
		_, ts, err = api.PostMessageContext(ctx, channel, inThread(m.options(), threadTS)...)
		return err
	})
	if err == nil && ts == "" {
		return "", &Error{Op: "chat.postMessage", Kind: Unclear, Code: "answer without ts"}
	}
	return ts, err
}

// Update makes a message of the bot's show something else. Its metadata stays unless m has some.
func (c *Client) Update(ctx context.Context, channel, ts string, m Message) error {
	return c.show(ctx, "chat.update", m, func(ctx context.Context, api *slack.Client, m Message) error {
		_, _, _, err := api.UpdateMessageContext(ctx, channel, ts, m.options()...)
		return err
	})
}

// Ephemeral shows a message to one person in a channel, if they are there to see it.
func (c *Client) Ephemeral(ctx context.Context, channel, user string, m Message, threadTS string) error {
	m.Metadata = nil // nobody could find it again
	return c.show(ctx, "chat.postEphemeral", m, func(ctx context.Context, api *slack.Client, m Message) error {
		_, err := api.PostEphemeralContext(ctx, channel, user, inThread(m.options(), threadTS)...)
		return err
	})
}

// Permalink gives a link to a message.
func (c *Client) Permalink(ctx context.Context, channel, ts string) (link string, err error) {
	err = c.call(ctx, "chat.getPermalink", func(ctx context.Context, api *slack.Client, _ string) (err error) {
		link, err = api.GetPermalinkContext(ctx, &slack.PermalinkParameters{Channel: channel, Ts: ts})
		return err
	})
	return link, question(err)
}

// show does a call that shows a message. If Slack does not take the message, it shows the bare text
// and raises an alarm.
func (c *Client) show(ctx context.Context, op string, m Message, do func(context.Context, *slack.Client, Message) error) error {
	try := func(m Message) error {
		return c.call(ctx, op, func(ctx context.Context, api *slack.Client, _ string) error { return do(ctx, api, m) })
	}
	err := try(m)
	if !IsKind(err, Blocks) {
		return err
	}
	c.options.Alarm(ctx, AlarmBlocks, err.Error())
	if plain := m.plain(); plain.Text != "" && (len(m.Blocks) > 0 || plain.Text != m.Text) {
		return try(plain)
	}
	return err
}

func inThread(options []slack.MsgOption, threadTS string) []slack.MsgOption {
	if threadTS == "" {
		return options
	}
	return append(options, slack.MsgOptionTS(threadTS))
}
