//go:build lambda || bench

package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Function is a deployed function: as many processes as there are invocations at once.
type Function struct {
	name, dir string
	env       []string
	timeout   time.Duration
	log       logBuffer

	mu   sync.Mutex
	idle []*instance
	all  []*instance
}

// NewFunction deploys a built bootstrap that stands in dir. Its processes end with the test, and a
// failed test shows their logs.
func NewFunction(tb testing.TB, name, dir string, env map[string]string, timeout time.Duration) *Function {
	tb.Helper()
	if _, err := os.Stat(filepath.Join(dir, "bootstrap")); err != nil {
		tb.Fatalf("function %s is not built, run make lambda: %v", name, err)
	}
	f := &Function{name: name, dir: dir, timeout: timeout}
	for key, value := range env {
		f.env = append(f.env, key+"="+value)
	}
	slices.Sort(f.env)
	tb.Cleanup(func() {
		f.Kill()
		if tb.Failed() {
			tb.Logf("log of %s:\n%s", name, f.Log())
		}
	})
	return f
}

// Dist is where the functions built for this machine stand: SHOWTIME_DIST, set by make.
func Dist(tb testing.TB, name string) string {
	tb.Helper()
	dist := os.Getenv("SHOWTIME_DIST")
	if dist == "" {
		tb.Fatal("SHOWTIME_DIST is not set; run make lambda")
	}
	return filepath.Join(dist, name)
}

// Invoke has the function do one event, in an idle process or a new one. What the function says of
// itself when it fails is a *FunctionError.
func (f *Function) Invoke(ctx context.Context, event any) ([]byte, error) {
	data, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	i, err := f.take(ctx)
	if err != nil {
		return nil, err
	}
	payload, err := i.invoke(ctx, data, f.timeout)
	f.mu.Lock()
	defer f.mu.Unlock()
	if i.alive() {
		f.idle = append(f.idle, i)
	}
	return payload, err
}

func (f *Function) take(ctx context.Context) (*instance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.idle) > 0 {
		i := f.idle[len(f.idle)-1]
		f.idle = f.idle[:len(f.idle)-1]
		if i.alive() {
			return i, nil
		}
	}
	i, err := start(f.name, f.dir, slices.Clone(f.env), &f.log)
	if err != nil {
		return nil, err
	}
	f.all = append(f.all, i)
	if err := i.ready(ctx); err != nil {
		i.stop()
		return nil, fmt.Errorf("initialise %s: %w", f.name, err)
	}
	return i, nil
}

// Kill ends every process at once, whatever it is doing; the next invocation starts cold.
func (f *Function) Kill() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.all {
		i.stop()
	}
	f.all, f.idle = nil, nil
}

// KillOne ends one process, the nth modulo their number, whatever it is doing.
func (f *Function) KillOne(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.all) > 0 {
		_ = f.all[n%len(f.all)].cmd.Process.Kill() // it may have ended already
	}
}

// Log is everything that the function's processes wrote.
func (f *Function) Log() string { return f.log.String() }

// PeakMemory is the most memory that one of the living processes ever had resident, in bytes.
func (f *Function) PeakMemory() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	var peak int64
	for _, i := range f.all {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.cmd.Process.Pid))
		if err != nil { // it has ended
			continue
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		if fields := strings.Fields(rest); len(fields) > 0 {
			if kibibytes, err := strconv.ParseInt(fields[0], 10, 64); err == nil {
				peak = max(peak, kibibytes*1024)
			}
		}
	}
	return peak
}
