package slacklike

import (
	"net/url"
	"slices"
	"time"
)

// watchBuffer is how many changes wait for a watcher before further ones are dropped.
const watchBuffer = 64

// ChangeKind says what changed.
type ChangeKind string

// The kinds of changes.
const (
	MessagePosted  ChangeKind = "posted"
	MessageUpdated ChangeKind = "updated"
	MessageDeleted ChangeKind = "deleted"
	PeopleChanged  ChangeKind = "people" // users, groups, channels or memberships
)

// Change says that something is different now. User is set when only that person can see it.
type Change struct {
	Kind              ChangeKind
	Channel, TS, User string
}

// Watch tells about every change from now on, until cancel is called, which closes the channel. A
// watcher that is 64 changes behind loses the newer ones: who looks at Messages after each change
// it gets still ends up with the latest state.
func (w *Workspace) Watch() (changes <-chan Change, cancel func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serial++
	id, ch := w.serial, make(chan Change, watchBuffer)
	w.watchers[id] = ch
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if _, ok := w.watchers[id]; ok {
			delete(w.watchers, id)
			close(ch)
		}
	}
}

// changed tells the watchers. The caller holds mu.
func (w *Workspace) changed(c Change) {
	for _, ch := range w.watchers {
		select {
		case ch <- c:
		default:
		}
	}
}

// Call is one call that the app made.
type Call struct {
	Method string // such as "chat.postMessage"; "response_url" for an answer through one
	At     time.Time
	Args   url.Values // without the token; a JSON body's text is under "body"
	Status int        // HTTP status of the answer, 0 when there was none
	Error  string     // Slack's error code, "" for success
	Lost   bool       // the answer did not reach the app
}

// Calls are the calls of one method so far, oldest first; method "" means all.
func (w *Workspace) Calls(method string) []Call {
	w.mu.Lock()
	defer w.mu.Unlock()
	var calls []Call
	for _, c := range w.calls {
		if method == "" || c.Method == method {
			c.Args = cloneValues(c.Args)
			calls = append(calls, c)
		}
	}
	return calls
}

func cloneValues(v url.Values) url.Values {
	c := make(url.Values, len(v))
	for k, values := range v {
		c[k] = slices.Clone(values)
	}
	return c
}
