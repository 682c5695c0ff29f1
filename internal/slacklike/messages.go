package slacklike

import (
	"bytes"
	"encoding/json"
	"slices"
)

// slackbot is who tells a person, in Slack, that a command failed.
const slackbot = "USLACKBOT"

// Message is one message as its readers see it now. Blocks and Metadata are the raw JSON.
type Message struct {
	TS, Channel string
	ThreadTS    string // the thread it stands in; "" for a message of the channel itself
	User        string // its author; the bot's user id for the app's messages
	BotID       string // "" for people
	Text        string
	Blocks      json.RawMessage
	Metadata    json.RawMessage
	Reader      string // the only one who sees it: an ephemeral message; "" for everybody
	EditedTS    string // when it was last changed; "" for never
	Edits       int    // how often it was changed
}

// Ephemeral says whether only one person sees the message.
func (m Message) Ephemeral() bool { return m.Reader != "" }

// channel is a Channel with what stands in it, oldest first.
type channel struct {
	Channel
	messages []*Message
}

// Messages are a channel's messages that a user sees, replies included, oldest first. User "" sees
// everything, everybody's ephemeral messages too. The result is a deep copy.
func (w *Workspace) Messages(channel, asUser string) []Message {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.channels[channel]
	if c == nil || asUser != "" && !w.sees(asUser, c) {
		return nil
	}
	var seen []Message
	for _, m := range c.messages {
		if asUser == "" || m.Reader == "" || m.Reader == asUser {
			seen = append(seen, m.clone())
		}
	}
	return seen
}

// DeleteMessage deletes a message, as a person with the right to do so would.
func (w *Workspace) DeleteMessage(channel, ts string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.remove(channel, ts)
}

func (m *Message) clone() Message {
	c := *m
	c.Blocks, c.Metadata = bytes.Clone(m.Blocks), bytes.Clone(m.Metadata)
	return c
}

// put adds a message to its channel and gives its ts. The caller holds mu.
func (w *Workspace) put(m Message) string {
	m.TS = w.nextTS()
	c := w.channels[m.Channel]
	c.messages = append(c.messages, &m)
	w.changed(Change{Kind: MessagePosted, Channel: m.Channel, TS: m.TS, User: m.Reader})
	return m.TS
}

// find gives a message, nil when there is none. The caller holds mu.
func (w *Workspace) find(channel, ts string) *Message {
	c := w.channels[channel]
	if c == nil {
		return nil
	}
	for _, m := range c.messages {
		if m.TS == ts {
			return m
		}
	}
	return nil
}

// edit notes that a message was changed. The caller holds mu.
func (w *Workspace) edit(m *Message) {
	m.Edits++
	m.EditedTS = w.nextTS()
	w.changed(Change{Kind: MessageUpdated, Channel: m.Channel, TS: m.TS, User: m.Reader})
}

// remove takes a message out of its channel. The caller holds mu.
func (w *Workspace) remove(channel, ts string) bool {
	m := w.find(channel, ts)
	if m == nil {
		return false
	}
	c := w.channels[channel]
	c.messages = slices.DeleteFunc(c.messages, func(o *Message) bool { return o == m })
	w.changed(Change{Kind: MessageDeleted, Channel: channel, TS: ts, User: m.Reader})
	return true
}
