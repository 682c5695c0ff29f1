package awsemr_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/google/go-cmp/cmp"

	"showtime/internal/emrsim"
	"showtime/lifecycle"
	"showtime/lifecycle/awsemr"
)

// bench is the adapter with the real SDK client against the simulation over HTTP, on a clock at hand.
type bench struct {
	*awsemr.EMR
	sim *emrsim.Sim
	now time.Time
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	n := 0
	b.sim = emrsim.New(emrsim.Options{
		Now:    func() time.Time { return b.now },
		NewID:  func() string { n++; return fmt.Sprintf("j-%013d", n) },
		Timing: emrsim.LikeEMR(),
	})
	server := httptest.NewServer(b.sim)
	t.Cleanup(server.Close)
	b.EMR = awsemr.New(client(server.URL), parse(t, example(t)), "test")
	return b
}

// client retries reads as the SDK does, without its pauses.
func client(url string) *emr.Client {
	return emr.New(emr.Options{
		Region: "us-east-1", BaseEndpoint: &url,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "test"}, nil
		}),
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.Backoff = retry.BackoffDelayerFunc(func(int, error) (time.Duration, error) { return 0, nil })
		}),
	})
}

func (b *bench) launch(t *testing.T) string {
	t.Helper()
	id, err := b.Launch(t.Context(), lifecycle.Launch{Generation: 7, Requester: "U0ANNA"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestLaunchTagsTheClusterAndItIsDescribedReady(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	start := b.now
	id := b.launch(t)
	b.now = start.Add(10 * time.Minute)
	got, err := b.Describe(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if got.MasterDNS == "" {
		t.Error("no host name")
	}
	got.MasterDNS = ""
	want := lifecycle.Cluster{
		Summary: lifecycle.Summary{ID: id, Name: "exploration", State: lifecycle.EMRWaiting, CreatedAt: start},
		Tags: map[string]string{
			lifecycle.TagInstallation: "test", lifecycle.TagCluster: "exploration", lifecycle.TagGeneration: "7",
			lifecycle.TagRequester: "U0ANNA", "for-use-with-amazon-emr-managed-policies": "true",
		},
		ReadyAt: start.Add(6*time.Minute + 30*time.Second),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if second := b.launch(t); second == id || len(b.sim.Clusters()[1].Tags) != 5 {
		t.Error("a second launch does not start from the same file")
	}
}

func TestLaunchIsSentOnceWhateverBecomesOfTheReply(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fault emrsim.Fault
		made  int
	}{
		{"connection_broken", emrsim.Fault{Drop: true}, 1},
		{"500_after_acting", emrsim.Fault{Err: emrsim.Broken(), Acts: true}, 1},
		{"500", emrsim.Fault{Err: emrsim.Broken()}, 0},
		{"throttled", emrsim.Fault{Err: emrsim.Throttled()}, 0},
		{"throttled_after_acting", emrsim.Fault{Err: emrsim.Throttled(), Acts: true}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			tt.fault.Op, tt.fault.Times = "RunJobFlow", 1
			b.sim.Inject(tt.fault)
			id, err := b.Launch(t.Context(), lifecycle.Launch{Generation: 1, Requester: "U0ANNA"})
			if _, refused := errors.AsType[*lifecycle.Refusal](err); err == nil || refused || id != "" {
				t.Errorf("want an unclear outcome, got %q, %v", id, err)
			}
			if calls, made := b.sim.Calls("RunJobFlow"), len(b.sim.Clusters()); calls != 1 || made != tt.made {
				t.Errorf("%d calls made %d clusters", calls, made)
			}
		})
	}
}

func TestLaunchWhoseReplyComesTooLateIsUnclear(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	hold := make(chan struct{})
	t.Cleanup(func() { close(hold) })
	b.sim.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Hold: hold})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := b.Launch(ctx, lifecycle.Launch{Generation: 1, Requester: "U0ANNA"})
	if _, refused := errors.AsType[*lifecycle.Refusal](err); err == nil || refused || b.sim.Calls("RunJobFlow") != 1 {
		t.Error(err)
	}
}

func TestLaunchRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		err  *emrsim.Error
	}{
		{"invalid", emrsim.Invalid("Invalid InstanceProfile: EMR_EC2_Exploration.")},
		{"denied", emrsim.Denied("RunJobFlow")},
		{"bad_request", &emrsim.Error{Status: 400, Type: "InvalidRequestException", Message: "no"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.sim.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: tt.err})
			_, err := b.Launch(t.Context(), lifecycle.Launch{Generation: 1, Requester: "U0ANNA"})
			got, ok := errors.AsType[*lifecycle.Refusal](err)
			if !ok || got.Code != tt.err.Type || got.Message != tt.err.Message {
				t.Error(err)
			}
		})
	}
}

func TestLaunchSendsNothingForWhoeverMayNotStandInATag(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, l := range []lifecycle.Launch{
		{Generation: 1, Requester: ""},
		{Generation: 1, Requester: "Anna Example"},
		{Generation: 1, Requester: "U0anna"},
		{Generation: 1, Requester: "x\ny"},
		{Generation: 0, Requester: "U0ANNA"},
	} {
		_, err := b.Launch(t.Context(), l)
		if _, ok := errors.AsType[*lifecycle.Refusal](err); !ok {
			t.Errorf("%+v: %v", l, err)
		}
	}
	if n := b.sim.Calls("RunJobFlow"); n != 0 {
		t.Errorf("%d calls", n)
	}
	if _, err := b.Launch(t.Context(), lifecycle.Launch{Generation: 1, Requester: "nightly-batch"}); err != nil {
		t.Errorf("a grant's name: %v", err)
	}
}

