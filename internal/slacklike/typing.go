package slacklike

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// TypeOptions say how something is typed.
type TypeOptions struct {
	ThreadTS string // the thread it is typed in; commands cannot be typed in threads
	Curly    bool   // a phone turns apostrophes into curly ones
	Retry    bool   // Slack delivers a failed event again, up to three times
	// EventIDs is how many times a message is delivered, each time under another event id, as Slack
	// sometimes does; 0 means once.
	EventIDs int
}

// Type is a person typing into a channel. The app's command is delivered to it, and what it answers
// is shown to the person; anything else becomes a message, which is delivered to the app as an event
// where the bot is a member. The error says that Slack would not let the person type this at all.
func (w *Workspace) Type(ctx context.Context, user, channel, text string, o TypeOptions) (Delivery, error) {
	if o.Curly {
		text = strings.ReplaceAll(text, "'", "’")
	}
	if err := w.mayType(user, channel, text); err != nil {
		return Delivery{}, err
	}
	word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	if word == w.options.Command {
		if o.ThreadTS != "" {
			return Delivery{}, fmt.Errorf("%s is not supported in threads", word)
		}
		return w.command(ctx, user, channel, strings.TrimSpace(rest)), nil
	}
	return w.message(ctx, user, channel, text, o)
}

func (w *Workspace) mayType(user, channel, text string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	c, u := w.channels[channel], w.users[user]
	switch {
	case u.ID == "" || u.Deleted:
		return fmt.Errorf("user %s cannot sign in", user)
	case c == nil || !c.isMember(user):
		return fmt.Errorf("user %s is not in channel %s", user, channel)
	case c.Archived:
		return fmt.Errorf("channel %s is archived", channel)
	case strings.TrimSpace(text) == "":
		return errors.New("nothing was typed")
	}
	return nil
}

// command delivers a slash command and shows its answer.
func (w *Workspace) command(ctx context.Context, user, channel, text string) Delivery {
	responseURL := w.newHook("commands", hook{channel: channel, user: user})
	form := w.commandForm(user, channel, text)
	form.Set("response_url", responseURL)
	d := w.sign("/slack/commands", formType, []byte(form.Encode()))
	d.ResponseURL = responseURL
	header := w.send(ctx, &d)
	w.showAnswer(user, channel, text, &d, header.Get("Content-Type"))
	return d
}

func (w *Workspace) commandForm(user, channel, text string) url.Values {
	w.mu.Lock()
	defer w.mu.Unlock()
	form := url.Values{
		"token": {"unused"}, "team_id": {w.options.TeamID}, "team_domain": {w.options.Domain},
		"channel_id": {channel}, "channel_name": {w.channels[channel].Name},
		"user_id": {user}, "user_name": {w.users[user].Name}, "command": {w.options.Command}, "text": {escape(text)},
		"trigger_id": {w.triggerID()}, "api_app_id": {w.options.AppID}, "is_enterprise_install": {"false"},
	}
	if w.options.EnterpriseID != "" {
		form.Set("enterprise_id", w.options.EnterpriseID)
	}
	return form
}

// message posts what a person typed and delivers it as an event where the bot can read it.
func (w *Workspace) message(ctx context.Context, user, channel, text string, o TypeOptions) (Delivery, error) {
	w.mu.Lock()
	if o.ThreadTS != "" && w.find(channel, o.ThreadTS) == nil {
		w.mu.Unlock()
		return Delivery{}, fmt.Errorf("there is no message %s in %s", o.ThreadTS, channel)
	}
	text = escape(text)
	ts := w.put(Message{Channel: channel, User: user, Text: text, ThreadTS: o.ThreadTS})
	event := w.messageEvent(user, channel, text, ts, o.ThreadTS)
	listening := w.channels[channel].isMember(w.options.BotUser) && w.mayRead(w.channels[channel])
	w.mu.Unlock()
	d := Delivery{MessageTS: ts}
	for range cmp.Or(o.EventIDs, 1) {
		if listening {
			d = w.event(ctx, event, ts, o.Retry)
		}
	}
	return d, nil
}

// event delivers one event under an id of its own.
func (w *Workspace) event(ctx context.Context, event map[string]any, ts string, again bool) Delivery {
	w.mu.Lock()
	body := mustJSON(w.envelope(event))
	w.mu.Unlock()
	d := w.sign("/slack/events", jsonType, body)
	d.MessageTS = ts
	if header := w.send(ctx, &d); again {
		w.retry(ctx, &d, header)
	}
	return d
}

// messageEvent is the inner event of a message. The caller holds mu.
func (w *Workspace) messageEvent(user, channel, text, ts, threadTS string) map[string]any {
	kind := "channel"
	if w.channels[channel].Private {
		kind = "group"
	}
	event := map[string]any{
		"type": "message", "client_msg_id": strings.ToLower(rand.Text()), "user": user, "text": text, "ts": ts,
		"team": w.users[user].TeamID, "channel": channel, "channel_type": kind, "event_ts": ts,
		"blocks": []any{map[string]any{"type": "rich_text", "block_id": rand.Text()[:5], "elements": []any{
			map[string]any{"type": "rich_text_section", "elements": []any{map[string]any{"type": "text", "text": text}}},
		}}},
	}
	if threadTS != "" {
		event["thread_ts"], event["parent_user_id"] = threadTS, w.find(channel, threadTS).User
	}
	return event
}

// envelope is what Slack wraps around an event. The caller holds mu.
func (w *Workspace) envelope(event map[string]any) map[string]any {
	return map[string]any{
		"token": "unused", "team_id": w.options.TeamID, "context_team_id": w.options.TeamID,
		"context_enterprise_id": orNull(w.options.EnterpriseID), "api_app_id": w.options.AppID,
		"event": event, "type": "event_callback", "event_id": w.nextID("Ev"), "event_time": w.now().Unix(),
		"authorizations": []any{map[string]any{
			"enterprise_id": orNull(w.options.EnterpriseID), "team_id": w.options.TeamID, "user_id": w.options.BotUser,
			"is_bot": true, "is_enterprise_install": false,
		}},
		"is_ext_shared_channel": false, "event_context": "4-" + rand.Text(),
	}
}

// triggerID makes a trigger id. The caller holds mu.
func (w *Workspace) triggerID() string {
	return fmt.Sprintf("%d.%s.%s", w.now().UnixNano()/int64(time.Millisecond), w.nextID(""), strings.ToLower(rand.Text()))
}

// escape does to text what Slack does: only these three characters.
func escape(text string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(text)
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil { // only maps, strings and raw JSON that was parsed before
		panic(err)
	}
	return data
}
