package playhouse

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"showtime/internal/demo"
	"showtime/internal/emrsim"
	"showtime/internal/slacklike"
	"showtime/lifecycle"
)

// listingLag is how long a new cluster is missing from EMR's listing when the visitor wants it so.
const listingLag = 2 * time.Minute

// switches are what a visitor can let go wrong.
func (h *House) switches() []demo.Switch {
	return []demo.Switch{
		h.strike("instance", "Primary machine fails", "EMR ends the cluster with an instance failure; the card says what happened and offers Retry.", h.sim.FailInstance),
		h.lasting("steps", "Steps are running", "EMR shows the cluster RUNNING; at its lease's end it gets one announced grace.", h.steps),
		h.once("lost-reply", "Lose the next launch's reply",
			"RunJobFlow works but its answer is lost; it is not repeated, the next tick adopts the cluster by its tags.",
			emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true}),
		h.lasting("throttle", "EMR throttles", "Every call to EMR is refused for being too many; nothing is decided on a guess.", h.throttle),
		h.lasting("lag", "Listing lags", "New clusters appear in EMR's listing two minutes late.", h.lag),
		h.lasting("slack", "Slack outage", "Slack's Web API is down; cards are owed and drawn when it is back.", h.outage),
		{
			ID: "worker", Name: "Worker down", Help: "Jobs wait in the queue while the receiver goes on answering Slack.",
			On: h.crew.down, Set: func(_ context.Context, on bool) error {
				if on {
					h.crew.end()
				} else {
					h.crew.begin()
				}
				return nil
			},
		},
	}
}

// strike is a switch that does something to the live cluster at once, and is off again.
func (h *House) strike(id, name, help string, hit func(id string)) demo.Switch {
	return demo.Switch{
		ID: id, Name: name, Help: help, On: func() bool { return false },
		Set: func(_ context.Context, on bool) error {
			live := h.live()
			if on && live == "" {
				return errors.New("no cluster is running")
			}
			if on {
				hit(live)
			}
			return nil
		},
	}
}

// live is the id of the cluster that is running, "" when there is none.
func (h *House) live() string {
	for _, c := range slices.Backward(h.sim.Clusters()) {
		if !lifecycle.Ended(c.State) {
			return c.ID
		}
	}
	return ""
}

func (h *House) steps() func() {
	id := h.live()
	h.sim.RunSteps(id, true)
	return func() { h.sim.RunSteps(id, false) }
}

// once is a switch that spoils the next call of a kind.
func (h *House) once(id, name, help string, f emrsim.Fault) demo.Switch {
	return h.armed(id, name, help, func() { h.sim.Inject(f) })
}

// armed is a switch that strikes at the next launch and is off again after it.
func (h *House) armed(id, name, help string, arm func()) demo.Switch {
	var mu sync.Mutex
	at := -1 // launches so far when it was armed; -1 while it is not
	return demo.Switch{
		ID: id, Name: name, Help: help,
		On: func() bool {
			mu.Lock()
			defer mu.Unlock()
			return at == h.sim.Calls("RunJobFlow")
		},
		Set: func(_ context.Context, on bool) error {
			mu.Lock()
			defer mu.Unlock()
			h.sim.Forgive()
			at = -1
			if on {
				at = h.sim.Calls("RunJobFlow")
				arm()
			}
			return nil
		},
	}
}

// lasting is a switch that stays as it is set; turn starts the trouble and gives what ends it.
func (h *House) lasting(id, name, help string, turn func() (end func())) demo.Switch {
	var mu sync.Mutex
	var end func()
	return demo.Switch{
		ID: id, Name: name, Help: help,
		On: func() bool {
			mu.Lock()
			defer mu.Unlock()
			return end != nil
		},
		Set: func(_ context.Context, on bool) error {
			mu.Lock()
			defer mu.Unlock()
			if on == (end != nil) {
				return nil
			}
			if on {
				end = turn()
				return nil
			}
			end()
			end = nil
			return nil
		},
	}
}

func (h *House) throttle() func() {
	const always = 1 << 30
	h.sim.Inject(emrsim.Fault{Times: always, Err: emrsim.Throttled()})
	return h.sim.Forgive
}

func (h *House) lag() func() {
	h.sim.LagListings(listingLag)
	return func() { h.sim.LagListings(0) }
}

func (h *House) outage() func() {
	return h.slack.Inject(slacklike.Fault{Kind: slacklike.Unavailable})
}
