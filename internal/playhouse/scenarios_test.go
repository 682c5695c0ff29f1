package playhouse_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestHouse_plays_its_scenarios, one after the other and whatever was before, to the screen that each promises.
func TestHouse_plays_its_scenarios(t *testing.T) {
	t.Parallel()
	url := open(t, 0)
	token := tokenOf(t, url)
	for _, tt := range []struct{ id, shows string }{
		{"healthy", "READY · exploration"},
		{"slow", "it hangs at: capacity from AWS"},
		{"bootstrap", "A set-up script failed"},
		{"capacity", "start timeout"},
		{"warning", "the lease ends"},
		{"extension", "Extended by "},
		{"lease-end", "Stopped at its lease end"},
		{"outside", "ended outside Showtime"},
		{"healthy", "READY · exploration"},
	} {
		if status, said := scenario(t, url, token, tt.id); status != http.StatusOK {
			t.Fatalf("%s: %d %s", tt.id, status, said)
		}
		sees(t, url, "U0ANA", tt.shows)
	}
}

// A scenario that cannot be played says so, and leaves nothing behind for the next start.
func TestHouse_says_when_a_scenario_cannot_be_played(t *testing.T) {
	t.Parallel()
	url := open(t, 0)
	token := tokenOf(t, url)
	worker := func(down bool) {
		t.Helper()
		body(t, http.MethodPost, url+"/page/switch", strings.NewReader(fmt.Sprintf(`{"switch":"worker","on":%t}`, down)), token)
	}
	worker(true)
	if status, said := scenario(t, url, token, "bootstrap"); status != http.StatusConflict || !strings.Contains(said, "cannot be started now") {
		t.Errorf("with the worker down: %d %s", status, said)
	}
	worker(false)
	sees(t, url, "U0ANA", "STARTING · exploration")
	body(t, http.MethodPost, url+"/page/clock", strings.NewReader(`{"minutes":10}`), token)
	sees(t, url, "U0ANA", "READY · exploration")
}

func scenario(t *testing.T, url, token, id string) (status int, said string) {
	t.Helper()
	return request(t, http.MethodPost, url+"/page/scenario", strings.NewReader(fmt.Sprintf(`{"scenario":%q}`, id)), token)
}
