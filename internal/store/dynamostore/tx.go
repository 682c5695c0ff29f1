package dynamostore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"showtime/internal/store"
	"showtime/lifecycle"
)

// tx is one run of an Update's function: it reads from the table, remembers what it read, and keeps its
// writes until the commit. Once one of its operations has failed the transaction cannot succeed any more.
type tx struct {
	ctx     context.Context //nolint:containedctx // lifecycle.Tx has none; it is the Update's
	store   *Store
	now     time.Time
	entries map[lifecycle.Key]*entry
	order   []*entry // as first touched
	failed  error
}

var _ lifecycle.Tx = (*tx)(nil)

// entry is one record as the transaction sees it.
type entry struct {
	key     lifecycle.Key
	seen    item // as read from the table
	blind   bool // inserted without having been read
	body    []byte
	expires int64
	dirty   bool
}

func (e *entry) present() bool { return e.body != nil }

// touch gives the record's entry, reading it the first time.
func (t *tx) touch(key lifecycle.Key) (*entry, error) {
	if e, ok := t.entries[key]; ok {
		return e, nil
	}
	it, err := t.store.load(t.ctx, key)
	if err != nil {
		return nil, err
	}
	e := t.add(&entry{key: key, seen: it})
	if !it.gone(t.now) {
		e.body, e.expires = []byte(it.body), it.expires
	}
	return e, nil
}

func (t *tx) add(e *entry) *entry {
	t.entries[e.key] = e
	t.order = append(t.order, e)
	return e
}

func (t *tx) Get(key lifecycle.Key, into any) (bool, error) {
	if err := store.CheckKey(key); err != nil {
		return false, t.fail(err)
	}
	e, err := t.touch(key)
	if err != nil {
		return false, t.fail(err)
	}
	if !e.present() {
		return false, nil
	}
	return true, decode(key, e.body, into)
}

func (t *tx) Put(key lifecycle.Key, value any) error {
	if err := store.CheckChange(key); err != nil {
		return t.fail(err)
	}
	e, err := t.touch(key)
	if err != nil {
		return t.fail(err)
	}
	return t.write(e, value, e.expires) // a record keeps the expiry it was inserted with
}

// Insert does not read: the commit's condition tells.
func (t *tx) Insert(key lifecycle.Key, value any, expires time.Time) error {
	if err := store.CheckInsert(key, expires); err != nil {
		return t.fail(err)
	}
	e, ok := t.entries[key]
	if !ok {
		e = t.add(&entry{key: key, blind: true})
	}
	if e.present() {
		return t.fail(fmt.Errorf("insert %s %s: %w", key.Partition, key.Name, lifecycle.ErrExists))
	}
	return t.write(e, value, store.Expiry(expires))
}

func (t *tx) Delete(key lifecycle.Key) error {
	if err := store.CheckChange(key); err != nil {
		return t.fail(err)
	}
	e, err := t.touch(key)
	if err != nil {
		return t.fail(err)
	}
	if e.present() {
		e.body, e.expires, e.dirty = nil, 0, true
	}
	return nil
}

func (t *tx) write(e *entry, value any, expires int64) error {
	body, err := json.Marshal(value)
	if err != nil {
		return t.fail(fmt.Errorf("encode record %s %s: %w", e.key.Partition, e.key.Name, err))
	}
	e.body, e.expires, e.dirty = body, expires, true
	return nil
}

// fail remembers the transaction's first error.
func (t *tx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}
