package emrsim

import (
	"testing"
	"time"
)

func TestRunStepsShowsAsRunning(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		state, want string
		run         bool
	}{
		{"waiting_runs", waiting, running, true},
		{"running_waits", running, waiting, false},
		{"starting_stays", starting, starting, true},
		{"terminating_stays", terminating, terminating, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := New(Options{Now: time.Now, NewID: func() string { return "j-1" }, Timing: LikeEMR()})
			s.clusters = []*cluster{{id: "j-1", state: tt.state}}
			s.RunSteps("j-1", tt.run)
			if got := s.Clusters()[0].State; got != tt.want {
				t.Errorf("%s, want %s", got, tt.want)
			}
		})
	}
}
