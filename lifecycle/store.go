package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"time"
)

// Key names one record. The records of one partition are listed together, in the order of their names.
type Key struct{ Partition, Name string }

// Record is one stored record with its JSON.
type Record struct {
	Key   Key
	Value json.RawMessage
}

// Query selects records of one partition by name: From ≤ name < To, where an empty bound is open.
type Query struct {
	Partition string
	From, To  string
	Newest    bool // highest names first
	Limit     int  // 0 = all
}

// Tx is one transaction: what was read must still be so when it commits, and either everything
// written in it becomes true or nothing does.
type Tx interface {
	// Get reads a record into a pointer and says whether there is one. It sees the transaction's own writes.
	Get(key Key, into any) (bool, error)
	// Put writes a record, whether or not there was one; one that expires keeps its expiry. Never in the audit.
	Put(key Key, value any) error
	// Insert writes a record only if there is none, else the transaction fails with ErrExists.
	// After expires (zero = never) it may vanish.
	Insert(key Key, value any, expires time.Time) error
	// Delete removes a record if there is one.
	Delete(key Key) error
}

// Store is the one way to what is remembered. Reads are strongly consistent.
type Store interface {
	// Update runs fn in one transaction. When another writer was faster it runs fn again on fresh
	// records, so fn must have no effect but its Tx. It gives ErrConflict when it lost too often,
	// ErrExists when an Insert met a record, fn's own error unchanged, or the store's fault; after a
	// fault the outcome may be unknown, and the caller must read before trying again.
	Update(ctx context.Context, fn func(Tx) error) error
	// Get reads one record.
	Get(ctx context.Context, key Key, into any) (bool, error)
	// List reads the records a query selects. It is no part of any transaction.
	List(ctx context.Context, q Query) ([]Record, error)
}

// The errors every Store uses.
var (
	ErrExists   = errors.New("record exists already")
	ErrConflict = errors.New("too many writers at once")
	// ErrNewer says that a record was written by a later build: reading goes on, changes are refused.
	ErrNewer = errors.New("record was written by a newer version")
)

// The partitions of one cluster. What a tick needs stands in the first, so that one List reads it.
const (
	livePartition    = "cluster/"
	historyPartition = "history/"
	auditPartition   = "audit/"
	dedupePartition  = "dedupe/"
)

// LiveKey names a record that a tick reads: the row, the watch, the card, open requests, what is owed.
func LiveKey(cluster, name string) Key { return Key{livePartition + cluster, name} }

// HistoryKey names the record of an ended session.
func HistoryKey(cluster, name string) Key { return Key{historyPartition + cluster, name} }

// AuditKey names an audit record; they are only ever inserted.
func AuditKey(cluster, name string) Key { return Key{auditPartition + cluster, name} }

// DedupeKey names the memory of something that was asked; kept for DedupeFor.
func DedupeKey(cluster, name string) Key { return Key{dedupePartition + cluster, name} }

// DedupeFor is how long an operation id is remembered.
const DedupeFor = 48 * time.Hour
