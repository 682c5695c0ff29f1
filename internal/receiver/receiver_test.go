package receiver_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/receiver"
)

const secret = "8f742231b10e8888abcd99yyyzzz85a5"

// sender is a queue that remembers.
type sender struct {
	err   error
	block bool
	panic any

	mu   sync.Mutex
	sent []queue.Message
}

func (s *sender) Send(ctx context.Context, m queue.Message) error {
	if s.panic != nil {
		panic(s.panic)
	}
	if s.block {
		<-ctx.Done()
		return ctx.Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = append(s.sent, m)
	return s.err
}

func (s *sender) jobs(t *testing.T) []job.Job {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var jobs []job.Job
	for _, m := range s.sent {
		if err := m.Check(); err != nil {
			t.Error(err)
		}
		j, err := job.Decode(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		jobs = append(jobs, j)
	}
	return jobs
}

type secrets struct {
	now, refreshed []string
	err            error
	refreshes      int
}

func (s *secrets) Signing(context.Context) ([]string, error) { return s.now, s.err }

func (s *secrets) Refresh(context.Context) ([]string, error) {
	s.refreshes++
	if s.refreshed != nil {
		return s.refreshed, nil
	}
	return s.now, s.err
}

// house is a receiver and what stands around it.
type house struct {
	*receiver.Receiver
	queue   *sender
	secrets *secrets
	log     *bytes.Buffer
	now     time.Time
}

func build(tb testing.TB, change func(*receiver.Config)) *house {
	tb.Helper()
	h := &house{queue: &sender{}, secrets: &secrets{now: []string{secret}}, log: &bytes.Buffer{}, now: time.Unix(1531420618, 0)}
	c := receiver.Config{
		Secrets: h.secrets, Queue: h.queue, Phrases: events.DefaultPhrases(), Cluster: "exploration",
		Log: zerolog.New(h.log).Level(zerolog.InfoLevel), Now: func() time.Time { return h.now },
	}
	if change != nil {
		change(&c)
	}
	rc, err := receiver.New(c)
	if err != nil {
		tb.Fatal(err)
	}
	h.Receiver = rc
	return h
}

func sign(key, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

func request(path, mediaType, body string, at time.Time) *http.Request {
	r := httptest.NewRequestWithContext(context.Background(), http.MethodPost, path, strings.NewReader(body))
	stamp := strconv.FormatInt(at.Unix(), 10)
	r.Header.Set("Content-Type", mediaType)
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", sign(secret, stamp, body))
	return r
}

func (h *house) do(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func (h *house) post(path, body string) *httptest.ResponseRecorder {
	mediaType := "application/x-www-form-urlencoded"
	if strings.HasSuffix(path, "events") {
		mediaType = "application/json"
	}
	return h.do(request(path, mediaType, body, h.now))
}

func command(text string, change ...string) string {
	f := url.Values{
		"command": {"/emr"}, "text": {text}, "trigger_id": {"13.14.trigger"}, "user_id": {"U1"}, "channel_id": {"C1"}, "team_id": {"T1"},
		"api_app_id": {"A1"}, "response_url": {"https://hooks.slack.com/commands/T1/credential"}, "token": {"verification-token"},
	}
	for pair := range slices.Chunk(change, 2) {
		f.Set(pair[0], pair[1])
	}
	return f.Encode()
}

const clickJSON = `{"type":"block_actions","user":{"id":"U1","team_id":"T1"},"api_app_id":"A1","token":"verification-token",
"container":{"type":"message","message_ts":"1548261231.000200","channel_id":"C1","is_ephemeral":false},"trigger_id":"13.14.trigger",
"team":{"id":"T1"},"enterprise":null,"channel":{"id":"C1"},
"message":{"ts":"1548261231.000200","blocks":[{"type":"hologram","deep":[[{"x":1}]]},{"type":"actions","elements":[{"type":"button","action_id":"showtime:start"}]}]},
"state":{"values":{"b":{"showtime:purpose":{"type":"plain_text_input","value":"typed-text"}}}},
"response_url":"https://hooks.slack.com/actions/T1/credential",
"actions":[{"type":"button","action_id":"showtime:start","block_id":"b","value":"{\"v\":1,\"g\":7}"}]}`

func click(payload string) string { return url.Values{"payload": {payload}}.Encode() }

func said(text string) string {
	return `{"type":"event_callback","token":"verification-token","context_team_id":"T1","team_id":"T1","api_app_id":"A1","event_id":"Ev1","event":{"type":"message",
	"user":"U1","team":"T1","text":"` + text + `","ts":"1531420610.000005","channel":"C1","blocks":[{"type":"rich_text","elements":[{"type":"x"}]}]}}`
}

func TestQueuesAndAnswers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, body string
		kind             job.Kind
		group            string
		at               int64
	}{
		{"panel", "/slack/commands", command(""), job.Panel, "person/U1", 1531420618},
		{"command", "/slack/commands", command("start 4h"), job.Start, "cluster/exploration", 1531420618},
		{"row_24_click", "/slack/interactions", click(clickJSON), job.Start, "cluster/exploration", 1531420618},
		{"row_21_unknown_button", "/slack/interactions", click(strings.ReplaceAll(clickJSON, "showtime:start", "x")), job.Outdated, "person/U1", 1531420618},
		{"phrase", "/slack/events", said("It’s showtime!"), job.Start, "cluster/exploration", 1531420610},
		{"destroy_phrase", "/slack/events", said("That's a wrap!"), job.AskDestroy, "person/U1", 1531420610},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := build(t, nil)
			w := h.post(tt.path, tt.body)
			jobs := h.queue.jobs(t)
			if w.Code != http.StatusOK || w.Body.Len() != 0 || len(jobs) != 1 {
				t.Fatalf("status %d, body %q, %d jobs", w.Code, w.Body, len(jobs))
			}
			if j := jobs[0]; j.Kind != tt.kind || j.At.Unix() != tt.at || h.queue.sent[0].Group != tt.group || h.queue.sent[0].DedupeID != j.ID {
				t.Errorf("kind %q at %v, message %+v", j.Kind, j.At, h.queue.sent[0])
			}
			if n := strings.Count(h.log.String(), "\n"); n != 1 || !strings.Contains(h.log.String(), jobs[0].Ref) {
				t.Errorf("want one line with the reference:\n%s", h.log)
			}
		})
	}
}

