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
	secrets Secrets
	queue   func(ctx context.Context) error
	now     func() time.Time

	mu     sync.Mutex
	asked  time.Time
	failed []string
}

func newHealth(c Config) *health {
	return &health{secrets: c.Secrets, queue: c.QueueHealth, now: c.Now}
}

func (h *health) serve(w http.ResponseWriter, r *http.Request) {
	if failed := h.check(r.Context()); len(failed) > 0 {
		words(w, http.StatusServiceUnavailable, strings.Join(failed, "\n")+"\n")
		return
	}
	words(w, http.StatusOK, "ok\n")
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

func (h *health) probe(ctx context.Context) (failed []string) {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	if h.queue != nil && h.queue(ctx) != nil {
		failed = append(failed, "queue")
	}
	if _, err := h.secrets.Signing(ctx); err != nil {
		failed = append(failed, "secret")
	}
	return failed
}
