package slacklike_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"showtime/internal/slacklike"
)

// verify checks the signature with slack-go's verifier.
func verify(t *testing.T, r *rig, req request) {
	t.Helper()
	v, err := slack.NewSecretsVerifier(req.header, r.SigningSecret())
	if err != nil {
		t.Fatal(err)
	}
	_, _ = v.Write(req.body)
	if err := v.Ensure(); err != nil {
		t.Errorf("signature: %v", err)
	}
}

func TestSignIsSlacks(t *testing.T) {
	t.Parallel()
	// The example of https://docs.slack.dev/authentication/verifying-requests-from-slack.
	const body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	got := slacklike.Sign("8f742231b10e8888abcd99yyyzzz85a5", "1531420618", []byte(body))
	if want := "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestCommandIsDelivered(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d, err := r.Type(t.Context(), "UANA", "CSHOW", "/emr start  4h <b> & co", slacklike.TypeOptions{})
	if err != nil || d.Status != http.StatusOK {
		t.Fatalf("%v, %+v", err, d)
	}
	req := r.one(t)
	verify(t, r, req)
	form, err := url.ParseQuery(string(req.body))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"command": "/emr", "text": "start  4h &lt;b&gt; &amp; co", "user_id": "UANA", "channel_id": "CSHOW", "team_id": "T0SHOW",
		"api_app_id": "A0SHOW", "response_url": d.ResponseURL, "is_enterprise_install": "false", "channel_name": "cshow",
	} {
		if got := form.Get(field); got != want {
			t.Errorf("%s is %q, want %q", field, got, want)
		}
	}
	if req.path != "/slack/commands" || form.Get("trigger_id") == "" || req.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("request %s %v", req.path, req.header)
	}
	if got := r.Messages("CSHOW", ""); len(got) != 0 {
		t.Errorf("a command became a message: %v", got)
	}
}

func TestCommandAnswersAreShown(t *testing.T) {
	t.Parallel()
	jsonAnswer := func(body string) func(http.ResponseWriter, *http.Request, int) {
		return func(rw http.ResponseWriter, _ *http.Request, _ int) {
			rw.Header().Set("Content-Type", "application/json; charset=utf-8")
			_, _ = io.WriteString(rw, body)
		}
	}
	status := func(code int) func(http.ResponseWriter, *http.Request, int) {
		return func(rw http.ResponseWriter, _ *http.Request, _ int) { rw.WriteHeader(code) }
	}
	tests := []struct {
		name     string
		answer   func(http.ResponseWriter, *http.Request, int)
		ana, ben string
	}{
		{"nothing", nil, "", ""},
		{"text", func(rw http.ResponseWriter, _ *http.Request, _ int) {
			rw.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(rw, "usage")
		}, "usage", ""},
		{"json", jsonAnswer(`{"text":"usage"}`), "usage", ""},
		{"in_channel", jsonAnswer(`{"response_type":"in_channel","text":"all"}`), "/emr help|all", "/emr help|all"},
		{"revealed", jsonAnswer(`{"response_type":"in_channel"}`), "/emr help", "/emr help"},
		{"bad_json", jsonAnswer(`{`), `/emr failed with the error "invalid_command_response"`, ""},
		{"bad_blocks", jsonAnswer(`{"text":"x","blocks":[{}]}`), `/emr failed with the error "invalid_blocks"`, ""},
		{"not_found", status(404), `/emr failed with the error "http_client_error"`, ""},
		{"broken", status(500), `/emr failed with the error "dispatch_failed"`, ""},
		{"late", func(rw http.ResponseWriter, req *http.Request, _ int) { late(rw, req) }, `/emr failed with the error "operation_timeout"`, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.answer = test.answer
			if _, err := r.Type(t.Context(), "UANA", "CSHOW", "/emr help", slacklike.TypeOptions{}); err != nil {
				t.Fatal(err)
			}
			if ana, ben := says(r, "UANA"), says(r, "UBEN"); ana != test.ana || ben != test.ben {
				t.Errorf("Ana sees %q, Ben %q; want %q and %q", ana, ben, test.ana, test.ben)
			}
		})
	}
}

func TestWhoCannotType(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, user, channel, text, thread string }{
		{"nobody", "UNOBODY", "CSHOW", "hi", ""},
		{"deactivated", "UGONE", "CSHOW", "hi", ""},
		{"not_a_member", "UGUEST", "CSHOW", "hi", ""},
		{"no_channel", "UANA", "CNONE", "hi", ""},
		{"nothing", "UANA", "CSHOW", "  ", ""},
		{"command_in_a_thread", "UANA", "CSHOW", "/emr", "1.000001"},
		{"no_such_thread", "UANA", "CSHOW", "hi", "1.000001"},
		{"archived", "UANA", "CELSE", "hi", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.Archive("CELSE", true)
			if _, err := r.Type(t.Context(), test.user, test.channel, test.text, slacklike.TypeOptions{ThreadTS: test.thread}); err == nil {
				t.Error("it was typed")
			}
			if got := r.got(); len(got) != 0 {
				t.Errorf("app got %v", got)
			}
		})
	}
}

