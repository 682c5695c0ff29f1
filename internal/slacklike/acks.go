package slacklike

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
)

// showAnswer shows a person what the app answered to their command, or Slackbot's words about its failure.
func (w *Workspace) showAnswer(user, channel, typed string, d *Delivery, contentType string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	b, code := ackBody(d, contentType)
	if code != "" {
		w.put(Message{
			Channel: channel, User: slackbot, Reader: user,
			Text: fmt.Sprintf("%s failed with the error \"%s\"", w.options.Command, code),
		})
		return
	}
	if b.ResponseType == inChannel {
		w.put(Message{Channel: channel, User: user, Text: strings.TrimSpace(w.options.Command + " " + escape(typed))})
	}
	if b.Text == "" && len(b.Blocks) == 0 {
		return
	}
	m := Message{
		Channel: channel, User: w.options.BotUser, BotID: w.options.BotID,
		Text: b.Text, Blocks: withIDs(b.Blocks), Reader: user,
	}
	if b.ResponseType == inChannel {
		m.Reader = ""
	}
	w.put(m)
}

// ackBody reads the answer to a command, or names Slack's error.
func ackBody(d *Delivery, contentType string) (hookBody, string) {
	switch {
	case d.reason() == "http_timeout":
		return hookBody{}, "operation_timeout"
	case d.Status/100 == 4:
		return hookBody{}, "http_client_error"
	case d.Err != nil || d.Status != http.StatusOK:
		return hookBody{}, "dispatch_failed"
	}
	text := strings.TrimSpace(string(d.Answer))
	if media, _, err := mime.ParseMediaType(contentType); err != nil || media != jsonType || text == "" {
		return hookBody{Text: text}, ""
	}
	var b hookBody
	if json.Unmarshal(d.Answer, &b) != nil {
		return hookBody{}, "invalid_command_response"
	}
	if b.Text == "" && len(b.Blocks) == 0 { // only a response_type, which reveals the command
		return b, ""
	}
	return b, b.check()
}
