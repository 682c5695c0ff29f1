package slackapi_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"showtime/internal/slackapi"
	"showtime/internal/slacklike"
)

// rig is a client at a look-alike workspace, over real HTTP.
type rig struct {
	*slackapi.Client
	slack *slacklike.Workspace

	mu        sync.Mutex
	token     string
	refreshes int
	waits     []time.Duration
	alarms    []string
}

func newRig(t *testing.T, change ...func(*slackapi.Options)) *rig {
	t.Helper()
	w := slacklike.New(slacklike.Options{})
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	w.SetURL(server.URL)
	w.AddUser(slacklike.User{ID: "UANA", RealName: "Ana"})
	w.AddUser(slacklike.User{ID: "UOUT"})
	w.AddChannel(slacklike.Channel{ID: "CSHOW", Members: []string{"UANA", "U0BOT"}})
	w.AddChannel(slacklike.Channel{ID: "CELSE", Members: []string{"UANA"}})

	r := &rig{slack: w, token: w.Token()}
	o := slackapi.Options{URL: w.APIURL(), Token: r.giveToken, Refresh: r.refresh, Alarm: r.alarm, Wait: r.wait, Timeout: 5 * time.Second}
	for _, f := range change {
		f(&o)
	}
	client, err := slackapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.Client = client
	return r
}

func (r *rig) giveToken(context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.token, nil
}

func (r *rig) refresh(context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.refreshes++
	r.token = r.slack.Token()
	return r.token, nil
}

func (r *rig) alarm(_ context.Context, kind, detail string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alarms = append(r.alarms, kind+" "+detail)
}

func (r *rig) wait(_ context.Context, d time.Duration) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waits = append(r.waits, d)
	return nil
}

func card() slackapi.Message {
	return slackapi.Message{
		Text: "exploration is up",
		Blocks: []slack.Block{slack.NewActionBlock("b", slack.NewButtonBlockElement("showtime:destroy", "{}",
			slack.NewTextBlockObject(slack.PlainTextType, "Destroy", false, false)))},
		Metadata: &slackapi.Metadata{EventType: "showtime_session", EventPayload: map[string]any{"cluster": "exploration", "generation": 7}},
	}
}

func badBlocks() slackapi.Message {
	m := card()
	m.Blocks = []slack.Block{slack.NewHeaderBlock(slack.NewTextBlockObject(slack.PlainTextType, "", false, false))}
	return m
}

// only gives the one message in CSHOW that everybody or UANA sees.
func (r *rig) only(t *testing.T) slacklike.Message {
	t.Helper()
	messages := r.slack.Messages("CSHOW", "UANA")
	if len(messages) != 1 {
		t.Fatalf("got %d messages, want 1: %+v", len(messages), messages)
	}
	return messages[0]
}

func wantKind(t *testing.T, err error, kind slackapi.Kind) {
	t.Helper()
	_ = errorOf(t, err, kind)
}

func errorOf(t *testing.T, err error, kind slackapi.Kind) *slackapi.Error {
	t.Helper()
	var e *slackapi.Error
	if !errors.As(err, &e) || e.Kind != kind {
		t.Fatalf("got error %v, want kind %s", err, kind)
	}
	return e
}

func TestPostUpdateAndPermalink(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ts, err := r.Post(t.Context(), "CSHOW", card(), "")
	if err != nil {
		t.Fatal(err)
	}
	posted := r.only(t)
	if posted.TS != ts || posted.Text != card().Text || !strings.Contains(string(posted.Blocks), "showtime:destroy") || len(posted.Metadata) == 0 {
		t.Errorf("posted %+v", posted)
	}
	if args := r.slack.Calls("chat.postMessage")[0].Args; args.Get("unfurl_links") != "false" || args.Get("unfurl_media") != "false" {
		t.Errorf("a post may be unfurled: %v", args)
	}
	if err := r.Update(t.Context(), "CSHOW", ts, slackapi.Message{Text: "<over> & out"}); err != nil {
		t.Fatal(err)
	}
	updated := r.only(t)
	if updated.Text != "<over> & out" || updated.Blocks != nil || string(updated.Metadata) != string(posted.Metadata) {
		t.Errorf("updated to %+v", updated)
	}
	link, err := r.Permalink(t.Context(), "CSHOW", ts)
	if err != nil || !strings.HasSuffix(link, "/archives/CSHOW/p"+strings.Replace(ts, ".", "", 1)) {
		t.Errorf("permalink %q, %v", link, err)
	}
}