func TestReadsAreRetried(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.launch(t)
	b.sim.Inject(emrsim.Fault{Op: "DescribeCluster", Times: 1, Drop: true})
	b.sim.Inject(emrsim.Fault{Op: "ListClusters", Times: 2, Err: emrsim.Broken()})
	if _, err := b.Describe(t.Context(), id); err != nil || b.sim.Calls("DescribeCluster") != 2 {
		t.Error(err)
	}
	if got, err := b.List(t.Context()); err != nil || len(got) != 1 || b.sim.Calls("ListClusters") != 3 {
		t.Error(got, err)
	}
}

func TestDescribeSaysWhatItsErrorMeans(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.launch(t)
	if _, err := b.Describe(t.Context(), "j-NOSUCHCLUSTER"); !errors.Is(err, lifecycle.ErrUnknownCluster) {
		t.Error(err)
	}
	b.sim.Deny(id, true)
	if _, err := b.Describe(t.Context(), id); !errors.Is(err, lifecycle.ErrDenied) {
		t.Error(err)
	}
	b.sim.Inject(emrsim.Fault{Times: 3, Err: emrsim.Throttled()})
	if _, err := b.Describe(t.Context(), id); !errors.Is(err, lifecycle.ErrThrottled) {
		t.Error(err)
	}
	b.sim.Inject(emrsim.Fault{Times: 3, Err: emrsim.Broken()})
	if _, err := b.Describe(t.Context(), id); err == nil || errors.Is(err, lifecycle.ErrUnknownCluster) {
		t.Error(err)
	}
}

func TestListGivesEveryLiveClusterFromEveryPage(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for range 120 {
		b.launch(t)
	}
	b.sim.EndOutside("j-" + fmt.Sprintf("%013d", 1))
	b.now = b.now.Add(2 * time.Minute)
	got, err := b.List(t.Context())
	if err != nil || len(got) != 119 || b.sim.Calls("ListClusters") != 3 {
		t.Errorf("%d clusters from %d calls, %v", len(got), b.sim.Calls("ListClusters"), err)
	}
}

func TestListThatBreaksOffIsNoShortList(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.launch(t)
	b.sim.Inject(emrsim.Fault{Op: "ListClusters", Times: 3, Err: emrsim.Throttled()})
	if got, err := b.List(t.Context()); got != nil || !errors.Is(err, lifecycle.ErrThrottled) {
		t.Error(got, err)
	}
}

func TestTerminate(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.launch(t)
	for i := range 2 {
		if err := b.Terminate(t.Context(), id); err != nil {
			t.Errorf("call %s: %v", strconv.Itoa(i+1), err)
		}
	}
	b.now = b.now.Add(5 * time.Minute)
	got, err := b.Describe(t.Context(), id)
	if err != nil || got.State != lifecycle.EMRTerminated || got.ReasonCode != "USER_REQUEST" || got.EndedAt.IsZero() {
		t.Error(got, err)
	}
	if err := b.Terminate(t.Context(), id); err != nil {
		t.Errorf("ended: %v", err)
	}
	if err := b.Terminate(t.Context(), "j-NOSUCHCLUSTER"); err != nil {
		t.Errorf("unknown: %v", err)
	}
}

func TestTerminateIsNotDoneWhenThatIsNotKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.EMR = awsemr.New(b.client(t), parse(t, changed(t, example(t), `"TerminationProtected": false`, `"TerminationProtected": true`)), "test")
	id := b.launch(t)
	if err := b.Terminate(t.Context(), id); err == nil {
		t.Error("a protected cluster passes for ended")
	}
	if err := b.Unprotect(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	b.sim.Inject(emrsim.Fault{Op: "TerminateJobFlows", Times: 1, Err: emrsim.Throttled()})
	before := b.sim.Calls("TerminateJobFlows")
	if err := b.Terminate(t.Context(), id); !errors.Is(err, lifecycle.ErrThrottled) || b.sim.Calls("TerminateJobFlows") != before+1 {
		t.Errorf("throttled: %v", err)
	}
	b.sim.Inject(emrsim.Fault{Op: "TerminateJobFlows", Times: 1, Err: emrsim.Invalid("Specified job flow ID does not exist.")})
	b.sim.Deny(id, true)
	if err := b.Terminate(t.Context(), id); err == nil {
		t.Error("a cluster that cannot be described passes for unknown")
	}
	b.sim.Deny(id, false)
	if err := b.Terminate(t.Context(), id); err != nil || b.sim.Clusters()[0].State != lifecycle.EMRTerminating {
		t.Error(err)
	}
}

func TestDescribeCarriesTheErrorDetails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.sim.NextLaunch(emrsim.BootstrapFails)
	id := b.launch(t)
	b.now = b.now.Add(time.Hour)
	got, err := b.Describe(t.Context(), id)
	if err != nil || got.State != lifecycle.EMRTerminatedWithErrors || got.ReasonCode != "BOOTSTRAP_FAILURE" || len(got.Details) != 1 || got.Details[0].Message == "" {
		t.Errorf("%+v %v", got, err)
	}
}

// client gives another client of the same simulation.
func (b *bench) client(t *testing.T) *emr.Client {
	t.Helper()
	server := httptest.NewServer(b.sim)
	t.Cleanup(server.Close)
	return client(server.URL)
}
