package slash_test

import (
	"testing"

	"showtime/internal/job"
	"showtime/slash"
)

func TestParseHistory(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		kind       job.Kind
		days       int
	}{
		{"bare", "history", job.History, 0},
		{"days", "history 30d", job.History, 30},
		{"upper_case", "HISTORY 30D", job.History, 30},
		{"number", "history 7", job.History, 7},
		{"words", "history 30 days", job.History, 30},
		{"one_day", "history 1 day", job.History, 1},
		{"quoted", "history “7d”", job.History, 7},
		{"a_year_and_a_day", "history 366d", job.History, 366},
		{"too_far", "history 367d", "", 0},
		{"none", "history 0d", "", 0},
		{"negative", "history -3d", "", 0},
		{"not_days", "history 3h", "", 0},
		{"words_only", "history days", "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r, err := slash.Parse(form("text", tt.text))
			if err != nil {
				t.Fatal(err)
			}
			if r.Job.Kind != tt.kind || r.Job.Days != tt.days || tt.kind == "" && r.Answer == "" {
				t.Errorf("%q: kind %q, %d days, answer %.20q", tt.text, r.Job.Kind, r.Job.Days, r.Answer)
			}
		})
	}
}