func TestAnswersWithoutQueue(t *testing.T) {
	t.Parallel()
	const form, events = "application/json; charset=utf-8", "text/plain; charset=utf-8"
	tests := []struct {
		name, path, body string
		status           int
		mediaType, want  string
	}{
		{"help", "/slack/commands", command("help"), 200, form, "/emr status"},
		{"row_26_usage", "/slack/commands", command("<!channel> \u202e🎉" + strings.Repeat("x", 10000)), 200, form, "ephemeral"},
		{"row_25_other_command", "/slack/commands", command("", "command", "/other"), 200, form, "Unknown command"},
		{"row_27_ssl_check", "/slack/commands", "ssl_check=1&token=x&command=/emr&text=start", 200, "", ""},
		{"row_15_empty", "/slack/commands", "", 400, "", ""},
		{"row_15_empty_event", "/slack/events", "", 400, "", ""},
		{"row_18_bad_escape", "/slack/commands", "command=%zz", 400, "", ""},
		{"row_18_semicolon", "/slack/commands", "a=b;c=d", 400, "", ""},
		{"row_18_invalid_utf8", "/slack/commands", command("\xff"), 400, "", ""},
		{"row_18_nul", "/slack/commands", command("a\x00b"), 400, "", ""},
		{"row_18_invalid_utf8_event", "/slack/events", said("\xff"), 400, "", ""},
		{"row_19_no_payload", "/slack/interactions", "a=b", 400, "", ""},
		{"row_19_null", "/slack/interactions", click("null"), 400, "", ""},
		{"row_19_deep", "/slack/interactions", click(strings.Repeat("[", 20000)), 400, "", ""},
		{"row_20_martian", "/slack/interactions", click(`{"type":"martian"}`), 200, "", ""},
		{"row_54_view_closed", "/slack/interactions", click(`{"type":"view_closed","team":{"id":"T1"}}`), 200, "", ""},
		{"row_22_no_actions", "/slack/interactions", click(`{"type":"block_actions","actions":[]}`), 200, "", ""},
		{"link_button", "/slack/interactions", click(strings.ReplaceAll(clickJSON, "showtime:start", "showtime:open-notebook")), 200, "", ""},
		{"row_41_challenge", "/slack/events", `{"type":"url_verification","challenge":"3eZ<b>"}`, 200, events, "3eZ<b>"},
		{"row_42_unknown_event", "/slack/events", `{"type":"event_callback","event":{"type":"x"}}`, 200, "", ""},
		{"row_43_rate_limited", "/slack/events", `{"type":"app_rate_limited"}`, 200, "", ""},
		{"row_52_no_phrase", "/slack/events", said("hello"), 200, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := build(t, nil)
			w := h.post(tt.path, tt.body)
			if w.Code != tt.status || w.Header().Get("Content-Type") != tt.mediaType || !strings.Contains(w.Body.String(), tt.want) || (tt.want == "") != (w.Body.Len() == 0) {
				t.Errorf("status %d, type %q, body %q", w.Code, w.Header().Get("Content-Type"), w.Body)
			}
			if n := len(h.queue.sent); n != 0 {
				t.Errorf("%d jobs queued", n)
			}
		})
	}
}

func TestNoPhraseCostsNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]func(*receiver.Config){"ours": nil, "foreign": func(c *receiver.Config) { c.TeamID = "T2" }} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, c)
			if h.post("/slack/events", said("she said it's showtime! lol")); h.log.Len() != 0 || len(h.queue.sent) != 0 {
				t.Errorf("%d jobs, log:\n%s", len(h.queue.sent), h.log)
			}
		})
	}
}

