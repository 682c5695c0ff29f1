package typed_test

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"showtime/internal/typed"
)

func TestLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain_stays", "churn model, Q3", "churn model, Q3"},
		{"empty_stays", "", ""},
		{"only_space_is_empty", " \t\r\n\u00a0 ", ""},
		{"line_breaks_become_spaces", "one\r\ntwo\u2028three\u0085four", "one two three four"},
		{"whitespace_collapses", "  a \t\u3000 b  ", "a b"},
		{"control_removed", "a\x00b\x1b[31mc\x7f", "ab[31mc"},
		{"bidi_removed", "safe\u202etxt.exe\u2066x\u2069\u200f", "safetxt.exex"},
		{"zero_width_removed", "pay\u200bload\ufeff\u2060\u200d\u00ad", "payload"},
		{"invisible_fillers_removed", "a\u3164\u115f\u034f\ufe0fb\U000e0041", "ab"},
		{"space_between_removed_is_one", "a \u200b \u200b b", "a b"},
		{"malformed_removed", "a\xff\xc3b", "ab"},
		{"replacement_character_kept", "a\ufffdb", "a\ufffdb"},
		{"other_scripts_kept", "Größe 日本語 עברית é", "Größe 日本語 עברית é"},
		{"markup_is_left_for_the_escaper", "<!channel> *x*", "<!channel> *x*"},
		{"exactly_the_limit", strings.Repeat("ä", 200), strings.Repeat("ä", 200)},
		{"one_too_many_is_cut_visibly", strings.Repeat("ä", 201), strings.Repeat("ä", 199) + "…"},
		{"no_space_before_the_cut", strings.Repeat("a", 198) + " bcd", strings.Repeat("a", 198) + "…"},
		{"removed_ones_do_not_count", strings.Repeat("\u200b", 500) + "a", "a"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := typed.Line(tt.in); got != tt.want {
				t.Errorf("Line(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzLine(f *testing.F) {
	for _, s := range []string{"a b", "\u202ex", strings.Repeat("x ", 300), "\xff", "e\u0301\u200d"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := typed.Line(s)
		if n := utf8.RuneCountInString(got); n > typed.MaxRunes || !utf8.ValidString(got) {
			t.Errorf("Line(%q) = %q: %d characters", s, got, n)
		}
		if again := typed.Line(got); again != got {
			t.Errorf("Line is not settled: %q, then %q", got, again)
		}
		if strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Errorf("Line(%q) = %q: loose space", s, got)
		}
		for _, r := range got {
			if r != ' ' && (unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
				t.Errorf("Line(%q) = %q: has %U", s, got, r)
			}
		}
	})
}

func TestHours(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, in string
		want     time.Duration // 0 = refused
	}{
		{"number_is_hours", "6", 6 * time.Hour},
		{"h", "6h", 6 * time.Hour},
		{"minutes", "90m", 90 * time.Minute},
		{"fraction", "1.5h", 90 * time.Minute},
		{"word_with_space", "6 hours", 6 * time.Hour},
		{"one_hour", "1 hour", time.Hour},
		{"minutes_word", "45 minutes", 45 * time.Minute},
		{"upper_case_and_space", "  2 H ", 2 * time.Hour},
		{"seconds_rounded", "0.333h", 1199 * time.Second},
		{"longest", "1000", 1000 * time.Hour},
		{"word", "soon", 0},
		{"zero", "0", 0},
		{"negative", "-3", 0},
		{"under_a_minute", "0.5m", 0},
		{"too_long", "1001", 0},
		{"overflow", "999999999999", 0},
		{"very_long_number", strings.Repeat("9", 190), 0},
		{"comma", "1,5", 0},
		{"exponent", "1e3", 0},
		{"hexadecimal", "0x10", 0},
		{"not_a_number", "nan", 0},
		{"infinity", "inf", 0},
		{"two_points", "1.2.3", 0},
		{"only_point", ".", 0},
		{"trailing_point", "6.", 0},
		{"days", "2d", 0},
		{"two_parts", "1h30m", 0},
		{"number_and_text", "6 hours please", 0},
		{"other_digits", "٦", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := typed.Hours(tt.in)
			if got != tt.want || (err == nil) != (tt.want != 0) {
				t.Errorf("Hours(%q) = %v, %v, want %v", tt.in, got, err, tt.want)
			}
			if err != nil && !errors.Is(err, typed.ErrHours) {
				t.Errorf("Hours(%q): %v is no ErrHours", tt.in, err)
			}
		})
	}
}

func TestHoursOfNothing(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"", " \t", "\u200b"} {
		if got, err := typed.Hours(s); got != 0 || err != nil {
			t.Errorf("Hours(%q) = %v, %v, want 0 and no error", s, got, err)
		}
	}
}

func FuzzHours(f *testing.F) {
	for _, s := range []string{"6", "1.5h", "90 min", "1e9", "-1", "0.0000001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := typed.Hours(s)
		if err == nil && typed.Line(s) != "" && (got < time.Minute || got > typed.MaxHours*time.Hour || got%time.Second != 0) {
			t.Errorf("Hours(%q) = %v", s, got)
		}
		if err != nil && got != 0 {
			t.Errorf("Hours(%q) = %v with %v", s, got, err)
		}
	})
}
