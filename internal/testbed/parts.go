package testbed

import (
	"context"
	"strings"
	"sync"
	"time"

	"showtime/internal/queue"
)

// Clock is a clock that stands until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts on a Monday morning.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the time forward.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Log collects what is logged.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Queue keeps what the receiver sends until it is drained.
type Queue struct {
	mu   sync.Mutex
	sent []queue.Message
	seen map[string]bool
	Down error // what Send answers, if not nil
}

// Send implements the receiver's Sender, deduplication included.
func (q *Queue) Send(_ context.Context, m queue.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.Down != nil {
		return q.Down
	}
	if q.seen == nil {
		q.seen = map[string]bool{}
	}
	if !q.seen[m.DedupeID] {
		q.seen[m.DedupeID] = true
		q.sent = append(q.sent, m)
	}
	return nil
}

// Take empties the queue.
func (q *Queue) Take() []queue.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	sent := q.sent
	q.sent = nil
	return sent
}
