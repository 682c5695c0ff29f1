package snapshot_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/store/snapshot"
	"showtime/internal/store/storetest"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

func TestWithoutAReadingItIsTheStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(_ *testing.T, clock *storetest.Clock) lifecycle.Store {
		return snapshot.New(testbed.NewMemory(clock.Now), "exploration")
	})
}

// counted counts reads.
type counted struct {
	lifecycle.Store
	reads int
}

func (c *counted) Get(ctx context.Context, key lifecycle.Key, into any) (bool, error) {
	c.reads++
	return c.Store.Get(ctx, key, into)
}

func (c *counted) List(ctx context.Context, q lifecycle.Query) ([]lifecycle.Record, error) {
	c.reads++
	return c.Store.List(ctx, q)
}

func live(name string) lifecycle.Key { return lifecycle.LiveKey("exploration", name) }

func put(ctx context.Context, t *testing.T, s lifecycle.Store, name string, value int) {
	t.Helper()
	if err := s.Update(ctx, func(tx lifecycle.Tx) error { return tx.Put(live(name), value) }); err != nil {
		t.Fatal(err)
	}
}

func names(ctx context.Context, t *testing.T, s lifecycle.Store, q lifecycle.Query) (out []string) {
	t.Helper()
	q.Partition = live("").Partition
	records, err := s.List(ctx, q)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		out = append(out, r.Key.Name+"="+string(r.Value))
	}
	return out
}

func rig(t *testing.T) (store *counted, s *snapshot.Store) {
	t.Helper()
	store = &counted{Store: testbed.NewMemory(time.Now)}
	s = snapshot.New(store, "exploration")
	for i, name := range []string{"a/1", "a/2", "b/1"} {
		put(t.Context(), t, s, name, i)
	}
	return store, s
}

func TestOneReadingServesEveryLook(t *testing.T) {
	t.Parallel()
	store, s := rig(t)
	ctx := snapshot.With(t.Context())
	got := [][]string{
		names(ctx, t, s, lifecycle.Query{From: "a/", To: "a/~"}),
		names(ctx, t, s, lifecycle.Query{Newest: true, Limit: 2}),
	}
	if diff := cmp.Diff([][]string{{"a/1=0", "a/2=1"}, {"b/1=2", "a/2=1"}}, got); diff != "" {
		t.Errorf("lists (-want +got):\n%s", diff)
	}
	var n int
	if found, err := s.Get(ctx, live("b/1"), &n); !found || err != nil || n != 2 {
		t.Errorf("b/1: %v %v %d", found, err, n)
	}
	if found, err := s.Get(ctx, live("c"), &n); found || err != nil {
		t.Errorf("c: %v %v", found, err)
	}
	if store.reads != 1 {
		t.Errorf("%d reads", store.reads)
	}
	if _, err := s.Get(ctx, lifecycle.DedupeKey("exploration", "x"), &n); err != nil || store.reads != 2 {
		t.Errorf("another partition is read in the store: %v, %d reads", err, store.reads)
	}
}

func TestAReadingSeesItsOwnWritesAndNoOthers(t *testing.T) {
	t.Parallel()
	_, s := rig(t)
	ctx := snapshot.With(t.Context())
	names(ctx, t, s, lifecycle.Query{})
	err := s.Update(ctx, func(tx lifecycle.Tx) error {
		return errors.Join(tx.Put(live("a/1"), 7), tx.Insert(live("c"), 8, time.Time{}), tx.Delete(live("b/1")))
	})
	if err != nil {
		t.Fatal(err)
	}
	put(t.Context(), t, s, "a/2", 99)
	if diff := cmp.Diff([]string{"a/1=7", "a/2=1", "c=8"}, names(ctx, t, s, lifecycle.Query{})); diff != "" {
		t.Errorf("reading (-want +got):\n%s", diff)
	}
	fresh := names(snapshot.Without(ctx), t, s, lifecycle.Query{})
	if diff := cmp.Diff([]string{"a/1=7", "a/2=99", "c=8"}, fresh); diff != "" {
		t.Errorf("fresh (-want +got):\n%s", diff)
	}
}

func TestAFaultEndsTheReading(t *testing.T) {
	t.Parallel()
	_, s := rig(t)
	ctx := snapshot.With(t.Context())
	names(ctx, t, s, lifecycle.Query{})
	put(t.Context(), t, s, "a/2", 99)
	fault := errors.New("fault")
	if err := s.Update(ctx, func(lifecycle.Tx) error { return fault }); !errors.Is(err, fault) {
		t.Fatalf("update: %v", err)
	}
	if diff := cmp.Diff([]string{"a/1=0", "a/2=99", "b/1=2"}, names(ctx, t, s, lifecycle.Query{})); diff != "" {
		t.Errorf("after the fault (-want +got):\n%s", diff)
	}
}
