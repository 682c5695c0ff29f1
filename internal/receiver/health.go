package receiver

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// How long an answer about our health is kept, and how long asking may take.
const (
	healthFor    = 30 * time.Second
	healthWithin = 2 * time.Second
)

// health answers whether the receiver can work. Anybody may ask, so asking must not cost anything.
type health struct {
	parts []part
	now   func() time.Time

	mu     sync.Mutex
	asked  time.Time
	failed []string
}

// part is something the receiver cannot work without, and the word for it.
type part struct {
	word  string
	check func(ctx context.Context) error
}

// Health answers /healthz and nothing else, for a process that Slack's requests reach in another way.
func Health(c Config) http.Handler {
	h := newHealth(c)
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+pathHealth, func(w http.ResponseWriter, r *http.Request) { h.answer(r.Context()).write(w) })
	return mux
}

func newHealth(c Config) *health {
	h := &health{now: c.Now}
	var signing func(ctx context.Context) error
	if c.Secrets != nil {
		signing = func(ctx context.Context) error {
			_, err := c.Secrets.Signing(ctx)
			return err
		}
	}
	for _, p := range []part{{"queue", c.QueueHealth}, {"secret", signing}, {"store", c.StoreHealth}, {"socket", c.SocketHealth}} {
		if p.check != nil {
			h.parts = append(h.parts, p)
		}
	}
	return h
}

func (h *health) answer(ctx context.Context) Answer {
	if failed := h.check(ctx); len(failed) > 0 {
		return Answer{Status: http.StatusServiceUnavailable, plain: strings.Join(failed, "\n") + "\n", silent: true}
	}
	return Answer{Status: http.StatusOK, plain: "ok\n", silent: true}
}

// check names the parts that do not work. Whoever comes while it is being found out waits for the answer.
func (h *health) check(ctx context.Context) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.now(); h.asked.IsZero() || now.Sub(h.asked) >= healthFor || now.Before(h.asked) {
		h.failed, h.asked = h.probe(context.WithoutCancel(ctx)), now
	}
	return h.failed
}

// probe asks all parts at once, so that a slow one does not make the others look broken.
func (h *health) probe(ctx context.Context) (failed []string) {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	faults := make([]error, len(h.parts))
	var wg sync.WaitGroup
	for i, p := range h.parts {
		wg.Go(func() { faults[i] = p.check(ctx) })
	}
	wg.Wait()
	for i, err := range faults {
		if err != nil {
			failed = append(failed, h.parts[i].word)
		}
	}
	return failed
}
