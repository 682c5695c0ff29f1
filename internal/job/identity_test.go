package job_test

import (
	"strings"
	"testing"

	"showtime/internal/job"
	"showtime/lifecycle"
)

func TestAnyGeneration(t *testing.T) {
	t.Parallel()
	if job.AnyGeneration != lifecycle.AnyGeneration {
		t.Errorf("the receiver writes %d for any generation, the lifecycle reads %d", job.AnyGeneration, lifecycle.AnyGeneration)
	}
}

func TestTriggerID(t *testing.T) {
	t.Parallel()
	const trigger = "398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	a, again := job.TriggerID(job.Click, trigger), job.TriggerID(job.Click, trigger)
	if a != again {
		t.Errorf("same trigger gave %q and %q", a, again)
	}
	if b := job.TriggerID(job.Click, trigger+"d"); a == b {
		t.Errorf("two triggers gave the same id %q", a)
	}
	if strings.Contains(a, "803a0bc8") {
		t.Errorf("id %q repeats the trigger id", a)
	}
	if len(a) > 128 {
		t.Errorf("id %q is too long for SQS", a)
	}
}

func TestRefOf(t *testing.T) {
	t.Parallel()
	a, b := job.RefOf("phrase-C1-1.000001"), job.RefOf("phrase-C1-1.000002")
	if a == b || len(a) != 8 {
		t.Errorf("references are %q and %q, want two different ones of 8 characters", a, b)
	}
}

func TestIsSlackID(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, id string
		want     bool
	}{
		{"person", "U2CERLKJA", true},
		{"channel", "C0123456789", true},
		{"empty", "", false},
		{"lower_case", "u2cerlkja", false},
		{"slash", "U1/../C2", false},
		{"newline", "U1\n", false},
		{"unicode_digit", "U١", false},
		{"too_long", strings.Repeat("U", 41), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := job.IsSlackID(tt.id); got != tt.want {
				t.Errorf("IsSlackID(%q) = %v, want %v", tt.id, got, tt.want)
			}
		})
	}
}
