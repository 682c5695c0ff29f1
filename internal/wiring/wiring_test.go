package wiring_test

import (
	"strings"
	"testing"

	"showtime/internal/config"
	"showtime/internal/secret"
	"showtime/internal/wiring"
	"showtime/lifecycle/httpapi"
)

// A worker that was told to work through a lifecycle manager must not run a lifecycle of its own beside it.
func TestJoin_works_through_a_lifecycle_manager(t *testing.T) {
	t.Parallel()
	parts := wiring.Parts{
		Config:   config.Worker{APIURL: "https://slack.com/api/", LifecycleURL: "https://lifecycle.example", LifecycleToken: "t"},
		BotToken: secret.Static("xoxb-1"),
	}
	joined, err := wiring.Join(parts)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := joined.Manager.(*httpapi.Client); !ok {
		t.Errorf("it works through a %T", joined.Manager)
	}
	parts.Config.LifecycleToken = "" // and nothing signs
	if _, err := wiring.Join(parts); err == nil || !strings.Contains(err.Error(), "SHOWTIME_LIFECYCLE_URL") {
		t.Errorf("err = %v", err)
	}
}
