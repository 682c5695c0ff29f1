package manager_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/testbed"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

const key = "Idempotency-Key"

// TestScopes says for every route who may and who may not. What a caller may not know of looks like what is
// not there.
func TestScopes(t *testing.T) {
	t.Parallel()
	verbs := func(name string, v ...grant.Verb) grant.Row {
		return grant.Row{Name: name, Clusters: []string{"a"}, Verbs: v}
	}
	r := newRig(t, rigOptions{clusters: []string{"a", "b"}, grants: []grant.Row{
		everything("all-of-a", "a"), everything("everywhere", "*"), verbs("reader", grant.Read), verbs("starter", grant.Start),
		verbs("stopper", grant.Stop), verbs("joiner", grant.Join), verbs("extender", grant.Extend), verbs("capless", grant.ExtendPastCap),
		{Name: "late", Clusters: []string{"a"}, Verbs: grant.Verbs(), Expires: testbed.NewClock().Now()},
	}})
	r.tokens["nobody"], _ = grant.NewToken()
	tests := []struct {
		name, who, method, path, body string
		status                        int
		problem                       string
	}{
		{"no_token", "", "GET", "/v1/clusters/a", "", 401, "unauthorized"},
		{"unknown_token", "nobody", "GET", "/v1/clusters/a", "", 401, "unauthorized"},
		{"expired", "late", "GET", "/v1/clusters/a", "", 401, "unauthorized"},
		{"unknown_route_without_token", "", "GET", "/v1/secrets", "", 401, "unauthorized"},
		{"read", "reader", "GET", "/v1/clusters/a", "", 200, ""},
		{"read_list", "reader", "GET", "/v1/clusters", "", 200, ""},
		{"read_history", "reader", "GET", "/v1/clusters/a/history", "", 200, ""},
		{"read_events", "reader", "GET", "/v1/clusters/a/events", "", 200, ""},
		{"read_out_of_scope", "reader", "GET", "/v1/clusters/b", "", 404, "not-found"},
		{"read_nothing", "reader", "GET", "/v1/clusters/c", "", 404, "not-found"},
		{"history_out_of_scope", "reader", "GET", "/v1/clusters/b/history", "", 404, "not-found"},
		{"events_out_of_scope", "reader", "GET", "/v1/clusters/b/events", "", 404, "not-found"},
		{"stream_out_of_scope", "reader", "GET", "/v1/clusters/b/stream", "", 404, "not-found"},
		{"stream_without_verb", "starter", "GET", "/v1/clusters/a/stream", "", 403, "forbidden"},
		{"starter_cannot_read", "starter", "GET", "/v1/clusters/a", "", 403, "forbidden"},
		{"history_without_verb", "stopper", "GET", "/v1/clusters/a/history", "", 403, "forbidden"},
		{"events_without_verb", "stopper", "GET", "/v1/clusters/a/events", "", 403, "forbidden"},
		{"reader_cannot_start", "reader", "POST", "/v1/clusters/a/start", "{}", 403, "forbidden"},
		{"start_out_of_scope", "all-of-a", "POST", "/v1/clusters/b/start", "{}", 404, "not-found"},
		{"start_nothing", "everywhere", "POST", "/v1/clusters/c/start", "{}", 404, "not-found"},
		{"starter_cannot_stop", "starter", "POST", "/v1/clusters/a/stop", `{"generation":1}`, 403, "forbidden"},
		{"stop_out_of_scope", "all-of-a", "POST", "/v1/clusters/b/stop", `{"generation":1}`, 404, "not-found"},
		{"stop_of_no_session", "stopper", "POST", "/v1/clusters/a/stop", `{"generation":1}`, 409, "generation-mismatch"},
		{"joiner_cannot_extend", "joiner", "POST", "/v1/clusters/a/extend", "{}", 403, "forbidden"},
		{"extender_cannot_join", "extender", "POST", "/v1/clusters/a/join", "{}", 403, "forbidden"},
		{"extend_past_cap_needs_its_verb", "extender", "POST", "/v1/clusters/a/extend", `{"past_cap":true}`, 403, "forbidden"},
		{"past_cap_is_no_extend", "capless", "POST", "/v1/clusters/a/extend", "{}", 403, "forbidden"},
		{"capless_may_past_cap", "capless", "POST", "/v1/clusters/a/extend", `{"past_cap":true}`, 409, "generation-mismatch"},
		{"behalf_needs_its_verb", "starter", "POST", "/v1/clusters/a/start", `{"on_behalf_of":"U0ANA"}`, 403, "forbidden"},
		{"approver_needs_its_verb", "stopper", "POST", "/v1/clusters/a/stop", `{"generation":1,"approver":"U0BO"}`, 403, "forbidden"},
		{"behalf_of_no_person", "all-of-a", "POST", "/v1/clusters/a/start", `{"on_behalf_of":"root"}`, 422, "invalid-request"},
		{"nothing_of_the_launch", "all-of-a", "POST", "/v1/clusters/a/start", `{"run_job_flow":{}}`, 422, "invalid-request"},
		{"stop_needs_a_generation", "all-of-a", "POST", "/v1/clusters/a/stop", `{}`, 422, "invalid-request"},
		{"negative_hours", "all-of-a", "POST", "/v1/clusters/a/start", `{"hours":-1}`, 422, "invalid-request"},
		{"no_json", "all-of-a", "POST", "/v1/clusters/a/start", `{`, 400, "invalid-request"},
		{"unknown_query", "all-of-a", "GET", "/v1/clusters/a?x=1", "", 422, "invalid-request"},
		{"too_large", "all-of-a", "POST", "/v1/clusters/a/start", `{"purpose":"` + strings.Repeat("x", httpapi.MaxBody) + `"}`, 413, "too-large"},
		{"unknown_path", "", "GET", "/metrics", "", 404, "not-found"},
		{"document", "", "GET", "/openapi.json", "", 200, ""},
		{"health", "", "GET", "/healthz", "", 200, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := r.ask(r.tokens[tt.who], tt.method, tt.path, tt.body, key, "scope-"+tt.name)
			if a.status != tt.status || a.problem() != tt.problem {
				t.Errorf("%d %q, want %d %q; it says %.200s", a.status, a.problem(), tt.status, tt.problem, a.body)
			}
			if tt.problem != "" && a.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("content type %q", a.header.Get("Content-Type"))
			}
		})
	}
	t.Cleanup(func() {
		if n := len(r.emr.Clusters()); n != 0 {
			t.Errorf("%d clusters were launched", n)
		}
	})
}

