package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"
)

const (
	// countEvery is the least time between two countings of a cluster's instances, in whatever process.
	countEvery = time.Minute
	// countWithin is how long somebody who looks waits for a counting.
	countWithin = 3 * time.Second
	// countHolds is how long a counting says what runs; then there is only the configured range again.
	countHolds = 10 * time.Minute
)

// Count is what EMR's list of a session's instances said at one time.
type Count struct {
	At      time.Time          `json:"at"`
	Running map[string]int     `json:"running,omitempty"` // instances by type
	Hours   map[string]float64 `json:"hours,omitempty"`   // used until At by instances of a type, ended ones included
}

// counting remembers when the instances were last asked for, whatever came of it.
type counting struct {
	V     int       `json:"v"`
	At    time.Time `json:"at"`
	EMRID string    `json:"emr_id"`
}

// due says whether a cluster may be counted. A time in the future was written under a wrong clock.
func (c counting) due(row Row, now time.Time) bool {
	r := row.Session
	if row.V > rowVersion || row.Phase != Up && row.Phase != Stopping || r.EMRID == "" || r.Trouble != "" {
		return false
	}
	return c.EMRID != r.EMRID || now.Sub(c.At).Abs() >= countEvery
}

// Look is State for somebody who looks: the running instances are counted, unless they were asked for within
// the last minute. A counting that fails is logged and changes nothing; the older one holds as long as it does.
func (l *Local) Look(ctx context.Context) (State, error) {
	m, err := l.read(ctx)
	if err != nil {
		return State{}, err
	}
	if !m.counting.due(m.row, l.now()) || l.patience.holds(listInstances) {
		return l.state(m), nil
	}
	if err := l.count(ctx, m.row.Session.EMRID); err != nil {
		l.log.Warn().Err(err).Msg("instances not counted")
	}
	return l.State(ctx)
}

// errCounted says that another process took this minute's counting.
var errCounted = errors.New("instances are counted already")

// count takes this minute's counting, asks EMR and records the answer.
func (l *Local) count(ctx context.Context, id string) error {
	err := l.store.Update(ctx, func(tx Tx) error { return l.takeCounting(tx, id) })
	if errors.Is(err, errCounted) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("take counting: %w", err)
	}
	asking, cancel := context.WithTimeout(ctx, countWithin)
	defer cancel()
	var instances []Instance
	err = l.patience.ask(listInstances, func() (err error) {
		instances, err = l.emr.Instances(asking, id)
		return err
	})
	if err != nil {
		return fmt.Errorf("list instances: %w", err)
	}
	c := countOf(instances, l.now())
	if err := l.store.Update(ctx, func(tx Tx) error { return l.putCount(tx, id, c) }); err != nil {
		return fmt.Errorf("record count: %w", err)
	}
	return nil
}

func (l *Local) takeCounting(tx Tx, id string) error {
	row, err := l.rowIn(tx)
	if err != nil {
		return err
	}
	var last counting
	if _, err := tx.Get(l.key(countingRecord), &last); err != nil {
		return fmt.Errorf("read counting: %w", err)
	}
	now := l.now()
	if row.Session.EMRID != id || !last.due(row, now) {
		return errCounted
	}
	return tx.Put(l.key(countingRecord), counting{V: 1, At: now, EMRID: id})
}

// putCount records a count. Only other numbers of instances are a visible change: that time passed is none.
func (l *Local) putCount(tx Tx, id string, c Count) error {
	before, err := l.rowIn(tx)
	if err != nil {
		return err
	}
	old := before.Session.Count
	if !before.live() || before.Session.EMRID != id || old != nil && !c.At.After(old.At) {
		return nil
	}
	after := before
	after.Session.Count = &c
	if old == nil || !maps.Equal(old.Running, c.Running) {
		return l.putRow(tx, before, &after)
	}
	after.V = rowVersion
	return tx.Put(l.key(rowRecord), after)
}

func countOf(instances []Instance, now time.Time) Count {
	c := Count{At: now, Running: map[string]int{}, Hours: map[string]float64{}}
	for _, i := range instances {
		until := i.Until
		if until.IsZero() {
			until = now
			c.Running[i.Type]++
		}
		c.Hours[i.Type] += max(0, until.Sub(i.From).Hours())
	}
	return c
}

// Counted gives the count that still says what runs, nil when there is none.
func (s State) Counted(now time.Time) *Count {
	c := s.Session.Count
	if c == nil || !s.Live() || now.Sub(c.At).Abs() > countHolds {
		return nil
	}
	return c
}
