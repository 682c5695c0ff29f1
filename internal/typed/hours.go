package typed

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxHours bounds what Hours reads at all; how long a session may be is for the cluster file to say.
const MaxHours = 1000

// ErrHours says that a text is no length of time. The errors of Hours wrap it; they can be shown to
// the person who typed the text, and do not repeat it.
var ErrHours = errors.New("not a length of time")

// Hours reads a length of time as people type it: "6", "6h", "1.5h", "90m", "6 hours". A number alone
// means hours. The length is at least a minute, at most MaxHours, and in whole seconds; it is 0 when
// nothing was typed, which leaves it to the cluster file.
func Hours(s string) (time.Duration, error) {
	line := strings.ToLower(Line(s))
	if line == "" {
		return 0, nil
	}
	number, word := split(line)
	unit := unitOf(word)
	if unit == 0 || !plain(number) {
		return 0, fmt.Errorf("%w: write hours, for example 6 or 1.5, or minutes, for example 90m", ErrHours)
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, fmt.Errorf("%w: write hours as a plain number, for example 6 or 1.5", ErrHours)
	}
	switch length := n * float64(unit); {
	case length > MaxHours*float64(time.Hour):
		return 0, fmt.Errorf("%w: more than %d hours is not possible", ErrHours, MaxHours)
	case length < float64(time.Minute):
		return 0, fmt.Errorf("%w: less than a minute is not possible", ErrHours)
	default:
		return time.Duration(length).Round(time.Second), nil
	}
}

// split parts the number from the unit behind it, with or without a space between.
func split(s string) (number, unit string) {
	i := strings.IndexFunc(s, func(r rune) bool { return r != '.' && (r < '0' || r > '9') })
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// plain says whether the number is digits with at most one point among them.
func plain(number string) bool {
	whole, fraction, point := strings.Cut(number, ".")
	return whole != "" && (!point || fraction != "") && !strings.Contains(fraction, ".")
}

func unitOf(word string) time.Duration {
	switch word {
	case "", "h", "hr", "hrs", "hour", "hours":
		return time.Hour
	case "m", "min", "mins", "minute", "minutes":
		return time.Minute
	default:
		return 0
	}
}
