package slash_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/job"
	"showtime/slash"
)

func form(change ...string) url.Values {
	f := url.Values{
		"command": {"/emr"}, "text": {""}, "trigger_id": {"1.2.abc"}, "user_id": {"U1"}, "channel_id": {"C1"},
		"team_id": {"T1"}, "enterprise_id": {"E1"}, "api_app_id": {"A1"}, "response_url": {"https://hooks.slack.com/commands/1/2"},
	}
	for pair := range slices.Chunk(change, 2) {
		f.Set(pair[0], pair[1])
	}
	return f
}

func TestParseText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text                 string
		word                       job.Kind
		hours, purpose, wantReason string
	}{
		{name: "bare", text: "", word: job.Panel},
		{name: "spaces", text: " \u00a0\t ", word: job.Panel},
		{name: "start", text: "start", word: job.Start},
		{name: "upper_case_and_spaces", text: "  START  ", word: job.Start},
		{name: "quoted", text: "“start”", word: job.Start},
		{name: "code", text: "`status`", word: job.Status},
		{name: "zero_width", text: "st\u200bart", word: job.Start},
		{name: "hours", text: "start 6", word: job.Start, hours: "6"},
		{name: "hours_h", text: "start 6h", word: job.Start, hours: "6h"},
		{name: "minutes", text: "start 90m", word: job.Start, hours: "90m"},
		{name: "go_duration", text: "start 1h30m x", word: job.Start, hours: "1h30m", purpose: "x"},
		{name: "hours_word", text: "start 6 hours big join", word: job.Start, hours: "6 hours", purpose: "big join"},
		{name: "impossible_hours_stay_typed", text: "start -3h", word: job.Start, hours: "-3h"},
		{name: "purpose_only", text: "start Quarterly   Report", word: job.Start, purpose: "Quarterly Report"},
		{name: "year_is_a_purpose", text: "start 2026 report", word: job.Start, purpose: "2026 report"},
		{name: "dots_are_a_purpose", text: "start ... later", word: job.Start, purpose: "... later"},
		{name: "quoted_purpose", text: `start 4h "load test"`, word: job.Start, hours: "4h", purpose: "load test"},
		{name: "escaped_purpose", text: "start R&amp;D &lt;x&gt;", word: job.Start, purpose: "R&D <x>"},
		{name: "channel_mention_is_text", text: "start <!channel>", word: job.Start, purpose: "<!channel>"},
		{name: "bidi_removed", text: "start a\u202eb", word: job.Start, purpose: "ab"},
		{name: "status", text: "Status", word: job.Status},
		{name: "status_more", text: "status please", word: "usage"},
		{name: "doctor", text: "Doctor", word: job.Doctor},
		{name: "doctor_more", text: "doctor who", word: "usage"},
		{name: "destroy_only_asks", text: "destroy", word: job.AskDestroy},
		{name: "destroy_reason", text: "destroy too expensive", word: job.AskDestroy, wantReason: "too expensive"},
		{name: "help", text: "help", word: "help"},
		{name: "help_more", text: "Help me", word: "help"},
		{name: "unknown", text: "terminate", word: "usage"},
		{name: "emoji", text: "🎉", word: "usage"},
		{name: "start_glued", text: "start6h", word: "usage"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := slash.Parse(form("text", tt.text))
			if err != nil {
				t.Fatal(err)
			}
			got := []string{r.Word, r.Job.Hours, r.Job.Purpose, r.Job.Reason}
			if diff := cmp.Diff([]string{string(tt.word), tt.hours, tt.purpose, tt.wantReason}, got); diff != "" {
				t.Errorf("word, hours, purpose, reason (-want +got):\n%s", diff)
			}
			if (r.Answer != "") == (r.Job.Kind != "") {
				t.Errorf("answer %q and job %q: want exactly one", r.Answer, r.Job.Kind)
			}
		})
	}
}

func TestParseJob(t *testing.T) {
	t.Parallel()
	r, err := slash.Parse(form("text", "start 4h x"))
	if err != nil {
		t.Fatal(err)
	}
	id := job.TriggerID(job.Command, "1.2.abc")
	want := slash.Request{
		AppID: "A1", Team: "T1", User: "U1", Word: "start",
		Job: job.Job{
			V: 1, ID: id, Ref: job.RefOf(id), Kind: job.Start, Source: job.Command, User: "U1", Team: "T1", Enterprise: "E1", Channel: "C1",
			ResponseURL: "https://hooks.slack.com/commands/1/2", Generation: job.AnyGeneration, Hours: "4h", Purpose: "x",
		},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Errorf("request (-want +got):\n%s", diff)
	}
}

func TestParseKinds(t *testing.T) {
	t.Parallel()
	t.Run("row_27_ssl_check_runs_nothing", func(t *testing.T) {
		t.Parallel()
		r, err := slash.Parse(form("ssl_check", "1", "text", "start"))
		if diff := cmp.Diff(slash.Request{Check: true}, r); err != nil || diff != "" {
			t.Errorf("error %v, request (-want +got):\n%s", err, diff)
		}
	})
	t.Run("row_25_unknown_command", func(t *testing.T) {
		t.Parallel()
		r, err := slash.Parse(form("command", "/other", "text", "start"))
		if err != nil || !strings.Contains(r.Answer, "Unknown command") || r.Job.Kind != "" {
			t.Errorf("request = %+v, error = %v", r, err)
		}
	})
	for name, change := range map[string][]string{
		"no_command": {"command", ""}, "no_trigger": {"trigger_id", ""}, "no_user": {"user_id", ""},
		"user_is_no_id": {"user_id", "U1/../x"}, "channel_is_no_id": {"channel_id", "#general"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if r, err := slash.Parse(form(change...)); err == nil {
				t.Errorf("request = %+v, want an error", r)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"", "start 6h x", "START  ", "destroy \"now\"", strings.Repeat("ä", 5000), "<!channel>", "\u202eemr", "start 9999999999999999h", "st\x00art", "start \xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := slash.Parse(form("text", text))
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range []string{r.Job.Purpose, r.Job.Reason} {
			if utf8.RuneCountInString(s) > 200 || !utf8.ValidString(s) || strings.ContainsAny(s, "\r\n\x00") {
				t.Errorf("text is not one bounded clean line: %q", s)
			}
		}
		if len(r.Job.Hours) > 100 || r.Job.Kind == job.Destroy {
			t.Errorf("job = %+v", r.Job)
		}
	})
}
