package manager

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"showtime/lifecycle/httpapi/grant"
)

// Grants are the grants of a file, as it last was when it was good.
type Grants struct {
	path string
	log  zerolog.Logger
	set  atomic.Pointer[grant.Set]
	sum  [sha256.Size]byte
	now  func() time.Time
}

// NewGrants reads the file.
func NewGrants(path string, now func() time.Time, log zerolog.Logger) (*Grants, error) {
	g := &Grants{path: path, log: log, now: now}
	set, err := grant.Load(path)
	if err != nil {
		return nil, err
	}
	g.set.Store(set)
	return g, nil
}

// Reload reads the file again if it has changed. A bad file leaves the grants as they were and is reported
// once. One goroutine calls it.
func (g *Grants) Reload() {
	data, err := os.ReadFile(g.path)
	if err != nil {
		g.log.Error().Err(err).Msg("grants cannot be read; they stay as they were")
		return
	}
	sum := sha256.Sum256(data)
	if sum == g.sum {
		return
	}
	g.sum = sum
	set, err := grant.Parse(data)
	if err != nil {
		g.log.Error().Err(err).Msg("bad grants file; the grants stay as they were")
		return
	}
	g.set.Store(set)
}

// Bearer finds the grant of a request's bearer token.
func (g *Grants) Bearer(r *http.Request) (grant.Grant, bool) {
	kind, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(kind, "Bearer") || token == "" || len(r.Header.Values("Authorization")) != 1 {
		return grant.Grant{}, false
	}
	return g.set.Load().Token(token, g.now())
}

// Verified finds the grant of the principal that somebody trusted has verified.
func (g *Grants) Verified(principal func(*http.Request) string) func(*http.Request) (grant.Grant, bool) {
	return func(r *http.Request) (grant.Grant, bool) {
		return g.set.Load().Principal(principal(r), g.now())
	}
}

// String says what it is without saying what is in it.
func (g *Grants) String() string { return fmt.Sprintf("%d grants", g.set.Load().Len()) }
