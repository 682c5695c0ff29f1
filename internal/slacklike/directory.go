package slacklike

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// historyPage is how many messages a page of history holds at most.
const historyPage = 100

func (w *Workspace) authTest(url.Values) (answer, string) {
	a := answer{
		"url": fmt.Sprintf("https://%s.slack.com/", w.options.Domain), "team": w.options.Domain, "user": "showtime",
		"team_id": w.options.TeamID, "user_id": w.options.BotUser, "bot_id": w.options.BotID, "is_enterprise_install": false,
	}
	if w.options.EnterpriseID != "" {
		a["enterprise_id"] = w.options.EnterpriseID
	}
	return a, ""
}

func (w *Workspace) usersInfo(args url.Values) (answer, string) {
	u, ok := w.users[args.Get("user")]
	if !ok {
		return nil, "user_not_found"
	}
	return answer{"user": map[string]any{
		"id": u.ID, "team_id": u.TeamID, "name": u.Name, "real_name": u.RealName, "deleted": u.Deleted, "is_bot": u.Bot,
		"is_restricted": u.Restricted, "is_ultra_restricted": u.UltraRestricted,
		"is_stranger": u.TeamID != w.options.TeamID, "profile": map[string]any{"real_name": u.RealName},
	}}, ""
}

func (w *Workspace) groupUsers(args url.Values) (answer, string) {
	g, ok := w.groups[args.Get("usergroup")]
	if !ok || g.Disabled && args.Get("include_disabled") != "true" {
		return nil, "no_such_subteam"
	}
	return answer{"users": slices.Concat([]string{}, g.Members)}, ""
}

// mayRead says whether the token's scopes allow the bot to read a channel. The caller holds mu.
func (w *Workspace) mayRead(c *channel) bool {
	if c.Private {
		return w.scopes["groups:history"]
	}
	return w.scopes["channels:history"]
}

// history gives the channel's own messages, newest first, without replies and ephemeral ones.
func (w *Workspace) history(args url.Values) (answer, string) {
	c := w.channels[args.Get("channel")]
	if code := w.checkReadable(c); code != "" {
		return nil, code
	}
	if !w.mayRead(c) {
		return answer{"needed": map[bool]string{true: "groups:history", false: "channels:history"}[c.Private]}, "missing_scope"
	}
	limit := historyPage
	if n, err := strconv.Atoi(args.Get("limit")); err == nil {
		limit = n
	}
	if limit < 1 || limit > 999 {
		return nil, "invalid_limit"
	}
	messages, more := []any{}, ""
	if c.Archived { // Slack's own last word; nothing can be said after it
		messages = append(messages, map[string]any{"type": "message", "subtype": "channel_archive", "ts": w.nextTS(), "text": "archived the channel"})
	}
	for _, m := range slices.Backward(c.messages) {
		if m.Reader != "" || m.ThreadTS != "" || !within(m.TS, args) {
			continue
		}
		if len(messages) == limit {
			more = "before:" + m.TS
			break
		}
		messages = append(messages, w.messageJSON(m, isTrue(args.Get("include_all_metadata"))))
	}
	return answer{
		"messages": messages, "has_more": more != "", "response_metadata": map[string]any{"next_cursor": more},
	}, ""
}

func (w *Workspace) checkReadable(c *channel) string {
	switch {
	case c == nil, c.Private && !c.isMember(w.options.BotUser):
		return "channel_not_found"
	case !c.isMember(w.options.BotUser):
		return "not_in_channel"
	default:
		return ""
	}
}

// within says whether a ts lies in the range that the arguments ask for.
func within(ts string, args url.Values) bool {
	at, err := strconv.ParseFloat(ts, 64)
	if err != nil {
		return false
	}
	inclusive := isTrue(args.Get("inclusive"))
	if oldest, err := strconv.ParseFloat(args.Get("oldest"), 64); err == nil && (at < oldest || at == oldest && !inclusive) {
		return false
	}
	if latest, err := strconv.ParseFloat(args.Get("latest"), 64); err == nil && (at > latest || at == latest && !inclusive) {
		return false
	}
	cursor, ok := strings.CutPrefix(args.Get("cursor"), "before:")
	return !ok || ts <= cursor
}

func isTrue(s string) bool { return s == "1" || s == "true" }
