package playhouse

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/demo"
	"showtime/internal/emrsim"
	"showtime/internal/slacklike"
	"showtime/lifecycle"
)

// typedStart is what Ana types where a scenario needs a session.
const typedStart = "/emr start 2h Case 4711"

// patience is more minutes than any scenario takes, beside a lease.
const patience = 60

// scenarios play the show to a screen, as people would get there: somebody types or clicks, and time passes.
func (h *House) scenarios() []demo.Scenario {
	up := func(ctx context.Context, minute func(context.Context)) error {
		return h.begun(ctx, minute, emrsim.Lives, ready)
	}
	fails := func(fate emrsim.Fate) demo.Play {
		return func(ctx context.Context, minute func(context.Context)) error { return h.begun(ctx, minute, fate, over) }
	}
	return []demo.Scenario{
		{ID: "healthy", Name: "Healthy start", Help: "Ana starts the cluster, and within ten minutes it is ready.", Play: up},
		{
			ID: "slow", Name: "Slow start", Help: "AWS takes its time: the card says that it is slow, and where it hangs. Move the clock on until it is ready.",
			Play: func(ctx context.Context, minute func(context.Context)) error {
				return h.begun(ctx, minute, emrsim.Slow, func(s lifecycle.State) bool { return s.Tempo(h.clock.Now()) != lifecycle.InTime })
			},
		},
		{ID: "bootstrap", Name: "Failed bootstrap", Help: "A set-up script fails: the card says what happened, with Retry and Tell the admins.", Play: fails(emrsim.BootstrapFails)},
		{ID: "capacity", Name: "No capacity", Help: "AWS has no machines: after the start timeout the start is ended.", Play: fails(emrsim.NoCapacity)},
		{ID: "warning", Name: "Lease warning", Help: "Half an hour is left: the people using it are told in the card's thread.", Play: h.warned},
		{ID: "extension", Name: "Extension", Help: "Ana extends the lease by one step.", Play: h.extended},
		{ID: "lease-end", Name: "Lease end", Help: "Nobody extends it: the session ends by itself, and the card becomes the receipt.", Play: h.leaseEnded},
		{ID: "outside", Name: "Killed from outside", Help: "Somebody ends the cluster in the AWS console: the next tick notices, and the card says so.", Play: h.killed},
	}
}

func ready(s lifecycle.State) bool { return s.Ready() && s.Session.Stop == nil }

func over(s lifecycle.State) bool { return !s.Live() && s.Wish == nil }

// begun ends what runs, and starts a session with a fate until it is as wanted.
func (h *House) begun(ctx context.Context, minute func(context.Context), fate emrsim.Fate, until func(lifecycle.State) bool) error {
	before, err := h.cleared(ctx, minute)
	if err != nil {
		return err
	}
	h.sim.NextLaunch(fate)
	if _, err := h.slack.Type(ctx, demo.Ana, demo.TeamChannel, typedStart, slacklike.TypeOptions{}); err != nil {
		return err
	}
	h.settle(ctx)
	after := func(s lifecycle.State) bool { return s.Generation > before.Generation }
	if _, err := h.pass(ctx, minute, 1, after); err != nil {
		h.sim.ForgetFates() // the next start is not this one's
		return fmt.Errorf("the cluster cannot be started now: %w", err)
	}
	_, err = h.pass(ctx, minute, patience, until)
	return err
}

// cleared has Mia end what runs, and waits for its end.
func (h *House) cleared(ctx context.Context, minute func(context.Context)) (lifecycle.State, error) {
	s, err := h.server.Joined.Manager.State(ctx)
	if err != nil || over(s) {
		return s, err
	}
	if s.Endable(s.Generation) && s.Session.Stop == nil {
		if err := h.press(ctx, demo.Mia, actionid.Destroy); err != nil {
			return s, err
		}
	}
	return h.pass(ctx, minute, patience, over)
}

// running gives the session that people work on, and starts one where there is none.
func (h *House) running(ctx context.Context, minute func(context.Context)) (lifecycle.State, error) {
	s, err := h.server.Joined.Manager.State(ctx)
	if err != nil || ready(s) {
		return s, err
	}
	if err := h.begun(ctx, minute, emrsim.Lives, ready); err != nil {
		return s, err
	}
	return h.server.Joined.Manager.State(ctx)
}

func (h *House) warned(ctx context.Context, minute func(context.Context)) error {
	s, err := h.running(ctx, minute)
	if err != nil {
		return err
	}
	first := slices.Max(s.Limits.Warn)
	_, err = h.pass(ctx, minute, int(s.Limits.Max/time.Minute), func(s lifecycle.State) bool {
		return s.Session.LeaseEnd.Sub(h.clock.Now()) <= first || !s.Live()
	})
	return err
}

func (h *House) extended(ctx context.Context, minute func(context.Context)) error {
	s, err := h.running(ctx, minute)
	if err != nil {
		return err
	}
	if _, further := s.ExtendedTo(h.clock.Now()); !further {
		return errors.New("the lease has reached its limit: ask an admin for more with the button on the card")
	}
	return h.press(ctx, demo.Ana, actionid.Extend)
}

func (h *House) leaseEnded(ctx context.Context, minute func(context.Context)) error {
	s, err := h.running(ctx, minute)
	if err != nil {
		return err
	}
	_, err = h.pass(ctx, minute, int((s.Session.LeaseEnd.Sub(h.clock.Now())+s.Limits.Grace)/time.Minute)+patience, over)
	return err
}

func (h *House) killed(ctx context.Context, minute func(context.Context)) error {
	s, err := h.running(ctx, minute)
	if err != nil {
		return err
	}
	h.sim.EndOutside(s.Session.EMRID)
	_, err = h.pass(ctx, minute, patience, over)
	return err
}

// errStuck says that a scenario does not get where it should: something is made to go wrong.
var errStuck = errors.New("it does not get that far; look at what is made to go wrong below")

// pass lets minutes pass until the state is as wanted, so many at most.
func (h *House) pass(ctx context.Context, minute func(context.Context), most int, until func(lifecycle.State) bool) (lifecycle.State, error) {
	for range most {
		s, err := h.server.Joined.Manager.State(ctx)
		if err != nil || until(s) {
			return s, err
		}
		minute(ctx)
	}
	s, err := h.server.Joined.Manager.State(ctx)
	if err == nil && !until(s) {
		err = errStuck
	}
	return s, err
}

// press has somebody press a button of the newest message in the team's channel that has it.
func (h *House) press(ctx context.Context, who, action string) error {
	defer h.settle(ctx)
	for _, m := range slices.Backward(h.slack.Messages(demo.TeamChannel, who)) {
		if strings.Contains(string(m.Blocks), `"`+action+`"`) {
			_, err := h.slack.Click(ctx, who, demo.TeamChannel, m.TS, action, slacklike.ClickOptions{})
			return err
		}
	}
	return errors.New("there is no button to press: the card cannot be drawn")
}
