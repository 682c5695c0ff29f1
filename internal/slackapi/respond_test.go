package slackapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/slack-go/slack"

	"showtime/internal/slackapi"
	"showtime/internal/slacklike"
)

// command types /emr at an app that answers nothing, and gives the command's response_url.
func (r *rig) command(t *testing.T) string {
	t.Helper()
	r.listen(t)
	d, err := r.slack.Type(t.Context(), "UANA", "CSHOW", "/emr", slacklike.TypeOptions{})
	if err != nil || d.Status != http.StatusOK {
		t.Fatalf("command: %v, %d", err, d.Status)
	}
	return d.ResponseURL
}

// click clicks the button of a message and gives the click's response_url.
func (r *rig) click(t *testing.T, ts string) string {
	t.Helper()
	d, err := r.slack.Click(t.Context(), "UANA", "CSHOW", ts, "showtime:destroy", slacklike.ClickOptions{})
	if err != nil || d.Status != http.StatusOK {
		t.Fatalf("click: %v, %d", err, d.Status)
	}
	return d.ResponseURL
}

func (r *rig) listen(t *testing.T) {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(app.Close)
	r.slack.SetApp(app.URL)
}

func TestRespondToACommandAndReplaceByAClick(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.Respond(t.Context(), r.command(t), slackapi.Reply{Message: card()}); err != nil {
		t.Fatal(err)
	}
	panel := r.only(t)
	if panel.Reader != "UANA" || !strings.Contains(string(panel.Blocks), "showtime:destroy") {
		t.Fatalf("panel is %+v", panel)
	}
	responseURL := r.click(t, panel.TS)
	if err := r.Respond(t.Context(), responseURL, slackapi.Reply{Message: slackapi.Message{Text: "done"}, Replace: true}); err != nil {
		t.Fatal(err)
	}
	if m := r.only(t); m.TS != panel.TS || m.Text != "done" || m.Reader != "UANA" || m.Blocks != nil {
		t.Errorf("panel became %+v", m)
	}
	if err := r.Respond(t.Context(), responseURL, slackapi.Reply{Delete: true}); err != nil {
		t.Fatal(err)
	}
	if left := r.slack.Messages("CSHOW", ""); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
	if body := r.slack.Calls(slacklike.ResponseURL)[2].Args.Get("body"); body != `{"delete_original":true}` {
		t.Errorf("delete_original is not the sole attribute: %s", body)
	}
}

func TestRespondInChannelIsNotUnfurled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.Respond(t.Context(), r.command(t), slackapi.Reply{Message: card(), InChannel: true}); err != nil {
		t.Fatal(err)
	}
	if m := r.only(t); m.Ephemeral() {
		t.Errorf("answer is %+v", m)
	}
	if body := r.slack.Calls(slacklike.ResponseURL)[0].Args.Get("body"); !strings.Contains(body, `"unfurl_links":false,"unfurl_media":false`) {
		t.Errorf("answer may be unfurled: %s", body)
	}
}

func TestRespondUntilItIsUsedUp(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	responseURL := r.command(t)
	for range 5 {
		if err := r.Respond(t.Context(), responseURL, slackapi.Reply{Message: card()}); err != nil {
			t.Fatal(err)
		}
	}
	wantKind(t, r.Respond(t.Context(), responseURL, slackapi.Reply{Message: card()}), slackapi.Gone)
}

func TestRespondFallsBackToPlainText(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.Respond(t.Context(), r.command(t), slackapi.Reply{Message: badBlocks()}); err != nil {
		t.Fatal(err)
	}
	if m := r.only(t); m.Text != card().Text || m.Blocks != nil {
		t.Errorf("answered %+v", m)
	}
	if len(r.alarms) != 1 {
		t.Errorf("alarms %q", r.alarms)
	}
}

func TestRespondKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		status int
		body   string
		want   slackapi.Kind // "" for success
	}{
		{"ok", 200, "ok", ""},
		{"ok_in_json", 200, `{"ok":true}`, ""},
		{"empty", 200, "", ""},
		{"refused_with_200", 200, "no_text", slackapi.Refused},
		{"refused_in_json", 200, `{"ok":false,"error":"whatever"}`, slackapi.Refused},
		{"bad_payload_with_200", 200, "invalid_payload", slackapi.Gone},
		{"expired", 404, `{"ok":false,"error":"expired_url"}`, slackapi.Gone},
		{"forbidden", 403, "action_prohibited", slackapi.Gone},
		{"archived", 410, "channel_is_archived", slackapi.Gone},
		{"bad_payload", 400, "invalid_payload", slackapi.Gone},
		{"redirect", 302, "", slackapi.Gone},
		{"broken", 500, "rollup_error", slackapi.Unclear},
		{"limited", 429, "", slackapi.RateLimited},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			followed := false
			mux := http.NewServeMux()
			mux.HandleFunc("/elsewhere", func(http.ResponseWriter, *http.Request) { followed = true })
			mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.body)
			})
			server := httptest.NewServer(mux)
			t.Cleanup(server.Close)
			r := newRig(t, func(o *slackapi.Options) { o.URL = server.URL })
			err := r.Respond(t.Context(), server.URL+"/x", slackapi.Reply{Message: card()})
			if test.want == "" && err != nil {
				t.Errorf("got error %v", err)
			}
			if test.want != "" {
				wantKind(t, err, test.want)
			}
			if followed {
				t.Error("a redirect was followed")
			}
		})
	}
}

func TestRespondUnclearAndLimited(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	responseURL := r.command(t)
	r.slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.Limited, RetryAfter: 2 * time.Second, Times: 1})
	if err := r.Respond(t.Context(), responseURL, slackapi.Reply{Message: card()}); err != nil || len(r.waits) != 1 {
		t.Errorf("got %v after waiting %v", err, r.waits)
	}
	r.slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.LostReply, Times: 1})
	wantKind(t, r.Respond(t.Context(), responseURL, slackapi.Reply{Message: card()}), slackapi.Unclear)
	if got := len(r.slack.Messages("CSHOW", "UANA")); got != 2 {
		t.Errorf("a lost reply was answered %d times in all, want 2", got)
	}
}

// dialed notes the hosts that are asked and refuses to go anywhere.
type dialed struct{ hosts []string }

func (d *dialed) RoundTrip(r *http.Request) (*http.Response, error) {
	d.hosts = append(d.hosts, r.URL.Scheme+"://"+r.URL.Host)
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("ok")), Request: r}, nil
}

func TestRespondHostRule(t *testing.T) {
	t.Parallel()
	const overridden = "http://127.0.0.1:8081/api/"
	tests := []struct {
		name, api, url string
		follow         bool
	}{
		{"slack", "", "https://hooks.slack.com/actions/T/1/x", true},
		{"gov", "", "https://hooks.slack-gov.com/actions/T/1/x", true},
		{"plain", "", "http://hooks.slack.com/actions/T/1/x", false},
		{"user_info", "", "https://me@hooks.slack.com/x", false},
		{"user_info_before", "", "https://hooks.slack.com@evil.example/x", false},
		{"other_port", "", "https://hooks.slack.com:8443/x", false},
		{"suffix", "", "https://hooks.slack.com.evil.example/x", false},
		{"prefix", "", "https://evilhooks.slack.com/x", false},
		{"api_host_by_default", "", "https://slack.com/x", false},
		{"metadata_service", "", "http://169.254.169.254/latest", false},
		{"loopback_by_default", "", "http://127.0.0.1:8081/x", false},
		{"empty", "", "", false},
		{"relative", "", "/x", false},
		{"opaque", "", "https:hooks.slack.com", false},
		{"broken", "", "https://hooks.slack.com/%zz", false},
		{"overridden", overridden, "http://127.0.0.1:8081/response/x", true},
		{"overridden_other_port", overridden, "http://127.0.0.1:8082/x", false},
		{"overridden_other_name", overridden, "http://localhost:8081/x", false},
		{"overridden_user_info", overridden, "http://me@127.0.0.1:8081/x", false},
		{"overridden_still_slack", overridden, "https://hooks.slack.com/x", true},
		{"overridden_elsewhere", "https://slack.corp.example/api/", "https://slack.corp.example/x", true},
		{"overridden_plain_elsewhere", "https://slack.corp.example/api/", "http://slack.corp.example/x", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d := &dialed{}
			r := newRig(t, func(o *slackapi.Options) { o.URL, o.Transport = test.api, d })
			err := r.Respond(t.Context(), test.url, slackapi.Reply{Message: card()})
			if (len(d.hosts) > 0) != test.follow {
				t.Errorf("dialed %v, want to follow %v", d.hosts, test.follow)
			}
			if !test.follow {
				wantKind(t, err, slackapi.Gone)
			}
		})
	}
}

