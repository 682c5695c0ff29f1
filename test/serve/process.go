package serve

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"showtime/internal/testbed"
)

// Child is the variable that makes a test binary, started again, the process under test.
const Child = "SHOWTIME_TEST_CHILD"

// Process is one run of serve.
type Process struct {
	URL, Admin string
	Log        *testbed.Log

	world  *World
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	exited chan struct{}
}

// Spawn starts the test binary again with a command line of showtime, and does not wait for anything.
func (w *World) Spawn(environ []string, args ...string) *Process {
	w.TB.Helper()
	self, err := os.Executable()
	if err != nil {
		w.TB.Fatal(err)
	}
	p := &Process{Log: &testbed.Log{}, world: w, exited: make(chan struct{})}
	p.cmd = exec.CommandContext(w.TB.Context(), self, args...)
	p.cmd.Env = append(environ, Child+"="+strconv.FormatInt(w.ahead.Load(), 10))
	p.cmd.Stdout, p.cmd.Stderr = p.Log, p.Log
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		w.TB.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		w.TB.Fatal(err)
	}
	w.running = append(w.running, p)
	go func() {
		_ = p.cmd.Wait() // what it says is in ProcessState
		close(p.exited)
	}()
	w.TB.Cleanup(func() { p.Kill() })
	return p
}

// Start starts serve, waits until it serves, and makes it Slack's app.
func (w *World) Start(more map[string]string, flags ...string) *Process {
	w.TB.Helper()
	p := w.open(more, append([]string{"serve"}, flags...)...)
	w.Slack.SetApp(p.URL)
	return p
}

// open starts a process and waits until it serves.
func (w *World) open(more map[string]string, args ...string) *Process {
	w.TB.Helper()
	p := w.Spawn(w.Environ(more), args...)
	Until(w.TB, args[0]+" to serve", func() bool {
		select {
		case <-p.exited:
			w.TB.Fatalf("%s ended with %d:\n%s", args[0], p.cmd.ProcessState.ExitCode(), p.Log)
		default:
		}
		p.URL, p.Admin = addresses(p.Log.String())
		return p.URL != ""
	})
	return p
}

// addresses reads where serve listens from its log.
func addresses(log string) (slack, admin string) {
	lines := bufio.NewScanner(strings.NewReader(log))
	for lines.Scan() {
		var line struct{ Message, Address, Admin string }
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Message == "serving" {
			return "http://" + line.Address, "http://" + line.Admin
		}
	}
	return "", ""
}

// Kill ends the process at once, as a crash would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	p.gone()
}

// gone waits for the end and keeps the log, once.
func (p *Process) gone() {
	<-p.exited
	if w := p.world; w != nil {
		w.check(p.Log.String())
		w.running = slices.DeleteFunc(w.running, func(o *Process) bool { return o == p })
		p.world = nil
	}
}

// Terminate asks the process to stop.
func (p *Process) Terminate() {
	p.world.TB.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.world.TB.Fatal(err)
	}
}

// Wait waits for the process to end by itself and gives its exit code.
func (p *Process) Wait() int {
	w := p.world
	w.TB.Helper()
	select {
	case <-p.exited:
	case <-time.After(patience):
		w.TB.Fatalf("the process does not end:\n%s", p.Log)
	}
	p.gone()
	return p.cmd.ProcessState.ExitCode()
}

// Move moves domain time, in the world and in its processes.
func (w *World) Move(d time.Duration) {
	ahead := w.ahead.Add(int64(d))
	for _, p := range w.running {
		_, _ = fmt.Fprintln(p.stdin, ahead) // one that has ended needs no clock
	}
}

// Metric reads one of the process's own figures; it must be there.
func (p *Process) Metric(name string) float64 {
	tb := p.world.TB
	tb.Helper()
	status, body := p.Get(p.Admin + "/metrics")
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			if err != nil {
				tb.Fatal(err)
			}
			return n
		}
	}
	tb.Fatalf("status %d, no metric %s in:\n%s", status, name, body)
	return 0
}

// Get asks the process over HTTP.
func (p *Process) Get(url string) (status int, body string) {
	tb := p.world.TB
	tb.Helper()
	req, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		tb.Fatal(err)
	}
	return resp.StatusCode, string(data)
}

// Ticked moves domain time by a minute and waits for two more ticks: the second began after the move.
func (p *Process) Ticked() {
	w := p.world
	w.TB.Helper()
	w.Move(time.Minute)
	ticks := func() float64 { return p.Metric("showtime_ticks_total") + p.Metric("showtime_ticks_failed_total") }
	before := ticks()
	Until(w.TB, "two ticks", func() bool { return ticks() >= before+2 })
}

// Idle waits until the queue is empty.
func (p *Process) Idle() {
	p.world.TB.Helper()
	Until(p.world.TB, "an empty queue", func() bool { return p.Metric("showtime_queue_depth") == 0 })
}
