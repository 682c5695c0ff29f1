package emrsim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/emrsim"
)

const launch = `{"Name": "exploration", "ReleaseLabel": "emr-7.14.0", "ServiceRole": "s", "JobFlowRole": "j",
	"AutoTerminationPolicy": {"IdleTimeout": 3600},
	"Instances": {"KeepJobFlowAliveWhenNoSteps": true, "InstanceGroups": [{"InstanceRole": "MASTER", "InstanceType": "m6g.xlarge", "InstanceCount": 1}]}}`

type stage struct {
	*emrsim.Sim
	url    string
	start  time.Time
	now    time.Time
	events []string
}

func newStage(t *testing.T, quotas bool) *stage {
	t.Helper()
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	s, n := &stage{start: start, now: start}, 0
	s.Sim = emrsim.New(emrsim.Options{
		Now:    func() time.Time { return s.now },
		NewID:  func() string { n++; return fmt.Sprintf("j-%d", n) },
		Timing: emrsim.LikeEMR(),
		Quotas: quotas,
		Notice: func(event []byte) { s.events = append(s.events, string(event)) },
	})
	server := httptest.NewServer(s.Sim)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

// ask calls one operation and gives status and body.
func (s *stage) ask(t *testing.T, op, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Amz-Target", "ElasticMapReduce."+op)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	out, err := io.ReadAll(res.Body)
	if err != nil || res.Body.Close() != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(out)
}

func (s *stage) launch(t *testing.T) {
	t.Helper()
	if status, body := s.ask(t, "RunJobFlow", launch); status != http.StatusOK {
		t.Fatal(status, body)
	}
}

func (s *stage) at(d time.Duration) emrsim.Cluster {
	s.now = s.start.Add(d)
	return s.Clusters()[0]
}

func TestClustersWalkOnTheClock(t *testing.T) {
	t.Parallel()
	const boot, up = 90 * time.Second, 390 * time.Second
	for _, tt := range []struct {
		name   string
		script func(*stage)
		at     time.Duration
		state  string
		code   string
	}{
		{"starting", nil, boot - 1, "STARTING", ""},
		{"bootstrapping", nil, boot, "BOOTSTRAPPING", ""},
		{"waiting", nil, up, "WAITING", ""},
		{"bootstrap_fails", func(s *stage) { s.NextLaunch(emrsim.BootstrapFails) }, up, "TERMINATING", "BOOTSTRAP_FAILURE"},
		{"bootstrap_failed", func(s *stage) { s.NextLaunch(emrsim.BootstrapFails) }, up + boot, "TERMINATED_WITH_ERRORS", "BOOTSTRAP_FAILURE"},
		{"invalid_later", func(s *stage) { s.NextLaunch(emrsim.InvalidLater) }, time.Hour, "TERMINATED_WITH_ERRORS", "VALIDATION_ERROR"},
		{"no_capacity", func(s *stage) { s.NextLaunch(emrsim.NoCapacity) }, 100 * time.Hour, "STARTING", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, false)
			if tt.script != nil {
				tt.script(s)
			}
			s.launch(t)
			if c := s.at(tt.at); c.State != tt.state || c.ReasonCode != tt.code {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestReadyClustersEnd(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		script func(*stage)
		after  time.Duration
		state  string
		code   string
	}{
		{"from_outside", func(s *stage) { s.EndOutside("j-1") }, 2 * time.Minute, "TERMINATED", "USER_REQUEST"},
		{"instance", func(s *stage) { s.FailInstance("j-1") }, 2 * time.Minute, "TERMINATED_WITH_ERRORS", "INSTANCE_FAILURE"},
		{"idle_not_yet", func(s *stage) { s.GoIdle("j-1") }, time.Hour - 1, "WAITING", ""},
		{"idle", func(s *stage) { s.GoIdle("j-1") }, 2 * time.Hour, "TERMINATED", ""},
		{"never", func(s *stage) { s.NeverEnd("j-1"); s.EndOutside("j-1") }, 99 * time.Hour, "TERMINATING", "USER_REQUEST"},
		{"never_later", func(s *stage) { s.EndOutside("j-1"); s.NeverEnd("j-1") }, 99 * time.Hour, "TERMINATING", "USER_REQUEST"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t, false)
			s.launch(t)
			if c := s.at(10 * time.Minute); c.State != "WAITING" {
				t.Fatal(c.State)
			}
			tt.script(s)
			if c := s.at(10*time.Minute + tt.after); c.State != tt.state || c.ReasonCode != tt.code {
				t.Errorf("%+v", c)
			}
		})
	}
}

func TestEventsAreThoseThatEMRDocuments(t *testing.T) {
	t.Parallel()
	s := newStage(t, false)
	s.launch(t)
	s.at(time.Hour)
	s.EndOutside("j-1")
	s.now = s.now.Add(time.Hour)
	s.Look()
	var got []string
	for _, raw := range s.events {
		var e struct {
			Detail struct{ State, Severity, StateChangeReason string }
		}
		if err := json.Unmarshal([]byte(raw), &e); err != nil || !json.Valid([]byte(e.Detail.StateChangeReason)) {
			t.Fatal(raw, err)
		}
		got = append(got, e.Detail.State+" "+e.Detail.Severity+" "+e.Detail.StateChangeReason)
	}
	want := []string{
		`STARTING INFO {"code":""}`, `RUNNING INFO {"code":""}`, `WAITING INFO {"code":""}`,
		`TERMINATED INFO {"code":"USER_REQUEST","message":"Terminated by user request"}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestErrorsAreThoseOfTheService(t *testing.T) {
	t.Parallel()
	s := newStage(t, false)
	s.launch(t)
	s.Deny("j-1", true)
	for _, tt := range []struct{ op, body, want string }{
		{"RunJobFlow", `{}`, "ValidationException"},
		{"RunJobFlow", `{"Name": "x"}`, "instances"},
		{"RunJobFlow", strings.Replace(launch, "emr-7", "7", 1), "release label is invalid"},
		{"RunJobFlow", strings.Replace(launch, `"InstanceGroups"`, `"InstanceFleets": [{"InstanceFleetType": "MASTER"}], "InstanceGroups"`, 1), "mutually exclusive"},
		{"RunJobFlow", `[]`, "SerializationException"},
		{"DescribeCluster", `{"ClusterId": "j-9"}`, "NoSuchCluster"},
		{"DescribeCluster", `{"ClusterId": "j-9"}`, "Cluster id 'j-9' is not valid."},
		{"TerminateJobFlows", `{"JobFlowIds": ["j-9"]}`, "Specified job flow ID does not exist."},
		{"TerminateJobFlows", `{"JobFlowIds": ["j-1"]}`, "AccessDeniedException"},
		{"ListSteps", `{"ClusterId": "j-1"}`, "AccessDeniedException"},
		{"ListClusters", `{"ClusterStates": ["UP"]}`, "ValidationException"},
		{"DescribeEverything", `{}`, "UnknownOperationException"},
	} {
		if status, body := s.ask(t, tt.op, tt.body); status != http.StatusBadRequest || !strings.Contains(body, tt.want) {
			t.Errorf("%s %s: %d %s", tt.op, tt.body, status, body)
		}
	}
}

func TestListingsLag(t *testing.T) {
	t.Parallel()
	s := newStage(t, false)
	s.LagListings(2 * time.Minute)
	s.launch(t)
	if _, body := s.ask(t, "ListClusters", `{}`); strings.Contains(body, "j-1") {
		t.Error("listed at once")
	}
	if status, _ := s.ask(t, "DescribeCluster", `{"ClusterId": "j-1"}`); status != http.StatusOK {
		t.Error("a cluster is known by its id from the beginning")
	}
	s.now = s.now.Add(2 * time.Minute)
	if _, body := s.ask(t, "ListClusters", `{}`); !strings.Contains(body, "j-1") {
		t.Error("never listed")
	}
	s.Forget("j-1")
	if _, body := s.ask(t, "DescribeCluster", `{"ClusterId": "j-1"}`); !strings.Contains(body, "NoSuchCluster") {
		t.Error("not forgotten")
	}
}

func TestProtectionHoldsUntilLifted(t *testing.T) {
	t.Parallel()
	s := newStage(t, false)
	s.launch(t)
	s.ask(t, "SetTerminationProtection", `{"JobFlowIds": ["j-1"], "TerminationProtected": true}`)
	if status, body := s.ask(t, "TerminateJobFlows", `{"JobFlowIds": ["j-1"]}`); status != http.StatusBadRequest || !strings.Contains(body, "termination protected") {
		t.Error(status, body)
	}
	s.ask(t, "SetTerminationProtection", `{"JobFlowIds": ["j-1"], "TerminationProtected": false}`)
	s.ask(t, "TerminateJobFlows", `{"JobFlowIds": ["j-1"]}`)
	if c := s.at(0); c.State != "TERMINATING" {
		t.Error(c.State)
	}
}

func TestQuotasRefillOnTheClock(t *testing.T) {
	t.Parallel()
	s := newStage(t, true)
	refused := 0
	for range 12 {
		if _, body := s.ask(t, "RunJobFlow", launch); strings.Contains(body, "ThrottlingException") {
			refused++
		}
	}
	s.now = s.now.Add(2 * time.Second)
	if status, _ := s.ask(t, "RunJobFlow", launch); status != http.StatusOK || refused != 2 {
		t.Errorf("%d refused, then %d", refused, status)
	}
}

func TestALostReplyLeavesACluster(t *testing.T) {
	t.Parallel()
	s := newStage(t, false)
	s.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true})
	if status, _ := s.ask(t, "RunJobFlow", launch); status != 0 || len(s.Clusters()) != 1 || s.Calls("RunJobFlow") != 1 {
		t.Error("the reply was not lost, or the cluster not made")
	}
}

func TestDetailsOfACluster(t *testing.T) {
	t.Parallel()
	s := newStage(t, false)
	s.launch(t)
	s.at(time.Hour)
	for op, want := range map[string]string{
		"ListInstances": "i-", "ListInstanceGroups": `"RunningInstanceCount":1`, "ListSteps": `"Steps":[]`, "GetAutoTerminationPolicy": "3600",
	} {
		if status, body := s.ask(t, op, `{"ClusterId": "j-1"}`); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", op, status, body)
		}
	}
}
