// Package boltfile opens a bbolt file for one owner and commits concurrent writers together: whoever
// waits while a commit is under way goes into the next one, so a lone writer never waits for company
// and many writers share one fsync.
package boltfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// ErrLocked says that another process owns the file.
var ErrLocked = errors.New("locked by another process")

// lockWait is how long a second owner waits for the first to go.
const lockWait = 500 * time.Millisecond

// File is an open bbolt file.
type File struct {
	db *bolt.DB
	// lead is held by the one writer that commits for everybody.
	lead    chan struct{}
	mu      sync.Mutex
	pending []*call
}

// Open opens or makes the file in the folder, making the folder too, and takes its lock; ErrLocked when
// another process has it.
func Open(dir, name string, buckets ...string) (*File, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	f, err := open(dir, name, &bolt.Options{Timeout: lockWait, NoFreelistSync: true, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	if err := f.prepare(dir, buckets); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// OpenReadOnly opens an existing file that nobody owns. Several readers may.
func OpenReadOnly(dir, name string) (*File, error) {
	return open(dir, name, &bolt.Options{Timeout: lockWait, ReadOnly: true})
}

func open(dir, name string, opts *bolt.Options) (*File, error) {
	path := filepath.Join(dir, name)
	db, err := bolt.Open(path, 0o600, opts)
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open %s: %w", path, ErrLocked)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return &File{db: db, lead: make(chan struct{}, 1)}, nil
}

// prepare makes the buckets, and the file's name in its folder survive a loss of power.
func (f *File) prepare(dir string, buckets []string) error {
	err := f.db.Update(func(tx *bolt.Tx) error {
		for _, b := range buckets {
			if _, err := tx.CreateBucketIfNotExists([]byte(b)); err != nil {
				return fmt.Errorf("make bucket %s: %w", b, err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	d, err := os.Open(dir) //nolint:gosec // the operator's own folder
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Close gives the file up. It waits for transactions under way.
func (f *File) Close() error { return f.db.Close() }

// View runs fn in a read-only transaction.
func (f *File) View(fn func(*bolt.Tx) error) error { return f.db.View(fn) }

// call is one writer's wish, and what became of it.
type call struct {
	ctx      context.Context //nolint:containedctx // lives as long as the call it belongs to
	fn       func(*bolt.Tx) error
	done     chan struct{}
	err      error
	panicked any
}

// Update runs fn in a transaction and returns once that is durable. It may run fn several times, so only
// the last run counts; fn's own error comes back unchanged, and then nothing was written. A context that
// ends before the commit begins is an error too.
func (f *File) Update(ctx context.Context, fn func(*bolt.Tx) error) error {
	c := &call{ctx: ctx, fn: fn, done: make(chan struct{})}
	f.mu.Lock()
	f.pending = append(f.pending, c)
	f.mu.Unlock()
	select {
	case <-c.done:
	case f.lead <- struct{}{}:
		f.commitPending()
		<-f.lead
		<-c.done
	}
	if c.panicked != nil {
		panic(c.panicked)
	}
	return c.err
}

// commitPending commits all waiting calls in one transaction or, when one of them fails, each alone.
func (f *File) commitPending() {
	f.mu.Lock()
	calls := f.pending
	f.pending = nil
	f.mu.Unlock()
	if len(calls) > 1 {
		failed := false
		err := f.db.Update(func(tx *bolt.Tx) error {
			for _, c := range calls {
				if err := c.run(tx); err != nil {
					failed = true
					return err
				}
			}
			return nil
		})
		if !failed {
			finish(calls, err)
			return
		}
	}
	for _, c := range calls {
		c.panicked = nil
		finish([]*call{c}, f.db.Update(c.run))
	}
}

func finish(calls []*call, err error) {
	for _, c := range calls {
		c.err = err
		close(c.done)
	}
}

// errPanic rolls a transaction back whose fn panicked; the panic goes on in its own goroutine.
var errPanic = errors.New("panic in transaction")

// run runs the call's function. The context is looked at before and after, because whoever has given up must not
// find something written.
func (c *call) run(tx *bolt.Tx) (err error) {
	defer func() {
		if c.panicked = recover(); c.panicked != nil {
			err = errPanic
		}
	}()
	if err := c.ctx.Err(); err != nil {
		return err
	}
	if err := c.fn(tx); err != nil {
		return err
	}
	return c.ctx.Err()
}
