package grant

import (
	"sync"
	"time"
)

// Limit is how many requests a caller may make: so many at once, refilled so many a second.
type Limit struct{ Burst, PerSecond float64 }

// Limiter counts the requests of each grant. Grants are few, so it forgets none.
type Limiter struct {
	limit Limit
	now   func() time.Time
	mu    sync.Mutex
	left  map[string]budget
}

type budget struct {
	left float64
	at   time.Time
}

// NewLimiter makes a Limiter.
func NewLimiter(l Limit, now func() time.Time) *Limiter {
	return &Limiter{limit: l, now: now, left: map[string]budget{}}
}

// Take takes one request from a caller's budget, or says how long to wait for it.
func (l *Limiter) Take(name string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	b, known := l.left[name]
	if !known {
		b = budget{left: l.limit.Burst, at: now}
	}
	passed := max(0, now.Sub(b.at).Seconds())
	b = budget{left: min(l.limit.Burst, b.left+passed*l.limit.PerSecond), at: now}
	if b.left < 1 {
		l.left[name] = b
		return time.Duration((1 - b.left) / l.limit.PerSecond * float64(time.Second))
	}
	b.left--
	l.left[name] = b
	return 0
}
