package socket_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/receiver"
	"showtime/internal/slacklike"
	"showtime/internal/socket"
)

// patience bounds every wait; what is waited for takes milliseconds.
const patience = 20 * time.Second

// world is a workspace, a queue that does as it is told, and the client between them.
type world struct {
	*testing.T
	slack  *slacklike.Workspace
	queue  *sender
	ahead  atomic.Int64 // Slack's time less real time
	token  atomic.Value // what is kept as the app-level token
	pauses chan time.Duration
	lines  chan string
	log    strings.Builder // what await has read
	client *socket.Client
	stop   context.CancelFunc
	ended  chan error
}

func (w *world) now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// Write is the log.
func (w *world) Write(line []byte) (int, error) {
	w.lines <- string(line)
	return len(line), nil
}

// open makes the world and runs the client in it.
func open(t *testing.T) *world {
	t.Helper()
	w := build(t)
	w.run()
	w.await("socket open")
	return w
}

func build(t *testing.T) *world {
	t.Helper()
	w := &world{T: t, queue: &sender{}, pauses: make(chan time.Duration, 100), lines: make(chan string, 1000), ended: make(chan error, 1)}
	w.slack = slacklike.New(slacklike.Options{TeamID: "T1", AppID: "A1"})
	server := httptest.NewServer(w.slack)
	t.Cleanup(server.Close)
	w.slack.SetURL(server.URL)
	w.slack.SetSocketMode(true)
	w.slack.AddUser(slacklike.User{ID: "U1", TeamID: "T1"})
	w.slack.AddChannel(slacklike.Channel{ID: "C1", Members: []string{"U1", "U0BOT"}})
	w.token.Store(w.slack.AppToken())
	log := zerolog.New(w)
	desk, err := receiver.NewDesk(receiver.Config{
		Queue: w.queue, Phrases: events.DefaultPhrases(), Cluster: "exploration", TeamID: "T1", AppID: "A1", Log: log, Now: w.now,
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := func(context.Context) (string, error) { return w.token.Load().(string), nil }
	w.client = socket.New(socket.Options{
		URL: w.slack.APIURL(), Token: kept, Refresh: kept, TokenName: "SLACK_APP_TOKEN", Desk: desk, Log: log, Now: w.now,
		Pause: func(ctx context.Context, d time.Duration) {
			select {
			case w.pauses <- d:
			case <-ctx.Done():
			}
		},
	})
	return w
}

// run runs the client until the test ends.
func (w *world) run() {
	ctx, stop := context.WithCancel(w.Context())
	w.stop = stop
	go func() { w.ended <- w.client.Run(ctx) }()
	w.Cleanup(func() {
		stop()
		w.slack.Break()
	})
}

// await reads the log up to a line that holds all words.
func (w *world) await(words ...string) string {
	w.Helper()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
next:
	for {
		select {
		case line := <-w.lines:
			w.log.WriteString(line)
			for _, word := range words {
				if !strings.Contains(line, word) {
					continue next
				}
			}
			return line
		case <-timeout.C:
			w.Fatalf("waited in vain for a line with %q in\n%s", words, &w.log)
		}
	}
}

// push sends an envelope with a payload.
func (w *world) push(id, kind, payload string) {
	w.Helper()
	w.frame(fmt.Sprintf(`{"envelope_id":%q,"type":%q,"accepts_response_payload":true,"payload":%s}`, id, kind, payload))
}

func (w *world) frame(frame string) {
	w.Helper()
	if err := w.slack.Push([]byte(frame)); err != nil {
		w.Fatal(err)
	}
}

// typed has the person type something, and gives what they then see of the app.
func (w *world) typed(text string) (slacklike.Delivery, string) {
	w.Helper()
	d, err := w.slack.Type(w.Context(), "U1", "C1", text, slacklike.TypeOptions{})
	if err != nil {
		w.Fatal(err)
	}
	seen := ""
	for _, m := range w.slack.Messages("C1", "U1") {
		if m.User != "U1" {
			seen = m.Text
		}
	}
	return d, seen
}

// settled waits for everything that came before, by a command whose answer comes after it, and gives all receipts but its own.
func (w *world) settled() []string {
	w.Helper()
	w.push("settled", "slash_commands", command("help"))
	w.await(`"kind":"help"`)
	var before []string
	for _, id := range w.acked("settled") {
		if id != "settled" {
			before = append(before, id)
		}
	}
	return before
}

// acked waits for a receipt and gives all there are.
func (w *world) acked(id string) []string {
	w.Helper()
	deadline := time.Now().Add(patience)
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for range look.C {
		all := w.slack.Acked()
		if slices.Contains(all, id) {
			return all
		}
		if time.Now().After(deadline) {
			w.Fatalf("no receipt for %s, only %q", id, all)
		}
	}
	return nil
}

func command(text string) string {
	return fmt.Sprintf(`{"command":"/emr","text":%q,"trigger_id":"13.14.trigger","user_id":"U1","channel_id":"C1","team_id":"T1",`+
		`"api_app_id":"A1","response_url":"https://hooks.slack.com/commands/T1/credential","is_enterprise_install":"false"}`, text)
}

func click(ts string) string {
	return `{"type":"block_actions","user":{"id":"U1","team_id":"T1"},"api_app_id":"A1","container":{"message_ts":"1548261231.000200",` +
		`"channel_id":"C1"},"trigger_id":"15.16.trigger","team":{"id":"T1"},"channel":{"id":"C1"},` +
		`"message":{"blocks":[{"type":"actions","elements":[{"type":"warp_drive"}]}]},"response_url":"https://hooks.slack.com/actions/T1/credential",` +
		`"actions":[{"type":"button","action_id":"showtime:start","action_ts":"` + ts + `","value":"{\"v\":1,\"g\":7}"}]}`
}

func said(text string) string {
	return `{"type":"event_callback","context_team_id":"T1","api_app_id":"A1","event_id":"Ev1","event":{"type":"message",` +
		`"user":"U1","team":"T1","text":"` + text + `","ts":"1531420610.000005","channel":"C1"}}`
}

// sender is a queue that remembers, fails when told to, and can be held.
type sender struct {
	mu   sync.Mutex
	sent []queue.Message
	down bool
	held chan struct{}
	came chan struct{}
}

func (s *sender) set(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// hold makes sendings wait for release; each tells came.
func (s *sender) hold() (came <-chan struct{}, release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	held := make(chan struct{})
	s.held, s.came = held, make(chan struct{}, 10)
	return s.came, sync.OnceFunc(func() { close(held) })
}

func (s *sender) Send(ctx context.Context, m queue.Message) error {
	s.mu.Lock()
	held, came := s.held, s.came
	s.mu.Unlock()
	if held != nil {
		came <- struct{}{}
		select {
		case <-held:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return errors.New("queue is down")
	}
	s.sent = append(s.sent, m)
	return nil
}

func (s *sender) jobs(t *testing.T) []job.Job {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var jobs []job.Job
	for _, m := range s.sent {
		j, err := job.Decode(m.Body)
		if err != nil {
			t.Fatal(err)
		}
		if m.DedupeID != j.ID {
			t.Errorf("job %s is queued as %s", j.ID, m.DedupeID)
		}
		jobs = append(jobs, j)
	}
	return jobs
}
