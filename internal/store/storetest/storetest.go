// Package storetest is the contract of lifecycle.Store as tests. Every store runs it, so that what works
// on one machine works in AWS.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"showtime/lifecycle"
)

// Clock is a clock that tests move.
type Clock struct{ ns atomic.Int64 }

// NewClock gives a clock that stands at the real time, to the second.
func NewClock() *Clock {
	c := new(Clock)
	c.ns.Store(time.Now().Truncate(time.Second).UnixNano())
	return c
}

// Now reads the clock.
func (c *Clock) Now() time.Time { return time.Unix(0, c.ns.Load()).UTC() }

// Add moves the clock.
func (c *Clock) Add(d time.Duration) { c.ns.Add(int64(d)) }

// Open opens an empty store that lives as long as the test and reads the clock.
type Open func(t *testing.T, clock *Clock) lifecycle.Store

type doc struct {
	N    int    `json:"n"`
	Text string `json:"text,omitempty"`
}

// Run holds a store to the contract, each test on a store of its own.
func Run(t *testing.T, open Open) {
	t.Helper()
	tests := []struct {
		name string
		test func(t *testing.T, s lifecycle.Store, clock *Clock)
	}{
		{"read_your_writes", readYourWrites},
		{"update_is_atomic", atomicity},
		{"own_error_unchanged", ownError},
		{"insert_conflicts", insertConflicts},
		{"insert_conflict_cannot_be_swallowed", swallowed},
		{"one_insert_wins", oneInsertWins},
		{"increments_add_up", increments},
		{"reads_are_part_of_the_decision", writeSkew},
		{"delete_and_insert_again", deleteAndInsert},
		{"expiry", expiry},
		{"put_keeps_expiry", putKeepsExpiry},
		{"audit_is_only_inserted", audit},
		{"list_ranges", listRanges},
		{"list_many", listMany},
		{"partitions_are_apart", partitions},
		{"bad_keys", badKeys},
		{"unencodable_value", unencodable},
		{"wrong_type", wrongType},
		{"cancelled", cancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			clock := NewClock()
			tt.test(t, open(t, clock), clock)
		})
	}
}

func key(name string) lifecycle.Key { return lifecycle.LiveKey("exploration", name) }

func update(t *testing.T, s lifecycle.Store, fn func(tx lifecycle.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("update: %v", err)
	}
}

func put(t *testing.T, s lifecycle.Store, k lifecycle.Key, d doc) {
	t.Helper()
	update(t, s, func(tx lifecycle.Tx) error { return tx.Put(k, d) })
}

// want checks what a record holds; nil means that there is none.
func want(t *testing.T, s lifecycle.Store, k lifecycle.Key, want *doc) {
	t.Helper()
	var got doc
	found, err := s.Get(t.Context(), k, &got)
	if err != nil {
		t.Fatalf("get %v: %v", k, err)
	}
	if found != (want != nil) {
		t.Fatalf("get %v: found %v, want %v", k, found, want != nil)
	}
	if want != nil && got != *want {
		t.Errorf("get %v = %+v, want %+v", k, got, *want)
	}
}

func readYourWrites(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	see := func(tx lifecycle.Tx, k lifecycle.Key, n int) error {
		var d doc
		found, err := tx.Get(k, &d)
		if err == nil && (found != (n != 0) || d.N != n) {
			err = fmt.Errorf("%s: found %v with %d, want %d", k.Name, found, d.N, n)
		}
		return err
	}
	a, b := key("a"), key("b")
	update(t, s, func(tx lifecycle.Tx) error {
		return errors.Join(see(tx, a, 0), tx.Put(a, doc{N: 1}), see(tx, a, 1), tx.Put(a, doc{N: 2}), see(tx, a, 2),
			tx.Insert(b, doc{N: 3}, time.Time{}), see(tx, b, 3), tx.Put(b, doc{N: 4}), see(tx, b, 4))
	})
	want(t, s, a, &doc{N: 2})
	want(t, s, b, &doc{N: 4})
	update(t, s, func(tx lifecycle.Tx) error {
		return errors.Join(tx.Delete(a), see(tx, a, 0), tx.Insert(a, doc{N: 5}, time.Time{}), see(tx, a, 5),
			tx.Delete(b), tx.Delete(key("never")), tx.Insert(key("c"), doc{N: 6}, time.Time{}), tx.Delete(key("c")), see(tx, key("c"), 0))
	})
	want(t, s, a, &doc{N: 5})
	want(t, s, b, nil)
	want(t, s, key("c"), nil)
}

