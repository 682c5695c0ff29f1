package events_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/events"
	"showtime/internal/job"
)

func parser(tb testing.TB) *events.Parser {
	tb.Helper()
	p, err := events.NewParser(events.DefaultPhrases())
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// said is the event of a message with this text; more are further fields of the message.
func said(text, more string) []byte {
	quoted, _ := json.Marshal(text) //nolint:errchkjson // a string
	return []byte(`{"type":"event_callback","team_id":"T9","context_team_id":"T1","api_app_id":"A1","event_id":"Ev1",
	"authorizations":[{"enterprise_id":null,"team_id":"T1","user_id":"UBOT","is_bot":true}],
	"event":{"type":"message","user":"U1","text":` + string(quoted) + `,"ts":"1355517523.000005","team":"T1","channel":"C1"` + more + `}}`)
}

func TestParsePhrase(t *testing.T) {
	t.Parallel()
	r, err := parser(t).Parse(said("It’s showtime!", `,"thread_ts":"1355517500.000001"`))
	if err != nil {
		t.Fatal(err)
	}
	id := "phrase-C1-1355517523.000005"
	want := events.Request{
		AppID: "A1", Team: "T1", UserTeam: "T1",
		Job: job.Job{
			V: 1, ID: id, Ref: job.RefOf(id), Kind: job.Start, Source: job.Phrase, At: time.Unix(1355517523, 5000).UTC(), EventID: "Ev1",
			User: "U1", Team: "T1", Channel: "C1", MessageTS: "1355517523.000005", ThreadTS: "1355517500.000001",
			Generation: job.AnyGeneration,
		},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestPhrases(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		want       job.Kind
	}{
		{"start", "It's showtime!", job.Start},
		{"status", "How's the show?", job.Status},
		{"destroy_only_asks", "That's a wrap!", job.AskDestroy},
		{"row_50_u2019", "It\u2019s showtime!", job.Start},
		{"row_50_u2018", "It\u2018s showtime!", job.Start},
		{"row_50_u02bc", "It\u02bcs showtime!", job.Start},
		{"row_50_uff07", "It\uff07s showtime!", job.Start},
		{"row_50_nbsp", "It's\u00a0showtime!", job.Start},
		{"row_50_upper_case_bare", "ITS SHOWTIME", job.Start},
		{"row_50_bold", "*It's showtime!*", job.Start},
		{"row_50_italic_struck", "_~It's showtime!~_", job.Start},
		{"row_50_emoji", "It's showtime!!! :tada:", job.Start},
		{"row_50_emoji_characters", "🎬 It's showtime! 🎉🎉", job.Start},
		{"row_50_glued_emoji", "It's showtime!🎉", job.Start},
		{"row_50_zero_width", "It's show\u200btime!\ufeff", job.Start},
		{"row_50_full_width", "Ｉｔ's ｓｈｏｗｔｉｍｅ！", job.Start},
		{"row_50_spaces", "  It's \n showtime !  ", job.Start},
		{"status_without_mark", "hows the show", job.Status},
		{"row_50_quoted", "&gt; It's showtime!", ""},
		{"row_50_block_quoted", "&gt;&gt;&gt; It's showtime!", ""},
		{"row_50_code", "`It's showtime!`", ""},
		{"row_50_fenced", "```\nIt's showtime!\n```", ""},
		{"quoted_words", "\"It's showtime!\"", ""},
		{"asked", "It's showtime?", ""},
		{"asked_loudly", "It's showtime?!", ""},
		{"row_51_sentence", "she said it's showtime! lol", ""},
		{"row_51_two_sentences", "It's showtime! Not.", ""},
		{"negated", "It's not showtime!", ""},
		{"empty", "", ""},
		{"only_marks", "!!!", ""},
		{"only_emoji", ":tada:", ""},
		{"long", "It's showtime!" + strings.Repeat("!", 10000), ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := parser(t).Parse(said(tt.text, ""))
			if err != nil || r.Job.Kind != tt.want || (tt.want == "") != (r.Ignored == events.NoPhrase) {
				t.Errorf("kind %q, ignored %q, error %v, want kind %q", r.Job.Kind, r.Ignored, err, tt.want)
			}
		})
	}
}

func TestOnlyPeoplesNewMessages(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, more string
		want       job.Kind
	}{
		{"plain", ``, job.Start},
		{"row_49_file_share", `,"subtype":"file_share","files":[{}]`, job.Start},
		{"row_49_thread_reply", `,"thread_ts":"1355517500.000001"`, job.Start},
		{"row_49_thread_broadcast", `,"subtype":"thread_broadcast"`, ""},
		{"me_message", `,"subtype":"me_message"`, ""},
		{"row_47_bot", `,"bot_id":"B1"`, ""},
		{"row_47_bot_profile", `,"bot_profile":{"id":"B1"}`, ""},
		{"row_47_workflow", `,"subtype":"bot_message","bot_id":"B2"`, ""},
		{"row_47_own_user", `,"user":"UBOT"`, ""},
		{"row_47_own_app", `,"app_id":"A1"`, ""},
		{"no_user", `,"user":""`, ""},
		{"row_48_changed", `,"subtype":"message_changed","hidden":true,"message":{"text":"It's showtime!"}`, ""},
		{"row_48_deleted", `,"subtype":"message_deleted","previous_message":{"text":"It's showtime!"}`, ""},
		{"row_48_edited", `,"edited":{"user":"U1","ts":"1.2"}`, ""},
		{"replied", `,"message":{"text":"It's showtime!"}`, ""},
		{"hidden", `,"hidden":true`, ""},
		{"null_extras", `,"bot_profile":null,"edited":null`, job.Start},
		{"bad_channel", `,"channel":"C1/x"`, ""},
		{"bad_ts", `,"ts":"now"`, ""},
		{"negative_ts", `,"ts":"-1.000001"`, ""},
		{"unknown_blocks", `,"blocks":[{"type":"hologram","elements":7}]`, job.Start},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := parser(t).Parse(said("It's showtime!", tt.more))
			if err != nil || r.Job.Kind != tt.want {
				t.Errorf("kind %q, error %v, want kind %q", r.Job.Kind, err, tt.want)
			}
		})
	}
}

