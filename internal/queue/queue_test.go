package queue

import (
	"strings"
	"testing"
	"time"
)

func TestMessageCheck(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		m    Message
		ok   bool
	}{
		{"complete", Message{[]byte("{}"), "cluster/exploration", "a1"}, true},
		{"largest_body", Message{make([]byte, MaxBody), "g", "d"}, true},
		{"empty_body", Message{nil, "g", "d"}, false},
		{"body_too_large", Message{make([]byte, MaxBody+1), "g", "d"}, false},
		{"no_group", Message{[]byte("{}"), "", "d"}, false},
		{"no_dedupe_id", Message{[]byte("{}"), "g", ""}, false},
		{"longest_ids", Message{[]byte("{}"), strings.Repeat("g", 128), strings.Repeat("d", 128)}, true},
		{"group_too_long", Message{[]byte("{}"), strings.Repeat("g", 129), "d"}, false},
		{"space_in_id", Message{[]byte("{}"), "g", "a b"}, false},
		{"not_ascii", Message{[]byte("{}"), "gruppe/ä", "d"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if err := tt.m.Check(); (err == nil) != tt.ok {
				t.Errorf("Check() = %v, want ok %v", err, tt.ok)
			}
		})
	}
}

func TestLast(t *testing.T) {
	t.Parallel()
	for receives, want := range map[int]bool{1: false, MaxReceives - 1: false, MaxReceives: true, MaxReceives + 1: true} {
		if got := Last(Delivery{Receives: receives}); got != want {
			t.Errorf("Last after %d receives = %v, want %v", receives, got, want)
		}
	}
}

// All waits together must end before a job is too old to do anything (ten minutes).
func TestBackoff_grows_and_ends_in_time(t *testing.T) {
	t.Parallel()
	var total, last time.Duration
	for n := 1; n < MaxReceives; n++ {
		d := Backoff(n)
		if d <= last {
			t.Errorf("Backoff(%d) = %v, not more than %v", n, d, last)
		}
		total, last = total+d, d
	}
	if total > 5*time.Minute {
		t.Errorf("the waits add up to %v", total)
	}
	if Backoff(0) <= 0 || Backoff(1000) != Backoff(4) {
		t.Errorf("Backoff(0) = %v, Backoff(1000) = %v", Backoff(0), Backoff(1000))
	}
}