func atomicity(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	put(t, s, key("taken"), doc{N: 1})
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		if err := tx.Put(key("a"), doc{N: 1}); err != nil {
			return err
		}
		if err := tx.Delete(key("taken")); err != nil {
			return err
		}
		if err := tx.Put(key("taken"), doc{N: 2}); err != nil {
			return err
		}
		return tx.Insert(key("taken"), doc{N: 3}, time.Time{})
	})
	if !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	want(t, s, key("a"), nil)
	want(t, s, key("taken"), &doc{N: 1})
}

func ownError(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	own := errors.New("own")
	put(t, s, key("b"), doc{N: 1})
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		return errors.Join(tx.Put(key("a"), doc{N: 1}), tx.Delete(key("b")), own)
	})
	if !errors.Is(err, own) {
		t.Errorf("got %v, want fn's own error", err)
	}
	err = s.Update(t.Context(), func(tx lifecycle.Tx) error {
		_ = tx.Put(key("a"), doc{N: 1})
		return own
	})
	if err != own { //nolint:errorlint // unchanged, not merely wrapped
		t.Errorf("got %v, want fn's own error unchanged", err)
	}
	want(t, s, key("a"), nil)
	want(t, s, key("b"), &doc{N: 1})
}

func insert(ctx context.Context, s lifecycle.Store, k lifecycle.Key, n int, expires time.Time) error {
	return s.Update(ctx, func(tx lifecycle.Tx) error { return tx.Insert(k, doc{N: n}, expires) })
}

func insertConflicts(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	if err := insert(t.Context(), s, key("a"), 1, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := insert(t.Context(), s, key("a"), 2, time.Time{}); !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("second insert: %v, want ErrExists", err)
	}
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		return errors.Join(tx.Insert(key("b"), doc{N: 1}, time.Time{}), tx.Insert(key("b"), doc{N: 2}, time.Time{}))
	})
	if !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("twice in one transaction: %v, want ErrExists", err)
	}
	err = s.Update(t.Context(), func(tx lifecycle.Tx) error {
		if found, err := tx.Get(key("a"), new(doc)); err != nil || !found {
			return fmt.Errorf("found %v: %w", found, err)
		}
		return tx.Insert(key("a"), doc{N: 3}, time.Time{})
	})
	if !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("after reading it: %v, want ErrExists", err)
	}
	want(t, s, key("a"), &doc{N: 1})
	want(t, s, key("b"), nil)
}

func swallowed(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	put(t, s, key("taken"), doc{N: 1})
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		_ = tx.Put(key("a"), doc{N: 1})
		_ = tx.Insert(key("taken"), doc{N: 2}, time.Time{})
		return nil
	})
	if !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	want(t, s, key("a"), nil)
}

func oneInsertWins(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	var won, lost atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			switch err := insert(t.Context(), s, key("a"), i+1, time.Time{}); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, lifecycle.ErrExists):
				lost.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || lost.Load() != 7 {
		t.Errorf("%d won and %d lost, want 1 and 7", won.Load(), lost.Load())
	}
}

func increments(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	const writers, each = 6, 5
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
					var d doc
					if _, err := tx.Get(key("n"), &d); err != nil {
						return err
					}
					d.N++
					return errors.Join(tx.Put(key("n"), d),
						tx.Insert(lifecycle.AuditKey("exploration", fmt.Sprintf("%d-%d", w, i)), d, time.Time{}))
				})
				if err != nil {
					t.Errorf("writer %d: %v", w, err)
				}
			}
		})
	}
	wg.Wait()
	want(t, s, key("n"), &doc{N: writers * each})
	records, err := s.List(t.Context(), lifecycle.Query{Partition: lifecycle.AuditKey("exploration", "").Partition})
	if err != nil || len(records) != writers*each {
		t.Errorf("%d audit records and %v, want %d", len(records), err, writers*each)
	}
}

