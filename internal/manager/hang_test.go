package manager_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/clusterfile"
	"showtime/internal/manager"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// stuck is an EMR that lists one cluster of each name, and never answers about one of them.
type stuck struct {
	manager.EMR
	names []string
	hangs string
}

func (e stuck) List(context.Context) ([]lifecycle.Summary, error) {
	var all []lifecycle.Summary
	for _, name := range e.names {
		all = append(all, lifecycle.Summary{ID: "j-" + name, Name: name, State: lifecycle.EMRRunning})
	}
	return all, nil
}

func (e stuck) Describe(ctx context.Context, id string) (lifecycle.Cluster, error) {
	if id == "j-"+e.hangs {
		<-ctx.Done()
		return lifecycle.Cluster{}, ctx.Err()
	}
	return lifecycle.Cluster{Summary: lifecycle.Summary{ID: id, State: lifecycle.EMRRunning}}, nil
}

// TestTick_hangs: a cluster that EMR does not answer about has its time, and no other one waits for it.
func TestTick_hangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		dir, emr := t.TempDir(), stuck{hangs: "c00"}
		for i := range 20 {
			name := fmt.Sprintf("c%02d", i)
			emr.names = append(emr.names, name)
			if err := os.WriteFile(filepath.Join(dir, name+".json"), []byte(fileOf(name)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		store := testbed.NewMemory(time.Now)
		fleet, err := manager.New(manager.Options{
			Dir: dir, Installation: "test", Store: store, Now: time.Now, Log: zerolog.Nop(),
			Connect: func(clusterfile.File) manager.EMR { return emr },
		})
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if err := fleet.Tick(t.Context()); err == nil || !strings.Contains(err.Error(), "j-c00") || strings.Count(err.Error(), "look at") != 1 {
			t.Errorf("tick: %v", err)
		}
		if took := time.Since(begun); took != 20*time.Second {
			t.Errorf("the tick took %v", took)
		}
		for _, name := range emr.names {
			v, err := lifecycle.ReadVitals(t.Context(), store, name)
			if err != nil || v.TickedAt.Equal(begun) == (name == emr.hangs) {
				t.Errorf("%s was looked at %v after the tick began, %v", name, v.TickedAt.Sub(begun), err)
			}
		}
	})
}
