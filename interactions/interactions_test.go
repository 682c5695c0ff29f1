package interactions_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/interactions"
	"showtime/internal/actionid"
	"showtime/internal/job"
)

func click(actions, more string) string {
	return `{"type":"block_actions","user":{"id":"U1","team_id":"T1"},"api_app_id":"A1","team":{"id":"T1"},"enterprise":null,
	"container":{"type":"message","message_ts":"1.000002","thread_ts":"1.000001","channel_id":"C1","is_ephemeral":true},"channel":{"id":"C1"},
	"trigger_id":"1.2.x","response_url":"https://hooks.slack.com/actions/1","actions":` + actions + more + `}`
}

func button(id, value string) string {
	v, _ := json.Marshal(value) //nolint:errchkjson // a string
	return fmt.Sprintf(`{"type":"button","action_id":%q,"value":%s}`, id, v)
}

func TestParseClick(t *testing.T) {
	t.Parallel()
	state := `,"state":{"values":{
		"b1":{"showtime:purpose":{"type":"plain_text_input","value":"big\njoin"}},
		"b2":{"showtime:hours":{"type":"static_select","selected_option":{"text":{},"value":"4h"}},"other":{"type":"x","value":{"deep":[1]}}},
		"b3":{"showtime:reason":{"type":"plain_text_input","value":null}}}}`
	r, err := interactions.Parse([]byte(click("["+button(actionid.Start, `{"v":1,"g":7}`)+"]", state)))
	if err != nil {
		t.Fatal(err)
	}
	id := job.TriggerID(job.Click, "1.2.x")
	want := interactions.Request{
		AppID: "A1", Team: "T1", UserTeam: "T1",
		Job: job.Job{
			V: 1, ID: id, Ref: job.RefOf(id), Kind: job.Start, Source: job.Click, User: "U1", Team: "T1", Channel: "C1",
			MessageTS: "1.000002", ThreadTS: "1.000001", Ephemeral: true, ResponseURL: "https://hooks.slack.com/actions/1",
			Generation: 7, Hours: "4h", Purpose: "big join",
		},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestParseActions(t *testing.T) {
	t.Parallel()
	const value = `{"v":1,"g":3}`
	tests := []struct {
		name, actions string
		kind          job.Kind
		ignored       string
	}{
		{"start", "[" + button(actionid.Start, value) + "]", job.Start, ""},
		{"join", "[" + button(actionid.Join, value) + "]", job.Join, ""},
		{"status", "[" + button(actionid.Status, value) + "]", job.Status, ""},
		{"destroy", "[" + button(actionid.Destroy, value) + "]", job.Destroy, ""},
		{"approve", "[" + button(actionid.Approve, `{"v":1,"g":3,"r":"q1"}`) + "]", job.Approve, ""},
		{"deny", "[" + button(actionid.Deny, `{"v":1,"g":3,"r":"q1"}`) + "]", job.Deny, ""},
		{"claim", "[" + button(actionid.Claim, `{"v":1,"g":3,"r":"q1"}`) + "]", job.Claim, ""},
		{"still_need", "[" + button(actionid.StillNeed, `{"v":1,"g":3,"r":"q1"}`) + "]", job.StillNeed, ""},
		{"withdraw", "[" + button(actionid.Withdraw, `{"v":1,"g":3,"r":"q1"}`) + "]", job.Withdraw, ""},
		{"deny_without_request", "[" + button(actionid.Deny, value) + "]", job.Outdated, ""},
		{"claim_without_request", "[" + button(actionid.Claim, value) + "]", job.Outdated, ""},
		{"still_need_without_request", "[" + button(actionid.StillNeed, value) + "]", job.Outdated, ""},
		{"withdraw_without_request", "[" + button(actionid.Withdraw, value) + "]", job.Outdated, ""},
		{"approve_without_request", "[" + button(actionid.Approve, value) + "]", job.Outdated, ""},
		{"extend", "[" + button(actionid.Extend, `{"v":1,"g":3,"e":1793}`) + "]", job.Extend, ""},
		{"let_end", "[" + button(actionid.LetEnd, `{"v":1,"g":3,"e":1793}`) + "]", job.LetEnd, ""},
		{"more_time", "[" + button(actionid.MoreTime, `{"v":1,"g":3,"e":1793}`) + "]", job.MoreTime, ""},
		{"more_time_without_lease_end", "[" + button(actionid.MoreTime, value) + "]", job.Outdated, ""},
		{"extend_without_lease_end", "[" + button(actionid.Extend, value) + "]", job.Outdated, ""},
		{"alert", "[" + button(actionid.Alert, value) + "]", job.Alert, ""},
		{"row_21_unknown", "[" + button("emr:destroy", value) + "]", job.Outdated, ""},
		{"row_22_empty", "[]", "", interactions.NoAction},
		{"row_22_null", "null", "", interactions.NoAction},
		{"row_22_several", "[" + button("other", "") + "," + button(actionid.Join, value) + "," + button(actionid.Destroy, value) + "]", job.Join, ""},
		{"row_23_no_value", "[" + button(actionid.Destroy, "") + "]", job.Outdated, ""},
		{"row_23_malformed", "[" + button(actionid.Destroy, "{") + "]", job.Outdated, ""},
		{"row_23_newer", "[" + button(actionid.Destroy, `{"v":9,"g":3}`) + "]", job.Outdated, ""},
		{"row_23_any_generation", "[" + button(actionid.Destroy, `{"v":1,"g":-1}`) + "]", job.Outdated, ""},
		{"row_23_oversize", "[" + button(actionid.Start, `{"v":1,"g":3,"r":"`+strings.Repeat("x", 2000)+`"}`) + "]", job.Outdated, ""},
		{"row_23_value_no_string", `[{"action_id":"showtime:destroy","value":{"v":1}}]`, job.Outdated, ""},
		{"action_no_object", `[7]`, job.Outdated, ""},
		{"notebook_link", "[" + button(actionid.OpenNotebook, "") + "]", "", interactions.NoJob},
		{"card_link", "[" + button(actionid.OpenCard, "") + "]", "", interactions.NoJob},
		{"input_dispatched", `[{"type":"static_select","action_id":"showtime:hours","selected_option":{"value":"4"}}]`, "", interactions.NoJob},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := interactions.Parse([]byte(click(tt.actions, "")))
			if err != nil {
				t.Fatal(err)
			}
			if r.Job.Kind != tt.kind || r.Ignored != tt.ignored {
				t.Errorf("kind %q, ignored %q, want %q, %q", r.Job.Kind, r.Ignored, tt.kind, tt.ignored)
			}
			if r.Job.Kind == job.Outdated && r.Job.Generation != job.AnyGeneration {
				t.Errorf("an outdated button carries generation %d", r.Job.Generation)
			}
		})
	}
}

