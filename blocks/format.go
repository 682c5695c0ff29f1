package blocks

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Mention renders a person or a user group so that Slack names and notifies them; anything else, such
// as a grant's name, is shown as it is.
func Mention(id string) string {
	switch {
	case id == "":
		return "somebody"
	case id == "showtime":
		return "Showtime"
	case !slackID(id):
		return foreign(id)
	case id[0] == 'S':
		return "<!subteam^" + id + ">"
	}
	return "<@" + id + ">"
}

// slackID says whether the id is a person's or a user group's: U…, W… or S… in capitals and digits.
func slackID(id string) bool {
	if len(id) < 2 || !strings.ContainsRune("UWS", rune(id[0])) {
		return false
	}
	for _, r := range id {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return false
		}
	}
	return true
}

// mentions renders people as one list; beyond maxPeople the rest is counted.
func mentions(ids []string) string { return mentionsOf(ids, maxPeople) }

func mentionsOf(ids []string, most int) string {
	shown := ids[:min(len(ids), most)]
	names := make([]string, len(shown))
	for i, id := range shown {
		names[i] = Mention(id)
	}
	list := strings.Join(names, ", ")
	if rest := len(ids) - len(shown); rest > 0 {
		list += fmt.Sprintf(" and %d more", rest)
	}
	return list
}

// when renders a time in each reader's own zone; the fallback is UTC.
// https://docs.slack.dev/messaging/formatting-message-text#date-formatting
func when(t time.Time) string {
	if t.IsZero() {
		return "an unknown time"
	}
	return "<!date^" + strconv.FormatInt(t.Unix(), 10) + "^{date_short_pretty} at {time}|" +
		t.UTC().Format("2006-01-02 15:04") + " UTC>"
}

// duration renders a length of time in words, as exact as people need it: "45 s", "12 min", "2 h 31 min".
func duration(d time.Duration) string {
	d = max(d, 0)
	if d < time.Minute {
		return strconv.FormatInt(int64(d/time.Second), 10) + " s"
	}
	minutes := int64(d / time.Minute)
	hours, rest := minutes/60, minutes%60
	switch {
	case hours == 0:
		return strconv.FormatInt(rest, 10) + " min"
	case rest == 0:
		return strconv.FormatInt(hours, 10) + " h"
	}
	return strconv.FormatInt(hours, 10) + " h " + strconv.FormatInt(rest, 10) + " min"
}

// money renders an estimate, as a range when its bounds differ: "≈ $3.40", "≈ $1.20 to $2.90".
func money(low, high float64, currency string) string {
	from, to := amount(low, currency), amount(high, currency)
	if from == to {
		return "≈ " + to
	}
	return "≈ " + from + " to " + to
}

// amount renders a sum in a currency given by its ISO 4217 code, in that currency's own way.
func amount(sum float64, currency string) string {
	decimals := 2
	switch currency {
	case "JPY", "KRW", "CLP", "ISK", "VND", "XAF", "XOF":
		decimals = 0
	}
	digits := strconv.FormatFloat(sum, 'f', decimals, 64)
	switch currency {
	case "USD":
		return "$" + digits
	case "EUR":
		return "€" + digits
	case "GBP":
		return "£" + digits
	case "JPY":
		return "¥" + digits
	}
	return strings.TrimSpace(digits + " " + foreign(currency))
}

// count renders a number with its noun: "1 person", "3 people".
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}
