package lifecycle

import (
	"testing"
	"time"
)

func TestUsualIsMedianAndNinetiethPercentile(t *testing.T) {
	t.Parallel()
	minutes := func(all ...int) (took []time.Duration) {
		for _, n := range all {
			took = append(took, time.Duration(n)*time.Minute)
		}
		return took
	}
	cases := []struct {
		name         string
		took         []time.Duration
		median, slow time.Duration
		known        bool
	}{
		{"none", nil, 0, 0, false},
		{"too_few", minutes(7, 8), 0, 0, false},
		{"three", minutes(9, 7, 8), 8 * time.Minute, 9 * time.Minute, true},
		{"ten", minutes(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 5 * time.Minute, 9 * time.Minute, true},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			median, slow, known := State{Launches: c.took}.Usual()
			if median != c.median || slow != c.slow || known != c.known {
				t.Errorf("usual: %v %v %v", median, slow, known)
			}
		})
	}
}

func TestTempo(t *testing.T) {
	t.Parallel()
	m := time.Minute
	base := State{Row: Row{Phase: Up, Session: Session{LaunchedAt: t0}}, StartWarn: 15 * m, Launches: []time.Duration{7 * m, 8 * m, 9 * m}}
	cases := []struct {
		name   string
		change func(*State)
		passed time.Duration
		want   Tempo
	}{
		{"in_time", func(*State) {}, 9 * m, InTime},
		{"slow", func(*State) {}, 9*m + time.Second, Slow},
		{"overdue", func(*State) {}, 15 * m, Overdue},
		{"nothing_is_usual_yet", func(s *State) { s.Launches = nil }, 14 * m, InTime},
		{"ready", func(s *State) { s.Session.ReadyAt = t0.Add(m) }, 20 * m, InTime},
		{"stopping", func(s *State) { s.Phase = Stopping }, 20 * m, InTime},
		{"stop_noted", func(s *State) { s.Phase, s.Session.Stop = Launching, &Stop{} }, 20 * m, InTime},
		{"no_warning_wanted", func(s *State) { s.StartWarn, s.Launches = 0, nil }, 20 * m, InTime},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := base
			c.change(&s)
			if got := s.Tempo(t0.Add(c.passed)); got != c.want {
				t.Errorf("tempo %q, want %q", got, c.want)
			}
		})
	}
}
