package testbed

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
)

// The addresses at which everything is reached; nothing listens there.
const (
	slackURL = "http://127.0.0.1:7001"
	appURL   = "http://127.0.0.1:7002"
	emrURL   = "http://127.0.0.1:7003"
)

// pipe carries HTTP requests to handlers of this process, by URL, without any network. A handler that
// aborts breaks the connection.
type pipe struct {
	handlers map[string]http.Handler
	// point is passed before and after a request.
	point func(what string)
}

var _ http.RoundTripper = (*pipe)(nil)

// RoundTrip implements http.RoundTripper.
func (p *pipe) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	h := p.handlers[req.URL.Scheme+"://"+req.URL.Host]
	if h == nil {
		return nil, fmt.Errorf("nobody listens at %s", req.URL.Host)
	}
	what := req.URL.Path + req.Header.Get("X-Amz-Target")
	p.point("before " + what)
	if trace := httptrace.ContextClientTrace(req.Context()); trace != nil && trace.WroteHeaders != nil {
		trace.WroteHeaders()
	}
	served := req.Clone(req.Context())
	served.RequestURI, served.RemoteAddr = req.URL.RequestURI(), "127.0.0.1:1"
	if served.Body == nil {
		served.Body = http.NoBody
	}
	rec := httptest.NewRecorder()
	if !serve(h, rec, served) {
		return nil, errBroken
	}
	p.point("after " + what)
	return rec.Result(), nil
}

var errBroken = fmt.Errorf("connection broke: %w", io.ErrUnexpectedEOF)

// serve says whether the handler came to its end.
func serve(h http.Handler, rec http.ResponseWriter, req *http.Request) (ended bool) {
	defer func() {
		p := recover()
		if err, ok := p.(error); p != nil && (!ok || !errors.Is(err, http.ErrAbortHandler)) {
			panic(p)
		}
	}()
	h.ServeHTTP(rec, req)
	return true
}
