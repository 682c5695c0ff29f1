package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"

	examples "showtime/clusters"
	"showtime/internal/config"
	"showtime/internal/emrsim"
	"showtime/internal/serve"
	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

// house is a lifecycle manager as a process of its own, between people and a simulated EMR in real time.
type house struct {
	t          *testing.T
	url, admin string
	token      string
}

// openHouse opens one on an EMR of this pace.
func openHouse(t *testing.T, timing emrsim.Timing, tickEvery time.Duration) *house {
	t.Helper()
	dir, h := t.TempDir(), &house{t: t}
	var n atomic.Int64
	emr := httptest.NewServer(emrsim.New(emrsim.Options{
		Now: time.Now, NewID: func() string { return fmt.Sprintf("j-SIM%010d", n.Add(1)) }, Timing: timing,
	}))
	t.Cleanup(emr.Close)
	clusters := t.TempDir()
	if err := os.WriteFile(filepath.Join(clusters, "exploration.json"), []byte(examples.Exploration()), 0o600); err != nil {
		t.Fatal(err)
	}
	var hash string
	h.token, hash = grant.NewToken()
	grants, err := json.Marshal(map[string]any{"grants": []grant.Row{{
		Name: "hunting", TokenSHA256: hash, Clusters: []string{"exploration"}, Verbs: []grant.Verb{grant.Read, grant.Start, grant.Stop},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "grants.json")
	if err := os.WriteFile(path, grants, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := serve.NewManager(t.Context(), serve.ManagerOptions{
		Config: config.Lifecycle{Installation: "test", Clusters: clusters, Grants: path, Data: dir},
		AWS:    wiring.Simulated(emr.URL), Now: time.Now, TickEvery: tickEvery, ReloadEvery: time.Hour, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	h.run(m)
	return h
}

// run serves until the test ends.
func (h *house) run(m *serve.Manager) {
	h.t.Helper()
	var listeners []net.Listener
	for range 2 {
		l, err := listen(h.t.Context(), "test", "127.0.0.1:0")
		if err != nil {
			h.t.Fatal(err)
		}
		listeners = append(listeners, l)
	}
	h.url, h.admin = "http://"+listeners[0].Addr().String(), "http://"+listeners[1].Addr().String()
	ctx, stop := context.WithCancel(context.WithoutCancel(h.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx, listeners[0], listeners[1]) }()
	h.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			h.t.Error(err)
		}
		if err := m.Close(); err != nil {
			h.t.Error(err)
		}
	})
}

func (h *house) cluster(url, token string, args ...string) (code int, out, errs string) {
	h.t.Helper()
	environment := map[string]string{"SHOWTIME_LIFECYCLE_URL": url, "SHOWTIME_LIFECYCLE_TOKEN": token}
	lookup := func(name string) (string, bool) { v, ok := environment[name]; return v, ok }
	var stdout, stderr bytes.Buffer
	code = run(h.t.Context(), program{lookup: lookup, out: &stdout, err: &stderr}, append([]string{"cluster"}, args...))
	return code, stdout.String(), stderr.String()
}

// TestCluster uses a manager from the command line, step by step.
func TestCluster(t *testing.T) {
	t.Parallel()
	h := openHouse(t, emrsim.Timing{Capacity: time.Hour}, time.Minute)
	nobody := "http://127.0.0.1:1"
	steps := []struct {
		name, url, token string
		args             []string
		code             int
		want             string
	}{
		{"nothing_said", h.url, h.token, nil, exitUsage, "usage: showtime cluster"},
		{"stop_without_generation", h.url, h.token, []string{"stop", "exploration"}, exitUsage, "usage: showtime cluster"},
		{"start_of_nothing_named", h.url, h.token, []string{"start", "--wait"}, exitUsage, "usage: showtime cluster"},
		{"no_manager", "", "", []string{"list"}, exitFault, "SHOWTIME_LIFECYCLE_URL"},
		{"list", h.url, h.token, []string{"list"}, exitOK, "exploration"},
		{"list_for_scripts", h.url, h.token, []string{"list", "--json"}, exitOK, `"name": "exploration"`},
		{"preview", h.url, h.token, []string{"start", "exploration", "--dry-run"}, exitOK, `"ReleaseLabel"`},
		{"too_long", h.url, h.token, []string{"start", "exploration", "--hours", "500"}, exitRefused, "bad-length"},
		{"start", h.url, h.token, []string{"start", "exploration", "--purpose", "case 4711"}, exitOK, "UP"},
		{"status", h.url, h.token, []string{"status", "exploration", "--json"}, exitOK, `"purpose": "case 4711"`},
		{"extend_is_not_granted", h.url, h.token, []string{"extend", "exploration"}, exitDenied, "lacks the verb extend"},
		{"stop_of_another", h.url, h.token, []string{"stop", "exploration", "--generation", "7"}, exitRefused, "out-of-date"},
		{"stop", h.url, h.token, []string{"stop", "exploration", "--generation", "1", "--json"}, exitOK, `"STOPPING"`},
		{"start_meanwhile", h.url, h.token, []string{"start", "exploration"}, exitRefused, "shutting-down"},
		{"unknown", h.url, h.token, []string{"status", "other"}, exitDenied, "no such cluster"},
		{"wrong_token", h.url, "showtime_wrong", []string{"list"}, exitDenied, "no valid credentials"},
		{"nobody_there", nobody, h.token, []string{"status", "exploration"}, exitAway, "does not answer"},
	}
	for _, tt := range steps { // in order: each stands on the ones before
		code, out, errs := h.cluster(tt.url, tt.token, tt.args...)
		if code != tt.code || !strings.Contains(out+errs, tt.want) {
			t.Errorf("%s: exit code %d, want %d; it prints\n%s%s", tt.name, code, tt.code, out, errs)
		}
	}
	if page := h.get("/metrics", h.admin); !strings.Contains(page, "showtime_clusters 1") {
		t.Errorf("metrics:\n%s", page)
	}
	if page := h.get("/metrics", h.url); strings.Contains(page, "showtime_clusters") {
		t.Error("metrics stand beside the API")
	}
	if page := h.get("/healthz", h.url); page != "ok\n" {
		t.Errorf("health %q", page)
	}
}

// TestClusterWait says that --wait tells of the way on stderr and ends when the cluster is what was asked for.
func TestClusterWait(t *testing.T) {
	t.Parallel()
	h := openHouse(t, emrsim.Timing{Capacity: 200 * time.Millisecond, Bootstrap: 200 * time.Millisecond}, 20*time.Millisecond)
	steps := []struct {
		args        []string
		way, result string
	}{
		{[]string{"start", "exploration", "--wait"}, "0s  UP", `"ready": true`},
		{[]string{"status", "exploration", "--wait"}, "", `"ready": true`},
		{[]string{"stop", "exploration", "--generation", "1", "--wait"}, "STOPPING", `"phase": "DOWN"`},
	}
	for _, tt := range steps { // in order
		code, out, errs := h.cluster(h.url, h.token, append(tt.args, "--json")...)
		if code != exitOK || !strings.Contains(errs, tt.way) || !strings.Contains(out, tt.result) {
			t.Errorf("%s: exit code %d\n%s%s", tt.args[0], code, out, errs)
		}
	}
}

// TestExit says what a script learns of each way to fail.
func TestExit(t *testing.T) {
	t.Parallel()
	refused := func(r lifecycle.Result) error { return &refusedError{lifecycle.Outcome{Result: r}} }
	tests := []struct {
		name string
		err  error
		code int
	}{
		{"done", nil, exitOK},
		{"fault", errors.New("x"), exitFault},
		{"refused", refused(lifecycle.OutOfDate), exitRefused},
		{"away", fmt.Errorf("x: %w", lifecycle.ErrAway), exitAway},
		{"no_token", httpapi.NewProblem(httpapi.Unauthorized, ""), exitDenied},
		{"no_verb", httpapi.NewProblem(httpapi.Forbidden, ""), exitDenied},
		{"no_cluster", httpapi.NewProblem(httpapi.NotFound, ""), exitDenied},
		{"paced", refused(lifecycle.Paced), exitPaced},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var said bytes.Buffer
			e := &errand{p: program{err: &said}}
			if code := e.exit(tt.err); code != tt.code || (said.Len() == 0) != (tt.err == nil) {
				t.Errorf("exit code %d, want %d; it says %q", code, tt.code, said.String())
			}
		})
	}
}

func (h *house) get(path, base string) string {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, base+path, http.NoBody)
	if err != nil {
		h.t.Fatal(err)
	}
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	var b bytes.Buffer
	if _, err := b.ReadFrom(w.Body); err != nil {
		h.t.Fatal(err)
	}
	return b.String()
}

