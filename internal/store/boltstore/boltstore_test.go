package boltstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"showtime/internal/store/boltfile"
	"showtime/internal/store/storetest"
	"showtime/lifecycle"
)

func openTest(t *testing.T, dir string, clock *storetest.Clock) *Store {
	t.Helper()
	s, err := Open(dir, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T, clock *storetest.Clock) lifecycle.Store {
		t.Helper()
		return openTest(t, t.TempDir(), clock)
	})
}

func insert(t *testing.T, s *Store, name string, expires time.Time) {
	t.Helper()
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		return tx.Insert(lifecycle.DedupeKey("a", name), name, expires)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOpen_second_owner_is_told_the_lock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openTest(t, dir, storetest.NewClock())
	for _, open := range []func(string, func() time.Time) (*Store, error){Open, OpenReadOnly} {
		_, err := open(dir, time.Now)
		if !errors.Is(err, boltfile.ErrLocked) || !strings.Contains(err.Error(), filepath.Join(dir, FileName)) {
			t.Errorf("got %v, want ErrLocked naming the file", err)
		}
	}
}

func TestOpen_broken_file(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, time.Now); err == nil || !strings.Contains(err.Error(), FileName) {
		t.Errorf("got %v, want an error naming the file", err)
	}
}

func TestStore_survives_reopening_and_can_be_looked_at(t *testing.T) {
	t.Parallel()
	dir, clock := t.TempDir(), storetest.NewClock()
	s := openTest(t, dir, clock)
	insert(t, s, "kept", time.Time{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	ro, err := OpenReadOnly(dir, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if found, err := ro.Get(t.Context(), lifecycle.DedupeKey("a", "kept"), &got); !found || err != nil || got != "kept" {
		t.Errorf("read-only get: %q, %v, %v", got, found, err)
	}
	if records, err := ro.List(t.Context(), lifecycle.Query{Partition: "dedupe/a"}); len(records) != 1 || err != nil {
		t.Errorf("read-only list: %v, %v", records, err)
	}
	if err := ro.Update(t.Context(), func(tx lifecycle.Tx) error { return tx.Put(lifecycle.LiveKey("a", "row"), 1) }); err == nil {
		t.Error("a read-only store was written")
	}
	if err := ro.Close(); err != nil {
		t.Fatal(err)
	}
	if found, err := openTest(t, dir, clock).Get(t.Context(), lifecycle.DedupeKey("a", "kept"), &got); !found || err != nil {
		t.Errorf("reopened: %v, %v", found, err)
	}
}

func TestOpenReadOnly_of_a_file_without_buckets_is_empty(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, err := bolt.Open(filepath.Join(dir, FileName), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := OpenReadOnly(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Get(t.Context(), lifecycle.LiveKey("a", "row"), new(int)); found || err != nil {
		t.Errorf("get: %v, %v", found, err)
	}
	if records, err := s.List(t.Context(), lifecycle.Query{Partition: "cluster/a"}); len(records) != 0 || err != nil {
		t.Errorf("list: %v, %v", records, err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// stored counts what the file really holds, expired or not.
func stored(t *testing.T, s *Store) (n [2]int) {
	t.Helper()
	err := s.file.View(func(tx *bolt.Tx) error {
		for i, b := range []string{recordsBucket, expiryBucket} {
			n[i] = tx.Bucket([]byte(b)).Stats().KeyN
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSweep_removes_what_expired_and_nothing_else(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	s := openTest(t, t.TempDir(), clock)
	soon, later := clock.Now().Add(time.Minute), clock.Now().Add(time.Hour)
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		for i := range sweepChunk + 1 {
			if err := tx.Insert(lifecycle.DedupeKey("a", fmt.Sprint("soon", i)), i, soon); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	insert(t, s, "later", later)
	insert(t, s, "never", time.Time{})
	clock.Add(time.Minute)
	insert(t, s, "soon0", later) // made anew before the sweep came
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := stored(t, s), [2]int{3, 2}; got != want {
		t.Errorf("records and expiries left: %v, want %v", got, want)
	}
	clock.Add(time.Hour)
	if err := s.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := stored(t, s), [2]int{1, 0}; got != want {
		t.Errorf("records and expiries left: %v, want %v", got, want)
	}
}

func TestSweep_stops_when_told(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s := openTest(t, t.TempDir(), storetest.NewClock())
	if err := s.Sweep(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestStore_closed_gives_errors(t *testing.T) {
	t.Parallel()
	s := openTest(t, t.TempDir(), storetest.NewClock())
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, getErr := s.Get(t.Context(), lifecycle.LiveKey("a", "row"), new(int))
	_, listErr := s.List(t.Context(), lifecycle.Query{Partition: "p"})
	updateErr := s.Update(t.Context(), func(lifecycle.Tx) error { return nil })
	for i, err := range []error{getErr, listErr, updateErr} {
		if err == nil {
			t.Errorf("call %d on a closed store gave no error", i)
		}
	}
}
