package slacklike_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"showtime/internal/slacklike"
)

// rig is a workspace over HTTP and an app that notes what it gets and answers what it is told.
type rig struct {
	*slacklike.Workspace
	url    string
	client *http.Client

	mu       sync.Mutex
	offset   time.Duration
	requests []request
	answer   func(rw http.ResponseWriter, req *http.Request, n int) // the n-th request, from 1; nil answers an empty 200
}

type request struct {
	path   string
	header http.Header
	body   []byte
}

func newRig(t *testing.T) *rig {
	t.Helper()
	own := &http.Transport{} // a test server that is closed closes the idle connections of everybody's default one
	t.Cleanup(own.CloseIdleConnections)
	r := &rig{client: &http.Client{Transport: own}}
	r.Workspace = slacklike.New(slacklike.Options{Now: r.now, Client: &http.Client{Transport: untimed{own}}})
	server := httptest.NewServer(r.Workspace)
	t.Cleanup(server.Close)
	app := httptest.NewServer(http.HandlerFunc(r.serveApp))
	t.Cleanup(app.Close)
	r.url = server.URL
	r.SetURL(server.URL)
	r.SetApp(app.URL)
	for _, u := range []slacklike.User{
		{ID: "UANA"}, {ID: "UBEN"}, {ID: "UGUEST", Restricted: true}, {ID: "UGONE", Deleted: true}, {ID: "UFAR", TeamID: "TFAR"},
	} {
		r.AddUser(u)
	}
	r.AddChannel(slacklike.Channel{ID: "CSHOW", Members: []string{"UANA", "UBEN", "U0BOT"}})
	r.AddChannel(slacklike.Channel{ID: "CELSE", Members: []string{"UANA"}})
	r.AddChannel(slacklike.Channel{ID: "GPRIV", Private: true, Members: []string{"UANA"}})
	return r
}

// untimed carries deliveries without a clock, which a busy machine would make run out: a request is late
// when the app says so.
type untimed struct{ transport *http.Transport }

func (u untimed) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := u.transport.RoundTrip(req)
	if err != nil || resp.Header.Get(lateHeader) == "" {
		return resp, err
	}
	_ = resp.Body.Close() // nothing was read
	return nil, os.ErrDeadlineExceeded
}

const lateHeader = "X-Late"

// late is an app that has the request and does not answer in time.
func late(rw http.ResponseWriter, req *http.Request) {
	rw.Header().Set(lateHeader, "yes")
	_ = http.NewResponseController(rw).Flush() // else the test fails by its own timeout
	<-req.Context().Done()
}

func (r *rig) now() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return time.Now().Add(r.offset)
}

func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.offset += d
}

func (r *rig) serveApp(rw http.ResponseWriter, req *http.Request) {
	body, _ := io.ReadAll(req.Body)
	r.mu.Lock()
	r.requests = append(r.requests, request{req.URL.Path, req.Header.Clone(), body})
	n, answer := len(r.requests), r.answer
	r.mu.Unlock()
	if answer != nil {
		answer(rw, req, n)
	}
}

// got gives the requests that the app got.
func (r *rig) got() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.requests...)
}

// one gives the only request that the app got.
func (r *rig) one(t *testing.T) request {
	t.Helper()
	all := r.got()
	if len(all) != 1 {
		t.Fatalf("app got %d requests, want 1", len(all))
	}
	return all[0]
}

// call calls a Web API method with the valid token and gives the answer.
func (r *rig) call(t *testing.T, method string, args map[string]string) map[string]any {
	t.Helper()
	form := url.Values{"token": {r.Token()}}
	for k, v := range args {
		form.Set(k, v)
	}
	return r.form(t, method, form)
}

func (r *rig) form(t *testing.T, method string, form url.Values) map[string]any {
	t.Helper()
	_, body := r.post(t, r.APIURL()+method, "application/x-www-form-urlencoded", []byte(form.Encode()))
	return object(t, body)
}

func (r *rig) post(t *testing.T, target, contentType string, body []byte) (status int, answer []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, target, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", contentType)
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	answer, err = io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, answer
}

// say posts a message as the bot into CSHOW and gives its ts.
func (r *rig) say(t *testing.T, args map[string]string) string {
	t.Helper()
	if args["channel"] == "" {
		args["channel"] = "CSHOW"
	}
	a := r.call(t, "chat.postMessage", args)
	ts, _ := a["ts"].(string)
	if a["ok"] != true || ts == "" {
		t.Fatalf("chat.postMessage answered %v", a)
	}
	return ts
}

func object(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatalf("read %q: %v", data, err)
	}
	return o
}

// panel is a message with a button, a text input, a choice and a number.
const panel = `[
 {"type":"section","block_id":"top","text":{"type":"mrkdwn","text":"*exploration*"}},
 {"type":"input","block_id":"why","label":{"type":"plain_text","text":"Purpose"},
  "element":{"type":"plain_text_input","action_id":"purpose","initial_value":"testing"}},
 {"type":"input","block_id":"long","label":{"type":"plain_text","text":"Hours"},
  "element":{"type":"static_select","action_id":"hours",
   "options":[{"text":{"type":"plain_text","text":"4 h"},"value":"4"},{"text":{"type":"plain_text","text":"8 h"},"value":"8"}]}},
 {"type":"actions","block_id":"act","elements":[
  {"type":"button","action_id":"go","value":"{\"v\":1}","style":"danger","text":{"type":"plain_text","text":"Go"},
   "confirm":{"title":{"type":"plain_text","text":"Sure?"},"text":{"type":"plain_text","text":"All is lost."},
    "confirm":{"type":"plain_text","text":"Yes"},"deny":{"type":"plain_text","text":"No"}}}]}]`
