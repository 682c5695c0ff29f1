package roles

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"
)

// errUnfinished is what the others get when a shared lookup never came to its end.
var errUnfinished = errors.New("lookup did not finish")

// cache remembers lookups and lets callers who ask the same at the same time share one. It holds one
// entry for each person and group of a workspace at most, so it needs no eviction.
type cache[T any] struct {
	now  func() time.Time
	turn *atomic.Uint64

	mu      sync.Mutex
	known   map[string]answer[T]
	flights map[string]*flight[T]
}

// answer is a remembered lookup. It is as old as the lookup's beginning. Turns count the beginnings:
// unlike times, no two are equal.
type answer[T any] struct {
	value T
	begun time.Time
	turn  uint64
}

// flight is a lookup under way; its fields may be read once done is closed.
type flight[T any] struct {
	answer[T]
	err  error
	done chan struct{}
	// gaveUp says that its own caller went away, which says nothing to those who wait with it.
	gaveUp bool
}

// need is how recent an answer must be: begun after a turn and not before a time.
type need struct {
	after uint64
	since time.Time
}

func newCache[T any](now func() time.Time, turn *atomic.Uint64) *cache[T] {
	return &cache[T]{now: now, turn: turn, known: map[string]answer[T]{}, flights: map[string]*flight[T]{}}
}

// get gives a remembered answer that is recent enough, waits for one under way, or looks it up.
// Errors are not remembered.
func (c *cache[T]) get(ctx context.Context, key string, n need, look func(context.Context, string) (T, error)) (T, error) {
	for {
		known, f, mine := c.find(key, n)
		if f == nil {
			return known, nil
		}
		if mine {
			return c.fly(ctx, key, f, look)
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			var none T
			return none, ctx.Err()
		}
		if !f.gaveUp {
			return f.value, f.err
		}
	}
}

// find gives the answer, or else the flight to wait for, or else a new flight that is the caller's own.
func (c *cache[T]) find(key string, n need) (known T, f *flight[T], mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if a, ok := c.known[key]; ok && a.turn > n.after && !a.begun.Before(n.since) {
		return a.value, nil, false
	}
	if f, ok := c.flights[key]; ok && f.turn > n.after {
		return known, f, false
	}
	f = &flight[T]{
		answer: answer[T]{begun: c.now(), turn: c.turn.Add(1)},
		err:    errUnfinished,
		done:   make(chan struct{}),
	}
	c.flights[key] = f
	return known, f, true
}

func (c *cache[T]) fly(ctx context.Context, key string, f *flight[T], look func(context.Context, string) (T, error)) (T, error) {
	defer c.land(key, f)
	f.value, f.err = look(ctx, key)
	f.gaveUp = f.err != nil && ctx.Err() != nil
	return f.value, f.err
}

// land remembers the answer, unless a lookup that began later has been faster.
func (c *cache[T]) land(key string, f *flight[T]) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.err == nil && f.turn > c.known[key].turn {
		c.known[key] = f.answer
	}
	if c.flights[key] == f {
		delete(c.flights, key)
	}
	close(f.done)
}
