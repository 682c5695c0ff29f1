package testbed

import (
	"context"
	"net/http"
	"slices"

	"github.com/rs/zerolog"

	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi/grant"
	"showtime/lifecycle/httpapi/server"
)

// managerURL is where a lifecycle manager is reached.
const managerURL = "http://127.0.0.1:7004"

// one is a manager of one cluster.
type one struct{ server.Member }

func (o one) Names() []string { return []string{o.Settings.Name} }

func (o one) Find(name string) (server.Member, bool) { return o.Member, name == o.Settings.Name }

// manage puts the cluster behind a lifecycle manager with a store and a tick of its own. The bot's own EMR is
// taken away: it needs none. Its grant there lacks one verb, if that is given.
func (b *Bed) manage(without grant.Verb) {
	b.T.Helper()
	set := lifecycle.Settings{Config: b.parts.File.Config, Shape: b.parts.File.Shape}
	store, log := NewMemory(b.Clock.Now), zerolog.New(b.Log)
	local := lifecycle.NewLocal(lifecycle.Options{
		Settings: set, Installation: "test", Store: store, EMR: b.parts.EMR, Now: b.Clock.Now, Log: log, Alarm: wiring.Alarm(log),
		Ref: server.Ref,
	})
	bot := grant.Grant{Name: "bot", Clusters: []string{set.Name}, Verbs: grant.Verbs()}
	bot.Verbs = slices.DeleteFunc(bot.Verbs, func(v grant.Verb) bool { return v == without })
	handler, err := server.New(server.Options{
		Fleet:  one{server.Member{Settings: set, Manager: local, Store: store}},
		Caller: func(r *http.Request) (grant.Grant, bool) { return bot, r.Header.Get("Authorization") == "Bearer token" },
		Limit:  grant.Limit{Burst: 1e6, PerSecond: 1e6}, Now: b.Clock.Now, Log: log,
	})
	if err != nil {
		b.T.Fatalf("make lifecycle manager: %v", err)
	}
	b.pipe.handlers[managerURL] = handler
	b.poke = func(ctx context.Context) { _ = local.Poke(ctx) } // its faults are the simulation's business
	b.parts.EMR = nil
	b.parts.Config.LifecycleURL, b.parts.Config.LifecycleToken, b.parts.ManagerTransport = managerURL, "token", b.pipe
}

// LoseManager lets nobody listen where the lifecycle manager was.
func (b *Bed) LoseManager() { delete(b.pipe.handlers, managerURL) }
