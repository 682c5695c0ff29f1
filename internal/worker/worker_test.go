package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"showtime/internal/job"
	"showtime/internal/metric"
	"showtime/internal/queue"
	"showtime/internal/worker"
)

// desk notes what it is asked to do.
type desk struct {
	idle   bool
	unsure error
	did    []string
	do     func(ctx context.Context, j job.Job) error
	giveUp func(ctx context.Context)
	tick   func(ctx context.Context) error
}

func (d *desk) Do(ctx context.Context, j job.Job) error {
	d.did = append(d.did, "do "+j.ID)
	if d.do != nil {
		return d.do(ctx, j)
	}
	return nil
}

func (d *desk) GiveUp(ctx context.Context, j job.Job, cause error) {
	d.did = append(d.did, fmt.Sprintf("give up %s: %v", j.ID, cause))
	if d.giveUp != nil {
		d.giveUp(ctx)
	}
}

func (d *desk) Idle(context.Context) (bool, error) { return d.idle, d.unsure }

func (d *desk) Tick(ctx context.Context) error {
	d.did = append(d.did, "tick")
	if d.tick != nil {
		return d.tick(ctx)
	}
	return nil
}

// poker notes on its desk that EMR was looked at.
type poker struct {
	d  *desk
	do func(ctx context.Context) error
}

func (p poker) Poke(ctx context.Context) error {
	p.d.did = append(p.d.did, "poke")
	if p.do != nil {
		return p.do(ctx)
	}
	return nil
}

var errBad = errors.New("bad luck")

func slip(t *testing.T, id string) []byte {
	t.Helper()
	body, err := job.Job{ID: id, Ref: "ref-" + id, Kind: job.Status, User: "U1", Channel: "C1"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func TestDeliver(t *testing.T) {
	t.Parallel()
	fails := func(context.Context, job.Job) error { return errBad }
	panics := func(context.Context, job.Job) error { panic("oh") }
	newer := strings.Replace(string(slip(t, "c-1")), `"v":1`, `"v":2`, 1)
	tests := []struct {
		name     string
		body     string
		receives int
		do       func(context.Context, job.Job) error
		err      string // part of it; "" = done
		did      []string
		alarms   int
	}{
		{"done", string(slip(t, "c-1")), 1, nil, "", []string{"do c-1"}, 0},
		{"done_at_last", string(slip(t, "c-1")), queue.MaxReceives, nil, "", []string{"do c-1"}, 0},
		{"fails", string(slip(t, "c-1")), 1, fails, "bad luck", []string{"do c-1"}, 0},
		{"fails_once_more", string(slip(t, "c-1")), queue.MaxReceives - 1, fails, "bad luck", []string{"do c-1"}, 0},
		{"fails_for_the_last_time", string(slip(t, "c-1")), queue.MaxReceives, fails, "bad luck", []string{"do c-1", "give up c-1: bad luck"}, 0},
		{"killed_the_last_time", string(slip(t, "c-1")), queue.MaxReceives + 1, nil, "died each time", []string{"give up c-1: the process died each time it was tried"}, 0},
		{"panics", string(slip(t, "c-1")), 1, panics, "panic: oh", []string{"do c-1"}, 0},
		{"panics_for_the_last_time", string(slip(t, "c-1")), queue.MaxReceives, panics, "panic: oh", []string{"do c-1", "give up c-1: do it: panic: oh"}, 0},
		{"newer", newer, 1, nil, job.ErrNewer.Error(), nil, 0},
		{"newer_for_the_last_time", newer, queue.MaxReceives, nil, job.ErrNewer.Error(), []string{"give up c-1: " + job.ErrNewer.Error()}, 0},
		{"unreadable", "?", 1, nil, "decode job", nil, 0},
		{"unreadable_for_the_last_time", "?", queue.MaxReceives, nil, "decode job", nil, 1},
		{"empty", "", queue.MaxReceives, nil, "decode job", nil, 1},
		{"without_id", `{"v":1,"kind":"status"}`, queue.MaxReceives, nil, "decode job", nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, alarms := &desk{do: tt.do}, 0
			w := worker.New(d, nil, zerolog.Nop(), func(context.Context, string, string) { alarms++ })
			err := w.Deliver(t.Context(), queue.Delivery{Body: []byte(tt.body), Receives: tt.receives})
			if (err == nil) != (tt.err == "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("Deliver = %v, want %q", err, tt.err)
			}
			if diff := cmp.Diff(tt.did, d.did); diff != "" {
				t.Errorf("did (-want +got):\n%s", diff)
			}
			if alarms != tt.alarms {
				t.Errorf("%d alarms, want %d", alarms, tt.alarms)
			}
		})
	}
}

// TestDeliver_leaves_time_to_tell: a job that hangs is ended before the invocation is.
func TestDeliver_leaves_time_to_tell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		told := false
		d := &desk{
			do: func(ctx context.Context, _ job.Job) error {
				<-ctx.Done()
				return ctx.Err()
			},
			giveUp: func(ctx context.Context) { told = ctx.Err() == nil },
		}
		invocation, cancel := context.WithTimeout(t.Context(), queue.HandleTimeout)
		defer cancel()
		w := worker.New(d, nil, zerolog.Nop(), mute)
		if err := w.Deliver(invocation, queue.Delivery{Body: slip(t, "c-1"), Receives: queue.MaxReceives}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Deliver = %v", err)
		}
		if !told || invocation.Err() != nil {
			t.Error("there was no time left to tell the person")
		}
	})
}

