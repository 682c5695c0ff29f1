package demo

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"showtime/internal/slacklike"
)

// requestLimit is how long a request may take that is no open page.
const requestLimit = 5 * time.Second

// stage is a page with a workspace and an app behind it, served on a loopback port.
type stage struct {
	*Server
	url   string
	slack *slacklike.Workspace
	clock *Clock
	app   *fakeApp
	scene *fakeBackstage
	ticks func() []time.Time
}

// fakeApp takes what Slack delivers.
type fakeApp struct {
	mu     sync.Mutex
	status int
	forms  []url.Values
}

func (a *fakeApp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.ParseForm() == nil {
		a.forms = append(a.forms, r.PostForm)
	}
	w.WriteHeader(a.status)
}

// last is what was delivered last.
func (a *fakeApp) last() url.Values {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.forms) == 0 {
		return nil
	}
	return a.forms[len(a.forms)-1]
}

// answer says with which status the app answers from now on.
func (a *fakeApp) answer(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.status = status
}

// fakeBackstage shows what it was given.
type fakeBackstage struct {
	mu    sync.Mutex
	scene Scene
	err   error
}

func (b *fakeBackstage) Look(context.Context) (Scene, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.scene, b.err
}

func (b *fakeBackstage) show(s Scene, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.scene, b.err = s, err
}

var _ Backstage = (*fakeBackstage)(nil)

// newStage opens a page; switches are those it offers.
func newStage(t *testing.T, switches ...Switch) *stage {
	t.Helper()
	return newStageWithin(t, requestLimit, switches...)
}

// newStageWithin opens a page on a server that gives up on requests after a while.
func newStageWithin(t *testing.T, limit time.Duration, switches ...Switch) *stage {
	t.Helper()
	s := &stage{slack: slacklike.New(slacklike.Options{}), clock: NewClock(nil), app: &fakeApp{status: http.StatusOK}, scene: &fakeBackstage{}}
	Furnish(s.slack)
	s.slack.SetURL(serve(t, s.slack))
	s.slack.SetApp(serve(t, s.app))

	front := httptest.NewUnstartedServer(nil)
	var mu sync.Mutex
	var ticked []time.Time
	page, err := New(Options{
		Host: front.Listener.Addr().String(), Workspace: s.slack, Clock: s.clock, Backstage: s.scene, Switches: switches,
		Refresh: time.Millisecond,
		Tick: func(context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			ticked = append(ticked, s.clock.Now())
			return nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	front.Config.Handler = page
	front.Config.ReadTimeout, front.Config.WriteTimeout = limit, limit
	front.Start()
	t.Cleanup(front.Close)
	t.Cleanup(page.Close)
	s.Server, s.url = page, front.URL
	s.ticks = func() []time.Time { mu.Lock(); defer mu.Unlock(); return ticked }
	return s
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// request makes a request as the page's own script makes it; edit may spoil it.
func (s *stage) request(t *testing.T, method, path, body string, edit func(*http.Request)) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if method != http.MethodGet {
		r.Header.Set("Origin", s.url)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set(tokenHeader, s.token)
	}
	if edit != nil {
		edit(r)
	}
	return r
}

// do sends a request and gives the status, headers and body of its answer.
func do(t *testing.T, r *http.Request) (int, http.Header, string) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, string(body)
}

// ask has the page do something and gives the error it would show, "" for none.
func (s *stage) ask(t *testing.T, act string, r request) string {
	t.Helper()
	body, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	status, _, text := do(t, s.request(t, http.MethodPost, "/page/"+act, string(body), nil))
	if status == http.StatusOK {
		return ""
	}
	var answer struct{ Error string }
	if err := json.Unmarshal([]byte(text), &answer); err != nil || answer.Error == "" {
		t.Fatalf("%s answered %d with no words: %q", act, status, text)
	}
	return answer.Error
}

// post has the bot post a message and gives its ts.
func (s *stage) post(t *testing.T, channel, text, blocks string) string {
	t.Helper()
	return s.api(t, "chat.postMessage", url.Values{"channel": {channel}, "text": {text}, "blocks": {blocks}})
}

func (s *stage) api(t *testing.T, method string, args url.Values) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.slack.APIURL()+method, strings.NewReader(args.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Authorization", "Bearer "+s.slack.Token())
	_, _, body := do(t, r)
	var answer struct {
		OK bool
		TS string
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil || !answer.OK {
		t.Fatalf("%s: %s", method, body)
	}
	return answer.TS
}