func TestPostInThread(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	parent, err := r.Post(t.Context(), "CSHOW", card(), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Post(t.Context(), "CSHOW", slackapi.Message{Text: "hi"}, parent); err != nil {
		t.Fatal(err)
	}
	if reply := r.slack.Messages("CSHOW", "UANA")[1]; reply.ThreadTS != parent {
		t.Errorf("reply stands in thread %q, want %q", reply.ThreadTS, parent)
	}
}

func TestEphemeralIsForOnePerson(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.Ephemeral(t.Context(), "CSHOW", "UANA", card(), ""); err != nil {
		t.Fatal(err)
	}
	if m := r.only(t); m.Reader != "UANA" {
		t.Errorf("message is for %q", m.Reader)
	}
	if seen := r.slack.Messages("CSHOW", "UOUT"); len(seen) != 0 {
		t.Errorf("others see %+v", seen)
	}
	wantKind(t, r.Ephemeral(t.Context(), "CSHOW", "UOUT", card(), ""), slackapi.NoChannel)
}

func TestErrorKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		act  func(ctx context.Context, r *rig) error
		code string
		want slackapi.Kind
	}{
		{"no_such_message", update("CSHOW", "1.000001"), "message_not_found", slackapi.Gone},
		{"no_such_channel", post("CNONE"), "channel_not_found", slackapi.NoChannel},
		{"not_in_channel", post("CELSE"), "not_in_channel", slackapi.NoChannel},
		{"archived", func(ctx context.Context, r *rig) error {
			r.slack.Archive("CSHOW", true)
			return post("CSHOW")(ctx, r)
		}, "is_archived", slackapi.NoChannel},
		{"somebody_elses_message", func(ctx context.Context, r *rig) error {
			d, err := r.slack.Type(ctx, "UANA", "CSHOW", "hi", slacklike.TypeOptions{})
			if err != nil {
				return err
			}
			return update("CSHOW", d.MessageTS)(ctx, r)
		}, "cant_update_message", slackapi.Gone},
		{"missing_scope", func(ctx context.Context, r *rig) error {
			r.slack.SetScope("chat:write", false)
			return post("CSHOW")(ctx, r)
		}, "missing_scope", slackapi.Auth},
		{"restricted", refused("restricted_action_read_only_channel"), "restricted_action_read_only_channel", slackapi.NoChannel},
		{"unknown_code", refused("brand_new_error"), "brand_new_error", slackapi.Refused},
		{"odd_code", refused("<b>not a code</b>"), "unknown_error", slackapi.Refused},
		{"maybe_done", refused("fatal_error"), "fatal_error", slackapi.Unclear},
		{"edit_window", refused("edit_window_closed"), "edit_window_closed", slackapi.Gone},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			e := errorOf(t, test.act(t.Context(), newRig(t)), test.want)
			if e.Code != test.code {
				t.Errorf("got code %q, want %q", e.Code, test.code)
			}
		})
	}
	if slackapi.IsKind(nil, slackapi.Gone) {
		t.Error("no error is of no kind")
	}
}

func post(channel string) func(context.Context, *rig) error {
	return func(ctx context.Context, r *rig) error {
		_, err := r.Post(ctx, channel, card(), "")
		return err
	}
}

func update(channel, ts string) func(context.Context, *rig) error {
	return func(ctx context.Context, r *rig) error { return r.Update(ctx, channel, ts, card()) }
}

func refused(code string) func(context.Context, *rig) error {
	return func(ctx context.Context, r *rig) error {
		r.slack.Inject(slacklike.Fault{Kind: slacklike.Refusal, Error: code})
		return post("CSHOW")(ctx, r)
	}
}

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