func TestDeliver_survives_a_panic_while_giving_up(t *testing.T) {
	t.Parallel()
	d := &desk{do: func(context.Context, job.Job) error { return errBad }, giveUp: func(context.Context) { panic("again") }}
	w := worker.New(d, nil, zerolog.Nop(), mute)
	if err := w.Deliver(t.Context(), queue.Delivery{Body: slip(t, "c-1"), Receives: queue.MaxReceives}); !errors.Is(err, errBad) {
		t.Errorf("Deliver = %v", err)
	}
}

func TestDeliver_logs_nothing_of_the_body(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	body, err := job.Job{
		ID: "c-1", Ref: "abc", Kind: job.Start, User: "U1", Channel: "C1", Purpose: "secret purpose", ResponseURL: "https://hooks.slack.com/x",
	}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{do: func(context.Context, job.Job) error { return errBad }}
	w := worker.New(d, nil, zerolog.New(&log), mute)
	for _, b := range [][]byte{body, []byte("secret purpose, no JSON")} {
		if err := w.Deliver(t.Context(), queue.Delivery{Body: b, Receives: queue.MaxReceives}); err == nil {
			t.Error("no error")
		}
	}
	if text := log.String(); !strings.Contains(text, `"ref":"abc"`) || strings.Contains(text, "secret") || strings.Contains(text, "hooks") {
		t.Errorf("log: %s", text)
	}
}

