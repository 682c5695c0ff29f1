package awsemr_test

import (
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/emr"

	"showtime/internal/emrsim"
	"showtime/lifecycle/awsemr"
)

// Every call that reached EMR is told of, a repeated one too, and which of them it refused for being too many.
func TestObserve(t *testing.T) {
	t.Parallel()
	sim := emrsim.New(emrsim.Options{Now: time.Now, NewID: func() string { return "j-1" }, Timing: emrsim.LikeEMR()})
	server := httptest.NewServer(sim)
	t.Cleanup(server.Close)
	var told []string
	observed := emr.New(client(server.URL).Options(), awsemr.Observe(func(operation string, throttled bool) {
		if throttled {
			operation += " throttled"
		}
		told = append(told, operation)
	}))
	sim.Inject(emrsim.Fault{Op: "ListClusters", Times: 1, Err: emrsim.Throttled()})
	sim.Inject(emrsim.Fault{Op: "ListClusters", Times: 1, Err: emrsim.Broken()})
	e := awsemr.New(observed, parse(t, example(t)), "test")
	if _, err := e.List(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Describe(t.Context(), "j-UNKNOWN"); err == nil {
		t.Error("it describes what is not there")
	}
	if want := []string{"ListClusters throttled", "ListClusters", "ListClusters", "DescribeCluster"}; !slices.Equal(told, want) {
		t.Errorf("told of %v, want %v", told, want)
	}
}
