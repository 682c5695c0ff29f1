package slacklike

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	hookPath = "/response/"
	// hookUses and hookLife are how often and how long a response_url works.
	hookUses = 5
	hookLife = 30 * time.Minute
)

// hook is what stands behind one response_url.
type hook struct {
	channel, user string
	message       string // the clicked message; "" for a command
	thread        string // the thread the clicked message stands in
	uses          int
	expires       time.Time
}

// hookBody is what an app sends to a response_url.
type hookBody struct {
	ResponseType    string          `json:"response_type"`
	Text            string          `json:"text"`
	Blocks          json.RawMessage `json:"blocks"`
	ThreadTS        string          `json:"thread_ts"`
	ReplaceOriginal flag            `json:"replace_original"`
	DeleteOriginal  flag            `json:"delete_original"`
}

// flag is a boolean that may also be sent as the string "true".
type flag bool

// UnmarshalJSON reads true, false, "true" and "false".
func (f *flag) UnmarshalJSON(data []byte) error {
	switch strings.Trim(string(data), `"`) {
	case "true":
		*f = true
	case "false", "null":
		*f = false
	default:
		return fmt.Errorf("not a boolean: %s", data)
	}
	return nil
}

// newHook makes a response_url; kind is "commands" or "actions".
func (w *Workspace) newHook(kind string, h hook) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	h.expires = w.now().Add(hookLife)
	path := fmt.Sprintf("%s/%s/%s/%s", kind, w.options.TeamID, w.nextID(""), rand.Text())
	w.hooks[path] = &h
	return w.url + hookPath + path
}

// serveHook answers a POST to a response_url.
func (w *Workspace) serveHook(rw http.ResponseWriter, r *http.Request, path string) {
	body, err := io.ReadAll(io.LimitReader(r.Body, answerLimit))
	if err != nil {
		return
	}
	w.mu.Lock()
	call := Call{Method: ResponseURL, At: w.now(), Args: map[string][]string{"body": {string(body)}}}
	f := w.strike(ResponseURL)
	if f != nil && f.Kind != LostReply {
		w.mu.Unlock()
		w.hookFault(rw, r, f, call)
		return
	}
	call.Status, call.Error = w.useHook(r, path, body)
	call.Lost = f != nil
	w.calls = append(w.calls, call)
	w.mu.Unlock()
	if f != nil {
		panic(http.ErrAbortHandler)
	}
	if call.Status == http.StatusOK {
		_, _ = io.WriteString(rw, "ok")
		return
	}
	writeJSON(rw, call.Status, answer{"ok": false, "error": call.Error})
}

func (w *Workspace) hookFault(rw http.ResponseWriter, r *http.Request, f *fault, call Call) {
	defer func() { w.record(call) }()
	if f.Kind == Refusal {
		call.Status, call.Error = http.StatusBadRequest, f.Error
		http.Error(rw, f.Error, call.Status)
		return
	}
	call.Status, call.Error = f.strikeDown(r.Context(), rw)
}

// useHook does what was asked through a response_url. The caller holds mu.
func (w *Workspace) useHook(r *http.Request, path string, body []byte) (status int, code string) {
	h := w.hooks[path]
	switch {
	case r.Method != http.MethodPost:
		return http.StatusMethodNotAllowed, "method_not_allowed"
	case h == nil, w.now().After(h.expires):
		return http.StatusNotFound, "expired_url"
	case h.uses >= hookUses:
		return http.StatusNotFound, "used_url"
	}
	h.uses++
	if w.channels[h.channel].Archived {
		return http.StatusGone, "channel_is_archived"
	}
	var b hookBody
	keys := map[string]json.RawMessage{}
	if json.Unmarshal(body, &b) != nil || json.Unmarshal(body, &keys) != nil {
		return http.StatusBadRequest, "invalid_payload"
	}
	if b.DeleteOriginal {
		return w.hookDelete(h, b, len(keys) == 1)
	}
	return w.hookSay(h, b)
}

// hookDelete deletes the clicked message and, where there is more than that one attribute, posts the rest.
func (w *Workspace) hookDelete(h *hook, b hookBody, sole bool) (status int, code string) {
	switch {
	case h.message == "":
		return http.StatusBadRequest, "invalid_payload" // a command has no message of ours
	case !w.remove(h.channel, h.message):
		return http.StatusNotFound, "message_not_found"
	case sole:
		return http.StatusOK, ""
	}
	b.ReplaceOriginal = false
	return w.hookSay(h, b)
}

// hookSay replaces the clicked message or posts a new one.
func (w *Workspace) hookSay(h *hook, b hookBody) (status int, code string) {
	if code := b.check(); code != "" {
		return http.StatusBadRequest, code
	}
	if b.ReplaceOriginal && h.message != "" {
		m := w.find(h.channel, h.message)
		if m == nil {
			return http.StatusNotFound, "message_not_found"
		}
		m.Text, m.Blocks = b.Text, withIDs(b.Blocks)
		w.edit(m)
		return http.StatusOK, ""
	}
	m := Message{
		Channel: h.channel, User: w.options.BotUser, BotID: w.options.BotID,
		Text: b.Text, Blocks: withIDs(b.Blocks), Reader: h.user,
	}
	if b.ResponseType == inChannel {
		m.Reader, m.ThreadTS = "", b.ThreadTS
	}
	w.put(m)
	return http.StatusOK, ""
}

const inChannel = "in_channel"

// check gives the error code of what Slack would refuse, "" for none.
func (b hookBody) check() string {
	switch {
	case b.ResponseType != "" && b.ResponseType != "ephemeral" && b.ResponseType != inChannel:
		return "invalid_payload"
	case b.Text == "" && len(decodeBlocks(b.Blocks)) == 0:
		return "no_text"
	case len(CheckBlocks(b.Blocks)) > 0:
		return "invalid_blocks"
	case bool(b.ReplaceOriginal) && tooLong(b.Text, MaxUpdateText):
		return "msg_too_long"
	default:
		return ""
	}
}
