// Package playhouse puts the demo together: the real product in one process, between a look-alike Slack and
// a simulated EMR, with the page in front. Everything listens on loopback only, secrets are random and of
// this run, and nothing of the person's environment is read.
package playhouse

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"showtime/clusters"
	"showtime/internal/config"
	"showtime/internal/demo"
	"showtime/internal/emrsim"
	"showtime/internal/serve"
	"showtime/internal/slacklike"
	"showtime/internal/wiring"
)

// settleWithin bounds how long a move of the clock waits for the jobs before it.
const settleWithin = 2 * time.Second

// tickEvery is a minute's tick in the demo, where clusters and visitors are faster than in life.
const tickEvery = time.Second

// Options say how to run the demo.
type Options struct {
	Port int // 0 = any free one; a taken one gives the next free one
	Log  zerolog.Logger
}

// House is the demo, built and not yet open.
type House struct {
	clock   *demo.Clock
	slack   *slacklike.Workspace
	sim     *emrsim.Sim
	server  *serve.Server
	crew    *crew
	page    *demo.Server
	data    string
	closers []func() error
	front   net.Listener
}

// New builds the demo. Close it when done.
func New(ctx context.Context, o Options) (*House, error) {
	h := &House{clock: demo.NewClock(time.Now)}
	if err := h.build(ctx, o); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// URL is the page's address.
func (h *House) URL() string { return "http://" + h.front.Addr().String() }

// Run opens the house until the context ends.
func (h *House) Run(ctx context.Context) error {
	h.crew.begin()
	defer h.crew.end()
	defer context.AfterFunc(ctx, h.page.Close)()
	return serve.HTTP(ctx, h.front, h.page)
}

// Close takes the demo apart and deletes its data.
func (h *House) Close() error {
	var errs []error
	for _, closer := range slices.Backward(h.closers) {
		errs = append(errs, closer())
	}
	return errors.Join(errs...)
}

func (h *House) build(ctx context.Context, o Options) (err error) {
	if h.data, err = os.MkdirTemp("", "showtime-demo-"); err != nil {
		return fmt.Errorf("make data folder: %w", err)
	}
	h.closers = append(h.closers, func() error { return os.RemoveAll(h.data) })
	h.slack = slacklike.New(slacklike.Options{})
	demo.Furnish(h.slack)
	slackURL, err := h.backstage(ctx, h.slack)
	if err != nil {
		return err
	}
	h.slack.SetURL(slackURL)
	h.sim = emrsim.New(emrsim.Options{Now: h.clock.Now, NewID: clusterID, Timing: emrsim.LikeEMR()})
	emrURL, err := h.backstage(ctx, h.sim)
	if err != nil {
		return err
	}
	if err := h.open(ctx, emrURL, o.Log); err != nil {
		return err
	}
	return h.raise(ctx, o.Port)
}

// open opens the product itself, and its door for the look-alike Slack.
func (h *House) open(ctx context.Context, emrURL string, log zerolog.Logger) error {
	settings, err := config.ReadServe(h.environment(), false)
	if err != nil {
		return fmt.Errorf("make settings: %w", err)
	}
	h.server, err = serve.New(ctx, serve.Options{
		Config: settings, AWS: wiring.Simulated(emrURL), Now: h.clock.Now, Wire: time.Now, TickEvery: tickEvery, Log: log,
	})
	if err != nil {
		return err
	}
	h.closers = append(h.closers, h.server.Close)
	h.crew = newCrew(h.server.Work, log)
	door, err := h.backstage(ctx, h.server.Slack)
	if err != nil {
		return err
	}
	h.slack.SetApp(door)
	return nil
}

// raise makes the page and the address it is found at.
func (h *House) raise(ctx context.Context, port int) (err error) {
	if h.front, err = listenFrom(ctx, port); err != nil {
		return err
	}
	h.closers = append(h.closers, func() error { return ignoreClosed(h.front.Close()) })
	h.page, err = demo.New(demo.Options{
		Host: h.front.Addr().String(), Workspace: h.slack, Clock: h.clock, Tick: h.tick, Settle: h.settle,
		Backstage: backstage{house: h}, Scenarios: h.scenarios(), Switches: h.switches(),
	})
	return err
}

// tick is the minute's tick, unless the worker is down.
func (h *House) tick(ctx context.Context) error {
	if h.crew.down() {
		return nil
	}
	return h.server.Tick(ctx)
}

// settle waits until nothing is in the queue, for a moment at most.
func (h *House) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for !h.crew.down() && ctx.Err() == nil {
		held, err := backstage{house: h}.queue(ctx)
		if err != nil || !slices.ContainsFunc(held, func(w demo.Waiting) bool { return !w.Dead }) {
			return
		}
		select {
		case <-ctx.Done():
		case <-look.C:
		}
	}
}

// environment is the demo's own: the product reads its settings from it as it would from the real one.
func (h *House) environment() config.Lookup {
	team, app, _, _ := h.slack.IDs()
	env := map[string]string{
		"SLACK_SIGNING_SECRET": h.slack.SigningSecret(), "SLACK_BOT_TOKEN": h.slack.Token(),
		"SLACK_API_URL": h.slack.APIURL(), "SLACK_TEAM_ID": team, "SLACK_APP_ID": app,
		"SHOWTIME_INSTALLATION": "demo", "SHOWTIME_CLUSTER": clusters.Exploration(), "SHOWTIME_DATA": h.data,
		"SHOWTIME_CHANNELS": demo.TeamChannel, "SHOWTIME_ADMIN_CHANNEL": demo.AdminChannel,
		"SHOWTIME_ANALYSTS": demo.Analysts, "SHOWTIME_ADMINS": demo.Admins,
	}
	return func(name string) (string, bool) { v, ok := env[name]; return v, ok }
}

// clusterID makes an id that looks like EMR's.
func clusterID() string { return "j-" + rand.Text()[:13] }
