package slackapi_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/roles"
	"showtime/internal/slackapi"
	"showtime/internal/slacklike"
)

func session(generation int) slackapi.Metadata {
	return slackapi.Metadata{EventType: "showtime_session", EventPayload: map[string]any{"generation": generation}}
}

func TestFindAdoptsAPostWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	begun := time.Now()
	r.slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.LostReply, Times: 1})
	_, err := r.Post(t.Context(), "CSHOW", card(), "")
	wantKind(t, err, slackapi.Unclear)
	ts, found, err := r.Find(t.Context(), "CSHOW", begun.Add(-time.Minute), session(7))
	if err != nil || !found || ts != r.only(t).TS {
		t.Errorf("found %q, %v, %v", ts, found, err)
	}
}

func TestFindMatches(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		since time.Duration
		md    slackapi.Metadata
		found bool
	}{
		{"same", -time.Minute, session(7), true},
		{"other_generation", -time.Minute, session(8), false},
		{"other_type", -time.Minute, slackapi.Metadata{EventType: "showtime_request", EventPayload: session(7).EventPayload}, false},
		{"more_wanted", -time.Minute, slackapi.Metadata{EventType: "showtime_session", EventPayload: map[string]any{"generation": 7, "x": 1}}, false},
		{"too_old", time.Minute, session(7), false},
	}
	r := newRig(t)
	if _, err := r.Post(t.Context(), "CSHOW", card(), ""); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, found, err := r.Find(t.Context(), "CSHOW", time.Now().Add(test.since), test.md)
			if err != nil || found != test.found {
				t.Errorf("got %v, %v, want %v", found, err, test.found)
			}
		})
	}
}

func TestFindGivesTheOldestAcrossPages(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, err := r.Post(t.Context(), "CSHOW", card(), "")
	if err != nil {
		t.Fatal(err)
	}
	for range 250 {
		if _, err := r.slack.Type(t.Context(), "UANA", "CSHOW", "chatter", slacklike.TypeOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := r.Post(t.Context(), "CSHOW", card(), ""); err != nil {
		t.Fatal(err)
	}
	ts, found, err := r.Find(t.Context(), "CSHOW", time.Now().Add(-time.Minute), session(7))
	if err != nil || !found || ts != first {
		t.Errorf("found %q, %v, %v, want %q", ts, found, err, first)
	}
	if pages := len(r.slack.Calls("conversations.history")); pages != 2 {
		t.Errorf("read %d pages", pages)
	}
}

func TestFindDoesNotSayNotFoundWhenItCannotLook(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.slack.RemoveBot("CSHOW")
	_, _, err := r.Find(t.Context(), "CSHOW", time.Now(), session(7))
	wantKind(t, err, slackapi.NoChannel)
	r.slack.InviteBot("CSHOW")
	for _, kind := range []slacklike.FaultKind{slacklike.Unavailable, slacklike.LostReply} {
		r.slack.Inject(slacklike.Fault{Method: "conversations.history", Kind: kind, Times: 1})
		_, _, err = r.Find(t.Context(), "CSHOW", time.Now(), session(7))
		wantKind(t, err, slackapi.Unavailable)
	}
	r.slack.SetScope("channels:history", false)
	r.slack.SetScope("groups:history", false)
	_, _, err = r.Find(t.Context(), "CSHOW", time.Now(), session(7))
	wantKind(t, err, slackapi.Auth)
}

// others is a page with another app's copy of our metadata, and an element that slack-go does not know.
const others = `{"ok":true,"messages":[
 {"ts":"9.000001","user":"UEVIL","bot_id":"BEVIL","metadata":{"event_type":"showtime_session","event_payload":{"generation":7}},
  "blocks":[{"type":"actions","elements":[{"type":"warp_drive"}]}]},
 {"ts":"8.000001","user":"U0BOT","bot_id":"B0BOT","metadata":{"event_type":"showtime_session","event_payload":{"generation":7,"more":true}}}]}`

func TestFindTakesOnlyOurOwnMessages(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "auth.test") {
			_, _ = fmt.Fprint(w, `{"ok":true,"team_id":"T","user_id":"U0BOT","bot_id":"B0BOT"}`)
			return
		}
		_, _ = fmt.Fprint(w, others)
	}))
	t.Cleanup(server.Close)
	r := newRig(t, func(o *slackapi.Options) { o.URL = server.URL })
	ts, found, err := r.Find(t.Context(), "CSHOW", time.Now(), session(7))
	if err != nil || !found || ts != "8.000001" {
		t.Errorf("found %q, %v, %v", ts, found, err)
	}
}

