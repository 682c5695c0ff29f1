package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"showtime/internal/queue"
	"showtime/internal/wiring"
)

const (
	// workers is how many jobs are done at once; jobs of one group are always done one after another.
	workers = 4
	// graceFor is how long requests and jobs in hand may take when the process is asked to stop. A job
	// that is cut off comes again after the next start, like one whose process died.
	graceFor = 10 * time.Second
	// sweepEvery is how often expired records are removed from the embedded store.
	sweepEvery = time.Hour
)

// Run serves Slack and the operator's own machine and works until the context ends; then it answers what it
// has accepted, finishes the jobs in hand and returns. What is queued stays queued.
func (s *Server) Run(ctx context.Context, slack, admin net.Listener) error {
	parts := []func(context.Context) error{
		func(ctx context.Context) error { return HTTP(ctx, slack, s.Slack) },
		func(ctx context.Context) error { return HTTP(ctx, admin, s.Admin) },
		s.Work, s.answerTools,
	}
	if s.socket != nil {
		parts = append(parts, s.socket.Run)
	}
	return together(ctx, parts...)
}

// Work does queued jobs, ticks and sweeps until the context ends, and finishes what it has in hand.
func (s *Server) Work(ctx context.Context) error {
	patience, cancel := outlive(ctx, graceFor)
	defer cancel()
	return together(ctx,
		func(ctx context.Context) error {
			return s.Queue.Run(ctx, workers, func(ctx context.Context, d queue.Delivery) error {
				ctx, stop := endWith(ctx, patience)
				defer stop()
				return s.deliver(ctx, d)
			})
		},
		func(ctx context.Context) error {
			return repeat(ctx, s.options.TickEvery, func() { s.tick(patience) })
		},
		func(ctx context.Context) error {
			return repeat(ctx, sweepEvery, func() { s.sweep(patience) })
		},
	)
}

func (s *Server) deliver(ctx context.Context, d queue.Delivery) error {
	err := s.Joined.Worker.Deliver(ctx, d)
	s.counts.job(err)
	return err
}

func (s *Server) tick(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, queue.HandleTimeout)
	defer cancel()
	if err := s.Tick(ctx); err != nil {
		s.options.Log.Warn().Err(err).Msg("tick not done")
	}
	s.watchDead(ctx)
}

// watchDead raises an alarm when a job was put aside. The worker has told its person and raised an alarm of
// its own, unless even that killed the process.
func (s *Server) watchDead(ctx context.Context) {
	q, ok := s.Queue.(depths)
	if !ok {
		return
	}
	dead, err := q.Dead(ctx)
	if err != nil {
		s.options.Log.Warn().Err(err).Msg("dead letters not counted")
		return
	}
	if before := s.dead; dead > before {
		wiring.Alarm(s.options.Log)(ctx, "dead-letters", fmt.Sprintf("%d jobs were put aside, %d in all", dead-before, dead))
	}
	s.dead = dead
}

// sweep removes expired records where the store is ours to clean; DynamoDB does that by itself.
func (s *Server) sweep(ctx context.Context) {
	store, ok := s.Store.(interface {
		Sweep(ctx context.Context) error
	})
	if !ok {
		return
	}
	if err := store.Sweep(ctx); err != nil {
		s.options.Log.Warn().Err(err).Msg("expired records not removed")
	}
}

// outlive gives a context that ends a while after the given one.
func outlive(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		timer := time.AfterFunc(by, cancel)
		context.AfterFunc(longer, func() { timer.Stop() })
	})
	return longer, cancel
}

// endWith gives a context that also ends when the other one does.
func endWith(ctx, other context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(other, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// repeat does something at once and then on a timer, until the context ends.
func repeat(ctx context.Context, every time.Duration, do func()) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// together runs parts until the context ends or one of them does, which ends them all.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, len(parts))
	for _, part := range parts {
		go func() {
			defer stop()
			done <- part(ctx)
		}()
	}
	var errs []error
	for range parts {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}
