// Package boltstore is the store in one file, showtime.db, for processes that run without DynamoDB. It
// has one owner at a time; a record is its expiry and its JSON, filed under partition, zero byte, name.
package boltstore

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"

	"showtime/internal/store"
	"showtime/internal/store/boltfile"
	"showtime/lifecycle"
)

// FileName is the store's file inside its folder, and its lock.
const FileName = "showtime.db"

const (
	recordsBucket = "records" // key → expiry (8 bytes) and JSON
	expiryBucket  = "expiry"  // expiry (8 bytes) and key, for Sweep; may name records that have changed since
)

// expiryLen is the length of an expiry, a Unix second in big-endian order.
const expiryLen = 8

// Store is an open store.
type Store struct {
	file *boltfile.File
	now  func() time.Time
}

var _ lifecycle.Store = (*Store)(nil)

// Open opens the store in the folder as its owner, making both when absent. While another process owns
// it the error is a boltfile.ErrLocked that names the file.
func Open(dir string, now func() time.Time) (*Store, error) {
	file, err := boltfile.Open(dir, FileName, recordsBucket, expiryBucket)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &Store{file, now}, nil
}

// OpenReadOnly opens an existing store that nobody owns, for looking only: every Update fails.
func OpenReadOnly(dir string, now func() time.Time) (*Store, error) {
	file, err := boltfile.OpenReadOnly(dir, FileName)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	return &Store{file, now}, nil
}

// Close gives the store up.
func (s *Store) Close() error { return s.file.Close() }

// Update runs fn in one transaction; see lifecycle.Store. There is no ErrConflict here: writers queue up.
func (s *Store) Update(ctx context.Context, fn func(lifecycle.Tx) error) error {
	return s.file.Update(ctx, func(btx *bolt.Tx) error {
		tx := &tx{records: btx.Bucket([]byte(recordsBucket)), expiry: btx.Bucket([]byte(expiryBucket)), now: s.now()}
		if err := fn(tx); err != nil {
			return err
		}
		return tx.failed
	})
}

// Get reads one record; see lifecycle.Store.
func (s *Store) Get(ctx context.Context, key lifecycle.Key, into any) (found bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if err := store.CheckKey(key); err != nil {
		return false, err
	}
	err = s.file.View(func(btx *bolt.Tx) error {
		records := btx.Bucket([]byte(recordsBucket))
		if records == nil { // a file whose owner died while making it
			return nil
		}
		body, _, ok := read(records, key, s.now())
		if !ok {
			return nil
		}
		found = true
		return decode(key, body, into)
	})
	return found, err
}

// List reads the records a query selects; see lifecycle.Store.
func (s *Store) List(ctx context.Context, q lifecycle.Query) (out []lifecycle.Record, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if store.Empty(q) {
		return nil, nil
	}
	err = s.file.View(func(btx *bolt.Tx) error {
		records := btx.Bucket([]byte(recordsBucket))
		if records == nil {
			return nil
		}
		out = collect(records.Cursor(), q, s.now())
		return nil
	})
	return out, err
}

// collect walks the query's range, upwards or downwards.
func collect(c *bolt.Cursor, q lifecycle.Query, now time.Time) []lifecycle.Record {
	from, end := bounds(q)
	var out []lifecycle.Record
	var k, v []byte
	step := c.Next
	if q.Newest {
		step = c.Prev
		if k, _ = c.Seek(end); k == nil {
			k, v = c.Last()
		} else {
			k, v = c.Prev()
		}
	} else {
		k, v = c.Seek(from)
	}
	for ; k != nil && bytes.Compare(k, from) >= 0 && bytes.Compare(k, end) < 0; k, v = step() {
		expiry, body := split(v)
		if store.Expired(expiry, now) {
			continue
		}
		name := string(k[len(q.Partition)+1:])
		out = append(out, lifecycle.Record{Key: lifecycle.Key{Partition: q.Partition, Name: name}, Value: bytes.Clone(body)})
		if len(out) == q.Limit {
			break
		}
	}
	return out
}

// bounds gives the first file key of the query and the first one past it.
func bounds(q lifecycle.Query) (from, end []byte) {
	from = fileKey(lifecycle.Key{Partition: q.Partition, Name: q.From})
	if q.To != "" {
		return from, fileKey(lifecycle.Key{Partition: q.Partition, Name: q.To})
	}
	return from, append([]byte(q.Partition), 1)
}

// sweepChunk is how many expired records one transaction removes, so that writers wait only shortly.
const sweepChunk = 1000

// Sweep removes what has expired. Its owner calls it now and then; until then expired records only take room.
func (s *Store) Sweep(ctx context.Context) error {
	for {
		swept := 0
		err := s.file.Update(ctx, func(btx *bolt.Tx) (err error) {
			swept, err = sweep(btx.Bucket([]byte(recordsBucket)), btx.Bucket([]byte(expiryBucket)), s.now())
			return err
		})
		if err != nil {
			return fmt.Errorf("sweep store: %w", err)
		}
		if swept < sweepChunk {
			return nil
		}
	}
}

func sweep(records, expiry *bolt.Bucket, now time.Time) (int, error) {
	var due [][]byte
	c := expiry.Cursor()
	for k, _ := c.First(); k != nil && len(due) < sweepChunk; k, _ = c.Next() {
		if at, _ := split(k); !store.Expired(at, now) {
			break
		}
		due = append(due, bytes.Clone(k))
	}
	for _, k := range due {
		at, key := split(k)
		if v := records.Get(key); v != nil {
			if current, _ := split(v); current == at { // else it was written anew since
				if err := records.Delete(key); err != nil {
					return 0, err
				}
			}
		}
		if err := expiry.Delete(k); err != nil {
			return 0, err
		}
	}
	return len(due), nil
}

func fileKey(k lifecycle.Key) []byte {
	return append(append([]byte(k.Partition), 0), k.Name...)
}

// split takes the expiry off the front of a value or of a key of the expiry bucket.
func split(b []byte) (expiry int64, rest []byte) {
	return int64(binary.BigEndian.Uint64(b)), b[expiryLen:] //nolint:gosec // written from an int64
}

func join(expiry int64, rest []byte) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(expiry)), rest...) //nolint:gosec // never negative
}

// read gives a record that has not expired. The body is valid only during the transaction.
func read(records *bolt.Bucket, key lifecycle.Key, now time.Time) (body []byte, expiry int64, found bool) {
	v := records.Get(fileKey(key))
	if v == nil {
		return nil, 0, false
	}
	expiry, body = split(v)
	if store.Expired(expiry, now) {
		return nil, 0, false
	}
	return body, expiry, true
}

func decode(key lifecycle.Key, body []byte, into any) error {
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode record %s %s: %w", key.Partition, key.Name, err)
	}
	return nil
}