// Two transactions each read what the other writes; together they must not undo what each has checked.
func writeSkew(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	put(t, s, key("a"), doc{N: 1})
	put(t, s, key("b"), doc{N: 1})
	leave := func(mine lifecycle.Key) error {
		return s.Update(t.Context(), func(tx lifecycle.Tx) error {
			var a, b doc
			_, errA := tx.Get(key("a"), &a)
			_, errB := tx.Get(key("b"), &b)
			if err := errors.Join(errA, errB); err != nil || a.N+b.N < 2 {
				return err
			}
			return tx.Put(mine, doc{N: 0})
		})
	}
	var wg sync.WaitGroup
	for _, k := range []lifecycle.Key{key("a"), key("b"), key("a"), key("b")} {
		wg.Go(func() {
			if err := leave(k); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	var a, b doc
	_, errA := s.Get(t.Context(), key("a"), &a)
	_, errB := s.Get(t.Context(), key("b"), &b)
	if errA != nil || errB != nil || a.N+b.N != 1 {
		t.Errorf("a = %d (%v), b = %d (%v), want one of them left", a.N, errA, b.N, errB)
	}
}

// A record that is deleted and made anew is not the one that was read before.
func deleteAndInsert(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	for i := range 3 {
		if err := insert(t.Context(), s, key("a"), i, time.Time{}); err != nil {
			t.Fatal(err)
		}
		want(t, s, key("a"), &doc{N: i})
		update(t, s, func(tx lifecycle.Tx) error { return tx.Delete(key("a")) })
		want(t, s, key("a"), nil)
	}
}

func badKeys(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	for _, k := range []lifecycle.Key{{}, {Partition: "p"}, {Name: "n"}, {Partition: "p\x00q", Name: "n"}} {
		if _, err := s.Get(t.Context(), k, new(doc)); err == nil {
			t.Errorf("get %q: no error", k)
		}
		for name, fn := range map[string]func(tx lifecycle.Tx) error{
			"get":    func(tx lifecycle.Tx) error { _, err := tx.Get(k, new(doc)); return err },
			"put":    func(tx lifecycle.Tx) error { return tx.Put(k, doc{}) },
			"insert": func(tx lifecycle.Tx) error { return tx.Insert(k, doc{}, time.Time{}) },
			"delete": func(tx lifecycle.Tx) error { return tx.Delete(k) },
		} {
			if err := s.Update(t.Context(), fn); err == nil {
				t.Errorf("%s %q: no error", name, k)
			}
		}
	}
}

func unencodable(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		_ = tx.Put(key("a"), doc{N: 1})
		_ = tx.Put(key("b"), func() {})
		return nil
	})
	if err == nil {
		t.Error("a function was stored")
	}
	want(t, s, key("a"), nil)
}

func wrongType(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	put(t, s, key("a"), doc{Text: "typed by a person"})
	var n int
	_, err := s.Get(t.Context(), key("a"), &n)
	if err == nil || strings.Contains(err.Error(), "typed") {
		t.Errorf("got %v, want an error that names no content", err)
	}
	err = s.Update(t.Context(), func(tx lifecycle.Tx) error { _, err := tx.Get(key("a"), &n); return err })
	if err == nil || !strings.Contains(err.Error(), "a") {
		t.Errorf("in a transaction: %v", err)
	}
}

func cancelled(t *testing.T, s lifecycle.Store, _ *Clock) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx lifecycle.Tx) error {
		cancel()
		return tx.Put(key("a"), doc{N: 1})
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled inside: %v", err)
	}
	if err := insert(ctx, s, key("a"), 1, time.Time{}); !errors.Is(err, context.Canceled) {
		t.Errorf("update: %v", err)
	}
	if _, err := s.Get(ctx, key("a"), new(doc)); !errors.Is(err, context.Canceled) {
		t.Errorf("get: %v", err)
	}
	if _, err := s.List(ctx, lifecycle.Query{Partition: "p"}); !errors.Is(err, context.Canceled) {
		t.Errorf("list: %v", err)
	}
	want(t, s, key("a"), nil)
}
