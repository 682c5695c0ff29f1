package job_test

import (
	"testing"

	"showtime/internal/job"
)

// TestGroup holds every kind to its queue: what may change something is done one after another, and only
// after a fresh look at who asks.
func TestGroup(t *testing.T) {
	t.Parallel()
	tests := []struct {
		kind    job.Kind
		changes bool
	}{
		{job.Panel, false},
		{job.Status, false},
		{job.AskDestroy, false},
		{job.Outdated, false},
		{job.History, false},
		{job.Doctor, false},
		{job.Start, true},
		{job.Join, true},
		{job.Destroy, true},
		{job.Approve, true},
		{job.Deny, true},
		{job.Claim, true},
		{job.StillNeed, true},
		{job.Withdraw, true},
		{job.Extend, true},
		{job.MoreTime, true},
		{job.LetEnd, true},
		{job.Alert, true},
	}
	for _, tt := range tests {
		t.Run(string(tt.kind), func(t *testing.T) {
			t.Parallel()
			j := job.Job{Kind: tt.kind, User: "U1"}
			want := "person/U1"
			if tt.changes {
				want = "cluster/exploration"
			}
			if got := j.Group("exploration"); got != want || j.Changes() != tt.changes {
				t.Errorf("group %q, changes %t; want %q, %t", got, j.Changes(), want, tt.changes)
			}
		})
	}
}