// TestNothingLeaks makes every call fail in every way and looks for the token and the response_url in
// the errors and alarms.
func TestNothingLeaks(t *testing.T) {
	t.Parallel()
	const typed = "my private reason"
	faults := []slacklike.Fault{
		{Kind: slacklike.Reset},
		{Kind: slacklike.Unavailable},
		{Kind: slacklike.Hang},
		{Kind: slacklike.LostReply},
		{Kind: slacklike.Limited, RetryAfter: time.Second},
		{Kind: slacklike.Refusal, Error: "invalid_auth"},
		{Kind: slacklike.Refusal, Error: "invalid_blocks"},
		{Kind: slacklike.Refusal, Error: "message_not_found"},
	}
	for i, fault := range faults {
		t.Run(fmt.Sprint(i, fault.Kind), func(t *testing.T) {
			t.Parallel()
			r := newRig(t, func(o *slackapi.Options) { o.Timeout = 100 * time.Millisecond })
			responseURL := r.command(t)
			defer r.slack.Inject(fault)()
			m := card()
			m.Text = typed
			for _, err := range r.everything(t.Context(), responseURL, m) {
				said := fmt.Sprintf("%v %+v %#v %v", err, err, err, r.alarms)
				for _, secret := range []string{r.slack.Token(), "xoxb", responseURL, "/response/", typed} {
					if strings.Contains(said, secret) {
						t.Errorf("%q shows %q", said, secret)
					}
				}
				if err == nil {
					t.Error("nothing failed")
				}
			}
		})
	}
}

// everything makes every call and gives their errors.
func (r *rig) everything(ctx context.Context, responseURL string, m slackapi.Message) []error {
	_, post := r.Post(ctx, "CSHOW", m, "")
	_, _, find := r.Find(ctx, "CSHOW", time.Now(), *card().Metadata)
	_, link := r.Permalink(ctx, "CSHOW", "1.000001")
	_, user := r.User(ctx, "UANA")
	_, group := r.GroupMembers(ctx, "S1")
	_, me := r.Me(ctx)
	return []error{
		post, find, link, user, group, me,
		r.Update(ctx, "CSHOW", "1.000001", m),
		r.Ephemeral(ctx, "CSHOW", "UANA", m, ""),
		r.Respond(ctx, responseURL, slackapi.Reply{Message: m}),
		r.Respond(ctx, responseURL+"%zz", slackapi.Reply{Message: m}),
		r.Respond(ctx, strings.Replace(responseURL, "http://", "http://me:xoxb@", 1), slackapi.Reply{Message: m}),
	}
}

func TestRespondNeedsEncodableBlocks(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	m := card()
	m.Blocks = []slack.Block{brokenBlock{}}
	wantKind(t, r.Respond(t.Context(), r.command(t), slackapi.Reply{Message: slackapi.Message{Blocks: m.Blocks}}), slackapi.Gone)
}

type brokenBlock struct{ slack.DividerBlock }

func (brokenBlock) MarshalJSON() ([]byte, error) { return nil, io.ErrUnexpectedEOF }
