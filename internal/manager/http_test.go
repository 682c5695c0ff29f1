package manager_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

func op(id string, generation int64) lifecycle.Op {
	return lifecycle.Op{ID: id, Generation: generation}
}

// TestClientIsAManager leads a session through its life over real HTTP and compares, after every step, what
// the client says with what the lifecycle in process says of the same store.
func TestClientIsAManager(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("hunting", "exploration")}})
	c := r.client("hunting", "exploration")
	local, _ := r.fleet.Find("exploration")
	ctx := t.Context()
	same := func(step string) {
		t.Helper()
		want, err := local.Manager.State(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got, err := c.State(ctx)
		if err != nil {
			t.Fatalf("%s: %v", step, err)
		}
		if want.Session.Op != "" {
			want.Session.Op = "start-1" // the caller's own key comes back as it was sent
		}
		if want.Session.Stop != nil {
			stop := *want.Session.Stop
			stop.Op = "stop-1"
			want.Session.Stop = &stop
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-in process +over HTTP):\n%s", step, diff)
		}
	}
	result := func(step string, out lifecycle.Outcome, err error, want lifecycle.Result) {
		t.Helper()
		if err != nil || out.Result != want {
			t.Fatalf("%s: %q, %v; want %q", step, out.Result, err, want)
		}
	}
	same("before")
	start := lifecycle.StartInput{Op: op("start-1", 0), Length: 90 * time.Minute, Purpose: "looking\u202e around"}
	out, err := c.Start(ctx, start)
	result("start", out, err, lifecycle.Launched)
	same("started")
	if s := out.State.Session; s.Starter != "hunting" || s.Purpose != "looking around" || s.Length != 90*time.Minute || s.Generation != 1 {
		t.Errorf("session %+v", s)
	}
	out, err = c.Start(ctx, start)
	if result("again", out, err, lifecycle.Launched); !out.Known {
		t.Error("the second start with one key is not known")
	}
	r.up()
	same("up")
	out, err = c.Join(ctx, lifecycle.JoinInput{Op: op("join-1", 1)})
	result("join", out, err, lifecycle.NothingToDo)
	out, err = c.Extend(ctx, lifecycle.ExtendInput{Op: op("extend-1", 1), Step: 30 * time.Minute})
	result("extend", out, err, lifecycle.Extended)
	out, err = c.Extend(ctx, lifecycle.ExtendInput{Op: op("extend-2", 1), Step: 100 * time.Hour, PastCap: true})
	result("past cap", out, err, lifecycle.Extended)
	out, err = c.Extend(ctx, lifecycle.ExtendInput{Op: op("extend-3", 1)})
	result("capped", out, err, lifecycle.PastCap)
	out, err = c.Extend(ctx, lifecycle.ExtendInput{Op: op("extend-4", 9)})
	result("other session", out, err, lifecycle.OutOfDate)
	same("extended")
	out, err = c.Stop(ctx, lifecycle.StopInput{Op: op("stop-0", 7)})
	result("stop of another", out, err, lifecycle.OutOfDate)
	out, err = c.Stop(ctx, lifecycle.StopInput{Op: op("stop-1", 1), Reason: "done"})
	result("stop", out, err, lifecycle.StopBegun)
	out, err = c.Start(ctx, lifecycle.StartInput{Op: op("start-2", lifecycle.AnyGeneration)})
	result("start meanwhile", out, err, lifecycle.ShuttingDown)
	same("stopping")
	r.up()
	same("down")
	past, err := c.History(ctx, time.Time{}, 0)
	if err != nil || len(past) != 1 || past[0].Session.Stop.Reason != "done" || past[0].Phase != lifecycle.Down {
		t.Errorf("history %+v, %v", past, err)
	}
	if past, err = c.History(ctx, r.clock.Now(), 5); err != nil || len(past) != 0 {
		t.Errorf("history of the future %+v, %v", past, err)
	}
	if n := len(r.emr.Clusters()); n != 1 {
		t.Errorf("%d clusters were launched", n)
	}
	list, err := c.List(ctx)
	if err != nil || len(list.Clusters) != 1 || list.Clusters[0].Cluster.Generation != 1 || len(list.Clusters[0].Verbs) != 7 {
		t.Errorf("list %+v, %v", list, err)
	}
}

// TestBrokenClient says what a client makes of a manager that is not there or not itself.
func TestBrokenClient(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		http http.HandlerFunc
		want func(error) bool
		asks int
	}{
		{"gateway", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }, away, 3},
		{"nonsense", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("hello")) }, away, 3},
		{"empty", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) }, func(err error) bool { return err != nil }, 1},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, func(err error) bool { return err != nil && !away(err) }, 1},
		{"hangs_up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, away, 3},
		{
			"newer",
			func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(http.StatusServiceUnavailable)
				_ = json.NewEncoder(w).Encode(httpapi.NewProblem(httpapi.NewerRecord, ""))
			},
			func(err error) bool { return errors.Is(err, lifecycle.ErrNewer) }, 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			asks := 0
			carry := direct{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asks++
				tt.http(w, r)
			})}
			c, err := httpapi.NewClient(httpapi.ClientOptions{
				URL: "https://manager.test", Cluster: "exploration", Token: "t", Pause: time.Microsecond, Transport: recovering{carry},
			})
			if err != nil {
				t.Fatal(err)
			}
			if _, err = c.Start(t.Context(), lifecycle.StartInput{Op: op("start-1", 0)}); !tt.want(err) || asks != tt.asks {
				t.Errorf("%v after %d attempts, want %d", err, asks, tt.asks)
			}
		})
	}
}

// recovering turns a handler that hangs up into what a transport says.
type recovering struct{ direct }

