package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"showtime/internal/store"
	"showtime/lifecycle"
)

func expiry(t *testing.T, s lifecycle.Store, clock *Clock) {
	t.Helper()
	k := lifecycle.DedupeKey("exploration", "op")
	if err := insert(t.Context(), s, k, 1, clock.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	clock.Add(59 * time.Second)
	want(t, s, k, &doc{N: 1})
	if err := insert(t.Context(), s, k, 2, time.Time{}); !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("before its expiry: %v, want ErrExists", err)
	}
	clock.Add(time.Second)
	want(t, s, k, nil)
	if records, err := s.List(t.Context(), lifecycle.Query{Partition: k.Partition}); err != nil || len(records) != 0 {
		t.Errorf("list after its expiry: %v, %v", records, err)
	}
	err := s.Update(t.Context(), func(tx lifecycle.Tx) error {
		if found, err := tx.Get(k, new(doc)); found || err != nil {
			return fmt.Errorf("found %v: %w", found, err)
		}
		return tx.Delete(k)
	})
	if err != nil {
		t.Errorf("in a transaction after its expiry: %v", err)
	}
	for n, expires := range []time.Time{clock.Now().Add(time.Minute), {}} {
		if err := insert(t.Context(), s, k, 3+n, expires); err != nil {
			t.Errorf("insert over an expired one: %v", err)
		}
		want(t, s, k, &doc{N: 3 + n})
		clock.Add(time.Hour)
	}
	want(t, s, k, &doc{N: 4})
	if err := insert(t.Context(), s, k, 5, time.Time{}); !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("over one that never expires: %v, want ErrExists", err)
	}
}

func putKeepsExpiry(t *testing.T, s lifecycle.Store, clock *Clock) {
	t.Helper()
	k := lifecycle.DedupeKey("exploration", "op")
	if err := insert(t.Context(), s, k, 1, clock.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	put(t, s, k, doc{N: 2})
	want(t, s, k, &doc{N: 2})
	clock.Add(time.Minute)
	want(t, s, k, nil)
	put(t, s, k, doc{N: 3})
	clock.Add(time.Hour)
	want(t, s, k, &doc{N: 3})
}

func audit(t *testing.T, s lifecycle.Store, clock *Clock) {
	t.Helper()
	k := lifecycle.AuditKey("exploration", "2026/1")
	if err := insert(t.Context(), s, k, 1, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := insert(t.Context(), s, k, 2, time.Time{}); !errors.Is(err, lifecycle.ErrExists) {
		t.Errorf("insert again: %v, want ErrExists", err)
	}
	for name, fn := range map[string]func(tx lifecycle.Tx) error{
		"put":    func(tx lifecycle.Tx) error { return tx.Put(k, doc{N: 2}) },
		"delete": func(tx lifecycle.Tx) error { return tx.Delete(k) },
		"expiring": func(tx lifecycle.Tx) error {
			return tx.Insert(lifecycle.AuditKey("exploration", "e"), doc{}, clock.Now().Add(time.Hour))
		},
		"put_elsewhere": func(tx lifecycle.Tx) error { return tx.Put(lifecycle.AuditKey("exploration", "new"), doc{}) },
		"swallowed_put": func(tx lifecycle.Tx) error { _ = tx.Put(k, doc{N: 2}); return nil },
		"insert_and_put": func(tx lifecycle.Tx) error {
			return errors.Join(tx.Insert(lifecycle.AuditKey("exploration", "n"), doc{}, time.Time{}), tx.Delete(k))
		},
	} {
		if err := s.Update(t.Context(), fn); !errors.Is(err, store.ErrAudit) {
			t.Errorf("%s: %v, want ErrAudit", name, err)
		}
	}
	want(t, s, k, &doc{N: 1})
	if records, err := s.List(t.Context(), lifecycle.Query{Partition: k.Partition}); err != nil || len(records) != 1 {
		t.Errorf("audit holds %d records (%v), want 1", len(records), err)
	}
}