func TestSameMessageSameID(t *testing.T) {
	t.Parallel()
	first, _ := parser(t).Parse(said("It's showtime!", ""))
	again := strings.Replace(string(said("It's showtime!", "")), "Ev1", "Ev2", 1)
	second, err := parser(t).Parse([]byte(again)) // row 45
	if err != nil || first.Job.ID != second.Job.ID || second.Job.EventID != "Ev2" {
		t.Errorf("ids %q and %q, event %q, error %v", first.Job.ID, second.Job.ID, second.Job.EventID, err)
	}
}

func TestEnvelopes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       events.Request
		bad        bool
	}{
		{name: "challenge", body: `{"type":"url_verification","challenge":"3eZ"}`, want: events.Request{Challenge: "3eZ"}},
		{name: "row_41_long_challenge", body: `{"type":"url_verification","challenge":"` + strings.Repeat("x", 300) + `"}`, bad: true},
		{name: "no_challenge", body: `{"type":"url_verification"}`, bad: true},
		{
			name: "row_43_rate_limited", body: `{"type":"app_rate_limited","team_id":"T1","api_app_id":"A1","minute_rate_limited":1}`,
			want: events.Request{AppID: "A1", Team: "T1", Ignored: events.RateLimited},
		},
		{name: "row_42_null_event", body: `{"type":"event_callback","event":null}`, want: events.Request{Ignored: events.OtherEvent}},
		{name: "row_42_no_event", body: `{"type":"event_callback","team_id":"T1"}`, want: events.Request{Team: "T1", Ignored: events.OtherEvent}},
		{name: "row_42_unknown_event", body: `{"type":"event_callback","event":{"type":"martian","user":{"id":"U1"}}}`, want: events.Request{Ignored: events.OtherEvent}},
		{name: "authorization_before_team", body: `{"type":"x","team_id":"T9","authorizations":[{"team_id":"T1"}]}`, want: events.Request{Team: "T1", Ignored: events.OtherEvent}},
		{name: "empty", body: ``, bad: true},
		{name: "null", body: `null`, bad: true},
		{name: "list", body: `[]`, bad: true},
		{name: "no_type", body: `{}`, bad: true},
		{name: "truncated", body: `{"type":"event_callback"`, bad: true},
		{name: "deep", body: `{"type":"x","y":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`, bad: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := parser(t).Parse([]byte(tt.body))
			if (err != nil) != tt.bad {
				t.Fatalf("error = %v, want one: %v", err, tt.bad)
			}
			if diff := cmp.Diff(tt.want, r); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadPhrases(t *testing.T) {
	t.Parallel()
	got, err := events.ReadPhrases(`{"start":["Lights up"],"destroy":[]}`)
	want := events.Phrases{Start: []string{"Lights up"}, Status: []string{"How's the show?"}, Destroy: []string{}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("error %v, phrases (-want +got):\n%s", err, diff)
	}
	if got, err := events.ReadPhrases(""); err != nil || !cmp.Equal(got, events.DefaultPhrases()) {
		t.Errorf("nothing set gave %+v, %v", got, err)
	}
	if _, err := events.ReadPhrases("["); err == nil {
		t.Error("broken JSON gave no error")
	}
}

func TestNewParserRefuses(t *testing.T) {
	t.Parallel()
	for name, phrases := range map[string]events.Phrases{
		"no_words":  {Start: []string{"*!*"}},
		"ambiguous": {Start: []string{"Go!"}, Destroy: []string{"go"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := events.NewParser(phrases); err == nil {
				t.Error("no error")
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add(said("It's showtime!", ""))
	f.Add([]byte(`{"type":"event_callback","event":{"type":"message","text":"!?\u200b"}}`))
	p := parser(f)
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := p.Parse(body)
		if err == nil && r.Challenge == "" && r.Ignored == "" && (r.Job.Kind == "" || r.Job.At.IsZero() || !job.IsSlackID(r.Job.Channel)) {
			t.Errorf("job = %+v", r.Job)
		}
	})
}
