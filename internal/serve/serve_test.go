package serve_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/queue"
	"showtime/internal/queue/embedded"
	"showtime/internal/serve"
	"showtime/internal/store/boltstore"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// build makes a server on an AWS that does not answer.
func build(t *testing.T, now func() time.Time, more map[string]string) *serve.Server {
	t.Helper()
	return buildLogging(t, now, more, io.Discard)
}

func buildLogging(t *testing.T, now func() time.Time, more map[string]string, log io.Writer) *serve.Server {
	t.Helper()
	env := map[string]string{
		"SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef", "SLACK_BOT_TOKEN": "xoxb-made-up", "SLACK_API_URL": "http://127.0.0.1:1/api/",
		"SHOWTIME_INSTALLATION": "test", "SHOWTIME_CLUSTER": testbed.ClusterFile, "SHOWTIME_CHANNELS": testbed.Team,
		"SHOWTIME_ADMINS": testbed.Bo, "SHOWTIME_DATA": t.TempDir(),
	}
	maps.Copy(env, more)
	settings, err := config.ReadServe(func(name string) (string, bool) { v, ok := env[name]; return v, ok }, false)
	if err != nil {
		t.Fatal(err)
	}
	server, err := serve.New(t.Context(), serve.Options{
		Config: settings, AWS: nobody, Now: now, Wire: now, TickEvery: time.Hour, Log: zerolog.New(log),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return server
}

// nobody is an AWS that does not answer, asked once.
func nobody(ctx context.Context) (aws.Config, error) {
	c, err := wiring.Simulated("http://127.0.0.1:1")(ctx)
	c.RetryMaxAttempts = 1
	return c, err
}

func metrics(t *testing.T, s *serve.Server) string {
	t.Helper()
	w := httptest.NewRecorder()
	s.Admin.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", http.NoBody))
	if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("status %d, %v", w.Code, w.Header())
	}
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	clock := testbed.NewClock()
	s := build(t, clock.Now, nil)
	clock.Move(90 * time.Second)
	if err := s.Tick(t.Context()); err == nil {
		t.Fatal("a tick without EMR succeeded")
	}
	got := metrics(t, s)
	for _, line := range []string{
		"# TYPE showtime_ticks_total counter\nshowtime_ticks_total 0\n", "\nshowtime_ticks_failed_total 1\n",
		"# TYPE showtime_last_tick_age_seconds gauge\nshowtime_last_tick_age_seconds 90\n",
		"\nshowtime_queue_depth 0\n", "\nshowtime_queue_oldest_age_seconds 0\n", "\nshowtime_dead_letters 0\n",
		"\nshowtime_jobs_done_total 0\n", "\nshowtime_jobs_failed_total 0\n",
	} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in:\n%s", line, got)
		}
	}
}

// The variables that name a queue and a table take the place of the files; SQS counts for itself.
func TestNew_with_queue_and_table_opens_no_files(t *testing.T) {
	t.Parallel()
	s := build(t, time.Now, map[string]string{
		"SHOWTIME_QUEUE_URL": "http://127.0.0.1:1/000000000000/jobs.fifo", "SHOWTIME_TABLE": "showtime",
	})
	if _, ok := s.Queue.(*embedded.Queue); ok {
		t.Error("the queue is the embedded one")
	}
	if _, ok := s.Store.(*boltstore.Store); ok {
		t.Error("the store is the embedded one")
	}
	if got := metrics(t, s); strings.Contains(got, "showtime_queue_") {
		t.Errorf("it counts a queue that is not its own:\n%s", got)
	}
}

// What has expired is gone from the file once it works: a Put keeps an expired record's name free.
func TestWork_sweeps(t *testing.T) {
	t.Parallel()
	clock := testbed.NewClock()
	s := build(t, clock.Now, nil)
	store := s.Store.(*boltstore.Store)
	key := lifecycle.DedupeKey("exploration", "job/old")
	err := store.Update(t.Context(), func(tx lifecycle.Tx) error {
		return tx.Insert(key, struct{}{}, clock.Now().Add(time.Hour))
	})
	if err != nil {
		t.Fatal(err)
	}
	clock.Move(2 * time.Hour)
	ctx, stop := context.WithCancel(t.Context())
	stop() // it sweeps at once, and then finds that it should end
	if err := s.Work(ctx); err != nil {
		t.Fatal(err)
	}
	clock.Move(-2 * time.Hour) // whoever turns back the clock sees what is still in the file
	if found, err := store.Get(t.Context(), key, &struct{}{}); found || err != nil {
		t.Errorf("the expired record is still there: %v, %v", found, err)
	}
}

// A request in hand is answered after the context has ended.
func TestHTTP_answers_what_it_has_accepted(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	began, goOn, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- serve.HTTP(ctx, l, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			close(began)
			<-goOn
			_, _ = io.WriteString(w, "done")
		}))
	}()
	answer := make(chan string, 1)
	go func() {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+l.Addr().String(), http.NoBody)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			answer <- err.Error()
			return
		}
		data, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		answer <- string(data)
	}()
	<-began
	stop()
	close(goOn)
	if got := <-answer; got != "done" {
		t.Errorf("the answer is %q", got)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// A job in whose hands the process died each time is put aside without anybody being told: the alarm tells.
func TestWork_raises_an_alarm_for_dead_letters(t *testing.T) {
	t.Parallel()
	var log testbed.Log
	dir := t.TempDir()
	q, err := embedded.Open(dir, time.Now, func(int) time.Duration { return time.Nanosecond })
	if err != nil {
		t.Fatal(err)
	}
	if err := q.Send(t.Context(), queue.Message{Body: []byte("{}"), Group: "g", DedupeID: "d"}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	received := 0
	err = q.Run(ctx, 1, func(context.Context, queue.Delivery) error {
		if received++; received == queue.MaxReceives {
			stop()
		}
		return errors.New("crash")
	})
	if err = errors.Join(err, q.Close()); err != nil {
		t.Fatal(err)
	}
	s := buildLogging(t, time.Now, map[string]string{"SHOWTIME_DATA": dir}, &log)
	over, end := context.WithCancel(t.Context())
	end() // one tick
	for range 2 {
		if err := s.Work(over); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), `"alarm":"dead-letters"`); n != 1 {
		t.Errorf("%d alarms:\n%s", n, log.String())
	}
}
