// Package manager is the lifecycle manager without its transport: a folder of cluster files, the lifecycle of
// each of them on one store, their common tick, and the grants.
package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/clusterfile"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi/server"
)

// EMR is what the manager needs of EMR for one cluster file.
type EMR interface {
	lifecycle.EMR
	Preview(ctx context.Context, l lifecycle.Launch) (json.RawMessage, error)
}

// Options are all that a Fleet needs.
type Options struct {
	Dir          string // the folder of cluster files
	Installation string
	Store        lifecycle.Store
	Connect      func(clusterfile.File) EMR
	Now          func() time.Time
	Log          zerolog.Logger
	Alarm        func(ctx context.Context, kind, detail string)
}

// Fleet is the clusters of a folder. It is safe for concurrent use.
type Fleet struct {
	o        Options
	patience *lifecycle.Patience // with the one EMR that all of them share

	loading sync.Mutex // one reload at a time

	mu      sync.Mutex
	members map[string]member // by cluster name
	bad     map[string]string // what is wrong with a file, by its name
	turn    int               // who is looked at first by the next tick
}

// member is one cluster with what its file was when it was read.
type member struct {
	server.Member
	local *lifecycle.Local
	emr   EMR
	file  stamp
}

var _ server.Fleet = (*Fleet)(nil)

// New reads the folder. Every problem of every file is an error: nothing runs on half of its files.
func New(o Options) (*Fleet, error) {
	f := &Fleet{o: o, patience: lifecycle.NewPatience(o.Now), members: map[string]member{}, bad: map[string]string{}}
	if err := f.Reload(context.Background()); err != nil {
		return nil, err
	}
	if len(f.members) == 0 && len(f.bad) == 0 {
		return nil, errors.New("the folder has no cluster file (*.json)")
	}
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(f.bad)) {
		problems = append(problems, fmt.Errorf("%s: %s", name, f.bad[name]))
	}
	return f, errors.Join(problems...)
}

// Names gives the names of the clusters, sorted.
func (f *Fleet) Names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.members))
}

// Find gives one cluster.
func (f *Fleet) Find(name string) (server.Member, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m, ok := f.members[name]
	return m.Member, ok
}

// Bad says how many files are wrong and therefore not as their clusters are.
func (f *Fleet) Bad() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.bad)
}

// join makes the member of a file.
func (f *Fleet) join(file clusterfile.File, s stamp) member {
	set := lifecycle.Settings{Config: file.Config, Shape: file.Shape}
	emr := f.o.Connect(file)
	local := lifecycle.NewLocal(lifecycle.Options{
		Settings: set, Installation: f.o.Installation, Store: f.o.Store, EMR: emr, Patience: f.patience,
		Now: f.o.Now, Log: f.o.Log, Alarm: f.o.Alarm, Ref: server.Ref,
	})
	return member{
		Member: server.Member{Settings: set, Findings: file.Warnings, Manager: local, Store: f.o.Store, Preview: emr.Preview},
		local:  local, emr: emr, file: s,
	}
}
