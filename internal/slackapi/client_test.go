package slackapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"showtime/internal/slackapi"
	"showtime/internal/slacklike"
)

func TestPostIsNeverRepeatedWhenItsOutcomeIsUnclear(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		fault  slacklike.Fault
		posted int
	}{
		{"lost_reply", slacklike.Fault{Kind: slacklike.LostReply}, 1},
		{"reset", slacklike.Fault{Kind: slacklike.Reset}, 0},
		{"unavailable", slacklike.Fault{Kind: slacklike.Unavailable}, 0},
		{"hang", slacklike.Fault{Kind: slacklike.Hang}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *slackapi.Options) { o.Timeout = 200 * time.Millisecond })
			test.fault.Times = 1
			defer r.slack.Inject(test.fault)()
			_, err := r.Post(t.Context(), "CSHOW", card(), "")
			wantKind(t, err, slackapi.Unclear)
			if calls := len(r.slack.Calls("chat.postMessage")); calls > 1 {
				t.Errorf("posted in %d calls", calls)
			}
			if got := len(r.slack.Messages("CSHOW", "")); got != test.posted {
				t.Errorf("got %d messages, want %d", got, test.posted)
			}
		})
	}
}

func TestNotReachedIsNotUnclear(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(slacklike.New(slacklike.Options{}))
	r := newRig(t, func(o *slackapi.Options) { o.URL = server.URL + "/api/" })
	server.Close()
	_, err := r.Post(t.Context(), "CSHOW", card(), "")
	wantKind(t, err, slackapi.Unavailable)
}

// Each attempt that failed is told of, by its method, those that were repeated too.
func TestFailedAttemptsAreTold(t *testing.T) {
	t.Parallel()
	var failed []string
	r := newRig(t, func(o *slackapi.Options) { o.Failed = func(op string) { failed = append(failed, op) } })
	r.slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.Limited, RetryAfter: time.Second, Times: 2})
	if _, err := r.Post(t.Context(), "CSHOW", card(), ""); err != nil {
		t.Fatal(err)
	}
	_ = r.Update(t.Context(), "CSHOW", "1.0", card()) // there is no such message
	if want := []string{"chat.postMessage", "chat.postMessage", "chat.update"}; !slices.Equal(failed, want) {
		t.Errorf("told of %v, want %v", failed, want)
	}
}

func TestDeadlineIsSeen(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	defer r.slack.Inject(slacklike.Fault{Kind: slacklike.Hang})()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := r.Post(ctx, "CSHOW", card(), "")
	wantKind(t, err, slackapi.Unclear)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v does not say that the deadline passed", err)
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		after    time.Duration
		times    int
		deadline time.Duration
		posted   bool
		waits    int
	}{
		{"fits", 3 * time.Second, 1, time.Minute, true, 1},
		{"fits_twice", 3 * time.Second, 2, time.Minute, true, 2},
		{"without_deadline", 3 * time.Second, 1, 0, true, 1},
		{"does_not_fit", 20 * time.Second, 1, 10 * time.Second, false, 0},
		{"much_without_deadline", time.Hour, 1, 0, false, 0},
		{"unsaid", 0, 1, time.Minute, false, 0},
		{"without_end", time.Second, 0, time.Minute, false, 3},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.Limited, RetryAfter: test.after, Times: test.times})
			ctx := t.Context()
			if test.deadline > 0 {
				var cancel func()
				ctx, cancel = context.WithTimeout(ctx, test.deadline)
				defer cancel()
			}
			_, err := r.Post(ctx, "CSHOW", card(), "")
			if test.posted != (err == nil) {
				t.Errorf("got error %v, want posted %v", err, test.posted)
			}
			if !test.posted {
				if e := errorOf(t, err, slackapi.RateLimited); e.RetryAfter != test.after {
					t.Errorf("got RetryAfter %v, want %v", e.RetryAfter, test.after)
				}
			}
			if len(r.waits) != test.waits {
				t.Errorf("waited %v, want %d times", r.waits, test.waits)
			}
		})
	}
}

func TestTokenRotation(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.slack.RotateToken()
	if _, err := r.Post(t.Context(), "CSHOW", card(), ""); err != nil {
		t.Fatal(err)
	}
	if r.refreshes != 1 || len(r.alarms) != 0 {
		t.Errorf("refreshed %d times, alarms %v", r.refreshes, r.alarms)
	}
}

func TestRevokedTokenAlarms(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.slack.RevokeToken()
	_, err := r.Post(t.Context(), "CSHOW", card(), "")
	wantKind(t, err, slackapi.Auth)
	if r.refreshes != 1 || len(r.alarms) != 1 || r.alarms[0] != "slack-auth chat.postMessage: token_revoked" {
		t.Errorf("refreshed %d times, alarms %v", r.refreshes, r.alarms)
	}
	if calls := len(r.slack.Calls("")); calls != 1 {
		t.Errorf("the same token was tried %d times", calls)
	}
}

func TestRefusedBlocksBecomePlainText(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ts, err := r.Post(t.Context(), "CSHOW", badBlocks(), "")
	if err != nil {
		t.Fatal(err)
	}
	if m := r.only(t); m.Text != card().Text || m.Blocks != nil || len(m.Metadata) == 0 {
		t.Errorf("posted %+v", m)
	}
	long := card()
	long.Text = strings.Repeat("é", 4001)
	if err := r.Update(t.Context(), "CSHOW", ts, long); err != nil {
		t.Fatal(err)
	}
	if m := r.only(t); m.Text != strings.Repeat("é", 4000) {
		t.Errorf("updated to %d bytes", len(m.Text))
	}
	if len(r.alarms) != 2 || !strings.HasPrefix(r.alarms[0], "slack-blocks ") {
		t.Errorf("alarms %q", r.alarms)
	}
	bare := badBlocks()
	bare.Text = ""
	wantKind(t, r.Update(t.Context(), "CSHOW", ts, bare), slackapi.Blocks)
}

func TestNewRefusesUnsafeURLs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for url, ok := range map[string]bool{
		"": true, "https://slack.com/api/": true, "http://127.0.0.1:8081/api": true, "http://[::1]:8081/api/": true,
		"http://slack.com/api/": false, "https://user:pass@slack.com/api/": false, "ftp://slack.com/": false, "/api/": false,
		"http://10.0.0.1/api/": false, "https://slack.com/api/?x=": false,
	} {
		_, err := slackapi.New(slackapi.Options{URL: url, Token: r.giveToken, Alarm: r.alarm})
		if (err == nil) != ok {
			t.Errorf("url %q: got error %v", url, err)
		}
		if err != nil && strings.Contains(err.Error(), "pass@") {
			t.Errorf("error shows the password: %v", err)
		}
	}
	if _, err := slackapi.New(slackapi.Options{}); err == nil {
		t.Error("a client without a token source was made")
	}
}
