package slacklike_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"showtime/internal/slacklike"
)

// command types /emr and gives its response_url.
func (r *rig) command(t *testing.T) string {
	t.Helper()
	d, err := r.Type(t.Context(), "UANA", "CSHOW", "/emr", slacklike.TypeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d.ResponseURL
}

// click clicks Go on a message and gives the click's response_url.
func (r *rig) click(t *testing.T, ts string) string {
	t.Helper()
	d, err := r.Click(t.Context(), "UANA", "CSHOW", ts, "go", slacklike.ClickOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return d.ResponseURL
}

func (r *rig) respond(t *testing.T, responseURL, body string) string {
	t.Helper()
	status, answer := r.post(t, responseURL, "application/json", []byte(body))
	return fmt.Sprintf("%d %s", status, strings.TrimSpace(string(answer)))
}

func says(r *rig, user string) string {
	var texts []string
	for _, m := range r.Messages("CSHOW", user) {
		texts = append(texts, m.Text)
	}
	return strings.Join(texts, "|")
}

func TestResponseURLWorksFiveTimes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	responseURL := r.command(t)
	if !strings.HasPrefix(responseURL, r.url+"/response/commands/T0SHOW/") {
		t.Errorf("response_url is %s", responseURL)
	}
	for range 5 {
		if got := r.respond(t, responseURL, `{"text":"hi"}`); got != "200 ok" {
			t.Fatalf("answered %s", got)
		}
	}
	if got := r.respond(t, responseURL, `{"text":"hi"}`); got != `404 {"error":"used_url","ok":false}` {
		t.Errorf("answered %s", got)
	}
	if got := says(r, "UANA"); got != "hi|hi|hi|hi|hi" || says(r, "UBEN") != "" {
		t.Errorf("Ana sees %q, Ben %q", got, says(r, "UBEN"))
	}
}

func TestResponseURLLivesThirtyMinutes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	responseURL := r.command(t)
	r.later(29 * time.Minute)
	if got := r.respond(t, responseURL, `{"text":"hi"}`); got != "200 ok" {
		t.Errorf("answered %s after 29 minutes", got)
	}
	r.later(2 * time.Minute)
	for _, dead := range []string{responseURL, responseURL + "x"} {
		if got := r.respond(t, dead, `{"text":"hi"}`); got != `404 {"error":"expired_url","ok":false}` {
			t.Errorf("answered %s", got)
		}
	}
}

func TestResponses(t *testing.T) {
	t.Parallel()
	const bad = `{"ok":false,"error":`
	tests := []struct {
		name     string
		click    bool // answer a click on an ephemeral panel instead of a command
		body     string
		status   int
		ana, ben string
	}{
		{"default_is_ephemeral", false, `{"text":"hi"}`, 200, "hi", ""},
		{"ephemeral", false, `{"response_type":"ephemeral","text":"hi"}`, 200, "hi", ""},
		{"in_channel", false, `{"response_type":"in_channel","text":"hi"}`, 200, "hi", "hi"},
		{"command_cannot_replace", false, `{"replace_original":true,"text":"hi"}`, 200, "hi", ""},
		{"command_cannot_delete", false, `{"delete_original":true}`, 400, "", ""},
		{"unknown_type", false, `{"response_type":"loud","text":"hi"}`, 400, "", ""},
		{"no_text", false, `{"response_type":"ephemeral"}`, 400, "", ""},
		{"no_json", false, `text`, 400, "", ""},
		{"bad_boolean", false, `{"text":"hi","replace_original":"maybe"}`, 400, "", ""},
		{"bad_blocks", false, `{"text":"hi","blocks":[{}]}`, 400, "", ""},
		{"replace", true, `{"replace_original":true,"text":"new"}`, 200, "new", ""},
		{"replace_as_string", true, `{"replace_original":"true","text":"new"}`, 200, "new", ""},
		{"replace_stays_ephemeral", true, `{"replace_original":true,"response_type":"in_channel","text":"new"}`, 200, "new", ""},
		{"replace_too_long", true, `{"replace_original":true,"text":"` + strings.Repeat("x", 4001) + `"}`, 400, "old", ""},
		{"beside", true, `{"replace_original":false,"text":"new"}`, 200, "old|new", ""},
		{"delete", true, `{"delete_original":true}`, 200, "", ""},
		{"delete_and_say", true, `{"delete_original":"true","text":"new"}`, 200, "new", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			responseURL := r.command(t)
			if test.click {
				a := r.call(t, "chat.postEphemeral", map[string]string{"channel": "CSHOW", "user": "UANA", "text": "old", "blocks": panel})
				responseURL = r.click(t, fmt.Sprint(a["message_ts"]))
			}
			got := r.respond(t, responseURL, test.body)
			if !strings.HasPrefix(got, fmt.Sprint(test.status)) || test.status != 200 && strings.Contains(got, bad) {
				t.Errorf("answered %s, want %d", got, test.status)
			}
			if ana, ben := says(r, "UANA"), says(r, "UBEN"); ana != test.ana || ben != test.ben {
				t.Errorf("Ana sees %q, Ben %q; want %q and %q", ana, ben, test.ana, test.ben)
			}
		})
	}
}

func TestReplaceAPublicMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ts := r.say(t, map[string]string{"text": "card", "blocks": panel})
	responseURL := r.click(t, ts)
	if got := r.respond(t, responseURL, `{"replace_original":true,"text":"receipt"}`); got != "200 ok" {
		t.Fatalf("answered %s", got)
	}
	if m := r.Messages("CSHOW", "UBEN"); len(m) != 1 || m[0].TS != ts || m[0].Text != "receipt" || m[0].Blocks != nil {
		t.Errorf("Ben sees %+v", m)
	}
	r.DeleteMessage("CSHOW", ts)
	if got := r.respond(t, responseURL, `{"replace_original":true,"text":"x"}`); !strings.HasPrefix(got, "404") {
		t.Errorf("answered %s though the message is gone", got)
	}
	r.Archive("CSHOW", true)
	if got := r.respond(t, responseURL, `{"text":"x"}`); got != `410 {"error":"channel_is_archived","ok":false}` {
		t.Errorf("answered %s in an archived channel", got)
	}
}

func TestResponseURLInAThread(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ts := r.say(t, map[string]string{"text": "card", "blocks": panel})
	r.respond(t, r.click(t, ts), `{"response_type":"in_channel","replace_original":false,"text":"reply","thread_ts":"`+ts+`"}`)
	if m := r.Messages("CSHOW", "UBEN"); len(m) != 2 || m[1].ThreadTS != ts {
		t.Errorf("Ben sees %+v", m)
	}
}

func TestResponseURLWorksWhereTheBotIsNoMember(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d, err := r.Type(t.Context(), "UANA", "GPRIV", "/emr", slacklike.TypeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := r.respond(t, d.ResponseURL, `{"text":"hi"}`); got != "200 ok" || len(r.Messages("GPRIV", "UANA")) != 1 {
		t.Errorf("answered %s", got)
	}
}

func TestResponseURLTakesOnlyPosts(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.command(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("answered %d", resp.StatusCode)
	}
}
