package slacklike

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// answer is the JSON object that a Web API method answers.
type answer map[string]any

// method is one Web API method: what it needs and what it does. do is called with mu held and gives
// the answer, or Slack's error code and what else goes with that.
type method struct {
	scope string
	do    func(w *Workspace, args url.Values) (answer, string)
}

func methodNamed(name string) (method, bool) {
	m, ok := map[string]method{
		"apps.connections.open": {appScope, (*Workspace).openConnection},
		"auth.test":             {"", (*Workspace).authTest},
		"chat.postMessage":      {"chat:write", (*Workspace).postMessage},
		"chat.update":           {"chat:write", (*Workspace).update},
		"chat.postEphemeral":    {"chat:write", (*Workspace).postEphemeral},
		"chat.getPermalink":     {"", (*Workspace).getPermalink},
		"conversations.history": {"channels:history", (*Workspace).history},
		"users.info":            {"users:read", (*Workspace).usersInfo},
		"usergroups.users.list": {"usergroups:read", (*Workspace).groupUsers},
	}[name]
	return m, ok
}

// serveAPI answers one Web API call.
func (w *Workspace) serveAPI(rw http.ResponseWriter, r *http.Request, name string) {
	m, ok := methodNamed(name)
	if !ok {
		writeJSON(rw, http.StatusOK, answer{"ok": false, "error": "unknown_method"})
		return
	}
	token, args, err := readArgs(r)
	if err != nil {
		writeJSON(rw, http.StatusOK, answer{"ok": false, "error": "invalid_arguments"})
		return
	}
	w.mu.Lock()
	call := Call{Method: name, At: w.now(), Args: args, Status: http.StatusOK}
	f := w.strike(name)
	if f != nil && f.Kind != LostReply {
		w.mu.Unlock()
		defer func() { w.record(call) }()
		call.Status, call.Error = 0, string(f.Kind)
		call.Status, call.Error = f.strikeDown(r.Context(), rw)
		return
	}
	a := w.perform(m, token, args)
	if w.checkToken(token) == "" {
		rw.Header().Set("X-OAuth-Scopes", w.provided())
	}
	call.Error, _ = a["error"].(string)
	if call.Lost = f != nil; call.Lost {
		call.Status = 0
	}
	w.calls = append(w.calls, call)
	w.mu.Unlock()
	if f != nil {
		panic(http.ErrAbortHandler)
	}
	writeJSON(rw, http.StatusOK, a)
}

// perform checks the token and does the call. The caller holds mu.
func (w *Workspace) perform(m method, token string, args url.Values) answer {
	if m.scope == appScope {
		if token != w.appToken {
			return answer{"ok": false, "error": "invalid_auth"}
		}
		return w.do(m, args)
	}
	if code := w.checkToken(token); code != "" {
		return answer{"ok": false, "error": code}
	}
	if m.scope != "" && !w.scopes[m.scope] && (m.scope != "channels:history" || !w.scopes["groups:history"]) {
		return w.missingScope(m.scope)
	}
	return w.do(m, args)
}

// do does a call that may be made. The caller holds mu.
func (w *Workspace) do(m method, args url.Values) answer {
	a, code := m.do(w, args)
	if a == nil {
		a = answer{}
	}
	a["ok"] = code == ""
	if code != "" {
		a["error"] = code
	}
	return a
}

func (w *Workspace) missingScope(scope string) answer {
	return answer{"ok": false, "error": "missing_scope", "needed": scope, "provided": w.provided()}
}

// provided is what the token may do, as Slack says it in a header and in refusals. The caller holds mu.
func (w *Workspace) provided() string {
	var provided []string
	for _, s := range slices.Sorted(maps.Keys(w.scopes)) {
		if w.scopes[s] {
			provided = append(provided, s)
		}
	}
	return strings.Join(provided, ",")
}

func (w *Workspace) checkToken(token string) string {
	switch {
	case token == "":
		return "not_authed"
	case token != w.token:
		return "invalid_auth"
	case w.revoked:
		return "token_revoked"
	default:
		return ""
	}
}

func (w *Workspace) record(c Call) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, c)
}

// readArgs reads the arguments of a call from a form, a JSON body or a query, and the token from
// the Authorization header or the arguments.
func readArgs(r *http.Request) (token string, args url.Values, err error) {
	r.Body = http.MaxBytesReader(nil, r.Body, answerLimit)
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media == jsonType {
		args, err = jsonArgs(r)
	} else {
		err = r.ParseForm()
		args = r.Form
	}
	if err != nil {
		return "", nil, fmt.Errorf("read arguments: %w", err)
	}
	token = args.Get("token")
	args.Del("token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	return token, args, nil
}

// jsonArgs reads a JSON object; what is no string stays JSON, as in a form.
func jsonArgs(r *http.Request) (url.Values, error) {
	var object map[string]json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&object); err != nil && !errors.Is(err, io.EOF) { // none is no arguments
		return nil, err
	}
	args := url.Values{}
	for k, raw := range object {
		var s string
		if json.Unmarshal(raw, &s) != nil {
			s = string(raw)
		}
		args.Set(k, s)
	}
	return args, nil
}

func writeJSON(rw http.ResponseWriter, status int, a answer) {
	rw.Header().Set("Content-Type", "application/json; charset=utf-8")
	rw.WriteHeader(status)
	_, _ = rw.Write(mustJSON(a))
}
