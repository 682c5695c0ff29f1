//go:build lambda

package lambda_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showtime/test/lambda"
)

func TestFaultsAreReportedAsLambdaDoes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, do, want string
	}{
		{"error", "fail", "errorString"},
		{"exit", "exit", "Runtime.ExitError"},
		{"timeout", "hang", "Sandbox.Timedout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := newSample(t, 2*time.Second)
			_, err := f.Invoke(t.Context(), order{Do: tt.do})
			var fault *lambda.FunctionError
			if !errors.As(err, &fault) || fault.Type != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if pid(t, f) == 0 { // and the next invocation is served all the same
				t.Error("no process answers after a fault")
			}
		})
	}
}

func pid(t *testing.T, f *lambda.Function) int {
	t.Helper()
	payload, err := f.Invoke(t.Context(), order{Do: "pid"})
	if err != nil {
		t.Fatal(err)
	}
	var id int
	if err := json.Unmarshal(payload, &id); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestProcessIsKeptWarmFrozenAndReplacedWhenKilled(t *testing.T) {
	t.Parallel()
	f := newSample(t, 10*time.Second)
	first := pid(t, f)
	if second := pid(t, f); second != first {
		t.Errorf("a warm process was not used again: %d, then %d", first, second)
	}
	if !frozen(t, first) {
		t.Error("the process runs on after its answer")
	}
	f.Kill()
	if third := pid(t, f); third == first {
		t.Error("a killed process answers")
	}
}

// frozen waits a moment for the kernel to say so.
func frozen(t *testing.T, pid int) bool {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	for range 2000 {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(stat), ") T ") {
			return true
		}
		<-again.C
	}
	return false
}

// Two requests at once are two processes: neither call is answered before both have come.
func TestTwoAtOnceAreTwoProcesses(t *testing.T) {
	t.Parallel()
	var both sync.WaitGroup
	both.Add(2)
	meeting := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		both.Done()
		both.Wait()
	}))
	defer meeting.Close()
	f := newSample(t, 20*time.Second)
	errs := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := f.Invoke(t.Context(), order{Do: "call", URL: meeting.URL})
			errs <- err
		}()
	}
	for range 2 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

func TestProcessHasOnlyItsOwnEnvironment(t *testing.T) {
	t.Parallel()
	f := newSample(t, 10*time.Second)
	payload, err := f.Invoke(t.Context(), order{Do: "environ"})
	if err != nil {
		t.Fatal(err)
	}
	var environ []string
	if err := json.Unmarshal(payload, &environ); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(environ, "GREETING=hello") {
		t.Error("its own variable is missing")
	}
	if slices.ContainsFunc(environ, func(v string) bool { return strings.HasPrefix(v, "HOME=") }) {
		t.Error("it has variables of the person who runs the tests")
	}
}
