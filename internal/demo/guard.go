package demo

import (
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strings"
)

// tokenHeader carries the token that the page was served with. Another site can neither read the
// page nor send this header.
const tokenHeader = "X-Showtime-Token"

// policy lets the page load its own files and talk to its own server, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

func secure(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
}

// guard refuses what does not come from this page in a browser on this machine: another Host is a
// rebound name, another Origin or a cross-site fetch is another page, and what changes something
// needs the run's token as well.
func (s *Server) guard(r *http.Request) error {
	if !s.ownHost(r.Host) {
		return errors.New("this page answers under its own address only")
	}
	changes := r.Method != http.MethodGet && r.Method != http.MethodHead
	origin := r.Header.Get("Origin")
	host, plain := strings.CutPrefix(origin, "http://")
	if (origin != "" || changes) && (!plain || host != r.Host) {
		return errors.New("another page asked for this")
	}
	site := r.Header.Get("Sec-Fetch-Site")
	if strings.HasPrefix(r.URL.Path, "/page/") && site != "" && site != "same-origin" && site != "none" {
		return errors.New("another page asked for this")
	}
	if changes && subtle.ConstantTimeCompare([]byte(r.Header.Get(tokenHeader)), []byte(s.token)) != 1 {
		return errors.New("the demo was started again: reload the page")
	}
	return nil
}

// ownHost says whether a Host header names this page: the address it is served on, or localhost with its port.
func (s *Server) ownHost(host string) bool {
	_, port, err := net.SplitHostPort(s.o.Host)
	return host == s.o.Host || err == nil && host == net.JoinHostPort("localhost", port)
}
