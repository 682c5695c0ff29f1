package serve_test

import (
	"net/http"
	"strings"
	"testing"

	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/test/serve"
)

// With --socket a session begins and is seen without any way in: no signing secret, no path of Slack's.
func TestSocket(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	w.Slack.SetSocketMode(true)
	p := w.Start(map[string]string{"SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": w.Slack.AppToken()}, "--socket")
	serve.Until(t, "a connection", func() bool { return strings.Contains(p.Log.String(), "socket open") })
	if status, body := p.Get(p.URL + "/healthz"); status != http.StatusOK {
		t.Errorf("health is %d, %q", status, body)
	}
	if _, err := w.Slack.Type(t.Context(), testbed.Ana, testbed.Team, "It's showtime!", slacklike.TypeOptions{}); err != nil {
		t.Fatal(err)
	}
	serve.Until(t, "a cluster and its card", func() bool { return w.Live() == 1 && w.Card() != "" })
	for _, path := range []string{"/slack/commands", "/slack/interactions", "/slack/events", "/metrics", "/"} {
		if status, _ := p.Get(p.URL + path); status != http.StatusNotFound {
			t.Errorf("%s answers %d", path, status)
		}
	}
	w.Slack.Break()
	serve.Until(t, "another connection", func() bool { return w.Slack.Sockets() == 1 })
	p.Terminate()
	if code := p.Wait(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.Log)
	}
}

// A wrong token ends it, with words that say which variable to look at.
func TestSocket_with_a_wrong_token(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Spawn(w.Environ(map[string]string{"SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": "xapp-wrong"}), "serve", "--socket")
	if code := p.Wait(); code != 1 || !strings.Contains(p.Log.String(), "SLACK_APP_TOKEN") || strings.Contains(p.Log.String(), "xapp-wrong") {
		t.Errorf("exit code %d:\n%s", code, p.Log)
	}
}
