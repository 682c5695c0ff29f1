package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"showtime/internal/queue"
)

// Handler does what a message asks; an error means that it must come again.
type Handler = func(ctx context.Context, d queue.Delivery) error

// Run hands messages to the handler, several groups at once, until the context ends; then it waits for the
// handlings under way, whose context lives on, bounded by queue.HandleTimeout each. It returns an error only
// when the file fails. One Run at a time.
func (q *Queue) Run(ctx context.Context, workers int, handle Handler) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	faults := make(chan error, workers)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for g := q.next(ctx); g != nil; g = q.next(ctx) {
				if err := q.deliver(ctx, g, handle); err != nil {
					q.delay(g, 0) // it is nobody's now
					faults <- err
					stop()
					return
				}
			}
		})
	}
	wg.Wait()
	close(faults)
	var errs []error
	for err := range faults {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// next waits for a group whose first message may be handed out, and gives nil when the context has ended.
func (q *Queue) next(ctx context.Context) *group {
	for ctx.Err() == nil {
		g, changed, wait := q.take()
		if g != nil {
			return g
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// longestWait is how long a worker waits at most without looking again, so that a clock that was moved is noticed.
const longestWait = time.Minute

// take takes a ready group, or says what to wait for.
func (q *Queue) take() (*group, <-chan struct{}, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now, wait := q.now(), longestWait
	q.delayed = slices.DeleteFunc(q.delayed, func(g *group) bool {
		left := g.notBefore.Sub(now)
		if left > 0 {
			wait = min(wait, left)
			return false
		}
		q.ready = append(q.ready, g)
		return true
	})
	if len(q.ready) == 0 {
		return nil, q.changed, wait
	}
	g := q.ready[0]
	q.ready = q.ready[1:]
	return g, nil, 0
}

// deliver hands the group's first message out once.
func (q *Queue) deliver(ctx context.Context, g *group, handle Handler) error {
	q.mu.Lock()
	seq := g.waiting[0].seq
	q.mu.Unlock()
	ctx = context.WithoutCancel(ctx) // a message in hand is finished even while the process stops
	d, err := q.receive(ctx, seq)
	if err != nil {
		return err
	}
	dead := d.Receives > queue.MaxReceives+1 // even telling its person killed the process
	if !dead {
		if err := q.handle(ctx, d, handle); err != nil {
			if !queue.Last(d) {
				q.delay(g, q.backoff(d.Receives))
				return nil
			}
			dead = true
		}
	}
	if err := q.finish(ctx, seq, dead); err != nil {
		return err
	}
	q.done(d.Group, g)
	return nil
}

func (*Queue) handle(ctx context.Context, d queue.Delivery, handle Handler) error {
	ctx, cancel := context.WithTimeout(ctx, queue.HandleTimeout)
	defer cancel()
	return handle(ctx, d)
}

// receive counts a handing-out before it happens, so that a message that kills the process is counted too.
func (q *Queue) receive(ctx context.Context, seq uint64) (queue.Delivery, error) {
	var r record
	err := q.file.Update(ctx, func(tx *bolt.Tx) error {
		b := tx.Bucket([]byte(messagesBucket))
		r = record{}
		if err := json.Unmarshal(b.Get(seqKey(seq)), &r); err != nil {
			return fmt.Errorf("decode message: %w", err)
		}
		r.Receives++
		return write(b, seq, r)
	})
	if err != nil {
		return queue.Delivery{}, fmt.Errorf("receive message: %w", err)
	}
	return queue.Delivery{Body: r.Body, Group: r.Group, DedupeID: r.DedupeID, Receives: r.Receives, SentAt: r.SentAt}, nil
}

// finish takes a message out of the queue, into the dead-letter bucket if it is dead.
func (q *Queue) finish(ctx context.Context, seq uint64, dead bool) error {
	err := q.file.Update(ctx, func(tx *bolt.Tx) error {
		b, key := tx.Bucket([]byte(messagesBucket)), seqKey(seq)
		if dead {
			if err := tx.Bucket([]byte(deadBucket)).Put(key, bytes.Clone(b.Get(key))); err != nil {
				return err
			}
		}
		return b.Delete(key)
	})
	if err != nil {
		return fmt.Errorf("finish message: %w", err)
	}
	return nil
}

// delay lets the group wait before its first message comes again.
func (q *Queue) delay(g *group, d time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g.notBefore = q.now().Add(d)
	q.delayed = append(q.delayed, g)
	q.wake()
}

// done forgets the group's first message and lets the next one come.
func (q *Queue) done(name string, g *group) {
	q.mu.Lock()
	defer q.mu.Unlock()
	g.waiting = g.waiting[1:]
	if len(g.waiting) == 0 {
		delete(q.groups, name)
		return
	}
	q.ready = append(q.ready, g)
	q.wake()
}
