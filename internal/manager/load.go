package manager

import (
	"context"
	"crypto/sha256"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"showtime/internal/clusterfile"
)

// maxFile is above any cluster file.
const maxFile = 1 << 20

// stamp says which file, with what in it.
type stamp struct {
	name string
	sum  [sha256.Size]byte
}

// Reload reads the folder again. A file that has become bad leaves its cluster as it was and is reported
// once; a cluster whose file has gone stays until its session is over, for somebody must end it.
func (f *Fleet) Reload(ctx context.Context) error {
	f.loading.Lock()
	defer f.loading.Unlock()
	paths, err := filepath.Glob(filepath.Join(f.o.Dir, "*.json"))
	if err != nil {
		return fmt.Errorf("list cluster files: %w", err)
	}
	if _, err := os.Stat(f.o.Dir); err != nil {
		return fmt.Errorf("read folder of cluster files: %w", err)
	}
	before := f.snapshot()
	after, bad := map[string]member{}, map[string]string{}
	for _, path := range paths { // sorted
		name := filepath.Base(path)
		m, err := f.read(path, before)
		if err == nil {
			if other, twice := after[m.Settings.Name]; twice {
				err = fmt.Errorf("cluster %q is described by %s already", m.Settings.Name, other.file.name)
			}
		}
		if err != nil {
			bad[name] = err.Error()
			continue
		}
		after[m.Settings.Name] = m
	}
	f.keep(ctx, before, after, bad)
	f.replace(after, bad)
	return nil
}

func (f *Fleet) snapshot() map[string]member {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.members)
}

// read gives the member of a file; the one there is when nothing has changed.
func (f *Fleet) read(path string, before map[string]member) (member, error) {
	info, err := os.Stat(path)
	if err != nil {
		return member{}, fmt.Errorf("look at file: %w", err)
	}
	if info.Size() > maxFile {
		return member{}, fmt.Errorf("is larger than %d bytes", maxFile)
	}
	data, err := os.ReadFile(path) //nolint:gosec // the folder is the operator's own setting
	if err != nil {
		return member{}, fmt.Errorf("read file: %w", err)
	}
	s := stamp{name: filepath.Base(path), sum: sha256.Sum256(data)}
	for _, m := range before {
		if m.file == s {
			return m, nil
		}
	}
	file, err := clusterfile.Parse(data)
	if err != nil {
		return member{}, err
	}
	return f.join(file, s), nil
}

// keep takes clusters over whose file is bad or gone.
func (f *Fleet) keep(ctx context.Context, before, after map[string]member, bad map[string]string) {
	for name, m := range before {
		if _, there := after[name]; there {
			continue
		}
		if _, broken := bad[m.file.name]; broken {
			after[name] = m
			continue
		}
		state, err := m.local.State(ctx)
		if err == nil && !state.Live() && state.Wish == nil {
			f.o.Log.Info().Str("cluster", name).Msg("cluster file is gone")
			continue
		}
		after[name] = m
	}
}

func (f *Fleet) replace(after map[string]member, bad map[string]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, file := range slices.Sorted(maps.Keys(bad)) {
		if f.bad[file] != bad[file] {
			f.o.Log.Error().Str("file", file).Str("problem", bad[file]).Msg("bad cluster file; its cluster stays as it was")
		}
	}
	f.members, f.bad = after, bad
}