func TestTick(t *testing.T) {
	t.Parallel()
	errEMR := errors.New("EMR is away")
	fails := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	panics := func(context.Context) error { panic("oh") }
	tests := []struct {
		name       string
		poke, tick func(context.Context) error
		errs       []string
	}{
		{"done", nil, nil, nil},
		{"emr_fails", fails(errEMR), nil, []string{"EMR is away"}},
		{"conversation_fails", nil, fails(errBad), []string{"bad luck"}},
		{"both_fail", fails(errEMR), fails(errBad), []string{"EMR is away", "bad luck"}},
		{"emr_panics", panics, nil, []string{"panic: oh"}},
		{"conversation_panics", nil, panics, []string{"panic: oh"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{tick: tt.tick}
			err := worker.New(d, poker{d, tt.poke}, zerolog.Nop(), mute).Tick(t.Context())
			if (err == nil) != (len(tt.errs) == 0) {
				t.Errorf("Tick = %v", err)
			}
			for _, part := range tt.errs {
				if err == nil || !strings.Contains(err.Error(), part) {
					t.Errorf("Tick = %v, lacks %q", err, part)
				}
			}
			if diff := cmp.Diff([]string{"poke", "tick"}, d.did); diff != "" {
				t.Errorf("did (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTick_where_a_manager_looks_at_EMR(t *testing.T) {
	t.Parallel()
	d := &desk{}
	if err := worker.New(d, nil, zerolog.Nop(), mute).Tick(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"tick"}, d.did); diff != "" {
		t.Errorf("did (-want +got):\n%s", diff)
	}
}

// TestTick_is_not_kept_by_a_hanging_EMR from what else time demands.
func TestTick_is_not_kept_by_a_hanging_EMR(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begin, ticked := time.Now(), false
		d := &desk{tick: func(ctx context.Context) error {
			ticked = ctx.Err() == nil
			return nil
		}}
		hangs := poker{d, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}}
		if err := worker.New(d, hangs, zerolog.Nop(), mute).Tick(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Tick = %v", err)
		}
		if took := time.Since(begin); !ticked || took >= queue.HandleTimeout {
			t.Errorf("ticked %v after %v", ticked, took)
		}
	})
}

// TestTick_with_nothing_to_do leaves the desk alone, unless it is not sure of that.
func TestTick_with_nothing_to_do(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		desk desk
		want int
	}{
		{"idle", desk{idle: true}, 0},
		{"busy", desk{}, 1},
		{"not_sure", desk{idle: true, unsure: errors.New("store is down")}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := tt.desk
			w := worker.New(&d, nil, zerolog.Nop(), mute)
			if err := w.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(d.did) != tt.want {
				t.Errorf("the desk did %v", d.did)
			}
		})
	}
}

// Each delivery leaves one line, which its reference finds, without what was typed; and its figures.
func TestDeliver_leaves_one_line(t *testing.T) {
	t.Parallel()
	fails := func(context.Context, job.Job) error { return errBad }
	tests := []struct {
		name     string
		receives int
		do       func(context.Context, job.Job) error
		outcome  string
		figures  []string
	}{
		{"done", 1, nil, `"outcome":"done"`, []string{"QueueAge 7", "JobTime 2000"}},
		{"done_at_last", 2, nil, `"outcome":"done"`, []string{"JobTime 2000"}},
		{"fails", 2, fails, `"outcome":"back"`, []string{"JobFailures 1", "JobTime 2000"}},
		{"given_up", queue.MaxReceives, fails, `"outcome":"given-up"`, []string{"JobFailures 1", "JobTime 2000"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			var figures []string
			record := func(name metric.Name, operation string, value float64) {
				figures = append(figures, fmt.Sprint(name, operation, " ", value))
			}
			sent := time.Unix(1700000000, 0)
			clock := sent.Add(5 * time.Second)
			now := func() time.Time { clock = clock.Add(2 * time.Second); return clock }
			w := worker.New(&desk{do: tt.do}, nil, zerolog.New(&log), mute).Recording(record, now)
			body, err := job.Job{ID: "c-1", Ref: "ref-1", Kind: job.Start, Source: job.Command, User: "U1", Purpose: "typed-text"}.Encode()
			if err != nil {
				t.Fatal(err)
			}
			_ = w.Deliver(t.Context(), queue.Delivery{Body: body, Receives: tt.receives, SentAt: sent}) // said by the outcome
			line := log.String()
			if strings.Count(line, `"message":"job"`) != 1 || strings.Count(line, "\n") != 1 || strings.Contains(line, "typed-text") {
				t.Errorf("log is\n%s", line)
			}
			for _, want := range []string{`"ref":"ref-1"`, `"job":"start"`, `"source":"command"`, `"user":"U1"`, `"ms":2000`, tt.outcome} {
				if !strings.Contains(line, want) {
					t.Errorf("no %s in %s", want, line)
				}
			}
			if diff := cmp.Diff(tt.figures, figures); diff != "" {
				t.Errorf("figures (-want +got):\n%s", diff)
			}
		})
	}
}