// TestToken says that what token new prints is a grants file, and that its token opens it.
func TestToken(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	p := program{out: &stdout, err: &stderr}
	code := run(t.Context(), p, []string{"token", "new", "--name", "hunting", "--clusters", "a,b", "--verbs", "read,start", "--expires", "1h"})
	set, err := grant.Parse(stdout.Bytes())
	if code != exitOK || err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, stdout.String())
	}
	_, token, _ := strings.Cut(stderr.String(), "this once: ")
	token, _, _ = strings.Cut(token, "\n")
	g, ok := set.Token(token, time.Now())
	if !ok || g.Name != "hunting" || !g.May(grant.Start) || g.May(grant.Stop) || !g.Opens("b") || g.Opens("c") {
		t.Errorf("%+v, %v", g, ok)
	}
	if _, ok := set.Token(token, time.Now().Add(2*time.Hour)); ok || strings.Contains(stdout.String(), token) {
		t.Error("it does not expire, or stands in the file")
	}
	for _, bad := range [][]string{{"new"}, {"old"}, {"new", "--name", "Hunting", "--clusters", "a"}, {"new", "--name", "h", "--clusters", "a", "--verbs", "own"}} {
		if code := run(t.Context(), p, append([]string{"token"}, bad...)); code != exitUsage {
			t.Errorf("%v: exit code %d", bad, code)
		}
	}
}

func TestRow(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	row(&b, httpapi.Cluster{Name: "a", Desired: "down", Phase: "DOWN", Cost: httpapi.Cost{Known: true, Currency: "USD", SoFarMax: 1.5}})
	if got := b.String(); got != "a\tdown\tDOWN\tfalse\t0\t-\t-\t≈ 1.50 USD\n" {
		t.Errorf("%q", got)
	}
}