func (d recovering) RoundTrip(r *http.Request) (w *http.Response, err error) {
	defer func() {
		if recover() != nil {
			w, err = nil, errors.New("connection reset by peer")
		}
	}()
	return d.direct.RoundTrip(r)
}

func away(err error) bool { return errors.Is(err, lifecycle.ErrAway) }

func TestTokenStaysSafe(t *testing.T) {
	t.Parallel()
	for url, ok := range map[string]bool{
		"https://manager.example.com": true, "http://127.0.0.1:8080": true, "http://localhost:1": true, "http://[::1]:1": true,
		"http://manager.example.com": false, "http://127.0.0.1.example.com": false, "ftp://127.0.0.1": false,
		"https://user:pw@manager.example.com": false, "https://manager.example.com/?q": false, "": false,
	} {
		_, err := httpapi.NewClient(httpapi.ClientOptions{URL: url, Cluster: "c", Token: "t"})
		if (err == nil) != ok {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := httpapi.NewClient(httpapi.ClientOptions{URL: "https://m", Cluster: "c"}); err == nil {
		t.Error("a client without any proof is made")
	}
}

// TestRecord says that what the caller must remember is written once the manager has answered, also when the
// first answer was lost.
func TestRecord(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("bot", "exploration")}})
	c := r.client("bot", "exploration")
	own := r.store
	c.Store, c.OnBehalf = own, true
	key := lifecycle.DedupeKey("bot", "job-1")
	in := lifecycle.StartInput{Op: op("job-1", 0)}
	in.By = "U0ANA"
	dies := true
	in.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		if dies {
			return errors.New("the process dies")
		}
		return tx.Insert(key, out.Result, time.Time{})
	}
	if _, err := c.Start(t.Context(), in); err == nil {
		t.Fatal("the outcome counts as recorded")
	}
	dies = false
	out, err := c.Start(t.Context(), in)
	if err != nil || out.Known || out.Result != lifecycle.Launched || out.State.Session.Starter != "U0ANA" {
		t.Fatalf("%+v, %v", out, err)
	}
	var kept lifecycle.Result
	if found, err := own.Get(t.Context(), key, &kept); err != nil || !found || kept != lifecycle.Launched {
		t.Errorf("recorded %q, %v, %v", kept, found, err)
	}
	if _, err := c.Start(t.Context(), in); !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("a third time: %v", err)
	}
	if n := len(r.emr.Clusters()); n != 1 {
		t.Errorf("%d clusters", n)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "exploration")}, poll: time.Millisecond})
	c := r.client("m", "exploration")
	none, err := c.Wait(t.Context(), 0, 5*time.Millisecond)
	if err != nil || len(none.Events) != 0 || none.Next != 0 {
		t.Fatalf("%+v, %v", none, err)
	}
	got := make(chan httpapi.Events, 1)
	go func() {
		e, err := c.Wait(context.WithoutCancel(t.Context()), 0, 20*time.Second)
		if err != nil {
			t.Error(err)
		}
		got <- e
	}()
	if _, err := c.Start(t.Context(), lifecycle.StartInput{Op: op("start-1", 0)}); err != nil {
		t.Fatal(err)
	}
	if e := <-got; len(e.Events) != 1 || e.Next == 0 || e.Events[0].Cluster.Desired != httpapi.DesiredUp {
		t.Errorf("%+v", e)
	}
	for _, bad := range []string{"wait=21s", "wait=-1s", "wait=soon", "after=-1"} {
		if a := r.ask(r.tokens["m"], http.MethodGet, "/v1/clusters/exploration/events?"+bad, ""); a.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d", bad, a.status)
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "exploration")}, poll: time.Millisecond})
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.server.URL+"/v1/clusters/exploration/stream", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	q.Header.Set("Authorization", "Bearer "+r.tokens["m"])
	w, err := r.server.Client().Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Body.Close() }()
	lines := bufio.NewScanner(w.Body)
	next := func() (e httpapi.Event) {
		t.Helper()
		for lines.Scan() {
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				if err := json.Unmarshal([]byte(data), &e); err != nil {
					t.Fatal(err)
				}
				return e
			}
		}
		t.Fatal("the stream ends")
		return e
	}
	if e := next(); e.Cluster.Phase != lifecycle.Down || w.Header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("begins with %+v", e)
	}
	if _, err := r.client("m", "exploration").Start(t.Context(), lifecycle.StartInput{Op: op("start-1", 0)}); err != nil {
		t.Fatal(err)
	}
	for e := next(); e.Cluster.Phase != lifecycle.Up; e = next() {
		if e.Cluster.Phase != lifecycle.Launching {
			t.Fatalf("then %+v", e)
		}
	}
}

// TestVerbs: the client learns what its own grant opens.
func TestVerbs(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{
		{Name: "reader", Clusters: []string{"exploration"}, Verbs: []grant.Verb{grant.Read, grant.Start}},
		{Name: "starter", Clusters: []string{"exploration"}, Verbs: []grant.Verb{grant.Start}},
		everything("stranger", "other"),
	}})
	tests := []struct {
		name  string
		want  []string
		found bool
	}{
		{"reader", []string{"read", "start"}, true},
		{"starter", []string{"start"}, true},
		{"stranger", nil, false},
	}
	for _, tt := range tests {
		got, found, err := r.client(tt.name, "exploration").Verbs(t.Context())
		if diff := cmp.Diff(tt.want, got); diff != "" || found != tt.found || err != nil {
			t.Errorf("%s: %t, %v; verbs (-want +got):\n%s", tt.name, found, err, diff)
		}
	}
	r.tokens["nobody"] = "showtime_made-up"
	if _, _, err := r.client("nobody", "exploration").Verbs(t.Context()); err == nil {
		t.Error("somebody without a grant has verbs")
	}
}
