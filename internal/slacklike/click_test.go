package slacklike_test

import (
	"fmt"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/slacklike"
)

// payload gives the payload of the only interaction.
func (r *rig) payload(t *testing.T) map[string]any {
	t.Helper()
	req := r.one(t)
	verify(t, r, req)
	form, err := url.ParseQuery(string(req.body))
	if err != nil || len(form) != 1 || req.path != "/slack/interactions" {
		t.Fatalf("request to %s: %v", req.path, err)
	}
	return object(t, []byte(form.Get("payload")))
}

// dig walks into nested objects.
func dig(o any, path ...string) any {
	for _, key := range path {
		m, _ := o.(map[string]any)
		o = m[key]
	}
	return o
}

func TestClickOnAMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ts := r.say(t, map[string]string{"text": "card", "blocks": panel})
	d, err := r.Click(t.Context(), "UBEN", "CSHOW", ts, "go", slacklike.ClickOptions{Values: map[string]string{"purpose": "prod", "hours": "8"}})
	if err != nil {
		t.Fatal(err)
	}
	p := r.payload(t)
	actions, _ := p["actions"].([]any)
	for _, check := range []struct {
		name      string
		got, want any
	}{
		{"type", p["type"], "block_actions"},
		{"user", dig(p, "user", "id"), "UBEN"},
		{"team", dig(p, "team", "id"), "T0SHOW"},
		{"app", p["api_app_id"], "A0SHOW"},
		{"channel", dig(p, "channel", "id"), "CSHOW"},
		{"container", p["container"], map[string]any{"type": "message", "message_ts": ts, "channel_id": "CSHOW", "is_ephemeral": false}},
		{"message", dig(p, "message", "ts"), ts},
		{"response_url", p["response_url"], d.ResponseURL},
		{"purpose", dig(p, "state", "values", "why", "purpose", "value"), "prod"},
		{"hours", dig(p, "state", "values", "long", "hours", "selected_option", "value"), "8"},
		{"action", dig(actions[0], "action_id"), "go"},
		{"block", dig(actions[0], "block_id"), "act"},
		{"value", dig(actions[0], "value"), `{"v":1}`},
		{"confirm", dig(actions[0], "confirm", "title", "text"), "Sure?"},
	} {
		if diff := cmp.Diff(check.want, check.got); diff != "" {
			t.Errorf("%s: %s", check.name, diff)
		}
	}
	if p["trigger_id"] == "" || dig(actions[0], "action_ts") == nil || len(actions) != 1 {
		t.Errorf("payload %v", p)
	}
}

func TestClickOnAnEphemeralMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	a := r.call(t, "chat.postEphemeral", map[string]string{"channel": "CSHOW", "user": "UANA", "text": "panel", "blocks": panel})
	ts := fmt.Sprint(a["message_ts"])
	r.click(t, ts)
	p := r.payload(t)
	if _, shown := p["message"]; shown || dig(p, "container", "is_ephemeral") != true {
		t.Errorf("payload %v", p)
	}
	if got := dig(p, "state", "values", "why", "purpose", "value"); got != "testing" {
		t.Errorf("an untouched input is %v", got)
	}
	if got := dig(p, "state", "values", "long", "hours"); !cmp.Equal(got, any(map[string]any{"type": "static_select", "selected_option": nil})) {
		t.Errorf("an unmade choice is %v", got)
	}
}

func TestClickRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	public := r.say(t, map[string]string{"text": "card", "blocks": panel})
	a := r.call(t, "chat.postEphemeral", map[string]string{"channel": "CSHOW", "user": "UANA", "text": "panel", "blocks": panel})
	private := fmt.Sprint(a["message_ts"])
	tests := []struct {
		name, user, ts, action string
		options                slacklike.ClickOptions
	}{
		{"no_such_message", "UANA", "1.000001", "go", slacklike.ClickOptions{}},
		{"no_such_button", "UANA", public, "stop", slacklike.ClickOptions{}},
		{"an_input_is_no_button", "UANA", public, "purpose", slacklike.ClickOptions{}},
		{"in_another_block", "UANA", public, "go", slacklike.ClickOptions{BlockID: "top"}},
		{"somebody_elses_panel", "UBEN", private, "go", slacklike.ClickOptions{}},
		{"guest_outside", "UGUEST", public, "go", slacklike.ClickOptions{}},
		{"no_such_input", "UANA", public, "go", slacklike.ClickOptions{Values: map[string]string{"reason": "x"}}},
		{"no_such_option", "UANA", public, "go", slacklike.ClickOptions{Values: map[string]string{"hours": "9"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if _, err := r.Click(t.Context(), test.user, "CSHOW", test.ts, test.action, test.options); err == nil {
				t.Error("it was clicked")
			}
		})
	}
	if got := r.got(); len(got) != 0 {
		t.Errorf("app got %v", got)
	}
}

func TestARedrawnButtonIsGone(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ts := r.say(t, map[string]string{"text": "card", "blocks": panel})
	r.call(t, "chat.update", map[string]string{"channel": "CSHOW", "ts": ts, "text": "receipt"})
	if _, err := r.Click(t.Context(), "UANA", "CSHOW", ts, "go", slacklike.ClickOptions{}); err == nil {
		t.Error("a button that was taken away was clicked")
	}
}
