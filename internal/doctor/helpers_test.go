package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"showtime/internal/doctor"
)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// coded is an error of AWS's, as far as anybody outside of the adapters sees it.
type coded string

func (c coded) Error() string     { return "operation error: " + string(c) }
func (c coded) ErrorCode() string { return string(c) }

func failing(code string) error { return fmt.Errorf("ask: %w", coded(code)) }

// errAway is an error without a code.
var errAway = errors.New("connection refused")

// wants checks a check's findings: each is a status, a colon, and some of its words. Whatever is not ok says what to do.
func wants(t *testing.T, c doctor.Check, want ...string) {
	t.Helper()
	report := doctor.Examine(t.Context(), time.Minute, []doctor.Check{c})
	if len(report) != len(want) {
		t.Errorf("%d findings, want %d: %+v", len(report), len(want), report)
		return
	}
	for i, f := range report {
		status, words, _ := strings.Cut(want[i], ": ")
		said := strings.Join(f.About, " ") + " " + f.What + " → " + f.Do
		if string(f.Status) != status || !strings.Contains(said, words) {
			t.Errorf("finding %d is %q: %s\nwant %q", i, f.Status, said, want[i])
		}
		if (f.Do == "") != (f.Status == doctor.OK) {
			t.Errorf("finding %d is %q and says to do %q", i, f.Status, f.Do)
		}
	}
}

func ask[T any](answer T, err error) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { return answer, err }
}