// TestOutOfScopeLooksUnknown compares the two answers byte by byte, and the list.
func TestOutOfScopeLooksUnknown(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{clusters: []string{"a", "b"}, grants: []grant.Row{everything("of-a", "a")}})
	there := r.ask(r.tokens["of-a"], http.MethodGet, "/v1/clusters/b", "")
	nowhere := r.ask(r.tokens["of-a"], http.MethodGet, "/v1/clusters/c", "")
	there.header.Del("Date")
	nowhere.header.Del("Date")
	if diff := cmp.Diff(there, nowhere, cmp.AllowUnexported(answer{})); diff != "" {
		t.Error(diff)
	}
	list := r.ask(r.tokens["of-a"], http.MethodGet, "/v1/clusters", "")
	if strings.Contains(list.body, `"b"`) || !strings.Contains(list.body, `"a"`) {
		t.Errorf("the list shows %s", list.body)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "*"), everything("n", "*")}})
	start := func(who, k, body string) answer {
		headers := []string{}
		if k != "" {
			headers = []string{key, k}
		}
		return r.ask(r.tokens[who], http.MethodPost, "/v1/clusters/exploration/start", body, headers...)
	}
	steps := []struct {
		name, who, key, body string
		status               int
		problem, want        string
	}{
		{"missing", "m", "", "{}", 400, "idempotency-key-missing", ""},
		{"first", "m", "k-1", `{"hours":2}`, 202, "", `"generation":1`},
		{"again", "m", "k-1", `{"hours":2}`, 202, "", `"known":true`},
		{"another_request", "m", "k-1", `{"hours":3}`, 422, "idempotency-key-reused", ""},
		{"anothers_key", "n", "k-1", `{"hours":3}`, 200, "", `"result":"joined"`},
		{"another_key", "m", "k-2", `{}`, 200, "", `"result":"joined"`},
	}
	for _, tt := range steps { // in order: each stands on the ones before
		if a := start(tt.who, tt.key, tt.body); a.status != tt.status || a.problem() != tt.problem || !strings.Contains(a.body, tt.want) {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
		}
	}
	if n := r.emr.Calls("RunJobFlow"); n != 1 {
		t.Errorf("%d launches", n)
	}
	records, err := r.store.List(t.Context(), lifecycle.Query{Partition: lifecycle.AuditKey("exploration", "").Partition})
	if err != nil || len(records) != 3 {
		t.Errorf("%d audit records, %v", len(records), err)
	}
	for _, rec := range records {
		var a lifecycle.Attempt
		if err := json.Unmarshal(rec.Value, &a); err != nil || a.What != "start" || a.Who != "m" && a.Who != "n" || !a.Allowed {
			t.Errorf("audit %s", rec.Value)
		}
	}
}

