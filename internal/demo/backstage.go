package demo

import (
	"context"
	"time"

	"showtime/lifecycle"
)

// Backstage shows what stands behind Slack.
type Backstage interface {
	Look(ctx context.Context) (Scene, error)
}

// Scene is what stands behind Slack at one moment.
type Scene struct {
	Clusters []Cluster           `json:"clusters"` // newest first
	Row      *lifecycle.Row      `json:"row"`      // nil before the first start
	Queue    []Waiting           `json:"queue"`    // oldest first
	Audit    []lifecycle.Attempt `json:"audit"`    // newest first
}

// Cluster is one cluster as EMR has it.
type Cluster struct {
	ID        string            `json:"id"`
	Name      string            `json:"name"`
	State     string            `json:"state"`
	Reason    string            `json:"reason,omitempty"`
	Created   time.Time         `json:"created"`
	Protected bool              `json:"protected,omitempty"`
	Tags      map[string]string `json:"tags,omitempty"`
}

// Waiting is one job in the queue. It has none of a job's credentials and nothing that was typed.
type Waiting struct {
	ID       string    `json:"id"`
	What     string    `json:"what"`
	Who      string    `json:"who"`
	Group    string    `json:"group"`
	SentAt   time.Time `json:"sent_at"`
	Receives int       `json:"receives"`
	Dead     bool      `json:"dead,omitempty"` // in the dead-letter queue
}

// Switch is one thing that a visitor can let go wrong.
type Switch struct {
	ID   string // for the page's requests
	Name string
	Help string // what happens and what to watch, one sentence
	// On says whether it is on now: one that strikes once may turn itself off.
	On func() bool
	// Set turns it on or off.
	Set func(ctx context.Context, on bool) error
}

// Play plays a scenario to its end. minute lets one minute pass, with its tick.
type Play func(ctx context.Context, minute func(context.Context)) error

// Scenario is one screen that a visitor can have played, by people of the cast and the clock.
type Scenario struct {
	ID   string // for the page's requests
	Name string
	Help string // what happens and what to watch, one or two sentences
	Play Play
}

// scenarioView is a scenario as the page sees it.
type scenarioView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Help string `json:"help"`
}

// switchView is a switch as the page sees it.
type switchView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Help string `json:"help"`
	On   bool   `json:"on"`
}

// behind is all that the side panel draws.
type behind struct {
	Scene
	Scenarios []scenarioView `json:"scenarios"`
	Switches  []switchView   `json:"switches"`
	Ahead     int64          `json:"ahead"` // milliseconds by which the demo's clock is ahead
	Trouble   bool           `json:"trouble,omitempty"`
}

func (s *Server) behind(ctx context.Context) behind {
	scene, err := s.o.Backstage.Look(ctx)
	b := behind{
		Scene: scene, Ahead: s.o.Clock.Ahead().Milliseconds(), Trouble: err != nil,
		Scenarios: []scenarioView{}, Switches: []switchView{},
	}
	for _, p := range s.o.Scenarios {
		b.Scenarios = append(b.Scenarios, scenarioView{ID: p.ID, Name: p.Name, Help: p.Help})
	}
	for _, w := range s.o.Switches {
		b.Switches = append(b.Switches, switchView{ID: w.ID, Name: w.Name, Help: w.Help, On: w.On()})
	}
	return b
}
