package manager_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/rs/zerolog"

	"showtime/internal/clusterfile"
	"showtime/internal/emrsim"
	"showtime/internal/manager"
	"showtime/internal/metric"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
	"showtime/lifecycle/httpapi/server"
)

// direct carries requests to a handler without a network.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

// rig is a manager behind real HTTP, on a simulated EMR and a clock that stands until it is moved.
type rig struct {
	t      testing.TB
	dir    string
	clock  *testbed.Clock
	store  lifecycle.Store
	emr    *emrsim.Sim
	aws    aws.Config
	fleet  *manager.Fleet
	grants *manager.Grants
	server *httptest.Server
	tokens map[string]string // by grant name
	log    *testbed.Log
	done   chan struct{}
}

type rigOptions struct {
	clusters []string
	grants   []grant.Row // without proof: the rig makes tokens
	limit    grant.Limit
	quotas   bool
	store    func(now func() time.Time) lifecycle.Store
	poll     time.Duration
}

func everything(name string, clusters ...string) grant.Row {
	return grant.Row{Name: name, Clusters: clusters, Verbs: grant.Verbs()}
}

func fileOf(name string) string {
	return strings.Replace(testbed.ClusterFile, `"exploration"`, fmt.Sprintf("%q", name), 1)
}

func newRig(tb testing.TB, o rigOptions) *rig {
	tb.Helper()
	r := &rig{t: tb, dir: tb.TempDir(), clock: testbed.NewClock(), tokens: map[string]string{}, log: &testbed.Log{}, done: make(chan struct{})}
	if o.clusters == nil {
		o.clusters = []string{"exploration"}
	}
	for _, name := range o.clusters {
		r.write(name+".json", fileOf(name))
	}
	if o.store == nil {
		o.store = func(now func() time.Time) lifecycle.Store { return testbed.NewMemory(now) }
	}
	r.store = o.store(r.clock.Now)
	var n atomic.Int64
	r.emr = emrsim.New(emrsim.Options{
		Now: r.clock.Now, Quotas: o.quotas, Timing: emrsim.LikeEMR(), NewID: func() string { return fmt.Sprintf("j-SIM%010d", n.Add(1)) },
	})
	r.aws = aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String("http://emr.test"), HTTPClient: &http.Client{Transport: direct{r.emr}},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
	}
	log := zerolog.New(r.log)
	var err error
	r.fleet, err = manager.New(manager.Options{
		Dir: r.dir, Installation: "test", Store: r.store, Now: r.clock.Now, Log: log, Alarm: wiring.Alarm(log),
		Connect: func(f clusterfile.File) manager.EMR { return wiring.EMR(r.aws, f, "test", metric.Discard) },
	})
	if err != nil {
		tb.Fatal(err)
	}
	r.grant(o.grants...)
	r.serve(o, log)
	return r
}

// grant writes the grants file, with a token for each.
func (r *rig) grant(rows ...grant.Row) {
	r.t.Helper()
	for i := range rows {
		r.tokens[rows[i].Name], rows[i].TokenSHA256 = grant.NewToken()
	}
	data, err := json.Marshal(map[string]any{"grants": rows})
	if err != nil {
		r.t.Fatal(err)
	}
	r.write("grants", string(data))
	if r.grants, err = manager.NewGrants(filepath.Join(r.dir, "grants"), r.clock.Now, zerolog.New(r.log)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) serve(o rigOptions, log zerolog.Logger) {
	r.t.Helper()
	if o.limit == (grant.Limit{}) {
		o.limit = grant.Limit{Burst: 1e6, PerSecond: 1e6}
	}
	handler, err := server.New(server.Options{
		Fleet: r.fleet, Caller: func(q *http.Request) (grant.Grant, bool) { return r.grants.Bearer(q) }, Limit: o.limit, Now: r.clock.Now,
		Log: log, Stream: true, Poll: o.poll, Done: r.done,
	})
	if err != nil {
		r.t.Fatal(err)
	}
	r.server = httptest.NewServer(handler)
	r.t.Cleanup(r.server.Close)
	r.t.Cleanup(sync.OnceFunc(func() { close(r.done) }))
}

func (r *rig) write(name, text string) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) tick() {
	r.t.Helper()
	if err := r.fleet.Tick(r.t.Context()); err != nil {
		r.t.Fatal(err)
	}
}

// up moves time until a launched cluster is ready.
func (r *rig) up() {
	r.t.Helper()
	for range 9 {
		r.clock.Move(time.Minute)
		r.tick()
	}
}

func (r *rig) client(name, cluster string) *httpapi.Client {
	r.t.Helper()
	c, err := httpapi.NewClient(httpapi.ClientOptions{URL: r.server.URL, Cluster: cluster, Token: r.tokens[name], Pause: time.Millisecond})
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// answer is an HTTP answer, read.
type answer struct {
	status int
	header http.Header
	body   string
}

func (a answer) problem() string {
	var p httpapi.Problem
	if json.Unmarshal([]byte(a.body), &p) != nil {
		return ""
	}
	return strings.TrimPrefix(p.Type, "urn:showtime:problem:")
}

// ask sends a request as a machine that knows only the document would.
func (r *rig) ask(token, method, path, body string, headers ...string) answer {
	r.t.Helper()
	q, err := http.NewRequestWithContext(r.t.Context(), method, r.server.URL+path, strings.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		q.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		q.Header.Set(headers[i], headers[i+1])
	}
	w, err := r.server.Client().Do(q)
	if err != nil {
		r.t.Fatal(err)
	}
	data, err := io.ReadAll(w.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = w.Body.Close()
	return answer{status: w.StatusCode, header: w.Header, body: string(data)}
}
