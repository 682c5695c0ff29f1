package serve

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/serve"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle/httpapi/grant"
)

// managing is the command line of the lifecycle manager.
const managing = "lifecycle"

// Manager is one run of the lifecycle manager, with its files.
type Manager struct {
	*Process
	Token            string // opens everything, in the name of "machine"
	Clusters, Grants string // the folder of cluster files, and the grants' path
}

// Manage starts the lifecycle manager of the world's cluster and waits until it serves.
func (w *World) Manage(more map[string]string) Manager {
	w.TB.Helper()
	token, hash := grant.NewToken()
	grants, err := json.Marshal(map[string][]grant.Row{"grants": {{
		Name: "machine", TokenSHA256: hash, Clusters: []string{"exploration"}, Verbs: grant.Verbs(),
	}}})
	if err != nil {
		w.TB.Fatal(err)
	}
	m := Manager{Token: token, Clusters: w.TB.TempDir(), Grants: filepath.Join(w.TB.TempDir(), "grants.json")}
	err = os.WriteFile(filepath.Join(m.Clusters, "exploration.json"), []byte(testbed.ClusterFile), 0o600)
	if err = errors.Join(err, os.WriteFile(m.Grants, grants, 0o600)); err != nil {
		w.TB.Fatal(err)
	}
	all := map[string]string{"SHOWTIME_CLUSTERS": m.Clusters, "SHOWTIME_GRANTS": m.Grants}
	maps.Copy(all, more)
	m.Process = w.open(all, managing)
	return m
}

// manage is the lifecycle manager as cmd/showtime runs it, but for its clock and the pace of its ticks.
func manage(ctx context.Context, now func() time.Time, every time.Duration) error {
	settings, err := config.ReadLifecycle(os.LookupEnv)
	if err != nil {
		return err
	}
	log := zerolog.New(os.Stderr).Level(settings.LogLevel)
	m, err := serve.NewManager(ctx, serve.ManagerOptions{
		Config: settings, AWS: wiring.FromEnvironment, Now: now, TickEvery: every, ReloadEvery: every, Log: log,
	})
	if err != nil {
		return err
	}
	api, admin, err := listen(ctx, settings.Listen, settings.AdminListen, log)
	if err != nil {
		return errors.Join(err, m.Close())
	}
	return errors.Join(m.Run(ctx, api, admin), m.Close())
}
