package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"showtime/internal/doctor"
	"showtime/lifecycle"
)

func TestVariables(t *testing.T) {
	t.Parallel()
	wants(t, doctor.Variables("worker", nil), "ok: worker would start")
	inner := errors.Join(errors.New("B: bad"), errors.New("C: bad"))
	wants(t, doctor.Variables("worker", errors.Join(errors.New("A: bad"), inner)), "error: A: bad", "error: B: bad", "error: C: bad")
	wants(t, doctor.Variables("worker", fmt.Errorf("read: %w", inner)), "error: read: B: bad")
}

func TestClusterFile(t *testing.T) {
	t.Parallel()
	wants(t, doctor.ClusterFile("exploration", nil), `ok: "exploration" is valid`)
	wants(t, doctor.ClusterFile("exploration", []string{"$.rates: is absent", "$.rates.per_hour: has no rate for x"}), "ok: valid", "warning: no rate for x")
	problems := errors.Join(&lifecycle.FieldError{Path: "$.name", Problem: "is missing"}, &lifecycle.FieldError{Path: "$.lease", Problem: "is odd"})
	wants(t, doctor.BadClusterFile(problems), "error: $.name: is missing", "error: $.lease: is odd")
}

func TestRates(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, asOf, want string
	}{
		{"today", "2026-11-23", "ok: 0 days ago"},
		{"quarter", "2026-08-26", "ok: 89 days ago"},
		{"old", "2026-08-24", "warning: 2026-08-24, 91 days ago"},
		{"future", "2026-12-01", "warning: not come yet"},
		{"undated", "", "warning: as of when"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.Rates(&lifecycle.Rates{AsOf: tt.asOf}, noon), tt.want)
		})
	}
	wants(t, doctor.Rates(nil, noon), "warning: no card says what a session costs")
}

func TestSecret(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, thing string
		err         error
		want        string
	}{
		{"there", "/showtime/slack/bot-token", nil, "ok: from /showtime/slack/bot-token"},
		{"absent", "/showtime/slack/bot-token", failing("ParameterNotFound"), "error: aws ssm put-parameter --type SecureString --name /showtime/slack/bot-token"},
		{"denied", "/showtime/slack/bot-token", failing("AccessDeniedException"), "error: Allow ssm:GetParameter on /showtime/slack/bot-token; template.yaml has the statement. If it is encrypted with a key of your own, allow kms:Decrypt"},
		{"no_credentials", "/showtime/slack/bot-token", failing("UnrecognizedClientException"), "error: valid AWS credentials"},
		{"away", "/showtime/slack/bot-token", errAway, "error: connection refused"},
		{"unset", "SLACK_BOT_TOKEN", errors.New("it is empty"), "error: Set SLACK_BOT_TOKEN."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.Secret("secret", tt.thing, func(context.Context) error { return tt.err }), tt.want)
		})
	}
}

// answering is a server whose clock shows this; a zero time is no clock.
type answering time.Time

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	resp := &http.Response{StatusCode: http.StatusForbidden, Header: http.Header{}, Body: http.NoBody}
	if at := time.Time(a); !at.IsZero() {
		resp.Header.Set("Date", at.Format(http.TimeFormat))
	}
	return resp, nil
}

func (a answering) Do(r *http.Request) (*http.Response, error) { return a.RoundTrip(r) }

func TestClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		theirs time.Time
		want   string
	}{
		{"same", noon(), "ok: as Slack's"},
		{"a_little", noon().Add(-29 * time.Second), "ok: as Slack's"},
		{"ahead", noon().Add(-30 * time.Second), "warning: 30s ahead of Slack's"},
		{"behind", noon().Add(2 * time.Minute), "warning: 2m0s behind Slack's"},
		{"wrong", noon().Add(-5 * time.Minute), "error: 5m0s ahead of Slack's"},
		{"unknown", time.Time{}, "not checked: nobody who answered"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := doctor.NewClocks(noon)
			hear(t, &http.Client{Transport: c.Transport("Slack", answering(tt.theirs))})
			wants(t, c.Check(), tt.want)
		})
	}
}

func TestClock_hears_everybody(t *testing.T) {
	t.Parallel()
	c := doctor.NewClocks(noon)
	hear(t, &http.Client{Transport: c.Transport("Slack", answering(noon()))})
	hear(t, c.Client("AWS", answering(noon().Add(time.Hour))))
	wants(t, c.Check(), "error: 1h0m0s behind AWS's", "ok: as Slack's")
}

func hear(t *testing.T, d doctor.Doer) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://127.0.0.1", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := d.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		t.Fatal(err)
	}
}
