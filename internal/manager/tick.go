package manager

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"showtime/lifecycle"
)

const (
	// abreast is how many clusters are looked at at the same time.
	abreast = 8
	// lookWithin is how long one cluster may take of a tick.
	lookWithin = 20 * time.Second
)

// Tick looks at EMR once for all clusters and does what is due for each; what time alone demands, where EMR
// cannot be listed. One cluster's trouble is its own:
// the others are looked at all the same, and each tick begins with another one, so that what EMR's quotas
// leave undone is not always the same cluster's.
func (f *Fleet) Tick(ctx context.Context) error {
	members := f.round()
	if len(members) == 0 {
		return nil
	}
	listing, err := lifecycle.TakeListing(ctx, members[0].emr, f.patience)
	poke := func(ctx context.Context, l *lifecycle.Local) error { return l.PokeWith(ctx, listing) }
	if err != nil {
		poke = func(ctx context.Context, l *lifecycle.Local) error { return l.PokeBlind(ctx) }
	}
	faults := make([]error, len(members), len(members)+1)
	var wg sync.WaitGroup
	slots := make(chan struct{}, abreast)
	for i, m := range members {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			faults[i] = f.look(ctx, m, poke)
		})
	}
	wg.Wait()
	return errors.Join(append(faults, lifecycle.Fault(err))...)
}

// round gives the clusters in the order of this tick.
func (f *Fleet) round() []member {
	f.mu.Lock()
	defer f.mu.Unlock()
	names := slices.Sorted(maps.Keys(f.members))
	out := make([]member, 0, len(names))
	for i := range names {
		out = append(out, f.members[names[(i+f.turn)%len(names)]])
	}
	f.turn += abreast
	return out
}

// look does what is due for one cluster, within its time, and survives its panic.
func (f *Fleet) look(ctx context.Context, m member, poke func(context.Context, *lifecycle.Local) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			f.o.Log.Error().Str("cluster", m.Settings.Name).Bytes("stack", debug.Stack()).Msg("panic")
			err = fmt.Errorf("look at %s: panic: %v", m.Settings.Name, p)
		}
	}()
	if err := poke(ctx, m.local); err != nil {
		return fmt.Errorf("look at %s: %w", m.Settings.Name, err)
	}
	return nil
}
