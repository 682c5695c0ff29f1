// Package secret gives the secrets of Slack: fixed ones, or SecureStrings of SSM that are read on first
// use, kept for a while, and read again when Slack or a signature says that they no longer hold.
package secret

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// How long a value is kept, how often it is read again at most, and how long one reading may take:
// together with the queue's time it must fit into the three seconds that Slack waits.
const (
	keepFor    = 5 * time.Minute
	pause      = time.Minute
	firstTry   = time.Second // pause while there is no value at all
	readWithin = time.Second
)

// The names below SLACK_SECRET_PATH.
const (
	SigningSecret = "signing-secret" // one or more, comma-separated, newest first
	BotToken      = "bot-token"
	AppToken      = "app-token"
)

// Read reads a secret from where it is kept.
type Read func(ctx context.Context) (string, error)

// Value is one secret. Its methods may be called at the same time; only one reading is under way.
type Value struct {
	read Read
	now  func() time.Time

	mu      sync.Mutex
	value   string
	err     error // of the last reading
	readAt  time.Time
	triedAt time.Time
	reading chan struct{} // closed when the reading under way ends; nil when none is
}

// Static gives a secret that never changes.
func Static(value string) *Value {
	return New(func(context.Context) (string, error) { return value, nil }, time.Now)
}

// New gives a secret that is read on first use.
func New(read Read, now func() time.Time) *Value {
	return &Value{read: read, now: now}
}

// Get gives the secret. It reads it when there is none or when it is older than five minutes; when
// that does not work the old one stays. The error says that there never was one.
func (v *Value) Get(ctx context.Context) (string, error) {
	return v.get(ctx, keepFor)
}

// Check says whether there is a secret.
func (v *Value) Check(ctx context.Context) error {
	_, err := v.Get(ctx)
	return err
}

// Refresh gives the secret after it was found not to hold: read again, unless it was read within the last minute.
func (v *Value) Refresh(ctx context.Context) (string, error) {
	return v.get(ctx, pause)
}

func (v *Value) get(ctx context.Context, keep time.Duration) (string, error) {
	v.mu.Lock()
	if !v.due(keep) {
		defer v.mu.Unlock()
		return v.result()
	}
	if v.reading == nil {
		v.reading = make(chan struct{})
		go v.renew(context.WithoutCancel(ctx), v.reading)
	}
	reading := v.reading
	v.mu.Unlock()

	select {
	case <-reading:
	case <-ctx.Done():
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.result()
}

// due says whether to read: the value is too old, and the last try is not too recent.
func (v *Value) due(keep time.Duration) bool {
	now := v.now()
	if v.readAt.IsZero() {
		return v.triedAt.IsZero() || now.Sub(v.triedAt) >= firstTry
	}
	return now.Sub(v.readAt) >= keep && now.Sub(v.triedAt) >= pause
}

func (v *Value) result() (string, error) {
	switch {
	case !v.readAt.IsZero():
		return v.value, nil
	case v.err != nil:
		return "", v.err
	default:
		return "", errors.New("read secret: not yet read")
	}
}

// renew reads the secret. It does not stop when the one who asked goes away, because others wait too.
func (v *Value) renew(ctx context.Context, done chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	value, err := v.read(ctx)
	if err == nil && strings.Trim(value, ", \t\r\n") == "" {
		err = errors.New("it is empty")
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.triedAt, v.err, v.reading = v.now(), nil, nil
	if err != nil {
		v.err = fmt.Errorf("read secret: %w", err)
	} else {
		v.value, v.readAt = strings.TrimSpace(value), v.triedAt
	}
	close(done)
}

// Signing is a secret that is a list of signing secrets.
type Signing struct{ value *Value }

// NewSigning gives the list in a comma-separated secret.
func NewSigning(value *Value) *Signing { return &Signing{value: value} }

// StaticSigning gives a list that never changes.
func StaticSigning(secrets []string) *Signing {
	return NewSigning(Static(strings.Join(secrets, ",")))
}

// Signing gives the signing secrets, newest first; never an empty one.
func (s *Signing) Signing(ctx context.Context) ([]string, error) {
	return list(s.value.Get(ctx))
}

// Check says whether there are signing secrets.
func (s *Signing) Check(ctx context.Context) error {
	_, err := s.Signing(ctx)
	return err
}

// Refresh gives the signing secrets after a signature did not hold: read again, at most once a minute.
func (s *Signing) Refresh(ctx context.Context) ([]string, error) {
	return list(s.value.Refresh(ctx))
}

func list(value string, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	var secrets []string
	for s := range strings.SplitSeq(value, ",") {
		if s = strings.TrimSpace(s); s != "" {
			secrets = append(secrets, s)
		}
	}
	if len(secrets) == 0 {
		return nil, errors.New("read secret: no signing secret")
	}
	return secrets, nil
}
