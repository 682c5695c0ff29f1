package blocks

import (
	"fmt"
	"testing"
	"time"
)

func TestMentionNamesOnlyRealIDs(t *testing.T) {
	t.Parallel()
	cases := []struct{ name, in, want string }{
		{"user", "U012AB3CD", "<@U012AB3CD>"},
		{"enterprise_user", "W012AB3CD", "<@W012AB3CD>"},
		{"group", "S012AB3CD", "<!subteam^S012AB3CD>"},
		{"ourselves", "showtime", "Showtime"},
		{"nobody", "", "somebody"},
		{"grant", "nightly-job", "nightly-job"},
		{"grant_with_markup", "<!channel>", "&lt;!channel&gt;"},
		{"id_with_tail", "U0A>|<!here", "U0A&gt;|&lt;!here"},
		{"letter_alone", "U", "U"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := Mention(c.in); got != c.want {
				t.Errorf("Mention(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestMentionsCountTheRest(t *testing.T) {
	t.Parallel()
	ids := make([]string, 23)
	for i := range ids {
		ids[i] = fmt.Sprintf("U%02d", i)
	}
	got := mentions(ids)
	wantAll(t, got, "<@U00>, <@U01>", "<@U19> and 3 more")
	wantNone(t, got, "U20")
	wantAll(t, called(ids), "<@U19>, <@U20>, <@U21>, <@U22>: ") // whoever must hear of it is mentioned
}

func TestMoneyIsAnEstimateInItsCurrency(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, currency, want string
		low, high            float64
	}{
		{"dollars", "USD", "≈ $3.40", 3.4, 3.4},
		{"range", "USD", "≈ $1.20 to $2.90", 1.2, 2.9},
		{"equal_when_rounded", "USD", "≈ $1.20", 1.2, 1.2001},
		{"euros", "EUR", "≈ €3.40", 3.4, 3.4},
		{"pounds", "GBP", "≈ £3.40", 3.4, 3.4},
		{"yen_has_no_cents", "JPY", "≈ ¥340", 340.2, 340.2},
		{"francs_by_code", "CHF", "≈ 3.40 CHF", 3.4, 3.4},
		{"no_currency", "", "≈ 3.40", 3.4, 3.4},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := money(c.low, c.high, c.currency); got != c.want {
				t.Errorf("money = %q, want %q", got, c.want)
			}
		})
	}
}

func TestDurationInWords(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, want string
		in         time.Duration
	}{
		{"negative", "0 s", -time.Second},
		{"seconds", "45 s", 45 * time.Second},
		{"minutes", "12 min", 12*time.Minute + 40*time.Second},
		{"hours", "4 h", 4 * time.Hour},
		{"both", "2 h 31 min", 151 * time.Minute},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := duration(c.in); got != c.want {
				t.Errorf("duration(%v) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestWhenIsADateToken(t *testing.T) {
	t.Parallel()
	want := "<!date^1795435200^{date_short_pretty} at {time}|2026-11-23 12:00 UTC>"
	if got := when(noon()); got != want {
		t.Errorf("when = %q, want %q", got, want)
	}
	if got := when(time.Time{}); got != "an unknown time" {
		t.Errorf("when of no time = %q", got)
	}
}
