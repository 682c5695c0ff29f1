// Package grant says who may do what through the lifecycle manager: a file of grants, each the hash of a
// bearer token or the ARN of an IAM principal, the clusters it opens and what may be done with them.
package grant

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"slices"
	"strings"
	"time"
)

// Verb is something that may be done with a cluster.
type Verb string

// The verbs.
const (
	Read          Verb = "read"            // state, history, events, dry run
	Start         Verb = "start"           //
	Stop          Verb = "stop"            // equals an admin: nobody is asked
	Join          Verb = "join"            //
	Extend        Verb = "extend"          // up to the cap
	ExtendPastCap Verb = "extend-past-cap" //
	OnBehalf      Verb = "on-behalf"       // act in the name of a person
)

// Verbs lists all verbs.
func Verbs() []Verb { return []Verb{Read, Start, Stop, Join, Extend, ExtendPastCap, OnBehalf} }

// every stands for every cluster.
const every = "*"

// Grant is one caller's leave. Its zero value allows nothing.
type Grant struct {
	Name     string
	Clusters []string
	Verbs    []Verb
	Expires  time.Time // zero = never
}

// Opens says whether the caller may know of the cluster.
func (g Grant) Opens(cluster string) bool {
	return slices.Contains(g.Clusters, every) || slices.Contains(g.Clusters, cluster)
}

// May says whether the caller may do this with the clusters it opens.
func (g Grant) May(v Verb) bool { return slices.Contains(g.Verbs, v) }

// Set is the grants of one file.
type Set struct{ entries []entry }

// entry is a grant with what proves it: one of the two, never both.
type entry struct {
	Grant
	token     [sha256.Size]byte
	hasToken  bool
	principal string
}

// Len says how many grants there are.
func (s *Set) Len() int { return len(s.entries) }

// Token finds the grant of a bearer token. Every hash is compared, in constant time: how long it takes
// says nothing about which grant a token resembles.
func (s *Set) Token(token string, now time.Time) (Grant, bool) {
	sum := sha256.Sum256([]byte(token))
	at := -1
	for i := range s.entries {
		if e := &s.entries[i]; same(sum, e.token) && e.hasToken {
			at = i
		}
	}
	return s.at(at, now)
}

// Principal finds the grant of an IAM principal that AWS has verified. A session of an assumed role has
// its role's grant.
func (s *Set) Principal(arn string, now time.Time) (Grant, bool) {
	arn = Role(arn)
	at := -1
	if arn != "" {
		at = slices.IndexFunc(s.entries, func(e entry) bool { return e.principal == arn })
	}
	return s.at(at, now)
}

func (s *Set) at(i int, now time.Time) (Grant, bool) {
	if i < 0 || !s.entries[i].valid(now) {
		return Grant{}, false
	}
	return s.entries[i].Grant, true
}

func (g Grant) valid(now time.Time) bool { return g.Expires.IsZero() || now.Before(g.Expires) }

// Role reduces the ARN of an assumed role's session to its role, without the role's path, which the session's
// ARN does not have either. Other ARNs stay as they are.
func Role(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return arn
	}
	kind, rest, _ := strings.Cut(parts[5], "/")
	switch {
	case parts[2] == "sts" && kind == "assumed-role":
		name, _, _ := strings.Cut(rest, "/")
		parts[2], parts[5] = "iam", "role/"+name
	case parts[2] == "iam" && kind == "role":
		parts[5] = "role/" + rest[strings.LastIndexByte(rest, '/')+1:]
	}
	return strings.Join(parts, ":")
}

// tokenPrefix lets a scanner of leaked secrets, and a person, see what it is.
const tokenPrefix = "showtime_"

// NewToken makes a token of 256 random bits, and the hash that stands in the file.
func NewToken() (token, hash string) {
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	token = tokenPrefix + strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret))
	return token, Hash(token)
}

// Hash is what a grants file keeps of a token. A token has 256 random bits, so a plain hash cannot be searched.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}
