package demo

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestClockKeepsWhatTimeItWas(t *testing.T) {
	t.Parallel()
	wire := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	c := NewClock(func() time.Time { return wire })
	pass := func(d time.Duration) { wire = wire.Add(d) }

	before := wire
	pass(time.Minute)
	c.Forward(time.Hour)
	between := wire.Add(time.Second)
	pass(time.Minute)
	c.Forward(10 * time.Minute)
	c.Forward(-time.Hour)
	pass(time.Minute)

	got := []time.Time{c.At(before), c.At(between), c.At(wire), c.Now()}
	want := []time.Time{before, between.Add(time.Hour), wire.Add(70 * time.Minute), wire.Add(70 * time.Minute)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("domain times (-want +got):\n%s", diff)
	}
	if got, want := c.Ahead(), 70*time.Minute; got != want {
		t.Errorf("ahead by %v, want %v", got, want)
	}
}
