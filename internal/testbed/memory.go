package testbed

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"showtime/internal/store"
	"showtime/lifecycle"
)

// Memory is a store in memory that behaves as DynamoDB does: writers do not wait for each other, and
// whoever read what has changed since decides again. It is held to the contract of every store.
type Memory struct {
	now func() time.Time
	// between is called between a decision and its commit.
	between func()

	mu      sync.Mutex
	records map[lifecycle.Key]kept
}

// kept is a stored record. Versions never repeat; a deleted record keeps its own.
type kept struct {
	body    json.RawMessage // nil when there is none
	expiry  int64
	version int64
}

var _ lifecycle.Store = (*Memory)(nil)

// NewMemory makes an empty store.
func NewMemory(now func() time.Time) *Memory {
	return &Memory{now: now, between: func() {}, records: map[lifecycle.Key]kept{}}
}

// conflicts is how often a transaction is decided anew.
const conflicts = 100

// Update implements lifecycle.Store.
func (m *Memory) Update(ctx context.Context, fn func(lifecycle.Tx) error) error {
	for range conflicts {
		if err := ctx.Err(); err != nil {
			return err
		}
		tx := &memoryTx{m: m, read: map[lifecycle.Key]int64{}, write: map[lifecycle.Key]kept{}}
		err := fn(tx)
		if err == nil {
			err = cmp.Or(tx.failed, ctx.Err())
		}
		if err != nil {
			return err
		}
		m.between()
		if m.commit(tx) {
			return nil
		}
	}
	return lifecycle.ErrConflict
}

// commit writes what was decided, unless what was read has changed.
func (m *Memory) commit(tx *memoryTx) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, version := range tx.read {
		if m.records[key].version != version {
			return false
		}
	}
	for key, k := range tx.write {
		k.version = m.records[key].version + 1
		m.records[key] = k
	}
	return true
}

// live gives a record that is there and has not expired. The caller holds mu.
func (m *Memory) live(key lifecycle.Key) (kept, bool) {
	k := m.records[key]
	return k, k.body != nil && !store.Expired(k.expiry, m.now())
}

// Get implements lifecycle.Store.
func (m *Memory) Get(ctx context.Context, key lifecycle.Key, into any) (bool, error) {
	if err := cmp.Or(ctx.Err(), store.CheckKey(key)); err != nil {
		return false, err
	}
	m.mu.Lock()
	k, found := m.live(key)
	m.mu.Unlock()
	return found, read(key, k, found, into)
}

func read(key lifecycle.Key, k kept, found bool, into any) error {
	if !found {
		return nil
	}
	if err := json.Unmarshal(k.body, into); err != nil {
		return fmt.Errorf("decode record %s %s: %w", key.Partition, key.Name, err)
	}
	return nil
}

// List implements lifecycle.Store.
func (m *Memory) List(ctx context.Context, q lifecycle.Query) ([]lifecycle.Record, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []lifecycle.Record
	for key := range m.records {
		k, found := m.live(key)
		if found && key.Partition == q.Partition && key.Name >= q.From && (q.To == "" || key.Name < q.To) {
			out = append(out, lifecycle.Record{Key: key, Value: slices.Clone(k.body)})
		}
	}
	slices.SortFunc(out, func(a, b lifecycle.Record) int { return cmp.Compare(a.Key.Name, b.Key.Name) })
	if q.Newest {
		slices.Reverse(out)
	}
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

// memoryTx is one attempt of a transaction.
type memoryTx struct {
	m      *Memory
	read   map[lifecycle.Key]int64
	write  map[lifecycle.Key]kept
	failed error
}

// see reads a record as the transaction sees it and notes that it did.
func (tx *memoryTx) see(key lifecycle.Key) (kept, bool) {
	if k, own := tx.write[key]; own {
		return k, k.body != nil
	}
	tx.m.mu.Lock()
	defer tx.m.mu.Unlock()
	if _, again := tx.read[key]; !again {
		tx.read[key] = tx.m.records[key].version
	}
	return tx.m.live(key)
}

// fail makes the whole transaction fail, even if its author ignores the error.
func (tx *memoryTx) fail(err error) error {
	tx.failed = cmp.Or(tx.failed, err)
	return err
}

func (tx *memoryTx) Get(key lifecycle.Key, into any) (bool, error) {
	if err := store.CheckKey(key); err != nil {
		return false, tx.fail(err)
	}
	k, found := tx.see(key)
	return found, read(key, k, found, into)
}

func (tx *memoryTx) Put(key lifecycle.Key, value any) error {
	if err := store.CheckChange(key); err != nil {
		return tx.fail(err)
	}
	k, found := tx.see(key)
	if !found {
		k.expiry = 0
	}
	return tx.set(key, value, k.expiry)
}

func (tx *memoryTx) Insert(key lifecycle.Key, value any, expires time.Time) error {
	if err := store.CheckInsert(key, expires); err != nil {
		return tx.fail(err)
	}
	if _, found := tx.see(key); found {
		return tx.fail(lifecycle.ErrExists)
	}
	return tx.set(key, value, store.Expiry(expires))
}

func (tx *memoryTx) Delete(key lifecycle.Key) error {
	if err := store.CheckChange(key); err != nil {
		return tx.fail(err)
	}
	tx.see(key)
	tx.write[key] = kept{}
	return nil
}

func (tx *memoryTx) set(key lifecycle.Key, value any, expiry int64) error {
	body, err := json.Marshal(value)
	if err != nil {
		return tx.fail(fmt.Errorf("encode record: %w", err))
	}
	tx.write[key] = kept{body: body, expiry: expiry}
	return nil
}
