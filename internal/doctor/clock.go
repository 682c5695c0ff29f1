package doctor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Clocks compares this machine's clock with the Date header of whoever answers. A refusal has one too, and it is
// a wrong clock that AWS refuses.
type Clocks struct {
	now func() time.Time

	mu   sync.Mutex
	seen map[string]time.Duration // by whom; how far this machine is ahead
}

// NewClocks makes Clocks that have heard nobody yet. The clock is Slack's and AWS's, which nobody can move.
func NewClocks(now func() time.Time) *Clocks {
	return &Clocks{now: now, seen: map[string]time.Duration{}}
}

func (c *Clocks) note(who string, resp *http.Response) {
	date, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[who] = c.now().Sub(date)
}

// Doer sends a request, as http.Client and the AWS SDK do.
type Doer interface {
	Do(r *http.Request) (*http.Response, error)
}

type doing func(r *http.Request) (*http.Response, error)

func (d doing) Do(r *http.Request) (*http.Response, error)        { return d(r) }
func (d doing) RoundTrip(r *http.Request) (*http.Response, error) { return d(r) }

// Client is next, whose answers are heard.
func (c *Clocks) Client(who string, next Doer) Doer { return c.hearing(who, next.Do) }

// Transport is next, whose answers are heard; nil is Go's own.
func (c *Clocks) Transport(who string, next http.RoundTripper) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
	}
	return c.hearing(who, next.RoundTrip)
}

func (c *Clocks) hearing(who string, next doing) doing {
	return func(r *http.Request) (*http.Response, error) {
		resp, err := next(r)
		if err == nil {
			c.note(who, resp)
		}
		return resp, err
	}
}

// How far a clock may be off: half a minute is nothing; at five, Slack's and AWS's signatures no longer hold.
const (
	skewDoubtful = 30 * time.Second
	skewBad      = 5 * time.Minute
)

// Check tells how far this machine's clock is off, after the other checks have heard some answers.
func (c *Clocks) Check() Check {
	const name = "clock"
	return Check{Name: name, Last: true, Run: func(context.Context) []Finding {
		c.mu.Lock()
		defer c.mu.Unlock()
		var found []Finding
		for who, ahead := range c.seen {
			found = append(found, skewed(name, who, ahead))
		}
		if found == nil {
			return []Finding{unknown(name, "nobody who answered said what time it is", "Compare with time.gov or an NTP server.")}
		}
		slices.SortFunc(found, func(a, b Finding) int { return strings.Compare(a.What, b.What) })
		return found
	}}
}

func skewed(name, who string, ahead time.Duration) Finding {
	const do = "Set this machine's clock by NTP: signatures hold only five minutes, and leases end by it."
	off := ahead.Abs().Round(time.Second)
	side := " behind "
	if ahead > 0 {
		side = " ahead of "
	}
	what := fmt.Sprintf("%s%s%s's", off, side, who)
	switch {
	case off >= skewBad:
		return bad(name, what, do)
	case off >= skewDoubtful:
		return doubtful(name, what, do)
	}
	return good(name, "as "+who+"'s")
}