func TestPacedRecordsNothing(t *testing.T) {
	t.Parallel()
	names := []string{"c0", "c1", "c2", "c3", "c4", "c5"}
	r := newRig(t, rigOptions{clusters: names, grants: []grant.Row{everything("m", "*")}})
	r.tick()
	start := func(name string) answer {
		return r.ask(r.tokens["m"], http.MethodPost, "/v1/clusters/"+name+"/start", "{}", key, "k-"+name)
	}
	for _, name := range names[:5] {
		if a := start(name); a.status != http.StatusAccepted {
			t.Fatalf("%s: %d %s", name, a.status, a.body)
		}
	}
	a := start("c5")
	if a.status != http.StatusServiceUnavailable || a.problem() != "launch-paced" || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s %v", a.status, a.body, a.header)
	}
	r.clock.Move(10 * time.Second)
	if a := start("c5"); a.status != http.StatusAccepted || strings.Contains(a.body, `"launched","known"`) {
		t.Errorf("with a slot: %d %s", a.status, a.body)
	}
}

// TestDryRun says that a preview is what a launch then sends, and that it launches nothing.
func TestDryRun(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "*")}})
	a := r.ask(r.tokens["m"], http.MethodPost, "/v1/clusters/exploration/start?dry_run=true", `{"hours":3}`)
	var out httpapi.Answer
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status != http.StatusOK || out.Preview == nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if n := r.emr.Calls("RunJobFlow"); n != 0 || out.Result != lifecycle.Launched || out.Cluster.Phase != lifecycle.Down {
		t.Errorf("%d launches; %+v", n, out)
	}
	if c := out.Preview.Cost; c.AtMost < 3*c.PerHourMax || c.PerHourMax == 0 {
		t.Errorf("cost %+v", c)
	}
	sent := make(chan []byte, 1)
	r.aws.HTTPClient.(*http.Client).Transport = tap{r.emr, sent}
	if _, err := r.client("m", "exploration").Start(t.Context(), lifecycle.StartInput{Op: op("start-1", 0)}); err != nil {
		t.Fatal(err)
	}
	var want, got any
	if err := json.Unmarshal(<-sent, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Preview.RunJobFlow, &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sent -, previewed +:\n%s", diff)
	}
	if a := r.ask(r.tokens["m"], http.MethodPost, "/v1/clusters/exploration/start?dry_run=true", `{}`); !strings.Contains(a.body, `"result":"joined"`) {
		t.Errorf("with a session: %s", a.body)
	}
}

// What is odd about a cluster file is told with its cluster, and before a launch.
func TestFindings(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "*")}})
	r.write("exploration.json", strings.Replace(fileOf("exploration"), `"m6g.xlarge": 0.19`, `"m5.xlarge": 0.19`, 1))
	if err := r.fleet.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"$.run_job_flow.LogUri: is absent: the logs of a failed start are lost with the cluster", "$.rates.per_hour: has no rate for m6g.xlarge",
	}
	var out httpapi.Answer
	a := r.ask(r.tokens["m"], http.MethodPost, "/v1/clusters/exploration/start?dry_run=true", `{}`)
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || out.Preview == nil {
		t.Fatalf("%d %s", a.status, a.body)
	}
	c, err := r.client("m", "exploration").Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]string{want, want}, [][]string{out.Preview.Findings, c.Findings}); diff != "" {
		t.Error(diff)
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "*"), everything("n", "*")}, limit: grant.Limit{Burst: 2, PerSecond: 1}})
	get := func(who string) answer { return r.ask(r.tokens[who], http.MethodGet, "/v1/clusters", "") }
	for range 2 {
		if a := get("m"); a.status != http.StatusOK {
			t.Fatalf("%d %s", a.status, a.body)
		}
	}
	if a := get("m"); a.status != http.StatusTooManyRequests || a.problem() != "rate-limited" || a.header.Get("Retry-After") != "1" {
		t.Errorf("%d %s %v", a.status, a.body, a.header)
	}
	if a := get("n"); a.status != http.StatusOK {
		t.Errorf("another caller: %d", a.status)
	}
	r.clock.Move(time.Second)
	if a := get("m"); a.status != http.StatusOK {
		t.Errorf("a second later: %d", a.status)
	}
}

func TestGrantsReload(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "*")}})
	status := func(token string) int { return r.ask(token, http.MethodGet, "/v1/clusters", "").status }
	r.write("grants", "{")
	r.grants.Reload()
	if got := status(r.tokens["m"]); got != http.StatusOK {
		t.Errorf("after a bad file: %d", got)
	}
	r.write("grants", `{"grants":[]}`)
	r.grants.Reload()
	if got := status(r.tokens["m"]); got != http.StatusUnauthorized {
		t.Errorf("after it was taken away: %d", got)
	}
}
