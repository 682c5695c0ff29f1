// Package receiver is the HTTP side of Showtime: it verifies what Slack sent, recognises it, queues it
// and answers. It decides about nobody and parses nothing before the signature over it holds. The same
// handler runs behind Lambda and in serve.
package receiver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/metric"
)

// The paths of the receiver.
const (
	pathCommands     = "/slack/commands"
	pathInteractions = "/slack/interactions"
	pathEvents       = "/slack/events"
	pathHealth       = "/healthz"
)

// Secrets are the signing secrets, newest first.
type Secrets interface {
	Signing(ctx context.Context) ([]string, error)
	// Refresh gives them after a signature did not hold, read again if that is not too often.
	Refresh(ctx context.Context) ([]string, error)
}

// Config is what a receiver needs. Only TeamID, AppID, the healths and Record may be left out.
type Config struct {
	Secrets Secrets
	Queue   Sender
	// QueueHealth says whether the queue can be reached; without it, it counts as healthy.
	QueueHealth func(ctx context.Context) error
	// StoreHealth says the same of the store, where the same process works on it.
	StoreHealth func(ctx context.Context) error
	// SocketHealth says the same of the connection to Slack, where there is one.
	SocketHealth func(ctx context.Context) error
	Phrases      events.Phrases
	Cluster      string
	TeamID       string
	AppID        string
	Log          zerolog.Logger
	Now          func() time.Time
	Record       metric.Record
}

// Receiver answers Slack over HTTP.
type Receiver struct {
	config Config
	desk   *Desk
	health *health
}

var _ http.Handler = (*Receiver)(nil)

// New makes a receiver. Its error is about the phrases.
func New(c Config) (*Receiver, error) {
	desk, err := NewDesk(c)
	if err != nil {
		return nil, err
	}
	return &Receiver{config: c, desk: desk, health: newHealth(c)}, nil
}

// ServeHTTP takes a request through cap, method and path, signature, content type, parsing, app and
// team, recognition and the queue to its answer.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := rc.config.Now()
	a := rc.guarded(r)
	rc.desk.Note(a, rc.config.Now().Sub(began))
	a.write(w)
}

// guarded answers for a bug too. The panic's own words are kept out of the log: they may hold what was sent.
func (rc *Receiver) guarded(r *http.Request) (a Answer) {
	defer func() {
		if p := recover(); p != nil {
			rc.config.Log.Error().Str("panic", fmt.Sprintf("%T", p)).Bytes("stack", debug.Stack()).Msg("receiver panicked")
			a = Fault()
		}
	}()
	return rc.answer(r)
}

func (rc *Receiver) answer(r *http.Request) Answer {
	if r.ContentLength > MaxBody {
		return TurnAway(http.StatusRequestEntityTooLarge, "too-large")
	}
	switch r.URL.Path {
	case pathHealth:
		if a, wrong := method(r, http.MethodGet, http.MethodHead); wrong {
			return a
		}
		return rc.health.answer(r.Context())
	case pathCommands:
		return rc.slack(r, formType, rc.command)
	case pathInteractions:
		return rc.slack(r, formType, rc.interaction)
	case pathEvents:
		return rc.slack(r, jsonType, rc.event)
	default:
		return TurnAway(http.StatusNotFound, "unknown-path")
	}
}

// slack answers a request of Slack's: up to the content type all kinds are alike. next gets the signed time.
func (rc *Receiver) slack(r *http.Request, mediaType string, next func(context.Context, []byte, time.Time) Answer) Answer {
	if a, wrong := method(r, http.MethodPost); wrong {
		return a
	}
	body, status, why := read(r)
	if status != 0 {
		return TurnAway(status, why)
	}
	at, status, why := rc.verify(r, body)
	if status != 0 {
		return TurnAway(status, why)
	}
	if !isType(r.Header, mediaType) {
		return TurnAway(http.StatusBadRequest, "content-type")
	}
	return next(r.Context(), body, at)
}

// command reads a form. Broken escapes and bare semicolons make it malformed.
func (rc *Receiver) command(ctx context.Context, body []byte, at time.Time) Answer {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return malformed()
	}
	return rc.desk.Command(ctx, form, at)
}

// interaction takes the payload out of its form.
func (rc *Receiver) interaction(ctx context.Context, body []byte, at time.Time) Answer {
	form, err := url.ParseQuery(string(body))
	if err != nil || !sound(form) {
		return malformed()
	}
	return rc.desk.Interaction(ctx, []byte(form.Get("payload")), at)
}

// event has a time of its own in each message.
func (rc *Receiver) event(ctx context.Context, body []byte, _ time.Time) Answer {
	return rc.desk.Event(ctx, body)
}

func method(r *http.Request, allowed ...string) (a Answer, wrong bool) {
	if slices.Contains(allowed, r.Method) {
		return Answer{}, false
	}
	a = TurnAway(http.StatusMethodNotAllowed, "method")
	a.allow = allowed[0]
	return a, true
}

// read gives the body, or the status and fixed word with which the request is turned away.
func read(r *http.Request) (body []byte, status int, why string) {
	var err error
	if n := r.ContentLength; n > 0 { // known and below the cap: read without growing
		body = make([]byte, n)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	}
	switch {
	case err != nil:
		return nil, http.StatusBadRequest, "unreadable"
	case len(body) > MaxBody:
		return nil, http.StatusRequestEntityTooLarge, "too-large"
	}
	return body, 0, ""
}

// verify says when the request was signed, or with which status and fixed word it is turned away.
func (rc *Receiver) verify(r *http.Request, body []byte) (at time.Time, status int, why string) {
	s, why := readSignature(r.Header, rc.config.Now())
	if why != "" {
		return time.Time{}, http.StatusUnauthorized, why
	}
	secrets, err := rc.config.Secrets.Signing(r.Context())
	if err != nil {
		rc.config.Log.Error().Err(err).Msg("signing secret not read")
		return time.Time{}, http.StatusServiceUnavailable, "no-secret"
	}
	if s.by(secrets, body) {
		return s.at, 0, ""
	}
	// The secret may just have been changed in Slack.
	secrets, err = rc.config.Secrets.Refresh(r.Context())
	if err == nil && s.by(secrets, body) {
		return s.at, 0, ""
	}
	return time.Time{}, http.StatusUnauthorized, "wrong-signature"
}
