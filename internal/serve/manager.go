package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/manager"
	"showtime/internal/metric"
	"showtime/internal/queue"
	"showtime/internal/store/boltstore"
	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi/grant"
	"showtime/lifecycle/httpapi/server"
)

// callerLimit is how many requests one caller may make.
const callerLimit = 50

// ManagerOptions are all that a Manager needs.
type ManagerOptions struct {
	Config    config.Lifecycle
	AWS       wiring.AWS
	Now       func() time.Time
	TickEvery time.Duration
	// ReloadEvery is how often the folder of cluster files and the grants are looked at.
	ReloadEvery time.Duration
	Log         zerolog.Logger
}

// Manager is the lifecycle manager as a process: its HTTP API, its tick, and its files read again when they change.
type Manager struct {
	options ManagerOptions
	API     http.Handler
	Admin   http.Handler // /metrics, for the operator
	store   lifecycle.Store
	fleet   *manager.Fleet
	grants  *manager.Grants
	counts  *counts
	figures *metric.Registry
	closer  io.Closer
	done    chan struct{}
}

// NewManager opens the store and reads the files. Close it when done, also after a Run.
func NewManager(ctx context.Context, o ManagerOptions) (*Manager, error) {
	m := &Manager{options: o, counts: newCounts(o.Now), figures: metric.NewRegistry(), done: make(chan struct{})}
	if err := m.open(ctx); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	admin := http.NewServeMux()
	admin.HandleFunc("GET /metrics", m.metrics)
	m.Admin = admin
	return m, nil
}

func (m *Manager) open(ctx context.Context) error {
	c, log, now := m.options.Config, m.options.Log, m.options.Now
	a, err := m.options.AWS(ctx)
	if err != nil {
		return err
	}
	if c.Table != "" {
		m.store = wiring.Table(a, c.Table, now)
	} else {
		store, err := boltstore.Open(c.Data, now)
		if err != nil {
			return err
		}
		m.store, m.closer = store, store
	}
	if m.grants, err = manager.NewGrants(c.Grants, now, log); err != nil {
		return fmt.Errorf("SHOWTIME_GRANTS: %w", err)
	}
	m.fleet, err = manager.New(manager.Options{
		Dir: c.Clusters, Installation: c.Installation, Store: m.store, Now: now, Log: log, Alarm: wiring.Alarm(log),
		Connect: func(f clusterfile.File) manager.EMR { return wiring.EMR(a, f, c.Installation, m.figures.Record) },
	})
	if err != nil {
		return fmt.Errorf("SHOWTIME_CLUSTERS: %w", err)
	}
	m.API, err = server.New(server.Options{
		Fleet: m.fleet, Caller: m.grants.Bearer, Limit: grant.Limit{Burst: 2 * callerLimit, PerSecond: callerLimit}, Now: now, Log: log,
		Health: m.health, Stream: true, Done: m.done,
	})
	return err
}

// health reads a record that never is.
func (m *Manager) health(ctx context.Context) string {
	if _, err := m.store.Get(ctx, lifecycle.LiveKey("showtime", "health"), &struct{}{}); err != nil {
		return "store"
	}
	return ""
}

// Run serves until the context ends; then requests that wait are answered, and operations in hand finished.
func (m *Manager) Run(ctx context.Context, api, admin net.Listener) error {
	defer context.AfterFunc(ctx, func() { close(m.done) })()
	return together(
		ctx,
		func(ctx context.Context) error { return HTTP(ctx, api, m.API) },
		func(ctx context.Context) error { return HTTP(ctx, admin, m.Admin) },
		func(ctx context.Context) error { return repeat(ctx, m.options.TickEvery, func() { m.tick(ctx) }) },
		func(ctx context.Context) error { return repeat(ctx, m.options.ReloadEvery, func() { m.reload(ctx) }) },
		func(ctx context.Context) error { return repeat(ctx, sweepEvery, func() { m.sweep(ctx) }) },
		m.answerTools,
	)
}

// answerTools answers the other commands of this machine, as serve does.
func (m *Manager) answerTools(ctx context.Context) error {
	if m.options.Config.Table != "" {
		<-ctx.Done()
		return nil
	}
	known := func(cluster string) bool { _, found := m.fleet.Find(cluster); return found }
	return answerTools(ctx, m.options.Config.Data, m.store, known, m.options.Log)
}

// tick looks at EMR; what it has begun it finishes, even when the process is asked to stop.
func (m *Manager) tick(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queue.HandleTimeout)
	defer cancel()
	err := m.fleet.Tick(ctx)
	m.counts.tick(err)
	if err != nil {
		m.options.Log.Warn().Err(err).Msg("tick not done")
	}
}

func (m *Manager) reload(ctx context.Context) {
	m.grants.Reload()
	if err := m.fleet.Reload(ctx); err != nil {
		m.options.Log.Error().Err(err).Msg("cluster files cannot be read; the clusters stay as they were")
	}
}

func (m *Manager) sweep(ctx context.Context) {
	store, ok := m.store.(interface {
		Sweep(ctx context.Context) error
	})
	if !ok {
		return
	}
	if err := store.Sweep(ctx); err != nil {
		m.options.Log.Warn().Err(err).Msg("expired records not removed")
	}
}

// metrics answers Prometheus in its text format.
func (m *Manager) metrics(w http.ResponseWriter, _ *http.Request) {
	var p metric.Page
	p.Counter("showtime_ticks_total", "Ticks without a fault since the start.", m.counts.ticksDone.Load())
	p.Counter("showtime_ticks_failed_total", "Ticks with a fault since the start.", m.counts.ticksFailed.Load())
	p.Gauge("showtime_last_tick_age_seconds", "Time since the last tick without a fault, or since the start.", m.counts.tickAge().Seconds())
	p.Gauge("showtime_clusters", "Clusters that are looked after.", float64(len(m.fleet.Names())))
	p.Gauge("showtime_cluster_files_bad", "Cluster files that are wrong; their clusters stay as they were.", float64(m.fleet.Bad()))
	m.figures.Write(&p)
	w.Header().Set("Content-Type", metric.ContentType)
	_, _ = w.Write([]byte(p.String())) // a reader that is gone needs no answer
}

// Close gives the store's file back. It is for after Run, or instead of it.
func (m *Manager) Close() error {
	if m.closer == nil {
		return nil
	}
	err := m.closer.Close()
	m.closer = nil
	return err
}
