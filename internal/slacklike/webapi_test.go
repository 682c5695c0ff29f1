package slacklike_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/slacklike"
)

func TestRefusals(t *testing.T) {
	t.Parallel()
	type args = map[string]string
	tests := []struct {
		name    string
		prepare func(r *rig)
		method  string
		args    args
		want    string // error code; "" for success
	}{
		{"unknown_method", nil, "chat.scream", args{}, "unknown_method"},
		{"auth", nil, "auth.test", args{}, ""},
		{"revoked", (*rig).RevokeToken, "auth.test", args{}, "token_revoked"},
		{"scope_missing", func(r *rig) { r.SetScope("users:read", false) }, "users.info", args{"user": "UANA"}, "missing_scope"},

		{"post", nil, "chat.postMessage", args{"channel": "CSHOW", "text": "hi"}, ""},
		{"post_nothing", nil, "chat.postMessage", args{"channel": "CSHOW"}, "no_text"},
		{"post_empty_blocks", nil, "chat.postMessage", args{"channel": "CSHOW", "blocks": "[]"}, "no_text"},
		{"post_bad_blocks", nil, "chat.postMessage", args{"channel": "CSHOW", "blocks": "[{}]"}, "invalid_blocks"},
		{"post_nowhere", nil, "chat.postMessage", args{"channel": "CNONE", "text": "hi"}, "channel_not_found"},
		{"post_not_in_channel", nil, "chat.postMessage", args{"channel": "CELSE", "text": "hi"}, "not_in_channel"},
		{"post_public_scope", func(r *rig) { r.SetScope("chat:write.public", true) }, "chat.postMessage", args{"channel": "CELSE", "text": "hi"}, ""},
		{"post_unseen_private", nil, "chat.postMessage", args{"channel": "GPRIV", "text": "hi"}, "channel_not_found"},
		{"post_private", func(r *rig) { r.InviteBot("GPRIV") }, "chat.postMessage", args{"channel": "GPRIV", "text": "hi"}, ""},
		{"post_removed", func(r *rig) { r.RemoveBot("CSHOW") }, "chat.postMessage", args{"channel": "CSHOW", "text": "hi"}, "not_in_channel"},
		{"post_archived", func(r *rig) { r.Archive("CSHOW", true) }, "chat.postMessage", args{"channel": "CSHOW", "text": "hi"}, "is_archived"},
		{"post_lost_thread", nil, "chat.postMessage", args{"channel": "CSHOW", "text": "hi", "thread_ts": "1.000001"}, "thread_not_found"},
		{"metadata", nil, "chat.postMessage", args{"channel": "CSHOW", "text": "hi", "metadata": `{"event_type":"a","event_payload":{}}`}, ""},
		{"metadata_without_payload", nil, "chat.postMessage", args{"channel": "CSHOW", "text": "hi", "metadata": `{"event_type":"a"}`}, "invalid_metadata_format"},
		{"metadata_without_type", nil, "chat.postMessage", args{"channel": "CSHOW", "text": "hi", "metadata": `{"event_payload":{}}`}, "invalid_metadata_format"},
		{"metadata_is_no_json", nil, "chat.postMessage", args{"channel": "CSHOW", "text": "hi", "metadata": `{`}, "invalid_metadata_format"},
		{
			"metadata_too_large", nil, "chat.postMessage",
			args{"channel": "CSHOW", "text": "hi", "metadata": `{"event_type":"a","event_payload":{"x":"` + strings.Repeat("x", 16<<10) + `"}}`},
			"metadata_too_large",
		},

		{"update_nothing_there", nil, "chat.update", args{"channel": "CSHOW", "ts": "1.000001", "text": "hi"}, "message_not_found"},
		{"update_nowhere", nil, "chat.update", args{"channel": "CNONE", "ts": "1.000001", "text": "hi"}, "channel_not_found"},
		{"update_archived", func(r *rig) { r.Archive("CSHOW", true) }, "chat.update", args{"channel": "CSHOW", "ts": "1.000001", "text": "hi"}, "is_inactive"},

		{"ephemeral", nil, "chat.postEphemeral", args{"channel": "CSHOW", "user": "UANA", "text": "hi"}, ""},
		{"ephemeral_4001", nil, "chat.postEphemeral", args{"channel": "CSHOW", "user": "UANA", "text": strings.Repeat("x", 4001)}, "msg_too_long"},
		{"ephemeral_absent", nil, "chat.postEphemeral", args{"channel": "CSHOW", "user": "UFAR", "text": "hi"}, "user_not_in_channel"},
		{"ephemeral_not_in_channel", nil, "chat.postEphemeral", args{"channel": "CELSE", "user": "UANA", "text": "hi"}, "not_in_channel"},
		{"ephemeral_bad_blocks", nil, "chat.postEphemeral", args{"channel": "CSHOW", "user": "UANA", "blocks": "[{}]"}, "invalid_blocks"},

		{"link_to_nothing", nil, "chat.getPermalink", args{"channel": "CSHOW", "message_ts": "1.000001"}, "message_not_found"},
		{"link_to_unseen", nil, "chat.getPermalink", args{"channel": "GPRIV", "message_ts": "1.000001"}, "channel_not_found"},

		{"history", nil, "conversations.history", args{"channel": "CSHOW"}, ""},
		{"history_not_in_channel", nil, "conversations.history", args{"channel": "CELSE"}, "not_in_channel"},
		{"history_unseen", nil, "conversations.history", args{"channel": "GPRIV"}, "channel_not_found"},
		{"history_limit", nil, "conversations.history", args{"channel": "CSHOW", "limit": "1000"}, "invalid_limit"},
		{"history_scope", func(r *rig) { r.SetScope("channels:history", false) }, "conversations.history", args{"channel": "CSHOW"}, "missing_scope"},
		{"history_private_scope", func(r *rig) { r.InviteBot("GPRIV"); r.SetScope("groups:history", false) }, "conversations.history", args{"channel": "GPRIV"}, "missing_scope"},

		{"user", nil, "users.info", args{"user": "UGONE"}, ""},
		{"user_unknown", nil, "users.info", args{"user": "UNOBODY"}, "user_not_found"},
		{"group_unknown", nil, "usergroups.users.list", args{"usergroup": "SNONE"}, "no_such_subteam"},
		{"group_disabled", func(r *rig) { r.AddGroup(slacklike.Group{ID: "S1", Disabled: true}) }, "usergroups.users.list", args{"usergroup": "S1"}, "no_such_subteam"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if test.prepare != nil {
				test.prepare(r)
			}
			a := r.call(t, test.method, test.args)
			code, _ := a["error"].(string)
			if code != test.want || a["ok"] != (test.want == "") {
				t.Errorf("got %v, want error %q", a, test.want)
			}
			if test.want != "" && len(r.Messages("CSHOW", "")) > 0 {
				t.Error("a refused call did something")
			}
		})
	}
}

