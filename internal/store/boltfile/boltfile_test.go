package boltfile

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

func openTest(t *testing.T, dir string) *File {
	t.Helper()
	f, err := Open(dir, "test.db", "b")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestOpen_makes_private_file_and_folder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "deep", "data")
	openTest(t, dir)
	for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "test.db"): 0o600} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("mode of %s = %o, want %o", path, got, want)
		}
	}
}

func TestOpen_second_owner_fails_within_a_second(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openTest(t, dir)
	for name, open := range map[string]func() (*File, error){
		"owner":  func() (*File, error) { return Open(dir, "test.db", "b") },
		"reader": func() (*File, error) { return OpenReadOnly(dir, "test.db") },
	} {
		begin := time.Now()
		_, err := open()
		if !errors.Is(err, ErrLocked) || !strings.Contains(err.Error(), filepath.Join(dir, "test.db")) {
			t.Errorf("%s: got error %v, want ErrLocked with the file's name", name, err)
		}
		if took := time.Since(begin); took > time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
}

func TestOpenReadOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := OpenReadOnly(dir, "test.db"); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("missing file: got %v", err)
	}
	f := openTest(t, dir)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	var readers []*File
	for range 2 {
		r, err := OpenReadOnly(dir, "test.db")
		if err != nil {
			t.Fatal(err)
		}
		readers = append(readers, r)
		if err := r.Update(t.Context(), func(*bolt.Tx) error { return nil }); err == nil {
			t.Error("a reader could write")
		}
	}
	for _, r := range readers {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func get(t *testing.T, f *File, key string) (n uint64) {
	t.Helper()
	err := f.View(func(tx *bolt.Tx) error {
		if v := tx.Bucket([]byte("b")).Get([]byte(key)); v != nil {
			n = binary.BigEndian.Uint64(v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func add(tx *bolt.Tx, key string) error {
	b := tx.Bucket([]byte("b"))
	var n uint64
	if v := b.Get([]byte(key)); v != nil {
		n = binary.BigEndian.Uint64(v)
	}
	return b.Put([]byte(key), binary.BigEndian.AppendUint64(nil, n+1))
}

// One writer holds the commit until all others wait; some of them fail, panic or have given up, and
// that must touch nobody else.
func TestUpdate_failures_in_a_group_stay_alone(t *testing.T) {
	t.Parallel()
	f := openTest(t, t.TempDir())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	own := errors.New("own")
	const each = 10
	var wg sync.WaitGroup
	f.lead <- struct{}{}
	for range each {
		wg.Go(func() {
			if err := f.Update(t.Context(), func(tx *bolt.Tx) error { return add(tx, "good") }); err != nil {
				t.Errorf("good: %v", err)
			}
		})
		wg.Go(func() {
			err := f.Update(t.Context(), func(tx *bolt.Tx) error { return errors.Join(add(tx, "bad"), own) })
			if !errors.Is(err, own) {
				t.Errorf("bad: %v", err)
			}
		})
		wg.Go(func() {
			err := f.Update(gone, func(tx *bolt.Tx) error { return add(tx, "gone") })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("gone: %v", err)
			}
		})
		wg.Go(func() {
			defer func() {
				if p := recover(); p != "boom" {
					t.Errorf("recovered %v", p)
				}
			}()
			_ = f.Update(t.Context(), func(tx *bolt.Tx) error {
				_ = add(tx, "panic")
				panic("boom")
			})
		})
	}
	for waiting := 0; waiting < 4*each; {
		f.mu.Lock()
		waiting = len(f.pending)
		f.mu.Unlock()
	}
	<-f.lead
	wg.Wait()
	got := fmt.Sprint(get(t, f, "good"), get(t, f, "bad"), get(t, f, "gone"), get(t, f, "panic"))
	if want := fmt.Sprint(each, 0, 0, 0); got != want {
		t.Errorf("good, bad, gone, panic = %s, want %s", got, want)
	}
}

func TestUpdate_waiting_writers_share_a_commit(t *testing.T) {
	t.Parallel()
	f := openTest(t, t.TempDir())
	const writers = 50
	before := f.db.Stats()
	var wg sync.WaitGroup
	f.lead <- struct{}{}
	for range writers {
		wg.Go(func() {
			if err := f.Update(t.Context(), func(tx *bolt.Tx) error { return add(tx, "n") }); err != nil {
				t.Error(err)
			}
		})
	}
	for waiting := 0; waiting < writers; {
		f.mu.Lock()
		waiting = len(f.pending)
		f.mu.Unlock()
	}
	<-f.lead
	wg.Wait()
	if got := get(t, f, "n"); got != writers {
		t.Errorf("counted %d, want %d", got, writers)
	}
	after := f.db.Stats()
	if wrote := after.TxStats.GetWrite() - before.TxStats.GetWrite(); wrote > 10 {
		t.Errorf("%d page writes for writers that waited together", wrote)
	}
}

func TestUpdate_cancelled_inside_writes_nothing(t *testing.T) {
	t.Parallel()
	f := openTest(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	err := f.Update(ctx, func(tx *bolt.Tx) error {
		cancel()
		return add(tx, "n")
	})
	if !errors.Is(err, context.Canceled) || get(t, f, "n") != 0 {
		t.Errorf("got error %v and %d", err, get(t, f, "n"))
	}
}
