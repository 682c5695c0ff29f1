// Package worker takes what the world hands it (queued jobs, EMR's pokes, the minute's tick), however it
// arrives, and has the use cases do it.
package worker

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/job"
	"showtime/internal/metric"
	"showtime/internal/queue"
	"showtime/internal/store/snapshot"
)

// Desk does the jobs and keeps the conversation true.
type Desk interface {
	Do(ctx context.Context, j job.Job) error
	GiveUp(ctx context.Context, j job.Job, cause error)
	// Idle says whether Tick would have nothing to do.
	Idle(ctx context.Context) (bool, error)
	Tick(ctx context.Context) error
}

// Poker looks at EMR and makes the cluster's row true. It is nil where a lifecycle manager does that.
type Poker interface {
	Poke(ctx context.Context) error
}

// Worker routes deliveries and pokes.
type Worker struct {
	desk  Desk
	poker Poker
	log   zerolog.Logger
	alarm func(ctx context.Context, kind, detail string)

	returner Returner // nil when messages come back by themselves
	record   metric.Record
	now      func() time.Time // the queue's time
}

// New makes a Worker; poker may be nil.
func New(desk Desk, poker Poker, log zerolog.Logger, alarm func(ctx context.Context, kind, detail string)) *Worker {
	return &Worker{desk: desk, poker: poker, log: log, alarm: alarm, record: metric.Discard, now: time.Now}
}

// Recording gives the same worker, which also records its figures; now is the queue's time.
func (w *Worker) Recording(record metric.Record, now func() time.Time) *Worker {
	recording := *w
	recording.record, recording.now = record, now
	return &recording
}

const (
	// jobWithin is how long a job may take, so that its person can still be told in the rest of the invocation.
	jobWithin = queue.HandleTimeout - 10*time.Second
	// pokeWithin is how long EMR may keep the tick from doing what else time demands.
	pokeWithin = queue.HandleTimeout / 2
	// giveUpWithin is how long telling somebody may take, whatever became of the job's own time.
	giveUpWithin = 8 * time.Second
)

// Deliver does one queued job, and leaves one line about it. An error gives it back to the queue; before the
// queue puts it aside for good, its person is told.
func (w *Worker) Deliver(ctx context.Context, d queue.Delivery) error {
	began := w.now()
	if d.Receives == 1 {
		w.record(metric.QueueAge, "", max(0, began.Sub(d.SentAt).Seconds()))
	}
	j, err := job.Decode(d.Body)
	ctx = w.log.With().Str("ref", j.Ref).Str("job", string(j.Kind)).Logger().WithContext(ctx)
	if err == nil && queue.Spent(d) {
		err = errSpent
	}
	if err == nil {
		err = guard(ctx, jobWithin, func(ctx context.Context) error { return w.desk.Do(ctx, j) })
	}
	w.note(ctx, d, j, err, w.now().Sub(began))
	if err != nil && queue.Last(d) {
		w.giveUp(ctx, d, j, err)
	}
	return err
}

// The outcomes of a delivery, in the words that its line has. What a job decided stands in the audit's line,
// under the same reference.
const (
	done    = "done"
	back    = "back" // to the queue, which delivers it again
	givenUp = "given-up"
)

// note leaves the one line of a delivery, and counts it.
func (w *Worker) note(ctx context.Context, d queue.Delivery, j job.Job, err error, took time.Duration) {
	outcome, level := done, zerolog.InfoLevel
	if err != nil {
		outcome, level = back, zerolog.WarnLevel
		w.record(metric.JobFailures, "", 1)
	}
	if err != nil && queue.Last(d) {
		outcome = givenUp
	}
	ms := float64(took.Microseconds()) / 1000
	w.record(metric.JobTime, "", ms)
	zerolog.Ctx(ctx).WithLevel(level).Str("source", string(j.Source)).Str("user", j.User).Str("outcome", outcome).
		Int("receives", d.Receives).Float64("ms", ms).Err(err).Msg("job")
}

// errSpent is why a job is given up in whose hands the process died each time.
var errSpent = errors.New("the process died each time it was tried")

// giveUp does what is due before the queue puts a job aside.
func (w *Worker) giveUp(ctx context.Context, d queue.Delivery, j job.Job, cause error) {
	if j.ID == "" { // nobody is known who could be told
		w.alarm(ctx, "unreadable-job", d.DedupeID)
		return
	}
	err := guard(context.WithoutCancel(ctx), giveUpWithin, func(ctx context.Context) error {
		w.desk.GiveUp(ctx, j, cause)
		return nil
	})
	if err != nil {
		zerolog.Ctx(ctx).Error().Err(err).Msg("person not told")
	}
}

// Tick looks at EMR, then does what time demands. A fault of one does not keep the other from running.
// Whether there is anything to do is seen in a reading that both share; what there is to do is read afresh.
func (w *Worker) Tick(ctx context.Context) error {
	shared := snapshot.With(w.log.With().Str("job", "tick").Logger().WithContext(ctx))
	var poked error
	if w.poker != nil {
		poked = guard(shared, pokeWithin, w.poker.Poke)
	}
	return errors.Join(poked, guard(shared, queue.HandleTimeout, func(ctx context.Context) error {
		if idle, err := w.desk.Idle(ctx); err == nil && idle {
			return nil
		}
		return w.desk.Tick(snapshot.Without(ctx))
	}))
}

// guard bounds the time of something and turns its panic into an error, so that it takes nothing else along.
func guard(ctx context.Context, within time.Duration, do func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("do it: panic: %v", p)
			zerolog.Ctx(ctx).Error().Bytes("stack", debug.Stack()).Msg("panic")
		}
	}()
	return do(ctx)
}
