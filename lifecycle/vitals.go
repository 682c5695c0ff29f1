package lifecycle

import (
	"context"
	"fmt"
	"time"
)

// Vitals say from the record alone whether somebody looks after a cluster.
type Vitals struct {
	TickedAt time.Time `json:"ticked_at,omitzero"` // the last tick; zero when there was none
	EMRID    string    `json:"emr_id,omitempty"`   // of the last session, whether it runs or not
}

// Getter is as much of a Store as reading one record takes.
type Getter interface {
	Get(ctx context.Context, key Key, into any) (bool, error)
}

// ReadVitals reads the vitals of a cluster.
func ReadVitals(ctx context.Context, store Getter, cluster string) (Vitals, error) {
	var w watch
	var row Row
	for name, into := range map[string]any{watchRecord: &w, rowRecord: &row} {
		if _, err := store.Get(ctx, LiveKey(cluster, name), into); err != nil {
			return Vitals{}, fmt.Errorf("read vitals: %w", err)
		}
	}
	return Vitals{TickedAt: w.TickedAt, EMRID: row.Session.EMRID}, nil
}
