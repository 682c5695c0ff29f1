// Package worker takes what the world hands it (queued jobs, EMR's pokes, the minute's tick), however it
// arrives, and has the use cases do it.
package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/rs/zerolog"

	"showtime/internal/job"
	"showtime/internal/queue"
)

// Desk does the jobs and keeps the conversation true.
type Desk interface {
	Do(ctx context.Context, j job.Job) error
	GiveUp(ctx context.Context, j job.Job, cause error)
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
}

// New makes a Worker; poker may be nil.
func New(desk Desk, poker Poker, log zerolog.Logger, alarm func(ctx context.Context, kind, detail string)) *Worker {
	return &Worker{desk: desk, poker: poker, log: log, alarm: alarm}
}

// Deliver does one queued job. An error gives it back to the queue; before the queue puts it aside for
// good, its person is told.
func (w *Worker) Deliver(ctx context.Context, d queue.Delivery) error {
	j, err := job.Decode(d.Body)
	ctx = w.log.With().Str("ref", j.Ref).Str("job", string(j.Kind)).Logger().WithContext(ctx)
	if err == nil {
		err = w.do(ctx, j)
	}
	switch {
	case err == nil:
		return nil
	case j.ID == "": // nobody is known who could be told
		w.alarm(ctx, "unreadable-job", d.DedupeID)
	case queue.Last(d):
		w.desk.GiveUp(ctx, j, err)
	}
	zerolog.Ctx(ctx).Warn().Err(err).Int("receives", d.Receives).Msg("job goes back to the queue")
	return err
}

// do does the job and turns a panic into its error, so that one bad job cannot take its neighbours along.
func (w *Worker) do(ctx context.Context, j job.Job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("job panicked: %v", p)
		}
	}()
	return w.desk.Do(ctx, j)
}

// Tick looks at EMR, then does what time demands. A fault of one does not keep the other from running.
func (w *Worker) Tick(ctx context.Context) error {
	ctx = w.log.With().Str("job", "tick").Logger().WithContext(ctx)
	var poked error
	if w.poker != nil {
		poked = w.poker.Poke(ctx)
	}
	return errors.Join(poked, w.desk.Tick(ctx))
}
