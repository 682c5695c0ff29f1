package slacklike

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

const (
	// MaxUpdateText is how many characters chat.update takes as text; chat.postMessage cuts at maxPostText.
	MaxUpdateText = 4000
	maxPostText   = 40000
	// maxMetadata bounds the metadata of a message, in bytes.
	maxMetadata = 16 << 10
)

func tooLong(s string, limit int) bool { return utf8.RuneCountInString(s) > limit }

// content is the checked content of a message.
type content struct {
	text             string
	blocks, metadata json.RawMessage
}

// readContent checks what a message shall show. The answer, if any, says more about the error.
func readContent(args url.Values) (content, answer, string) {
	c := content{text: args.Get("text")}
	if blocks := args.Get("blocks"); blocks != "" {
		if problems := CheckBlocks(json.RawMessage(blocks)); len(problems) > 0 {
			return c, invalidBlocks(problems), "invalid_blocks"
		}
		c.blocks = withIDs(json.RawMessage(blocks))
	}
	if c.text == "" && len(c.blocks) == 0 {
		return c, nil, "no_text"
	}
	if metadata := args.Get("metadata"); metadata != "" {
		if code := checkMetadata(metadata); code != "" {
			return c, nil, code
		}
		c.metadata = json.RawMessage(metadata)
	}
	return c, nil, ""
}

func invalidBlocks(problems []Problem) answer {
	errs, messages := []string{}, []string{}
	for _, p := range problems {
		errs = append(errs, fmt.Sprintf("%s [json-pointer:%s]", p.Message, p.Pointer))
		messages = append(messages, fmt.Sprintf("[ERROR] %s [json-pointer:/blocks%s]", p.Message, p.Pointer))
	}
	return answer{"errors": errs, "response_metadata": map[string]any{"messages": messages}}
}

func checkMetadata(metadata string) string {
	var m struct {
		EventType    string         `json:"event_type"`
		EventPayload map[string]any `json:"event_payload"`
	}
	switch {
	case len(metadata) > maxMetadata:
		return "metadata_too_large"
	case json.Unmarshal([]byte(metadata), &m) != nil, m.EventType == "", m.EventPayload == nil:
		return "invalid_metadata_format"
	default:
		return ""
	}
}

// writable gives a channel that the bot may post to, or Slack's error code.
func (w *Workspace) writable(id string) (*channel, string) {
	c := w.channels[id]
	switch {
	case c == nil:
		return nil, "channel_not_found"
	case !c.isMember(w.options.BotUser) && c.Private:
		return nil, "channel_not_found"
	case c.Archived:
		return nil, "is_archived"
	case !c.isMember(w.options.BotUser) && !w.scopes["chat:write.public"]:
		return nil, "not_in_channel"
	}
	return c, ""
}

func (w *Workspace) postMessage(args url.Values) (answer, string) {
	c, code := w.writable(args.Get("channel"))
	if code != "" {
		return nil, code
	}
	content, more, code := readContent(args)
	if code != "" {
		return more, code
	}
	thread := args.Get("thread_ts")
	if thread != "" {
		parent := w.find(c.ID, thread)
		if parent == nil || parent.Ephemeral() {
			return nil, "thread_not_found"
		}
		if parent.ThreadTS != "" {
			thread = parent.ThreadTS
		}
	}
	if text := []rune(content.text); len(text) > maxPostText {
		content.text = string(text[:maxPostText])
	}
	ts := w.put(Message{
		Channel: c.ID, ThreadTS: thread, User: w.options.BotUser, BotID: w.options.BotID,
		Text: content.text, Blocks: content.blocks, Metadata: content.metadata,
	})
	return answer{"channel": c.ID, "ts": ts, "message": w.messageJSON(w.find(c.ID, ts), true)}, ""
}

func (w *Workspace) update(args url.Values) (answer, string) {
	c, code := w.editable(args.Get("channel"))
	if code != "" {
		return nil, code
	}
	m := w.find(c.ID, args.Get("ts"))
	switch {
	case m == nil, m.Ephemeral():
		return nil, "message_not_found"
	case m.BotID != w.options.BotID:
		return nil, "cant_update_message"
	case tooLong(args.Get("text"), MaxUpdateText):
		return nil, "msg_too_long"
	}
	content, more, code := readContent(args)
	if code != "" {
		return more, code
	}
	m.Text, m.Blocks = content.text, content.blocks // text alone removes the blocks
	if content.metadata != nil {                    // kept unless given
		m.Metadata = content.metadata
	}
	w.edit(m)
	return answer{"channel": c.ID, "ts": m.TS, "text": m.Text, "message": w.messageJSON(m, true)}, ""
}

// editable gives a channel whose messages the bot may edit, or Slack's error code.
func (w *Workspace) editable(id string) (*channel, string) {
	c := w.channels[id]
	switch {
	case c == nil, !c.isMember(w.options.BotUser):
		return nil, "channel_not_found"
	case c.Archived:
		return nil, "is_inactive"
	}
	return c, ""
}

func (w *Workspace) postEphemeral(args url.Values) (answer, string) {
	c, code := w.writable(args.Get("channel"))
	if code != "" {
		return nil, code
	}
	user := args.Get("user")
	if u := w.users[user]; u.ID == "" || u.Deleted || !c.isMember(user) {
		return nil, "user_not_in_channel"
	}
	if tooLong(args.Get("text"), MaxUpdateText) {
		return nil, "msg_too_long"
	}
	content, more, code := readContent(args)
	if code != "" {
		return more, code
	}
	ts := w.put(Message{
		Channel: c.ID, ThreadTS: args.Get("thread_ts"), User: w.options.BotUser, BotID: w.options.BotID,
		Text: content.text, Blocks: content.blocks, Reader: user,
	})
	return answer{"message_ts": ts}, ""
}

func (w *Workspace) getPermalink(args url.Values) (answer, string) {
	channel, ts := args.Get("channel"), args.Get("message_ts")
	c := w.channels[channel]
	if code := w.checkReadable(c); code == "channel_not_found" {
		return nil, code
	}
	m := w.find(channel, ts)
	if m == nil || m.Ephemeral() {
		return nil, "message_not_found"
	}
	link := fmt.Sprintf("https://%s.slack.com/archives/%s/p%s", w.options.Domain, channel, strings.Replace(ts, ".", "", 1))
	if m.ThreadTS != "" {
		link += "?" + url.Values{"thread_ts": {m.ThreadTS}, "cid": {channel}}.Encode()
	}
	return answer{"channel": channel, "permalink": link}, ""
}
