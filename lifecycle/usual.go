package lifecycle

import (
	"slices"
	"time"
)

// enoughLaunches is how many launches say what is usual.
const enoughLaunches = 3

// Usual says how long a launch takes until ready, from the last ones: the median and the 90th
// percentile. known is false while there are too few.
func (s State) Usual() (median, slow time.Duration, known bool) {
	if len(s.Launches) < enoughLaunches {
		return 0, 0, false
	}
	sorted := slices.Sorted(slices.Values(s.Launches))
	rank := func(percent int) time.Duration { return sorted[(len(sorted)*percent+99)/100-1] }
	return rank(50), rank(90), true
}

// Tempo says how a launch gets on compared with what is usual.
type Tempo string

// The tempos. A launch that is over, or is being stopped, has none.
const (
	InTime  Tempo = ""
	Slow    Tempo = "slow"    // nine of ten launches were faster
	Overdue Tempo = "overdue" // the configured time to warn has passed
)

// Tempo gives the tempo of the launch under way.
func (s State) Tempo(now time.Time) Tempo {
	if s.Phase != Launching && s.Phase != Up || s.Session.Stop != nil || s.Leaving() || !s.Session.ReadyAt.IsZero() {
		return InTime
	}
	passed := now.Sub(s.Session.LaunchedAt)
	_, slow, known := s.Usual()
	switch {
	case s.StartWarn > 0 && passed >= s.StartWarn:
		return Overdue
	case known && passed > slow:
		return Slow
	}
	return InTime
}
