//go:build openapi

package manager_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"showtime/lifecycle/httpapi/grant"
)

// exchange is a real answer, as the checker reads it.
type exchange struct {
	Route  string          `json:"route"`
	Status int             `json:"status"`
	Type   string          `json:"type"`
	Body   json.RawMessage `json:"body"`
}

// TestDocument has an independent validator look at the document, and hold real answers of every route, successes and
// problems, against the document's schemas.
func TestDocument(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "*")}, poll: time.Millisecond})
	document := json.RawMessage(r.ask("", http.MethodGet, "/openapi.json", "").body)
	exchanges := r.exchanges()
	if out, err := checked(t, document, exchanges); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	broken := map[string]struct{ old, replacement string }{
		"document":    {`"title":"Showtime lifecycle manager"`, `"title":7`},
		"no_schema":   {`"#/components/schemas/Answer"`, `"#/components/schemas/Nothing"`},
		"other_type":  {`"generation":{"description":"number of the session`, `"generation":{"not":{},"description":"number of the session`},
		"other_route": {`"/v1/clusters/{name}/join"`, `"/v1/clusters/{name}/joined"`},
	}
	for name, b := range broken {
		text := strings.ReplaceAll(string(document), b.old, b.replacement)
		if text == string(document) {
			t.Errorf("%s: nothing was broken", name)
		}
		if out, err := checked(t, json.RawMessage(text), exchanges); err == nil {
			t.Errorf("%s: a broken document passes: %s", name, out)
		}
	}
}

func checked(t *testing.T, document json.RawMessage, exchanges []exchange) (string, error) {
	t.Helper()
	in, err := json.Marshal(map[string]any{"document": document, "exchanges": exchanges})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "check.mjs")
	cmd.Dir, cmd.Stdin = "../../test/openapi", bytes.NewReader(in)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// exchanges leads a session through its life and keeps every answer.
func (r *rig) exchanges() []exchange {
	r.t.Helper()
	const one = "/v1/clusters/{name}"
	var all []exchange
	ask := func(who, method, route, query, body string) {
		path := strings.Replace(route, "{name}", "exploration", 1)
		a := r.ask(r.tokens[who], method, path+query, body, key, "k-"+route+query+body)
		all = append(all, exchange{Route: method + " " + route, Status: a.status, Type: a.header.Get("Content-Type"), Body: json.RawMessage(a.body)})
	}
	for _, route := range []string{"/v1/clusters", one, one + "/history", one + "/events", one + "/stream"} {
		ask("nobody", http.MethodGet, route, "", "")
	}
	for _, verb := range []string{"/start", "/stop", "/join", "/extend"} {
		ask("m", http.MethodPost, one+verb, "", `{"generation":"x"}`)
		ask("nobody", http.MethodPost, one+verb, "", "{}")
	}
	ask("m", http.MethodPost, one+"/start", "?dry_run=true", "{}")
	ask("m", http.MethodPost, one+"/start", "", "{}")
	ask("m", http.MethodPost, one+"/start", "", `{"hours":1}`)
	r.up()
	ask("m", http.MethodPost, one+"/join", "", "{}")
	ask("m", http.MethodPost, one+"/extend", "", "{}")
	ask("m", http.MethodPost, one+"/extend", "", `{"generation":9}`)
	for _, route := range []string{"/v1/clusters", one, one + "/events"} {
		ask("m", http.MethodGet, route, "", "")
	}
	all = append(all, r.firstEvent())
	ask("m", http.MethodPost, one+"/stop", "", `{"generation":9}`)
	ask("m", http.MethodPost, one+"/stop", "", `{"generation":1}`)
	ask("m", http.MethodPost, one+"/stop", "", `{"generation":1,"reason":"again"}`)
	r.up()
	ask("m", http.MethodGet, one+"/history", "", "")
	return all
}

// firstEvent is what a stream begins with.
func (r *rig) firstEvent() exchange {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), http.MethodGet, r.server.URL+"/v1/clusters/exploration/stream", http.NoBody)
	if err != nil {
		r.t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+r.tokens["m"])
	w, err := r.server.Client().Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	text := make([]byte, 64<<10)
	n, err := w.Body.Read(text)
	if err != nil {
		r.t.Fatal(err)
	}
	_, data, _ := strings.Cut(strings.TrimSpace(string(text[:n])), "data: ")
	return exchange{Route: "GET /v1/clusters/{name}/stream", Status: w.StatusCode, Type: w.Header.Get("Content-Type"), Body: json.RawMessage(data)}
}
