package wiring_test

import (
	"strings"
	"testing"

	"showtime/internal/config"
	"showtime/internal/wiring"
)

// A worker that was told to work through a lifecycle manager must not run a lifecycle of its own beside it.
func TestJoin_refuses_a_lifecycle_manager(t *testing.T) {
	t.Parallel()
	_, err := wiring.Join(wiring.Parts{Config: config.Worker{LifecycleURL: "https://lifecycle.example"}})
	if err == nil || !strings.Contains(err.Error(), "SHOWTIME_LIFECYCLE_URL") {
		t.Errorf("err = %v", err)
	}
	if err := wiring.Supported(config.Worker{}); err != nil {
		t.Errorf("without one: %v", err)
	}
}
