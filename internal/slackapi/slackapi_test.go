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