func TestTokenIsCheckedWhereverItStands(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for token, want := range map[string]string{"": "not_authed", "xoxb-wrong": "invalid_auth", r.Token(): ""} {
		form := r.form(t, "auth.test", url.Values{"token": {token}})
		if code, _ := form["error"].(string); code != want {
			t.Errorf("token %q in the form: got %q, want %q", token, code, want)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.APIURL()+"chat.postMessage",
		strings.NewReader(`{"channel":"CSHOW","text":"hi","blocks":[{"type":"divider"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Token())
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if m := r.Messages("CSHOW", ""); len(m) != 1 || m[0].Text != "hi" || m[0].Blocks == nil {
		t.Errorf("a JSON call with a bearer token posted %+v", m)
	}
	if old := r.Token(); r.RotateToken() == old {
		t.Error("the token did not change")
	}
	for _, c := range r.Calls("") {
		if strings.Contains(fmt.Sprint(c), "xoxb") {
			t.Errorf("recorded call shows a token: %v", c)
		}
	}
}

func TestInvalidBlocksAreExplained(t *testing.T) {
	t.Parallel()
	a := newRig(t).call(t, "chat.postMessage", map[string]string{"channel": "CSHOW", "blocks": `[{"type":"divider"},{"type":"header"}]`})
	metadata, _ := a["response_metadata"].(map[string]any)
	if got := fmt.Sprint(metadata["messages"]); got != "[[ERROR] missing required text object [json-pointer:/blocks/1/text]]" {
		t.Errorf("explained %s", got)
	}
}

func TestPostCutsWhereUpdateRefuses(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ts := r.say(t, map[string]string{"text": strings.Repeat("é", 40001)})
	if got := len([]rune(r.Messages("CSHOW", "UANA")[0].Text)); got != 40000 {
		t.Errorf("posted %d characters", got)
	}
	a := r.call(t, "chat.update", map[string]string{"channel": "CSHOW", "ts": ts, "text": strings.Repeat("é", 4001)})
	if a["error"] != "msg_too_long" {
		t.Errorf("update answered %v", a)
	}
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	first := `{"event_type":"a","event_payload":{"n":1}}`
	ts := r.say(t, map[string]string{"text": "one", "blocks": panel, "metadata": first})
	steps := []struct {
		name                 string
		args                 map[string]string
		wantText, wantMeta   string
		wantBlocks, wantFail bool
	}{
		{"text_alone_removes_blocks", map[string]string{"text": "two"}, "two", first, false, false},
		{"blocks_come_back", map[string]string{"text": "three", "blocks": panel}, "three", first, true, false},
		{"new_metadata", map[string]string{"text": "four", "metadata": `{"event_type":"b","event_payload":{}}`}, "four", `{"event_type":"b","event_payload":{}}`, false, false},
		{"refused_changes_nothing", map[string]string{"text": "five", "blocks": "[{}]"}, "four", `{"event_type":"b","event_payload":{}}`, false, true},
	}
	for i, step := range steps {
		step.args["channel"], step.args["ts"] = "CSHOW", ts
		a := r.call(t, "chat.update", step.args)
		m := r.Messages("CSHOW", "UANA")[0]
		if m.Text != step.wantText || (m.Blocks != nil) != step.wantBlocks || string(m.Metadata) != step.wantMeta || (a["ok"] != true) != step.wantFail {
			t.Errorf("%s: answered %v, message is %+v", step.name, a["error"], m)
		}
		if m.TS != ts || m.Edits != min(i+1, 3) || m.EditedTS == "" {
			t.Errorf("%s: ts %s, %d edits", step.name, m.TS, m.Edits)
		}
	}
}

func TestUpdateOnlyWhatIsTheBotsAndPublic(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	d, err := r.Type(t.Context(), "UANA", "CSHOW", "mine", slacklike.TypeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a := r.call(t, "chat.postEphemeral", map[string]string{"channel": "CSHOW", "user": "UANA", "text": "hi"})
	ephemeral, _ := a["message_ts"].(string)
	for ts, want := range map[string]string{d.MessageTS: "cant_update_message", ephemeral: "message_not_found"} {
		if a := r.call(t, "chat.update", map[string]string{"channel": "CSHOW", "ts": ts, "text": "x"}); a["error"] != want {
			t.Errorf("got %v, want %s", a, want)
		}
	}
}

func TestWhoSeesWhat(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.say(t, map[string]string{"text": "public"})
	r.call(t, "chat.postEphemeral", map[string]string{"channel": "CSHOW", "user": "UANA", "text": "private"})
	for user, want := range map[string]int{"UANA": 2, "UBEN": 1, "UGUEST": 0, "UGONE": 0, "UFAR": 0, "UNOBODY": 0, "": 2} {
		if got := len(r.Messages("CSHOW", user)); got != want {
			t.Errorf("%q sees %d messages, want %d", user, got, want)
		}
	}
	if got := r.Messages("CNONE", ""); got != nil {
		t.Errorf("a channel that is not there shows %v", got)
	}
	r.Join("CSHOW", "UGUEST")
	r.Leave("CSHOW", "UANA")
	if len(r.Messages("CSHOW", "UGUEST")) != 1 || len(r.Messages("CSHOW", "UANA")) != 2 {
		t.Error("a guest must be a member, a full member need not be in a public channel")
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var ts []string
	for i := range 5 {
		ts = append(ts, r.say(t, map[string]string{"text": fmt.Sprint(i), "metadata": `{"event_type":"a","event_payload":{}}`}))
	}
	r.say(t, map[string]string{"text": "reply", "thread_ts": ts[0]})
	r.call(t, "chat.postEphemeral", map[string]string{"channel": "CSHOW", "user": "UANA", "text": "private"})
	tests := []struct {
		name string
		args map[string]string
		want string
		more bool
	}{
		{"all_newest_first", map[string]string{}, "4 3 2 1 0", false},
		{"oldest_exclusive", map[string]string{"oldest": ts[2]}, "4 3", false},
		{"oldest_inclusive", map[string]string{"oldest": ts[2], "inclusive": "1"}, "4 3 2", false},
		{"latest", map[string]string{"latest": ts[2]}, "1 0", false},
		{"page", map[string]string{"limit": "2"}, "4 3", true},
		{"next_page", map[string]string{"limit": "3", "cursor": "before:" + ts[2]}, "2 1 0", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.args["channel"] = "CSHOW"
			a := r.call(t, "conversations.history", test.args)
			var texts []string
			messages, _ := a["messages"].([]any)
			for _, raw := range messages {
				m, _ := raw.(map[string]any)
				texts = append(texts, fmt.Sprint(m["text"]))
				if m["metadata"] != nil {
					t.Error("metadata were not asked for")
				}
			}
			if got := strings.Join(texts, " "); got != test.want || a["has_more"] != test.more {
				t.Errorf("got %q, more %v", got, a["has_more"])
			}
		})
	}
	a := r.call(t, "conversations.history", map[string]string{"channel": "CSHOW", "include_all_metadata": "true", "limit": "1"})
	if data, _ := json.Marshal(a["messages"]); !strings.Contains(string(data), `"event_type":"a"`) {
		t.Errorf("metadata are missing: %s", data)
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.AddGroup(slacklike.Group{ID: "S1", Members: []string{"UANA"}})
	if a := r.call(t, "usergroups.users.list", map[string]string{"usergroup": "S1"}); !cmp.Equal(a["users"], any([]any{"UANA"})) {
		t.Errorf("group: %v", a)
	}
	for id, want := range map[string]string{"UGONE": "deleted", "UGUEST": "is_restricted", "UFAR": "is_stranger", "U0BOT": "is_bot"} {
		u, _ := r.call(t, "users.info", map[string]string{"user": id})["user"].(map[string]any)
		for _, flag := range []string{"deleted", "is_restricted", "is_stranger", "is_bot"} {
			if u[flag] != (flag == want) {
				t.Errorf("user %s: %s is %v", id, flag, u[flag])
			}
		}
	}
	if users, channels := r.Users(), r.Channels(); len(users) != 6 || len(channels) != 3 || users[0].ID != "U0BOT" || channels[2].ID != "GPRIV" {
		t.Errorf("users %v, channels %v", users, channels)
	}
}

func TestBlockAndActionIDsAreFilledIn(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.say(t, map[string]string{"blocks": `[{"type":"divider"},{"type":"actions","elements":[{"type":"button","text":` + plain(1) + `}]}]`})
	var blocks []struct {
		BlockID  string `json:"block_id"`
		Elements []struct {
			ActionID string `json:"action_id"`
		} `json:"elements"`
	}
	if err := json.Unmarshal(r.Messages("CSHOW", "")[0].Blocks, &blocks); err != nil {
		t.Fatal(err)
	}
	if blocks[0].BlockID == "" || blocks[1].BlockID == "" || blocks[1].Elements[0].ActionID == "" {
		t.Errorf("ids are missing: %+v", blocks)
	}
}

func TestPermalinkOfAReply(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	parent := r.say(t, map[string]string{"text": "a"})
	reply := r.say(t, map[string]string{"text": "b", "thread_ts": parent})
	deeper := r.say(t, map[string]string{"text": "c", "thread_ts": reply})
	a := r.call(t, "chat.getPermalink", map[string]string{"channel": "CSHOW", "message_ts": deeper})
	if link := fmt.Sprint(a["permalink"]); !strings.Contains(link, "/archives/CSHOW/p") || !strings.HasSuffix(link, "?cid=CSHOW&thread_ts="+parent) {
		t.Errorf("link is %s", link)
	}
}
