//go:build lambda || bench

// Package lambda runs the built functions as Lambda runs them: as processes that ask an emulated
// Runtime API for one invocation at a time, are frozen between invocations, and are killed when they
// take too long. Around them stand an emulated API Gateway and an emulated SQS event source.
package lambda

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// FunctionError is what Lambda reports when a function did not answer.
type FunctionError struct{ Type, Message string }

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

type invocation struct {
	id       string
	event    []byte
	deadline time.Time
}

type outcome struct {
	payload []byte
	err     error
}

// instance is one execution environment: a process and the Runtime API that it talks to.
type instance struct {
	name   string
	cmd    *exec.Cmd
	api    *httptest.Server
	idle   chan struct{} // gets a token when the process asks for work
	work   chan invocation
	result chan outcome
	exited chan struct{}
	log    *logBuffer
}

// start spawns the bootstrap in dir with exactly the environment given, as Lambda does.
func start(name, dir string, env []string, log *logBuffer) (*instance, error) {
	i := &instance{
		name: name, log: log,
		idle: make(chan struct{}, 1), work: make(chan invocation), result: make(chan outcome, 1), exited: make(chan struct{}),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", i.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", i.response)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", i.failure)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", i.failure)
	i.api = httptest.NewServer(mux)

	i.cmd = exec.CommandContext(context.Background(), filepath.Join(dir, "bootstrap")) // ended by stop
	i.cmd.Dir = dir
	i.cmd.Env = append(env,
		"AWS_LAMBDA_RUNTIME_API="+strings.TrimPrefix(i.api.URL, "http://"),
		"AWS_LAMBDA_FUNCTION_NAME="+name, "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"_HANDLER=bootstrap", "LAMBDA_TASK_ROOT="+dir, "PATH=/usr/bin:/bin", "TZ=:UTC",
	)
	i.cmd.Stdout, i.cmd.Stderr = log, log
	if err := i.cmd.Start(); err != nil {
		i.api.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		_ = i.cmd.Wait() // how it ended is in its log
		close(i.exited)
	}()
	return i, nil
}

// next hands out one invocation. The process waits here between invocations, frozen.
func (i *instance) next(w http.ResponseWriter, r *http.Request) {
	i.idle <- struct{}{}
	select {
	case in := <-i.work:
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", in.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(in.deadline.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:"+i.name)
		_, _ = w.Write(in.event)
	case <-r.Context().Done():
	}
}

func (i *instance) response(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	i.result <- outcome{payload: body, err: err}
	w.WriteHeader(http.StatusAccepted)
}

func (i *instance) failure(w http.ResponseWriter, r *http.Request) {
	var e struct{ ErrorType, ErrorMessage string }
	err := json.NewDecoder(r.Body).Decode(&e)
	i.result <- outcome{err: errors.Join(err, &FunctionError{Type: e.ErrorType, Message: e.ErrorMessage})}
	w.WriteHeader(http.StatusAccepted)
}

// ready waits until the process asks for its first work, and freezes it there.
func (i *instance) ready(ctx context.Context) error {
	select {
	case <-i.idle:
		return i.signal(syscall.SIGSTOP)
	case o := <-i.result:
		return o.err
	case <-i.exited:
		return &FunctionError{Type: "Runtime.ExitError", Message: "process ended before its first invocation"}
	case <-ctx.Done():
		return ctx.Err()
	}
}

// invoke thaws the process, has it do one event, and freezes it when it asks for more: what it wanted to
// do after its answer has to wait, perhaps for ever.
func (i *instance) invoke(ctx context.Context, event []byte, timeout time.Duration) ([]byte, error) {
	if err := i.signal(syscall.SIGCONT); err != nil {
		return nil, &FunctionError{Type: "Runtime.ExitError", Message: err.Error()}
	}
	over := time.NewTimer(timeout)
	defer over.Stop()
	in := invocation{id: rand.Text(), event: event, deadline: time.Now().Add(timeout)}
	select {
	case i.work <- in:
	case <-i.exited:
		return nil, i.died()
	}
	select {
	case o := <-i.result:
		if err := i.ready(ctx); err != nil && o.err == nil {
			i.stop() // it answered, and ended; the answer counts
		}
		return o.payload, o.err
	case <-over.C:
		i.stop()
		return nil, &FunctionError{Type: "Sandbox.Timedout", Message: "Task timed out after " + timeout.String()}
	case <-i.exited:
		return nil, i.died()
	case <-ctx.Done():
		i.stop()
		return nil, ctx.Err()
	}
}

func (i *instance) died() error {
	return &FunctionError{Type: "Runtime.ExitError", Message: i.cmd.ProcessState.String()}
}

func (i *instance) signal(s syscall.Signal) error {
	if err := i.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal %s: %w", i.name, err)
	}
	return nil
}

// alive says whether the process can take another invocation.
func (i *instance) alive() bool {
	select {
	case <-i.exited:
		return false
	default:
		return true
	}
}

// stop kills the process and waits for its end.
func (i *instance) stop() {
	_ = i.cmd.Process.Kill() // it may have ended already
	<-i.exited
	i.api.CloseClientConnections()
	i.api.Close()
}

// logBuffer keeps what a function writes.
type logBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.String()
}
