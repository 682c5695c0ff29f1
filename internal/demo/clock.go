package demo

import (
	"slices"
	"sync"
	"time"
)

// Clock is the demo's domain time: the real time, moved forward on request. It is safe for concurrent use.
type Clock struct {
	wire func() time.Time

	mu    sync.Mutex
	moves []move
}

// move says that from a moment of wire time on, the clock is ahead of it by so much in all.
type move struct {
	at    time.Time
	ahead time.Duration
}

// NewClock makes a clock that shows wire time; nil means time.Now.
func NewClock(wire func() time.Time) *Clock {
	if wire == nil {
		wire = time.Now
	}
	return &Clock{wire: wire}
}

// Now is domain time.
func (c *Clock) Now() time.Time {
	now := c.wire()
	c.mu.Lock()
	defer c.mu.Unlock()
	return now.Add(c.ahead())
}

// Forward moves the clock; it never goes back.
func (c *Clock) Forward(by time.Duration) {
	if by <= 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.moves = append(c.moves, move{at: c.wire(), ahead: c.ahead() + by})
}

// Ahead is how far the clock has been moved.
func (c *Clock) Ahead() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ahead()
}

// At is the domain time that a moment of wire time was. Messages bear wire time, and a reader wants
// to see them among the times that they speak of.
func (c *Clock) At(wire time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range slices.Backward(c.moves) {
		if !wire.Before(m.at) {
			return wire.Add(m.ahead)
		}
	}
	return wire
}

// ahead is how far the clock has been moved. The caller holds mu.
func (c *Clock) ahead() time.Duration {
	if len(c.moves) == 0 {
		return 0
	}
	return c.moves[len(c.moves)-1].ahead
}
