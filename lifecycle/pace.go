package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// EMR's quota of RunJobFlow, shared by every cluster of an installation.
const (
	paceBurst     = 5
	pacePerSecond = 0.4
)

// bucket is the installation's budget of launches.
type bucket struct {
	V      int       `json:"v"`
	Tokens float64   `json:"tokens"`
	At     time.Time `json:"at"`
}

// take gives the bucket after one launch, or how long to wait for the next slot. A clock that went
// back neither adds nor freezes anything.
func (b bucket) take(now time.Time) (bucket, time.Duration) {
	tokens := float64(paceBurst)
	if !b.At.IsZero() {
		passed := max(0, now.Sub(b.At).Seconds())
		tokens = min(paceBurst, b.Tokens+passed*pacePerSecond)
	}
	if tokens < 1 {
		wait := time.Duration((1 - tokens) / pacePerSecond * float64(time.Second))
		return b, max(wait, time.Second)
	}
	return bucket{V: 1, Tokens: tokens - 1, At: now}, 0
}

var errPaced = errors.New("no launch slot")

// takeSlot claims a launch slot by conditional write; 0 means it has one.
func (l *Local) takeSlot(ctx context.Context) (time.Duration, error) {
	key := Key{Partition: "installation/" + l.inst, Name: "launches"}
	var wait time.Duration
	err := l.store.Update(ctx, func(tx Tx) error {
		var b bucket
		if _, err := tx.Get(key, &b); err != nil {
			return fmt.Errorf("read launch budget: %w", err)
		}
		now := l.now()
		if b.At.After(now.Add(time.Minute)) { // written under a clock that was wrong
			b.At = now
		}
		if b, wait = b.take(now); wait > 0 {
			return errPaced
		}
		return tx.Put(key, b)
	})
	if errors.Is(err, errPaced) {
		return wait, nil
	}
	if err != nil {
		return 0, fmt.Errorf("take launch slot: %w", err)
	}
	return 0, nil
}
