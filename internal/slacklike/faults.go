package slacklike

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"
)

// FaultKind says how a call fails.
type FaultKind string

// The kinds of faults.
const (
	Reset       FaultKind = "reset"       // the connection breaks before anything is done
	Unavailable FaultKind = "unavailable" // 503, nothing is done
	Hang        FaultKind = "hang"        // no answer until the app gives up or the fault is cleared
	Limited     FaultKind = "limited"     // 429 with Retry-After, nothing is done
	LostReply   FaultKind = "lost-reply"  // it is done, then the connection breaks
	Refusal     FaultKind = "refusal"     // Slack's answer {"ok":false,"error":Error}, nothing is done
)

// ResponseURL is the Method under which answers through a response_url are recorded and fail.
const ResponseURL = "response_url"

// Fault is one thing that goes wrong.
type Fault struct {
	Method     string // such as "chat.update" or ResponseURL; "" for every call
	Kind       FaultKind
	Error      string        // of a Refusal, such as "invalid_blocks"
	RetryAfter time.Duration // of Limited, in whole seconds; 0 sends no Retry-After header
	Times      int           // how many calls it hits; 0 means until cleared
}

type fault struct {
	Fault
	left    int
	cleared chan struct{}
}

// Inject makes calls fail until end is called or Times calls have failed. Of several matching
// faults the one injected first strikes.
func (w *Workspace) Inject(f Fault) (end func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	mine := &fault{Fault: f, left: f.Times, cleared: make(chan struct{})}
	w.faults = append(w.faults, mine)
	return sync.OnceFunc(func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.faults = slices.DeleteFunc(w.faults, func(f *fault) bool { return f == mine })
		close(mine.cleared)
	})
}

// RevokeToken makes the current token invalid: every call answers token_revoked.
func (w *Workspace) RevokeToken() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.revoked = true
}

// RotateToken replaces the token by a new one and returns it; the old one is invalid_auth from now on.
func (w *Workspace) RotateToken() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.token, w.revoked = "xoxb-"+rand.Text(), false
	return w.token
}

// SetScope grants the token a scope or takes it away.
func (w *Workspace) SetScope(scope string, granted bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.scopes[scope] = granted
}

// strike gives the fault that hits a call, nil for none. The caller holds mu.
func (w *Workspace) strike(method string) *fault {
	for _, f := range w.faults {
		if f.Method != "" && f.Method != method || f.Times > 0 && f.left == 0 {
			continue
		}
		f.left--
		return f
	}
	return nil
}

// strikeDown answers a call that fails before anything was done, or breaks its connection. It gives
// the status and error that were sent.
func (f *fault) strikeDown(ctx context.Context, rw http.ResponseWriter) (status int, code string) {
	switch f.Kind {
	case Unavailable:
		http.Error(rw, "<html>503</html>", http.StatusServiceUnavailable)
		return http.StatusServiceUnavailable, "503"
	case Limited:
		if f.RetryAfter > 0 {
			rw.Header().Set("Retry-After", strconv.Itoa(int(f.RetryAfter/time.Second)))
		}
		writeJSON(rw, http.StatusTooManyRequests, answer{"ok": false, "error": "ratelimited"})
		return http.StatusTooManyRequests, "ratelimited"
	case Refusal:
		writeJSON(rw, http.StatusOK, answer{"ok": false, "error": f.Error})
		return http.StatusOK, f.Error
	case Hang:
		select {
		case <-ctx.Done():
		case <-f.cleared:
		}
	case Reset, LostReply:
	}
	panic(http.ErrAbortHandler) // net/http's way to break the connection
}
