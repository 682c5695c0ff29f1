// Package embedded is the durable FIFO queue of one process, in the file queue.db: what Send has taken
// survives kill -9, messages of one group are handled one at a time and in order, and one that keeps
// failing ends in a dead-letter bucket.
package embedded

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"showtime/internal/queue"
	"showtime/internal/store/boltfile"
)

// FileName is the queue's file inside its folder, and its lock.
const FileName = "queue.db"

const (
	messagesBucket = "messages" // sequence number → record, in the order of sending
	deadBucket     = "dead"     // the same, for what was handed out too often
	sentBucket     = "sent"     // deduplication id → when it was sent
	orderBucket    = "order"    // when, then id: what sent forgets first
)

// record is a message in the file.
type record struct {
	Body     []byte    `json:"body"`
	Group    string    `json:"group"`
	DedupeID string    `json:"dedupe_id"`
	SentAt   time.Time `json:"sent_at"`
	Receives int       `json:"receives"`
}

// Queue is an open queue.
type Queue struct {
	file    *boltfile.File
	now     func() time.Time
	backoff func(receives int) time.Duration

	mu      sync.Mutex
	groups  map[string]*group
	ready   []*group      // may be handed out now, the longest waiting first
	delayed []*group      // after a failure, until notBefore
	changed chan struct{} // closed when a group has become ready or delayed
}

// group is the messages of one group that are not done. While its first one is handed out the group is
// neither ready nor delayed.
type group struct {
	waiting   []pending
	notBefore time.Time
}

type pending struct {
	seq    uint64
	sentAt time.Time
}

// Open opens the queue in the folder as its owner; while another process owns it the error is a
// boltfile.ErrLocked that names the file. What was handed out and not done is handed out again.
func Open(dir string, now func() time.Time, backoff func(receives int) time.Duration) (*Queue, error) {
	file, err := boltfile.Open(dir, FileName, messagesBucket, deadBucket, sentBucket, orderBucket)
	if err != nil {
		return nil, fmt.Errorf("open queue: %w", err)
	}
	q := &Queue{file: file, now: now, backoff: backoff, groups: map[string]*group{}, changed: make(chan struct{})}
	if err := file.View(q.load); err != nil {
		return nil, errors.Join(fmt.Errorf("open queue: %w", err), file.Close())
	}
	return q, nil
}

func (q *Queue) load(tx *bolt.Tx) error {
	return tx.Bucket([]byte(messagesBucket)).ForEach(func(k, v []byte) error {
		var r record
		if err := json.Unmarshal(v, &r); err != nil {
			return fmt.Errorf("decode message: %w", err)
		}
		q.enqueue(r.Group, pending{binary.BigEndian.Uint64(k), r.SentAt})
		return nil
	})
}

// Close gives the file up. Run must have returned.
func (q *Queue) Close() error { return q.file.Close() }

// Send takes a message. When it returns nil the message is on the disk, or was sent before within queue.DedupeFor.
func (q *Queue) Send(ctx context.Context, m queue.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	var p pending
	var known bool
	err := q.file.Update(ctx, func(tx *bolt.Tx) (err error) {
		p, known = pending{sentAt: q.now()}, false
		if known, err = remember(tx, m.DedupeID, p.sentAt); err != nil || known {
			return err
		}
		b := tx.Bucket([]byte(messagesBucket))
		if p.seq, err = b.NextSequence(); err != nil {
			return err
		}
		return write(b, p.seq, record{Body: m.Body, Group: m.Group, DedupeID: m.DedupeID, SentAt: p.sentAt})
	})
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	if !known {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.enqueue(m.Group, p)
	}
	return nil
}

// forgetAtMost is how many old deduplication ids one Send forgets: more than it adds, so that they never pile up.
const forgetAtMost = 4

// remember notes a deduplication id and says whether it was known.
func remember(tx *bolt.Tx, id string, now time.Time) (known bool, err error) {
	sent, order := tx.Bucket([]byte(sentBucket)), tx.Bucket([]byte(orderBucket))
	oldest := now.Add(-queue.DedupeFor)
	if v := sent.Get([]byte(id)); v != nil && nanos(v).After(oldest) {
		return true, nil
	}
	var old [][]byte
	c := order.Cursor()
	for k, _ := c.First(); k != nil && len(old) < forgetAtMost && !nanos(k).After(oldest); k, _ = c.Next() {
		old = append(old, bytes.Clone(k))
	}
	for _, k := range old {
		if bytes.Equal(sent.Get(k[8:]), k[:8]) { // else it was sent again since
			if err := sent.Delete(k[8:]); err != nil {
				return false, err
			}
		}
		if err := order.Delete(k); err != nil {
			return false, err
		}
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))
	return false, errors.Join(sent.Put([]byte(id), at), order.Put(append(at, id...), nil))
}

func nanos(b []byte) time.Time {
	return time.Unix(0, int64(binary.BigEndian.Uint64(b))) //nolint:gosec // written from an int64
}

func write(b *bolt.Bucket, seq uint64, r record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return b.Put(seqKey(seq), data)
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }

// enqueue puts a message behind those of its group that were sent before it. The caller holds the lock, if
// anybody else has the queue yet.
func (q *Queue) enqueue(name string, p pending) {
	g := q.groups[name]
	if g == nil {
		g = new(group)
		q.groups[name] = g
		q.ready = append(q.ready, g)
		q.wake()
	}
	g.waiting = append(g.waiting, p)
}

// wake lets waiting workers look again.
func (q *Queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Depth is how many messages are not done, those in hand included and the dead ones not.
func (q *Queue) Depth() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, g := range q.groups {
		n += len(g.waiting)
	}
	return n
}

// OldestAge is how long ago the oldest message that is not done was sent; zero when there is none.
func (q *Queue) OldestAge() (age time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.now()
	for _, g := range q.groups {
		age = max(age, now.Sub(g.waiting[0].sentAt))
	}
	return age
}

// Dead is how many messages were handed out too often. They stay in the file.
func (q *Queue) Dead(ctx context.Context) (n int, err error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	err = q.file.View(func(tx *bolt.Tx) error {
		n = tx.Bucket([]byte(deadBucket)).Stats().KeyN
		return nil
	})
	return n, err
}

// HeldMessage is a message that the queue has, seen from outside.
type HeldMessage struct {
	queue.Delivery
	Dead bool // in the dead-letter queue
}

// Held lists what waits or is being handled, in the order of sending, then what is dead.
func (q *Queue) Held(ctx context.Context) ([]HeldMessage, error) {
	var held []HeldMessage
	err := q.file.View(func(tx *bolt.Tx) error {
		for _, bucket := range []string{messagesBucket, deadBucket} {
			err := tx.Bucket([]byte(bucket)).ForEach(func(_, v []byte) error {
				var r record
				if err := json.Unmarshal(v, &r); err != nil {
					return fmt.Errorf("decode message: %w", err)
				}
				held = append(held, HeldMessage{Dead: bucket == deadBucket, Delivery: queue.Delivery{
					Body: r.Body, Group: r.Group, DedupeID: r.DedupeID, Receives: r.Receives, SentAt: r.SentAt,
				}})
				return ctx.Err()
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look into queue: %w", err)
	}
	return held, nil
}

// Check says whether the queue can be used, for the health page.
func (q *Queue) Check(ctx context.Context) error {
	_, err := q.Dead(ctx)
	return err
}
