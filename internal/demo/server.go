package demo

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"showtime/internal/slacklike"
)

//go:embed dist
var dist embed.FS

// Options are what the page needs. All but Scenarios, Switches and Refresh are required.
type Options struct {
	// Host is where the page is served, such as "127.0.0.1:8787". Requests for anything else are refused.
	Host      string
	Workspace *slacklike.Workspace
	Clock     *Clock
	// Tick does at once what the app does every minute; it is called after each minute the clock moves.
	Tick func(ctx context.Context) error
	// Settle, if given, waits a moment for what was asked before the clock moves: a job in hand would
	// otherwise find that a minute passed between two of its steps.
	Settle    func(ctx context.Context)
	Backstage Backstage
	Scenarios []Scenario
	Switches  []Switch
	// Refresh is how often the panel looks behind; 0 means every 400 ms.
	Refresh time.Duration
}

// Server is the page's backend. It is safe for concurrent use.
type Server struct {
	o     Options
	token string
	page  []byte
	files http.Handler
	mux   *http.ServeMux

	closed chan struct{}
	close  func()

	moving sync.Mutex // held while the clock moves, so that each minute has its tick

	mu       sync.Mutex
	read     map[place]string // ts of the newest message each person has read, by channel
	watchers map[chan struct{}]bool
}

// place is one person's view of one channel.
type place struct{ person, channel string }

// New makes the backend. The error says that an option is missing or that the page was not built.
func New(o Options) (*Server, error) {
	if o.Host == "" || o.Workspace == nil || o.Clock == nil || o.Tick == nil || o.Backstage == nil {
		return nil, errors.New("make demo page: an option is missing")
	}
	o.Refresh = cmp.Or(o.Refresh, 400*time.Millisecond)
	built, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, fmt.Errorf("open built page: %w", err)
	}
	index, err := fs.ReadFile(built, "index.html")
	if err != nil {
		return nil, fmt.Errorf("read built page: %w", err)
	}
	s := &Server{
		o: o, token: rand.Text(), files: http.FileServerFS(built), mux: http.NewServeMux(),
		read: map[place]string{}, watchers: map[chan struct{}]bool{}, closed: make(chan struct{}),
	}
	s.close = sync.OnceFunc(func() { close(s.closed) })
	s.page = bytes.ReplaceAll(index, []byte("TOKEN-OF-THIS-RUN"), []byte(s.token))
	s.routes()
	return s, nil
}

func (s *Server) routes() {
	s.mux.HandleFunc("GET /{$}", s.servePage)
	s.mux.Handle("GET /assets/", s.files)
	s.mux.Handle("GET /favicon.svg", s.files)
	s.mux.HandleFunc("GET /page/events", s.serveEvents)
	for path, act := range map[string]act{
		"type": s.typed, "click": s.click, "read": s.markRead, "clock": s.moveClock, "scenario": s.play, "switch": s.flip,
	} {
		s.mux.HandleFunc("POST /page/"+path, s.serveAct(act))
	}
}

// ServeHTTP answers the browser, and nobody else: see guard.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	if err := s.guard(r); err != nil {
		http.Error(w, err.Error(), http.StatusForbidden)
		return
	}
	s.mux.ServeHTTP(w, r)
}

// Close lets go of every open page, each of which would keep the HTTP server from shutting down.
func (s *Server) Close() { s.close() }

func (s *Server) servePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(s.page)
}

// nudge tells every open page that something outside the workspace is different now.
func (s *Server) nudge() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for ch := range s.watchers {
		select {
		case ch <- struct{}{}:
		default: // it has one waiting and will see this too
		}
	}
}

func (s *Server) watch() (nudges <-chan struct{}, cancel func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch := make(chan struct{}, 1)
	s.watchers[ch] = true
	return ch, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.watchers, ch)
	}
}

var _ http.Handler = (*Server)(nil)
