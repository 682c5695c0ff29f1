package playhouse

import (
	"context"
	"sync"

	"github.com/rs/zerolog"
)

// crew is the worker's side of the process, which a visitor may let crash and start again while the
// receiver goes on taking what Slack sends.
type crew struct {
	work func(context.Context) error
	log  zerolog.Logger

	mu   sync.Mutex
	stop context.CancelFunc // nil while it is down
	done chan struct{}
}

func newCrew(work func(context.Context) error, log zerolog.Logger) *crew {
	return &crew{work: work, log: log}
}

// begin starts the worker, if it is down.
func (c *crew) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop != nil {
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	c.stop, c.done = stop, done
	go func() {
		defer close(done)
		if err := c.work(ctx); err != nil {
			c.log.Error().Err(err).Msg("worker ended")
		}
	}()
}

// end stops the worker, if it is up, and waits until it has.
func (c *crew) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stop == nil {
		return
	}
	c.stop()
	<-c.done
	c.stop = nil
}

// down says whether the worker is down.
func (c *crew) down() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stop == nil
}