func TestWhose(t *testing.T) {
	t.Parallel()
	both := func(c *receiver.Config) { c.TeamID, c.AppID = "T1", "A1" }
	swap := strings.NewReplacer
	tests := []struct {
		name       string
		config     func(*receiver.Config)
		path, body string
		want       int // jobs
	}{
		{"command", both, "/slack/commands", command(""), 1},
		{"row_25_command_of_another_app", both, "/slack/commands", command("", "api_app_id", "A2"), 0},
		{"command_without_app", both, "/slack/commands", command("", "api_app_id", ""), 0},
		{"row_28_command_of_another_team", both, "/slack/commands", command("", "team_id", "T2"), 0},
		{"command_without_team", both, "/slack/commands", command("", "team_id", ""), 0},
		{"click", both, "/slack/interactions", click(clickJSON), 1},
		{"row_28_click_team_null", both, "/slack/interactions", click(swap(`"team":{"id":"T1"}`, `"team":null`).Replace(clickJSON)), 1},
		{"click_of_another_app", both, "/slack/interactions", click(swap("A1", "A2").Replace(clickJSON)), 0},
		{"click_of_another_team", both, "/slack/interactions", click(swap("T1", "T2").Replace(clickJSON)), 0},
		{"row_29_guest", both, "/slack/interactions", click(swap(`"team_id":"T1"`, `"team_id":"T2"`).Replace(clickJSON)), 0},
		{"row_29_guest_no_team_set", nil, "/slack/interactions", click(swap(`"team_id":"T1"`, `"team_id":"T2"`).Replace(clickJSON)), 0},
		{"org_person", both, "/slack/interactions", click(swap(`"team_id":"T1"`, `"team_id":"E1"`, `"enterprise":null`, `"enterprise":{"id":"E1"}`).Replace(clickJSON)), 1},
		{"other_org_person", both, "/slack/interactions", click(swap(`"team_id":"T1"`, `"team_id":"E2"`, `"enterprise":null`, `"enterprise":{"id":"E1"}`).Replace(clickJSON)), 0},
		{"phrase", both, "/slack/events", said("It's showtime!"), 1},
		{"context_team_before_team", both, "/slack/events", swap(`"team_id":"T1","api`, `"team_id":"T9","api`).Replace(said("It's showtime!")), 1},
		{"authorization_before_team", both, "/slack/events", swap(`"context_team_id":"T1","team_id":"T1"`, `"team_id":"T9","authorizations":[{"team_id":"T1"}]`).Replace(said("It's showtime!")), 1},
		{"phrase_of_another_team", both, "/slack/events", swap(`"context_team_id":"T1"`, `"context_team_id":"T2"`).Replace(said("It's showtime!")), 0},
		{"phrase_without_team", both, "/slack/events", swap(`"context_team_id":"T1","team_id":"T1",`, ``).Replace(said("It's showtime!")), 0},
		{"phrase_of_another_app", both, "/slack/events", swap("A1", "A2").Replace(said("It's showtime!")), 0},
		{"foreign_author_no_team_set", nil, "/slack/events", swap(`"team":"T1"`, `"team":"T2"`).Replace(said("It's showtime!")), 0},
		{"nothing_known_no_team_set", nil, "/slack/commands", command("", "team_id", "", "api_app_id", ""), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := build(t, tt.config)
			w := h.post(tt.path, tt.body)
			if w.Code != http.StatusOK || w.Body.Len() != 0 || len(h.queue.sent) != tt.want {
				t.Errorf("status %d, body %q, %d jobs, want 200, none, %d", w.Code, w.Body, len(h.queue.sent), tt.want)
			}
			if tt.want == 0 && !strings.Contains(h.log.String(), `"why":"foreign"`) {
				t.Errorf("not counted:\n%s", h.log)
			}
		})
	}
	t.Run("handshakes_are_answered_to_everybody", func(t *testing.T) {
		t.Parallel()
		h := build(t, both)
		if w := h.post("/slack/events", `{"type":"url_verification","challenge":"c"}`); w.Body.String() != "c" {
			t.Errorf("challenge answered %q", w.Body)
		}
		if w := h.post("/slack/commands", "ssl_check=1"); w.Code != http.StatusOK || strings.Contains(h.log.String(), "foreign") {
			t.Errorf("ssl_check answered %d", w.Code)
		}
	})
}

func TestQueueDown(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, body string
		status           int
		want             string
	}{
		{"command_in_words", "/slack/commands", command("start"), 200, "/emr status"},
		{"click", "/slack/interactions", click(clickJSON), 503, ""},
		{"event", "/slack/events", said("It's showtime!"), 503, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := build(t, nil)
			h.queue.err = errors.New("queue is down")
			w := h.post(tt.path, tt.body)
			if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
				t.Errorf("status %d, body %q", w.Code, w.Body)
			}
		})
	}
}

// discard is a queue that takes everything.
type discard struct{}

func (discard) Send(context.Context, queue.Message) error { return nil }