func TestMessageEvent(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first, err := r.Type(t.Context(), "UANA", "CELSE", "It's showtime!", slacklike.TypeOptions{})
	if err != nil || first.Path != "" || len(r.got()) != 0 {
		t.Fatalf("a message where the bot is no member was delivered: %v, %+v", err, first)
	}
	d, err := r.Type(t.Context(), "UANA", "CSHOW", "It's showtime!", slacklike.TypeOptions{Curly: true})
	if err != nil {
		t.Fatal(err)
	}
	req := r.one(t)
	verify(t, r, req)
	envelope := object(t, req.body)
	event, _ := envelope["event"].(map[string]any)
	for field, want := range map[string]any{
		"type": "message", "user": "UANA", "text": "It’s showtime!", "ts": d.MessageTS, "event_ts": d.MessageTS,
		"channel": "CSHOW", "channel_type": "channel", "team": "T0SHOW", "thread_ts": nil, "bot_id": nil, "subtype": nil,
	} {
		if event[field] != want {
			t.Errorf("event's %s is %v, want %v", field, event[field], want)
		}
	}
	for field, want := range map[string]any{"type": "event_callback", "team_id": "T0SHOW", "context_team_id": "T0SHOW", "api_app_id": "A0SHOW"} {
		if envelope[field] != want {
			t.Errorf("envelope's %s is %v, want %v", field, envelope[field], want)
		}
	}
	if id, _ := envelope["event_id"].(string); !strings.HasPrefix(id, "Ev") || req.path != "/slack/events" {
		t.Errorf("event %q at %s", id, req.path)
	}
}

func TestMessageInAPrivateThreadUnderSeveralEventIDs(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.InviteBot("GPRIV")
	parent := r.say(t, map[string]string{"channel": "GPRIV", "text": "card"})
	if _, err := r.Type(t.Context(), "UANA", "GPRIV", "hi", slacklike.TypeOptions{ThreadTS: parent, EventIDs: 3}); err != nil {
		t.Fatal(err)
	}
	ids, stamps := map[any]bool{}, map[any]bool{}
	for _, req := range r.got() {
		envelope := object(t, req.body)
		event, _ := envelope["event"].(map[string]any)
		ids[envelope["event_id"]], stamps[event["ts"]] = true, true
		if event["thread_ts"] != parent || event["channel_type"] != "group" || event["parent_user_id"] != "U0BOT" {
			t.Errorf("event %v", event)
		}
	}
	if len(ids) != 3 || len(stamps) != 1 {
		t.Errorf("got event ids %v of messages %v", ids, stamps)
	}
}

func TestEventRetries(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		retry  bool
		answer func(http.ResponseWriter, *http.Request, int)
		want   []string // retry number and reason of each request
	}{
		{"fine", true, nil, []string{" "}},
		{"not_asked", false, func(rw http.ResponseWriter, _ *http.Request, _ int) { rw.WriteHeader(503) }, []string{" "}},
		{"never_well", true, func(rw http.ResponseWriter, _ *http.Request, _ int) { rw.WriteHeader(503) }, []string{" ", "1 http_error", "2 http_error", "3 http_error"}},
		{"well_again", true, func(rw http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				rw.WriteHeader(500)
			}
		}, []string{" ", "1 http_error"}},
		{"broken_connection", true, func(_ http.ResponseWriter, _ *http.Request, n int) {
			if n == 1 {
				panic(http.ErrAbortHandler)
			}
		}, []string{" ", "1 connection_failed"}},
		{"late", true, func(rw http.ResponseWriter, req *http.Request, n int) {
			if n == 1 {
				late(rw, req)
			}
		}, []string{" ", "1 http_timeout"}},
		{"not_wanted", true, func(rw http.ResponseWriter, _ *http.Request, _ int) {
			rw.Header().Set("X-Slack-No-Retry", "1")
			rw.WriteHeader(500)
		}, []string{" "}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			r.answer = test.answer
			if _, err := r.Type(t.Context(), "UANA", "CSHOW", "hi", slacklike.TypeOptions{Retry: test.retry}); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, req := range r.got() {
				got = append(got, req.header.Get("X-Slack-Retry-Num")+" "+req.header.Get("X-Slack-Retry-Reason"))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestResendIsAReplay(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d, err := r.Type(t.Context(), "UANA", "CSHOW", "/emr", slacklike.TypeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r.later(time.Hour)
	if again := r.Resend(t.Context(), d); again.Status != http.StatusOK {
		t.Errorf("resent: %+v", again)
	}
	got := r.got()
	if string(got[0].body) != string(got[1].body) || got[0].header.Get("X-Slack-Signature") != got[1].header.Get("X-Slack-Signature") {
		t.Error("a replay must be the same bytes under the same signature")
	}
}

func TestEnterprise(t *testing.T) {
	t.Parallel()
	w := slacklike.New(slacklike.Options{EnterpriseID: "E1"})
	r := &rig{Workspace: w}
	payload := map[string]any{}
	w.AddUser(slacklike.User{ID: "UANA"})
	w.AddChannel(slacklike.Channel{ID: "CSHOW", Members: []string{"UANA", "U0BOT"}})
	d, err := r.Type(t.Context(), "UANA", "CSHOW", "hi", slacklike.TypeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(d.Body, &payload); err != nil || payload["context_enterprise_id"] != "E1" {
		t.Errorf("%v, %v", err, payload)
	}
	if d.Err == nil || d.Status != 0 {
		t.Errorf("an app that is not there answered: %+v", d)
	}
}