func TestParseToleratesTheUnknown(t *testing.T) {
	t.Parallel()
	const start = `[{"type":"button","action_id":"showtime:start","value":"{\"v\":1,\"g\":0}","icon":{"new":[1]}}]`
	tests := []struct{ name, more string }{
		{"row_24_unknown_blocks", `,"message":{"ts":"1.2","blocks":[{"type":"hologram","x":[[[]]]},7,null]}`},
		{"odd_state", `,"state":{"values":{"b":{"showtime:hours":7,"x":[]},"c":[1]}}`},
		{"null_state", `,"state":null`},
		{"odd_enterprise", `,"enterprise":"E1"`},
		{"odd_message", `,"message":"text"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := interactions.Parse([]byte(click(start, tt.more)))
			if err != nil || r.Job.Kind != job.Start {
				t.Errorf("kind %q, error %v: the click is lost", r.Job.Kind, err)
			}
		})
	}
}

func TestParseOtherTypes(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"martian", "view_submission", "view_closed", "shortcut", "message_action", "dialog_submission", "block_suggestion"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			r, err := interactions.Parse([]byte(`{"type":"` + kind + `","team":null,"user":{"id":"U1","team_id":"T2"},"api_app_id":"A1"}`))
			want := interactions.Request{AppID: "A1", Team: "T2", UserTeam: "T2", Ignored: interactions.OtherType}
			if diff := cmp.Diff(want, r); err != nil || diff != "" {
				t.Errorf("error %v, request (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestParseMalformed(t *testing.T) {
	t.Parallel()
	start := "[" + button(actionid.Start, `{"v":1,"g":0}`) + "]"
	tests := []struct{ name, payload string }{
		{"row_19_missing", ""},
		{"row_19_null", "null"},
		{"row_19_list", "[]"},
		{"row_19_string", `"block_actions"`},
		{"row_19_truncated", click(start, "")[:60]},
		{"row_19_deep", `{"type":"block_actions","x":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + `}`},
		{"no_type", "{}"},
		{"no_user", `{"type":"block_actions","trigger_id":"1","actions":` + start + `}`},
		{"no_trigger", `{"type":"block_actions","user":{"id":"U1"},"actions":` + start + `}`},
		{"user_is_no_id", `{"type":"block_actions","trigger_id":"1","user":{"id":"U 1"},"actions":` + start + `}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if r, err := interactions.Parse([]byte(tt.payload)); err == nil {
				t.Errorf("request = %+v, want an error", r)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(click("["+button(actionid.Start, `{"v":1,"g":7}`)+"]", "")))
	f.Add([]byte(`{"type":"block_actions","actions":[null],"state":{"values":{"a":null}}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := interactions.Parse(data)
		if err != nil || r.Ignored != "" {
			return
		}
		if r.Job.ID == "" || r.Job.Kind == "" || !job.IsSlackID(r.Job.User) {
			t.Errorf("job = %+v", r.Job)
		}
	})
}
