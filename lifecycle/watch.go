package lifecycle

import (
	"context"
	"fmt"
	"strconv"
	"time"
)

// Listing is one answer of EMR about an account's live clusters. One listing serves every cluster.
type Listing struct {
	BeganAt  time.Time // before EMR was asked: what it shows may be as old as this
	Clusters []Summary
}

// TakeListing asks EMR once, unless p holds that back: it then fails with ErrThrottled.
func TakeListing(ctx context.Context, emr EMR, p *Patience) (Listing, error) {
	return takeListing(ctx, emr, p.now, p.ask)
}

func takeListing(ctx context.Context, emr EMR, now func() time.Time, ask func(question, func() error) error) (Listing, error) {
	l := Listing{BeganAt: now()}
	err := ask(listClusters, func() (err error) {
		l.Clusters, err = emr.List(ctx)
		return err
	})
	if err != nil {
		return Listing{}, fmt.Errorf("list clusters: %w", err)
	}
	return l, nil
}

// watch is what one look at EMR leaves for the next.
type watch struct {
	V        int       `json:"v"`
	TickedAt time.Time `json:"ticked_at,omitzero"` // the last tick
	ListedAt time.Time `json:"listed_at,omitzero"` // when the last listing began
	// Others are live ones of ours that are not the recorded one; Blind are of our name and cannot be described.
	Others []string `json:"others,omitempty"`
	Blind  []string `json:"blind,omitempty"`
	// Newer are those of a newer generation, each first seen by this listing or an earlier one.
	Newer []string `json:"newer,omitempty"`
	// Tags never change once read.
	Tags map[string]tags `json:"tags,omitempty"`
	// MissedID is the recorded cluster that the last Missed listings did not show.
	MissedID string `json:"missed_id,omitempty"`
	Missed   int    `json:"missed,omitempty"`
}

// tags are what a cluster's tags say.
type tags struct {
	Ours       bool   `json:"ours"`
	Generation int64  `json:"generation,omitempty"`
	Requester  string `json:"requester,omitempty"`
}

// clean says whether the listing showed no live cluster of ours but the recorded one.
func (w watch) clean() bool { return len(w.Blind) == 0 && len(w.Others) == 0 }

// tagged reads a cluster's tags. A generation that nobody could have written is 0.
func (l *Local) tagged(c Cluster) tags {
	if c.Tags[TagInstallation] != l.inst || c.Tags[TagCluster] != l.set.Name {
		return tags{}
	}
	t := tags{Ours: true, Requester: c.Tags[TagRequester]}
	if g, err := strconv.ParseInt(c.Tags[TagGeneration], 10, 64); err == nil && g > 0 {
		t.Generation = g
	}
	return t
}

// remember writes the watch; it is nobody's lock, and the last writer wins.
func (l *Local) remember(ctx context.Context, w watch) error {
	w.V = 1
	if err := l.store.Update(ctx, func(tx Tx) error { return tx.Put(l.key(watchRecord), w) }); err != nil {
		return fmt.Errorf("remember listing: %w", err)
	}
	return nil
}

// ticked remembers a tick that had no listing.
func (l *Local) ticked(ctx context.Context) error {
	err := l.store.Update(ctx, func(tx Tx) error {
		var w watch
		if _, err := tx.Get(l.key(watchRecord), &w); err != nil {
			return fmt.Errorf("read watch: %w", err)
		}
		w.V, w.TickedAt = 1, l.now()
		return tx.Put(l.key(watchRecord), w)
	})
	if err != nil {
		return fmt.Errorf("remember tick: %w", err)
	}
	return nil
}
