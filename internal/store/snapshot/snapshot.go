// Package snapshot lets everything that looks at one partition within one tick look at the same reading
// of it, so that a tick with nothing to do costs one read. What is written in the tick is seen by it;
// what others write meanwhile is not, so that whoever finds something to do must look afresh.
package snapshot

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"showtime/lifecycle"
)

type contextKey struct{}

// reading is one partition as it was read, kept in a context.
type reading struct {
	mu      sync.Mutex
	records map[string]json.RawMessage // nil until it is read
}

// With begins a shared reading: the first look reads, the others share it.
func With(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, &reading{})
}

// Without ends it: every look reads afresh.
func Without(ctx context.Context) context.Context {
	return context.WithValue(ctx, contextKey{}, (*reading)(nil))
}

// Store shares readings of one partition of a store.
type Store struct {
	lifecycle.Store
	partition string
}

var _ lifecycle.Store = (*Store)(nil)

// New makes a store that shares the readings of a cluster's live records.
func New(store lifecycle.Store, cluster string) *Store {
	return &Store{Store: store, partition: lifecycle.LiveKey(cluster, "").Partition}
}

// shared gives the reading to answer from, with its lock held; nil when there is none.
func (s *Store) shared(ctx context.Context, partition string) (*reading, error) {
	r, _ := ctx.Value(contextKey{}).(*reading)
	if r == nil || partition != s.partition {
		return nil, nil //nolint:nilnil // no reading is an ordinary answer
	}
	r.mu.Lock()
	if r.records != nil {
		return r, nil
	}
	all, err := s.Store.List(ctx, lifecycle.Query{Partition: s.partition})
	if err != nil {
		r.mu.Unlock()
		return nil, err
	}
	r.records = make(map[string]json.RawMessage, len(all))
	for _, one := range all {
		r.records[one.Key.Name] = one.Value
	}
	return r, nil
}

// Get implements lifecycle.Store.
func (s *Store) Get(ctx context.Context, key lifecycle.Key, into any) (bool, error) {
	r, err := s.shared(ctx, key.Partition)
	if err != nil {
		return false, err
	}
	if r == nil {
		return s.Store.Get(ctx, key, into)
	}
	defer r.mu.Unlock()
	value, found := r.records[key.Name]
	if !found {
		return false, nil
	}
	if err := json.Unmarshal(value, into); err != nil {
		return false, fmt.Errorf("decode record %s: %w", key.Name, err)
	}
	return true, nil
}

// List implements lifecycle.Store.
func (s *Store) List(ctx context.Context, q lifecycle.Query) ([]lifecycle.Record, error) {
	r, err := s.shared(ctx, q.Partition)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return s.Store.List(ctx, q)
	}
	defer r.mu.Unlock()
	var found []lifecycle.Record
	for name, value := range r.records {
		if name >= q.From && (q.To == "" || name < q.To) {
			found = append(found, lifecycle.Record{Key: lifecycle.Key{Partition: q.Partition, Name: name}, Value: value})
		}
	}
	slices.SortFunc(found, func(a, b lifecycle.Record) int { return strings.Compare(a.Key.Name, b.Key.Name) })
	if q.Newest {
		slices.Reverse(found)
	}
	if q.Limit > 0 && len(found) > q.Limit {
		found = found[:q.Limit]
	}
	return found, nil
}

// Update implements lifecycle.Store. Decisions are made on what is stored, never on a reading; what they
// write is entered in the reading once it is true. After a fault the reading is read again.
func (s *Store) Update(ctx context.Context, fn func(lifecycle.Tx) error) error {
	r, _ := ctx.Value(contextKey{}).(*reading)
	if r == nil {
		return s.Store.Update(ctx, fn)
	}
	var last *recorder
	err := s.Store.Update(ctx, func(tx lifecycle.Tx) error {
		last = &recorder{Tx: tx, partition: s.partition, written: map[string]json.RawMessage{}}
		return fn(last)
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || last == nil {
		r.records = nil
		return err
	}
	if r.records != nil {
		last.enter(r.records)
	}
	return nil
}

// recorder notes what a transaction writes into the partition.
type recorder struct {
	lifecycle.Tx
	partition string
	written   map[string]json.RawMessage // nil value: deleted
}

func (r *recorder) note(key lifecycle.Key, value any) error {
	if key.Partition != r.partition {
		return nil
	}
	body, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encode record %s: %w", key.Name, err)
	}
	r.written[key.Name] = body
	return nil
}

// Put implements lifecycle.Tx.
func (r *recorder) Put(key lifecycle.Key, value any) error {
	if err := r.note(key, value); err != nil {
		return err
	}
	return r.Tx.Put(key, value)
}

// Insert implements lifecycle.Tx.
func (r *recorder) Insert(key lifecycle.Key, value any, expires time.Time) error {
	if err := r.note(key, value); err != nil {
		return err
	}
	return r.Tx.Insert(key, value, expires)
}

// Delete implements lifecycle.Tx.
func (r *recorder) Delete(key lifecycle.Key) error {
	if key.Partition == r.partition {
		r.written[key.Name] = nil
	}
	return r.Tx.Delete(key)
}

func (r *recorder) enter(records map[string]json.RawMessage) {
	for name, body := range r.written {
		if body == nil {
			delete(records, name)
			continue
		}
		records[name] = body
	}
}
