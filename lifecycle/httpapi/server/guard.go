package server

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

// asked is what the guard knows about a request.
type asked struct {
	grant grant.Grant
	hash  string // of method, path, query and body: what an idempotency key belongs to
}

type askedKey struct{}

// caller gives what the guard put there; without it, a grant that allows nothing.
func caller(ctx context.Context) asked {
	a, _ := ctx.Value(askedKey{}).(asked)
	return a
}

// guarded lets nobody through without a grant, and nobody too often. What it turns away leaves one log line.
func (s *server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer s.recovered(w, r)
		w.Header().Set("Cache-Control", "no-store")
		g, ok := s.Caller(r)
		if !ok {
			s.turnAway(w, r, "", httpapi.NewProblem(httpapi.Unauthorized, ""))
			return
		}
		if wait := s.limiter.Take(g.Name); wait > 0 {
			s.turnAway(w, r, g.Name, httpapi.NewProblem(httpapi.RateLimited, "").After(wait))
			return
		}
		body, p := read(w, r)
		if p != nil {
			s.turnAway(w, r, g.Name, p)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		a := asked{grant: g, hash: fingerprint(r, body)}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), askedKey{}, a)))
	})
}

// read reads the whole body at once, so that what follows may take longer than reading may.
func read(w http.ResponseWriter, r *http.Request) ([]byte, *httpapi.Problem) {
	conn := http.NewResponseController(w)
	_ = conn.SetReadDeadline(time.Now().Add(readWithin)) // a Lambda function has no connection
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, httpapi.MaxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, httpapi.NewProblem(httpapi.TooLarge, "")
	}
	if err != nil {
		return nil, httpapi.NewProblem(httpapi.InvalidRequest, "the body cannot be read")
	}
	_ = conn.SetReadDeadline(time.Time{})
	_ = conn.SetWriteDeadline(time.Now().Add(answerWithin)) // a launch, or a wait for a change, takes its time
	return body, nil
}

func fingerprint(r *http.Request, body []byte) string {
	h := sha256.New()
	_, _ = fmt.Fprintf(h, "%s %s?%s\n", r.Method, r.URL.Path, r.URL.RawQuery)
	_, _ = h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func (s *server) turnAway(w http.ResponseWriter, r *http.Request, who string, p *httpapi.Problem) {
	s.Log.Info().Str("who", who).Str("method", r.Method).Int("status", p.Status).Str("problem", p.Type).Msg("turned away")
	writeProblem(w, p)
}

// recovered answers a request whose handler broke, and lets the others go on.
func (s *server) recovered(w http.ResponseWriter, r *http.Request) {
	if p := recover(); p != nil {
		s.Log.Error().Str("method", r.Method).Bytes("stack", debug.Stack()).Msg("panic")
		writeProblem(w, httpapi.NewProblem(httpapi.Internal, ""))
	}
}

// enter gives the cluster if the caller may do this with it. A cluster that is none and one that the
// caller may not know of look the same.
func (s *server) enter(ctx context.Context, name string, verbs ...grant.Verb) (Member, *httpapi.Problem) {
	g := caller(ctx).grant
	m, found := s.Fleet.Find(name)
	if !g.Opens(name) || !found {
		s.refuse(g.Name, httpapi.NotFound)
		return Member{}, httpapi.NewProblem(httpapi.NotFound, "no such cluster")
	}
	if i := slices.IndexFunc(verbs, func(v grant.Verb) bool { return !g.May(v) }); i >= 0 {
		s.refuse(g.Name, httpapi.Forbidden)
		return Member{}, httpapi.NewProblem(httpapi.Forbidden, "it lacks the verb "+string(verbs[i]))
	}
	return m, nil
}

func (s *server) refuse(who string, k httpapi.Kind) {
	s.Log.Info().Str("who", who).Str("problem", string(k)).Msg("turned away")
}

// healthFor is how long a look at what this process needs is good for.
const healthFor = 30 * time.Second

type health struct {
	look func(ctx context.Context) string
	now  func() time.Time
	mu   sync.Mutex
	at   time.Time
	word string
}

// healthz says 200 when the manager can work, else 503 with a fixed word.
func (s *server) healthz(w http.ResponseWriter, r *http.Request) {
	word := s.health.check(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if word != "" {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, word+"\n") // a reader that is gone needs no answer
		return
	}
	_, _ = io.WriteString(w, "ok\n")
}

func (h *health) check(ctx context.Context) string {
	if h.look == nil {
		return ""
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if now := h.now(); h.at.IsZero() || now.Sub(h.at) >= healthFor {
		h.word, h.at = h.look(ctx), now
	}
	return h.word
}

func problemType() reflect.Type { return reflect.TypeFor[httpapi.Problem]() }
