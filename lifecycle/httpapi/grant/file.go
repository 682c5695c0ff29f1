package grant

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"
)

// maxFile is far above any grants file.
const maxFile = 1 << 20

// Row is one grant as it stands in the file.
type Row struct {
	Name        string    `json:"name"`
	TokenSHA256 string    `json:"token_sha256,omitempty"`
	Principal   string    `json:"principal,omitempty"`
	Clusters    []string  `json:"clusters"`
	Verbs       []Verb    `json:"verbs"`
	Expires     time.Time `json:"expires,omitzero"`
}

// document is the file.
type document struct {
	Grants []Row `json:"grants"`
}

// Load reads a grants file.
func Load(path string) (*Set, error) {
	f, err := os.Open(path) //nolint:gosec // the path is the operator's own setting
	if err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err := errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	return Parse(data)
}

// Parse reads grants. Its error joins every problem; none repeats a value but a grant's name.
func Parse(data []byte) (*Set, error) {
	if len(data) > maxFile {
		return nil, errors.New("grants are larger than 1 MiB")
	}
	var doc document
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		return nil, fmt.Errorf("read grants: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("read grants: something follows the object")
	}
	s := &Set{}
	var problems []error
	for i, row := range doc.Grants {
		e, bad := row.entry()
		bad = append(bad, s.clash(e)...)
		for _, text := range bad {
			problems = append(problems, fmt.Errorf("$.grants[%d]: %s", i, text))
		}
		s.entries = append(s.entries, e)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return s, nil
}

// named says whether a grant may have this name: it stands in tags and in the audit as who acted.
func named(name string) bool {
	return regexp.MustCompile(`^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?$`).MatchString(name)
}

func (r Row) entry() (entry, []string) {
	e := entry{Grant: Grant{Name: r.Name, Clusters: r.Clusters, Verbs: r.Verbs, Expires: r.Expires}}
	var bad []string
	if !named(r.Name) {
		bad = append(bad, "name: must be up to 64 lower-case letters, digits, dots, dashes and underscores, with a letter or digit at both ends")
	}
	if r.Name == "showtime" {
		bad = append(bad, "name: is what Showtime calls itself")
	}
	if (r.TokenSHA256 == "") == (r.Principal == "") {
		bad = append(bad, "must have either token_sha256 or principal")
	}
	if r.TokenSHA256 != "" {
		sum, err := hex.DecodeString(r.TokenSHA256)
		if e.hasToken = err == nil && len(sum) == sha256.Size; !e.hasToken {
			bad = append(bad, "token_sha256: must be 64 hexadecimal digits; showtime token new makes them")
		}
		copy(e.token[:], sum)
	}
	if r.Principal != "" {
		e.principal = Role(r.Principal)
		if !principal(e.principal) {
			bad = append(bad, "principal: must be the ARN of an IAM role or user")
		}
	}
	return e, slices.Concat(bad, r.scope())
}

func principal(arn string) bool {
	return regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[\w+=,.@/-]+$`).MatchString(arn)
}

func (r Row) scope() []string {
	var bad []string
	if len(r.Clusters) == 0 || slices.Contains(r.Clusters, "") {
		bad = append(bad, `clusters: must name clusters, or be ["*"]`)
	}
	if len(r.Verbs) == 0 {
		bad = append(bad, "verbs: are missing")
	}
	for _, v := range r.Verbs {
		if !slices.Contains(Verbs(), v) {
			bad = append(bad, "verbs: must be of "+joined(Verbs()))
			break
		}
	}
	return bad
}

// clash says what an entry shares with an earlier one though it must not.
func (s *Set) clash(e entry) []string {
	var bad []string
	for _, other := range s.entries {
		if other.Name == e.Name {
			bad = append(bad, "name: stands there twice")
		}
		if e.hasToken && other.hasToken && e.token == other.token || e.principal != "" && e.principal == other.principal {
			bad = append(bad, "the same token or principal stands there twice")
		}
	}
	return bad
}

func joined(all []Verb) string {
	names := make([]string, len(all))
	for i, v := range all {
		names[i] = string(v)
	}
	return strings.Join(names, ", ")
}

func same(a, b [sha256.Size]byte) bool { return subtle.ConstantTimeCompare(a[:], b[:]) == 1 }
