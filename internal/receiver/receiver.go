// Package receiver is the HTTP side of Showtime: it verifies what Slack sent, recognises it, queues it
// and answers. It decides about nobody and parses nothing before the signature over it holds. The same
// handler runs behind Lambda and in serve.
package receiver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/queue"
)

// The paths of the receiver.
const (
	pathCommands     = "/slack/commands"
	pathInteractions = "/slack/interactions"
	pathEvents       = "/slack/events"
	pathHealth       = "/healthz"
)

// maxBody is the largest body that is looked at, in bytes.
const maxBody = 1 << 20

// queueWithin is how long queueing may take. With the second that reading the secret may take, it
// leaves Slack's three seconds room for the network.
const queueWithin = 1500 * time.Millisecond

// Sender is the queue's receiving end. Sending what was sent already changes nothing.
type Sender interface {
	Send(ctx context.Context, m queue.Message) error
}

// Secrets are the signing secrets, newest first.
type Secrets interface {
	Signing(ctx context.Context) ([]string, error)
	// Refresh gives them after a signature did not hold, read again if that is not too often.
	Refresh(ctx context.Context) ([]string, error)
}

// Config is what a receiver needs. Only TeamID, AppID and the healths may be left out.
type Config struct {
	Secrets Secrets
	Queue   Sender
	// QueueHealth says whether the queue can be reached; without it, it counts as healthy.
	QueueHealth func(ctx context.Context) error
	// StoreHealth says the same of the store, where the same process works on it.
	StoreHealth func(ctx context.Context) error
	Phrases     events.Phrases
	Cluster     string
	TeamID      string
	AppID       string
	Log         zerolog.Logger
	Now         func() time.Time
}

// Receiver answers Slack.
type Receiver struct {
	config Config
	parser *events.Parser
	health *health
}

var _ http.Handler = (*Receiver)(nil)

// New makes a receiver. Its error is about the phrases.
func New(c Config) (*Receiver, error) {
	parser, err := events.NewParser(c.Phrases)
	if err != nil {
		return nil, fmt.Errorf("make receiver: %w", err)
	}
	return &Receiver{config: c, parser: parser, health: newHealth(c)}, nil
}

// ServeHTTP takes a request through cap, method and path, signature, content type, parsing, app and
// team, recognition and the queue to its answer.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer rc.guard(w)
	if r.ContentLength > maxBody {
		rc.turnAway(w, http.StatusRequestEntityTooLarge, "too-large")
		return
	}
	switch r.URL.Path {
	case pathHealth:
		if rc.method(w, r, http.MethodGet, http.MethodHead) {
			rc.health.serve(w, r)
		}
	case pathCommands:
		rc.slack(w, r, formType, rc.command)
	case pathInteractions:
		rc.slack(w, r, formType, rc.interaction)
	case pathEvents:
		rc.slack(w, r, jsonType, rc.event)
	default:
		rc.turnAway(w, http.StatusNotFound, "unknown-path")
	}
}

// delivery is a body whose signature holds.
type delivery struct {
	//nolint:containedctx // lives as long as its request
	ctx  context.Context
	body []byte
	at   time.Time // the signed time
}

// slack answers a request of Slack's: up to the content type all kinds are alike.
func (rc *Receiver) slack(w http.ResponseWriter, r *http.Request, mediaType string, next func(http.ResponseWriter, delivery)) {
	if !rc.method(w, r, http.MethodPost) {
		return
	}
	body, ok := rc.read(w, r)
	if !ok {
		return
	}
	at, status, why := rc.verify(r, body)
	if status != 0 {
		rc.turnAway(w, status, why)
		return
	}
	if !isType(r.Header, mediaType) {
		rc.turnAway(w, http.StatusBadRequest, "content-type")
		return
	}
	next(w, delivery{ctx: r.Context(), body: body, at: at})
}

func (rc *Receiver) method(w http.ResponseWriter, r *http.Request, allowed ...string) bool {
	if slices.Contains(allowed, r.Method) {
		return true
	}
	w.Header().Set("Allow", allowed[0])
	rc.turnAway(w, http.StatusMethodNotAllowed, "method")
	return false
}

func (rc *Receiver) read(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	var body []byte
	var err error
	if n := r.ContentLength; n > 0 { // known and below the cap: read without growing
		body = make([]byte, n)
		_, err = io.ReadFull(r.Body, body)
	} else {
		body, err = io.ReadAll(io.LimitReader(r.Body, maxBody+1))
	}
	switch {
	case err != nil:
		rc.turnAway(w, http.StatusBadRequest, "unreadable")
		return nil, false
	case len(body) > maxBody:
		rc.turnAway(w, http.StatusRequestEntityTooLarge, "too-large")
		return nil, false
	}
	return body, true
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

// guard answers for a bug. The panic's own words are kept out of the log: they may hold what was sent.
func (rc *Receiver) guard(w http.ResponseWriter) {
	p := recover()
	if p == nil {
		return
	}
	rc.config.Log.Error().Str("panic", fmt.Sprintf("%T", p)).Bytes("stack", debug.Stack()).Msg("receiver panicked")
	w.WriteHeader(http.StatusInternalServerError)
}
