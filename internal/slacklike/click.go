package slacklike

import (
	"context"
	"fmt"
	"maps"
	"net/url"
)

// ClickOptions say what a person has filled in before the click.
type ClickOptions struct {
	BlockID string            // the block of the button, where several have its action id
	Values  map[string]string // what was typed or chosen, by action id; a select's value is its option's value
}

// Click is a person clicking a button of a message and, where it has one, agreeing to its confirm
// dialog (who does not agree sends nothing). The error says that this person has no such button in
// sight, or no such input to fill in.
func (w *Workspace) Click(ctx context.Context, user, channel, ts, actionID string, o ClickOptions) (Delivery, error) {
	w.mu.Lock()
	payload, h, err := w.clickPayload(user, channel, ts, actionID, o)
	w.mu.Unlock()
	if err != nil {
		return Delivery{}, err
	}
	responseURL := w.newHook("actions", h)
	payload["response_url"] = responseURL
	form := url.Values{"payload": {string(mustJSON(payload))}}
	d := w.sign("/slack/interactions", formType, []byte(form.Encode()))
	d.ResponseURL = responseURL
	w.send(ctx, &d)
	return d, nil
}

// clickPayload is the block_actions payload without its response_url. The caller holds mu.
func (w *Workspace) clickPayload(user, channel, ts, actionID string, o ClickOptions) (map[string]any, hook, error) {
	m, err := w.inSight(user, channel, ts)
	if err != nil {
		return nil, hook{}, err
	}
	button := findElement(m.Blocks, func(e element) bool {
		return e.kind == "button" && e.actionID == actionID && (o.BlockID == "" || e.blockID == o.BlockID)
	})
	if button == nil {
		return nil, hook{}, fmt.Errorf("message %s has no button %s", ts, actionID)
	}
	state, err := stateValues(m.Blocks, o.Values)
	if err != nil {
		return nil, hook{}, err
	}
	u := w.users[user]
	payload := map[string]any{
		"type": "block_actions", "token": "unused", "api_app_id": w.options.AppID,
		"user":       map[string]any{"id": user, "username": u.Name, "name": u.Name, "team_id": u.TeamID},
		"team":       map[string]any{"id": w.options.TeamID, "domain": w.options.Domain},
		"enterprise": nil, "is_enterprise_install": false, "trigger_id": w.triggerID(),
		"channel":   map[string]any{"id": channel, "name": w.channels[channel].Name},
		"container": container(m), "state": map[string]any{"values": state},
		"actions": []any{w.action(button)},
	}
	if w.options.EnterpriseID != "" {
		payload["enterprise"] = map[string]any{"id": w.options.EnterpriseID, "name": w.options.Domain}
	}
	if !m.Ephemeral() { // Slack does not say what an ephemeral message showed
		payload["message"] = w.messageJSON(m, true)
	}
	return payload, hook{channel: channel, user: user, message: ts, thread: m.ThreadTS}, nil
}

// inSight gives a message that the user can see. The caller holds mu.
func (w *Workspace) inSight(user, channel, ts string) (*Message, error) {
	m := w.find(channel, ts)
	if m == nil || !w.sees(user, w.channels[channel]) || m.Reader != "" && m.Reader != user {
		return nil, fmt.Errorf("user %s sees no message %s in %s", user, ts, channel)
	}
	return m, nil
}

// action is the element as Slack echoes it: everything it was drawn with, and when it was clicked.
func (w *Workspace) action(e *element) map[string]any {
	echo := maps.Clone(e.raw)
	echo["block_id"], echo["action_ts"] = e.blockID, w.nextTS()
	return echo
}

func container(m *Message) map[string]any {
	c := map[string]any{"type": "message", "message_ts": m.TS, "channel_id": m.Channel, "is_ephemeral": m.Ephemeral()}
	if m.ThreadTS != "" {
		c["thread_ts"] = m.ThreadTS
	}
	return c
}

// messageJSON is a message as Slack gives it to apps. The caller holds mu.
func (w *Workspace) messageJSON(m *Message, metadata bool) map[string]any {
	j := map[string]any{"type": "message", "user": m.User, "team": w.users[m.User].TeamID, "ts": m.TS, "text": m.Text}
	if m.BotID != "" {
		j["bot_id"], j["app_id"] = m.BotID, w.options.AppID
	}
	if len(m.Blocks) > 0 {
		j["blocks"] = m.Blocks
	}
	if m.ThreadTS != "" {
		j["thread_ts"] = m.ThreadTS
	}
	if m.EditedTS != "" {
		j["edited"] = map[string]any{"user": m.User, "ts": m.EditedTS}
	}
	if metadata && len(m.Metadata) > 0 {
		j["metadata"] = m.Metadata
	}
	return j
}