func TestPeople(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.slack.AddUser(slacklike.User{ID: "UGUEST", Restricted: true, UltraRestricted: true})
	r.slack.AddUser(slacklike.User{ID: "UGONE", Deleted: true})
	r.slack.AddUser(slacklike.User{ID: "UFAR", TeamID: "TFAR"})
	r.slack.AddGroup(slacklike.Group{ID: "SADMIN", Members: []string{"UANA", "UGONE"}})
	r.slack.AddGroup(slacklike.Group{ID: "SEMPTY"})
	for id, want := range map[string]roles.User{
		"UANA":   {ID: "UANA", TeamID: "T0SHOW"},
		"UGUEST": {ID: "UGUEST", TeamID: "T0SHOW", Restricted: true, UltraRestricted: true},
		"UGONE":  {ID: "UGONE", TeamID: "T0SHOW", Deleted: true},
		"UFAR":   {ID: "UFAR", TeamID: "TFAR", Stranger: true},
		"U0BOT":  {ID: "U0BOT", TeamID: "T0SHOW", Bot: true},
	} {
		got, err := r.User(t.Context(), id)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("user %s: %v\n%s", id, err, diff)
		}
	}
	if _, err := r.User(t.Context(), "UNOBODY"); !errors.Is(err, roles.ErrUnknownUser) {
		t.Errorf("got %v for nobody", err)
	}
	if got, err := r.GroupMembers(t.Context(), "SADMIN"); err != nil || !cmp.Equal(got, []string{"UANA", "UGONE"}) {
		t.Errorf("members %v, %v", got, err)
	}
	if got, err := r.GroupMembers(t.Context(), "SEMPTY"); err != nil || len(got) != 0 {
		t.Errorf("members %v, %v", got, err)
	}
	if _, err := r.GroupMembers(t.Context(), "SNONE"); err == nil {
		t.Error("a group that does not exist has members")
	}
	who, err := r.Me(t.Context())
	want := slackapi.Identity{
		TeamID: "T0SHOW", UserID: "U0BOT", BotID: "B0SHOW",
		Scopes: []string{"channels:history", "chat:write", "commands", "groups:history", "usergroups:read", "users:read"},
	}
	if diff := cmp.Diff(want, who); diff != "" || err != nil {
		t.Errorf("me: %v\n%s", err, diff)
	}
}

func TestPeopleFailClosed(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"ok":true}`) }))
	t.Cleanup(server.Close)
	r := newRig(t, func(o *slackapi.Options) { o.URL = server.URL })
	_, err := r.User(t.Context(), "UANA")
	wantKind(t, err, slackapi.Unavailable)
	_, err = r.Me(t.Context())
	wantKind(t, err, slackapi.Unavailable)
}

func TestQuestionsAreNeverUnclear(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.slack.Inject(slacklike.Fault{Kind: slacklike.Reset})
	asks := map[string]func(context.Context) error{
		"user":      func(ctx context.Context) error { _, err := r.User(ctx, "UANA"); return err },
		"group":     func(ctx context.Context) error { _, err := r.GroupMembers(ctx, "S1"); return err },
		"permalink": func(ctx context.Context) error { _, err := r.Permalink(ctx, "CSHOW", "1.000001"); return err },
		"me":        func(ctx context.Context) error { _, err := r.Me(ctx); return err },
	}
	for name, ask := range asks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantKind(t, ask(t.Context()), slackapi.Unavailable)
		})
	}
}

// TestArchived looks into channels as the doctor does, with no scope beyond those for the history.
func TestArchived(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, channel, code string
		before              func(w *slacklike.Workspace)
		archived            bool
	}{
		{name: "empty", channel: "CSHOW"},
		{name: "archived", channel: "CSHOW", before: func(w *slacklike.Workspace) { w.Archive("CSHOW", true) }, archived: true},
		{name: "outside", channel: "CELSE", code: "not_in_channel"},
		{name: "none", channel: "CNONE", code: "channel_not_found"},
		{name: "unscoped", channel: "CSHOW", code: "missing_scope", before: func(w *slacklike.Workspace) {
			w.SetScope("channels:history", false)
			w.SetScope("groups:history", false)
		}},
		{name: "in_use", channel: "CSHOW", before: func(w *slacklike.Workspace) {
			if _, err := w.Type(t.Context(), "UANA", "CSHOW", "hello", slacklike.TypeOptions{}); err != nil {
				t.Error(err)
			}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if tt.before != nil {
				tt.before(r.slack)
			}
			archived, err := r.Archived(t.Context(), tt.channel)
			code := ""
			if e, ok := errors.AsType[*slackapi.Error](err); ok {
				code = e.Code
			}
			if archived != tt.archived || code != tt.code || (err != nil) != (tt.code != "") {
				t.Errorf("archived %t, %v", archived, err)
			}
		})
	}
}
