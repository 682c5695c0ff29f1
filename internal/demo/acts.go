package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"showtime/internal/slacklike"
)

const (
	// maxBody bounds a request of the page, in bytes.
	maxBody = 64 << 10
	// maxMinutes bounds one move of the clock, because every minute is ticked.
	maxMinutes = 24 * 60
)

// request is what the page asks; each act reads the fields it needs.
type request struct {
	Person  string            `json:"person"`
	Channel string            `json:"channel"`
	TS      string            `json:"ts"`
	Text    string            `json:"text"`
	Thread  string            `json:"thread"`
	Action  string            `json:"action"`
	Block   string            `json:"block"`
	Values  map[string]string `json:"values"`
	Minutes int               `json:"minutes"`

	Scenario string `json:"scenario"`
	Switch   string `json:"switch"`
	On       bool   `json:"on"`
}

// act does one thing. Its error is shown to the visitor.
type act func(ctx context.Context, r request) error

// errUnreached is what Slack shows when the app did not take a click or a message.
var errUnreached = errors.New("the app did not take this from Slack: look at /emr status before trying again")

func (s *Server) serveAct(do act) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var req request
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(&req); err != nil {
			writeJSON(w, http.StatusBadRequest, map[string]string{"error": "this request cannot be read"})
			return
		}
		// A visitor who closes the page has clicked all the same.
		if err := do(context.WithoutCancel(r.Context()), req); err != nil {
			writeJSON(w, http.StatusConflict, map[string]string{"error": err.Error()})
			return
		}
		writeJSON(w, http.StatusOK, map[string]string{})
	}
}

func (s *Server) typed(ctx context.Context, r request) error {
	if err := playable(r.Person); err != nil {
		return err
	}
	_, err := s.o.Workspace.Type(ctx, r.Person, r.Channel, r.Text, slacklike.TypeOptions{ThreadTS: r.Thread, Retry: true})
	return err
}

func (s *Server) click(ctx context.Context, r request) error {
	if err := playable(r.Person); err != nil {
		return err
	}
	d, err := s.o.Workspace.Click(ctx, r.Person, r.Channel, r.TS, r.Action, slacklike.ClickOptions{BlockID: r.Block, Values: r.Values})
	if err != nil {
		return err
	}
	if d.Err != nil || d.Status != http.StatusOK {
		return errUnreached
	}
	return nil
}

// markRead notes how far a person has read a channel; it never goes back.
func (s *Server) markRead(_ context.Context, r request) error {
	if err := playable(r.Person); err != nil {
		return err
	}
	s.mu.Lock()
	at := place{r.Person, r.Channel}
	s.read[at] = max(s.read[at], r.TS)
	s.mu.Unlock()
	s.nudge()
	return nil
}

// moveClock moves the clock minute by minute, with a tick after each, as time would pass.
func (s *Server) moveClock(ctx context.Context, r request) error {
	if r.Minutes < 1 || r.Minutes > maxMinutes {
		return fmt.Errorf("the clock moves by 1 to %d minutes", maxMinutes)
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	defer s.nudge()
	if s.o.Settle != nil {
		s.o.Settle(ctx)
	}
	for range r.Minutes {
		s.minute(ctx)
	}
	return nil
}

// minute lets one minute pass, with its tick. What a tick could not do, the next one does: time goes on.
func (s *Server) minute(ctx context.Context) {
	s.o.Clock.Forward(time.Minute)
	_ = s.o.Tick(ctx)
}

// play plays a scenario, while nobody else moves the clock.
func (s *Server) play(ctx context.Context, r request) error {
	i := slices.IndexFunc(s.o.Scenarios, func(p Scenario) bool { return p.ID == r.Scenario })
	if i < 0 {
		return errors.New("there is no such scenario")
	}
	s.moving.Lock()
	defer s.moving.Unlock()
	defer s.nudge()
	return s.o.Scenarios[i].Play(ctx, s.minute)
}

func (s *Server) flip(ctx context.Context, r request) error {
	i := slices.IndexFunc(s.o.Switches, func(w Switch) bool { return w.ID == r.Switch })
	if i < 0 {
		return errors.New("there is no such switch")
	}
	defer s.nudge()
	return s.o.Switches[i].Set(ctx, r.On)
}

// playable says no to everybody who is not in the cast, the bot for one.
func playable(person string) error {
	if !slices.ContainsFunc(Cast(), func(p Person) bool { return p.ID == person }) {
		return errors.New("nobody can be this person")
	}
	return nil
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
