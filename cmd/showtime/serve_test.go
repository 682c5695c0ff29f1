package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/test/serve"
)

// Everything that is wrong is said at once, variable by variable and for the cluster file path by path;
// then nothing starts.
func TestServe_says_everything_that_is_wrong(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Spawn(w.Environ(map[string]string{
		"SLACK_SIGNING_SECRET": "", "SLACK_BOT_TOKEN": "xoxp-wrong", "SHOWTIME_CHANNELS": "general", "SHOWTIME_ADMINS": "*",
		"SHOWTIME_LISTEN": "8080", "SHOWTIME_LIFECYCLE_URL": "http://lifecycle.example", "LOG_LEVEL": "loud",
		"SHOWTIME_CLUSTER": strings.Replace(testbed.ClusterFile, `"4h"`, `"four"`, 1),
	}), "serve")
	if code := p.Wait(); code != exitFault {
		t.Errorf("exit code %d", code)
	}
	log := p.Log.String()
	for _, part := range []string{
		"SLACK_SIGNING_SECRET: ", "SLACK_BOT_TOKEN: ", "SHOWTIME_CHANNELS: ", "SHOWTIME_ADMINS: ", "SHOWTIME_LISTEN: ",
		"SHOWTIME_LIFECYCLE_URL: ", "LOG_LEVEL: ", "SHOWTIME_CLUSTER: ", "lease.default",
	} {
		if !strings.Contains(log, part) {
			t.Errorf("%q is not said:\n%s", part, log)
		}
	}
	if strings.Contains(log, "xoxp-wrong") || strings.Contains(log, "serving") {
		t.Errorf("a value is repeated, or something started:\n%s", log)
	}
}

func TestServe_second_owner(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	first := w.Start(nil)
	began := time.Now()
	second := w.Spawn(w.Environ(nil), "serve")
	if code := second.Wait(); code != exitFault {
		t.Errorf("exit code %d", code)
	}
	if took := time.Since(began); took > 3*time.Second { // one for the lock, the rest for a busy machine
		t.Errorf("the second owner took %v to give up", took)
	}
	if log := second.Log.String(); !strings.Contains(log, w.Data) || !strings.Contains(log, "locked by another process") {
		t.Errorf("the lock is not named:\n%s", log)
	}
	if status, _ := first.Get(first.URL + "/healthz"); status != http.StatusOK {
		t.Errorf("the first owner answers %d", status)
	}
}

// Asked to stop, serve answers the request it has begun to read, finishes the job in hand, and exits 0.
func TestServe_stops_gracefully(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Start(nil)
	inHand, goOn := w.Hold("users.info")
	if d, err := w.Slack.Type(t.Context(), testbed.Ana, testbed.Team, "/emr", slacklike.TypeOptions{}); err != nil || d.Status != http.StatusOK {
		t.Fatalf("status %d, %v", d.Status, err)
	}
	<-inHand
	half := begin(t, w, p)

	p.Terminate()
	serve.Until(t, "a closed door", func() bool { return refused(t, p) })
	if status := half.finish(t); status != http.StatusOK {
		t.Errorf("the request in hand is answered %d", status)
	}
	goOn()
	if code := p.Wait(); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, p.Log)
	}
	if !strings.Contains(p.Log.String(), `"message":"stopped"`) {
		t.Errorf("the log does not end well:\n%s", p.Log)
	}
	if n := len(w.Slack.Calls(slacklike.ResponseURL)); n != 1 {
		t.Errorf("the job in hand was answered %d times", n)
	}
	w.Start(nil).Idle() // does what came too late for the first
	serve.Until(t, "an answer to the request in hand", func() bool { return len(w.Slack.Messages(testbed.Team, testbed.Raj)) > 0 })
}

// halfRequest is a signed request of which the process has read the headers only.
type halfRequest struct {
	conn net.Conn
	in   *bufio.Reader
	body string
}

// begin sends the headers of a command, and waits until the process asks for the body.
func begin(t *testing.T, w *serve.World, p *serve.Process) *halfRequest {
	t.Helper()
	team, app, _, _ := w.Slack.IDs()
	body := fmt.Sprintf("command=%%2Femr&text=status&user_id=%s&channel_id=%s&team_id=%s&api_app_id=%s&trigger_id=1.2.half",
		testbed.Raj, testbed.Team, team, app)
	at := strconv.FormatInt(time.Now().Unix(), 10)
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /slack/commands HTTP/1.1\r\nHost: showtime\r\nContent-Type: application/x-www-form-urlencoded\r\n"+
		"Content-Length: %d\r\nExpect: 100-continue\r\nX-Slack-Request-Timestamp: %s\r\nX-Slack-Signature: %s\r\n\r\n",
		len(body), at, slacklike.Sign(w.Slack.SigningSecret(), at, []byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	h := &halfRequest{conn, bufio.NewReader(conn), body}
	if line, err := h.in.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("got %q, %v, want 100 Continue", line, err)
	}
	return h
}

// finish sends the body and gives the status of the answer.
func (h *halfRequest) finish(t *testing.T) int {
	t.Helper()
	if _, err := h.conn.Write([]byte(h.body)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.in.ReadString('\n'); err != nil { // the empty line after 100 Continue
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(h.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// refused says whether the process takes no connection any more.
func refused(t *testing.T, p *serve.Process) bool {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		return true
	}
	_ = conn.Close()
	return false
}

// The metrics are on the operator's address only, and Slack's paths are not there.
func TestServe_admin(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Start(nil)
	if _, err := w.Slack.Type(t.Context(), testbed.Ana, testbed.Team, "/emr", slacklike.TypeOptions{}); err != nil {
		t.Fatal(err)
	}
	serve.Until(t, "a job done", func() bool { return p.Metric("showtime_jobs_done_total") == 1 })
	serve.Until(t, "the first tick", func() bool { return p.Metric("showtime_ticks_total") == 1 })
	p.Idle()
	for _, name := range []string{
		"showtime_jobs_failed_total", "showtime_ticks_failed_total", "showtime_queue_depth", "showtime_queue_oldest_age_seconds", "showtime_dead_letters",
	} {
		if got := p.Metric(name); got != 0 {
			t.Errorf("%s is %v", name, got)
		}
	}
	if age := p.Metric("showtime_last_tick_age_seconds"); age < 0 || age > 30 {
		t.Errorf("last tick was %v s ago", age)
	}
	for url, want := range map[string]int{
		p.URL + "/metrics": http.StatusNotFound, p.Admin + "/healthz": http.StatusNotFound, p.Admin + "/slack/commands": http.StatusNotFound,
		p.URL + "/healthz": http.StatusOK,
	} {
		if status, _ := p.Get(url); status != want {
			t.Errorf("%s answers %d, want %d", url, status, want)
		}
	}
}

// With everything behind it down, serve still starts, and its health names each part.
func TestServe_health_names_what_is_down(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Start(map[string]string{
		"SHOWTIME_QUEUE_URL": "http://127.0.0.1:1/000000000000/jobs.fifo", "SHOWTIME_TABLE": "showtime", "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
		"SLACK_SECRET_PATH": "/showtime/test", "SLACK_SIGNING_SECRET": "", "SLACK_BOT_TOKEN": "",
	})
	if status, body := p.Get(p.URL + "/healthz"); status != http.StatusServiceUnavailable || body != "queue\nsecret\nstore\n" {
		t.Errorf("health is %d %q", status, body)
	}
	p.Terminate()
	if code := p.Wait(); code != exitOK {
		t.Errorf("exit code %d:\n%s", code, p.Log)
	}
}
