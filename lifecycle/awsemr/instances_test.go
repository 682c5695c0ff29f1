package awsemr_test

import (
	"errors"
	"testing"
	"time"

	"showtime/internal/emrsim"
	"showtime/lifecycle"
)

func TestInstancesAreThoseThatRunAndThoseThatRan(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id := b.launch(t)
	if got, err := b.Instances(t.Context(), id); err != nil || len(got) != 0 {
		t.Fatalf("before there is capacity: %v, %v", got, err)
	}
	b.now = b.now.Add(20 * time.Minute)
	base, err := b.Instances(t.Context(), id)
	if err != nil || len(base) == 0 || base[0].Type == "" || base[0].From.IsZero() || !base[0].Until.IsZero() {
		t.Fatalf("%+v, %v", base, err)
	}
	b.sim.Scale(id, 120) // more than a page
	b.now = b.now.Add(time.Hour)
	b.sim.Scale(id, -20)
	got, err := b.Instances(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	ended := 0
	for _, i := range got {
		if !i.Until.IsZero() {
			ended++
			if i.Until.Sub(i.From) != time.Hour {
				t.Errorf("it ran for %v", i.Until.Sub(i.From))
			}
		}
	}
	if len(got) != len(base)+120 || ended != 20 {
		t.Errorf("%d instances, %d ended", len(got), ended)
	}
}

func TestInstancesOfABrokenListingAreNone(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault *emrsim.Error
		want  error
	}{
		{"throttled", emrsim.Throttled(), lifecycle.ErrThrottled},
		{"denied", emrsim.Denied("ListInstances"), lifecycle.ErrDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.launch(t)
			b.now = b.now.Add(20 * time.Minute)
			b.sim.Inject(emrsim.Fault{Op: "ListInstances", Times: 100, Err: tt.fault})
			if got, err := b.Instances(t.Context(), id); !errors.Is(err, tt.want) || got != nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
