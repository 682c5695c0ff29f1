package serve

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"showtime/internal/metric"
)

// counts is what the process has done since it started.
type counts struct {
	jobsDone, jobsFailed   atomic.Int64
	ticksDone, ticksFailed atomic.Int64

	now    func() time.Time
	mu     sync.Mutex
	ticked time.Time // the end of the last tick without a fault; the start before there was one
}

func newCounts(now func() time.Time) *counts { return &counts{now: now, ticked: now()} }

func (c *counts) job(err error) {
	if err != nil {
		c.jobsFailed.Add(1)
		return
	}
	c.jobsDone.Add(1)
}

func (c *counts) tick(err error) {
	if err != nil {
		c.ticksFailed.Add(1)
		return
	}
	c.ticksDone.Add(1)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ticked = c.now()
}

func (c *counts) tickAge() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now().Sub(c.ticked)
}

// depths is what an embedded queue can say about itself; SQS has metrics of its own.
type depths interface {
	Depth() int
	OldestAge() time.Duration
	Dead(ctx context.Context) (int, error)
}

// metrics answers Prometheus in its text format, version 0.0.4.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	var p metric.Page
	p.Counter("showtime_jobs_done_total", "Jobs done since the start.", s.counts.jobsDone.Load())
	p.Counter("showtime_jobs_failed_total", "Deliveries of jobs that failed since the start; the queue repeats them.", s.counts.jobsFailed.Load())
	p.Counter("showtime_ticks_total", "Ticks without a fault since the start.", s.counts.ticksDone.Load())
	p.Counter("showtime_ticks_failed_total", "Ticks with a fault since the start.", s.counts.ticksFailed.Load())
	p.Gauge("showtime_last_tick_age_seconds", "Time since the last tick without a fault, or since the start.", s.counts.tickAge().Seconds())
	if q, ok := s.Queue.(depths); ok {
		p.Gauge("showtime_queue_depth", "Jobs that are not done.", float64(q.Depth()))
		p.Gauge("showtime_queue_oldest_age_seconds", "Age of the oldest job that is not done.", q.OldestAge().Seconds())
		dead, err := q.Dead(r.Context())
		if err != nil {
			s.options.Log.Warn().Err(err).Msg("dead letters not counted")
		} else {
			p.Gauge("showtime_dead_letters", "Jobs that were given up and put aside.", float64(dead))
		}
	}
	s.figures.Write(&p)
	w.Header().Set("Content-Type", metric.ContentType)
	_, _ = w.Write([]byte(p.String())) // a reader that is gone needs no answer
}
