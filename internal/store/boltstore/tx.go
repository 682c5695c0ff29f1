package boltstore

import (
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"showtime/internal/store"
	"showtime/lifecycle"
)

// tx is one transaction. Once one of its writes has failed it cannot succeed any more, whatever its
// function makes of the error.
type tx struct {
	records, expiry *bolt.Bucket
	now             time.Time
	failed          error
}

var _ lifecycle.Tx = (*tx)(nil)

func (t *tx) Get(key lifecycle.Key, into any) (bool, error) {
	if err := store.CheckKey(key); err != nil {
		return false, t.fail(err)
	}
	body, _, found := read(t.records, key, t.now)
	if !found {
		return false, nil
	}
	return true, decode(key, body, into)
}

func (t *tx) Put(key lifecycle.Key, value any) error {
	if err := store.CheckChange(key); err != nil {
		return t.fail(err)
	}
	_, expiry, _ := read(t.records, key, t.now) // a record keeps the expiry it was inserted with
	return t.write(key, value, expiry)
}

func (t *tx) Insert(key lifecycle.Key, value any, expires time.Time) error {
	if err := store.CheckInsert(key, expires); err != nil {
		return t.fail(err)
	}
	if _, _, found := read(t.records, key, t.now); found {
		return t.fail(fmt.Errorf("insert %s %s: %w", key.Partition, key.Name, lifecycle.ErrExists))
	}
	return t.write(key, value, store.Expiry(expires))
}

func (t *tx) Delete(key lifecycle.Key) error {
	if err := store.CheckChange(key); err != nil {
		return t.fail(err)
	}
	return t.fail(t.records.Delete(fileKey(key)))
}

func (t *tx) write(key lifecycle.Key, value any, expiry int64) error {
	body, err := json.Marshal(value)
	if err != nil {
		return t.fail(fmt.Errorf("encode record %s %s: %w", key.Partition, key.Name, err))
	}
	if expiry != 0 {
		if err := t.expiry.Put(join(expiry, fileKey(key)), nil); err != nil {
			return t.fail(fmt.Errorf("write record %s %s: %w", key.Partition, key.Name, err))
		}
	}
	if err := t.records.Put(fileKey(key), join(expiry, body)); err != nil {
		return t.fail(fmt.Errorf("write record %s %s: %w", key.Partition, key.Name, err))
	}
	return nil
}

// fail remembers the transaction's first error.
func (t *tx) fail(err error) error {
	if t.failed == nil {
		t.failed = err
	}
	return err
}
