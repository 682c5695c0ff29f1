package lifecycle

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Options are everything a Local needs.
type Options struct {
	Settings     Settings
	Installation string // the deployment's name, which its clusters bear in a tag
	Store        Store
	EMR          EMR
	// Patience is shared by all who share EMR's quotas in this process; without one it has its own.
	Patience *Patience
	Now      func() time.Time
	Log      zerolog.Logger
	// Alarm tells the operators; kind is one of the Alarm constants, detail has no typed text.
	Alarm func(ctx context.Context, kind, detail string)
	// Ref is the short reference that people have of an operation: what becomes of its session is logged under it.
	Ref func(op string) string
}

// The kinds of alarms.
const (
	AlarmOrphan    = "orphan"           // a live cluster of ours that no session knows; it is ended
	AlarmNewer     = "newer-generation" // the row was restored from a backup
	AlarmTags      = "tags"             // the recorded cluster does not carry our tags
	AlarmOverdue   = "stop-overdue"     // 20 minutes and EMR has not ended it
	AlarmNoLaunch  = "launch-given-up"  // no launch of a wish came to anything
	AlarmNoAnswer  = "launch-repeated"  // a launch was given up and is repeated
	AlarmVanished  = "vanished"         // EMR no longer knows the recorded cluster
	AlarmLateLease = "late-lease-end"   // nobody looked when the lease ended; announced
)

// Local is the lifecycle in this process. It keeps nothing in memory but its patience with EMR: any number
// of them, in any number of processes, may work on the same store.
type Local struct {
	set      Settings
	inst     string
	store    Store
	emr      EMR
	patience *Patience
	now      func() time.Time
	log      zerolog.Logger
	alarm    func(ctx context.Context, kind, detail string)
	ref      func(op string) string
}

var _ Manager = (*Local)(nil)

// NewLocal makes the lifecycle of one cluster.
func NewLocal(o Options) *Local {
	l := &Local{set: o.Settings, inst: o.Installation, store: o.Store, emr: o.EMR, patience: o.Patience, now: o.Now, alarm: o.Alarm, ref: o.Ref}
	l.log = o.Log.With().Str("cluster", o.Settings.Name).Logger()
	if l.now == nil {
		l.now = time.Now
	}
	if l.patience == nil {
		l.patience = NewPatience(l.now)
	}
	if l.alarm == nil {
		l.alarm = func(context.Context, string, string) {}
	}
	if l.ref == nil {
		l.ref = func(string) string { return "" }
	}
	return l
}

// The names of the records; one List reads them all.
const (
	recordPrefix   = "lifecycle/"
	rowRecord      = recordPrefix + "row"
	watchRecord    = recordPrefix + "watch"
	launchesRecord = recordPrefix + "launches"
	alarmsRecord   = recordPrefix + "alarms"
	countingRecord = recordPrefix + "counting"
)

func (l *Local) key(name string) Key { return LiveKey(l.set.Name, name) }

// memory is everything a decision starts from.
type memory struct {
	row      Row
	watch    watch
	launches launches
	alarms   alarms
	counting counting
}

// launches remembers how long the last launches took until ready, oldest first.
type launches struct {
	V    int             `json:"v"`
	Took []time.Duration `json:"took"`
}

const keepLaunches = 20

func (l *Local) read(ctx context.Context) (memory, error) {
	var m memory
	records, err := l.store.List(ctx, Query{Partition: l.key("").Partition, From: recordPrefix, To: recordPrefix + "~"})
	if err != nil {
		return m, fmt.Errorf("read cluster records: %w", err)
	}
	into := map[string]any{rowRecord: &m.row, watchRecord: &m.watch, launchesRecord: &m.launches, alarmsRecord: &m.alarms, countingRecord: &m.counting}
	for _, r := range records {
		if target := into[r.Key.Name]; target != nil {
			if err := json.Unmarshal(r.Value, target); err != nil {
				return m, fmt.Errorf("decode record %s: %w", r.Key.Name, err)
			}
		}
	}
	return m, nil
}

// rowIn reads the row for a change, which a newer build's row refuses.
func (l *Local) rowIn(tx Tx) (Row, error) {
	var row Row
	if _, err := tx.Get(l.key(rowRecord), &row); err != nil {
		return row, fmt.Errorf("read row: %w", err)
	}
	if row.V > rowVersion {
		return row, ErrNewer
	}
	return row.settled(), nil
}

// settled gives the row before the first launch its phase.
func (r Row) settled() Row {
	if r.Phase == "" {
		r.Phase = Down
	}
	return r
}

// putRow writes a visible change, and with a session that is over its history and its last cost.
func (l *Local) putRow(tx Tx, before Row, after *Row) error {
	after.V, after.Revision = rowVersion, before.Revision+1
	if err := tx.Put(l.key(rowRecord), *after); err != nil {
		return fmt.Errorf("write row: %w", err)
	}
	if !before.live() || after.live() {
		return nil
	}
	return l.putHistory(tx, *after)
}

func (r Row) live() bool { return r.Phase != Down && r.Phase != "" }

// cluster is the EMR id of the session there is. That of an ended one is history: should EMR show it
// alive again, nobody knows it.
func (r Row) cluster() string {
	if !r.live() {
		return ""
	}
	return r.Session.EMRID
}

// past is the record of an ended session.
type past struct {
	V    int  `json:"v"`
	Row  Row  `json:"row"`
	Cost Cost `json:"cost"`
}

func (l *Local) putHistory(tx Tx, row Row) error {
	name := fmt.Sprintf("%s/%012d", historyTime(row.Session.EndedAt), row.Session.Generation)
	row.Wish = nil
	p := past{V: rowVersion, Row: row, Cost: EstimateCost(l.set, row.Session, row.Session.EndedAt)}
	if err := tx.Put(HistoryKey(l.set.Name, name), p); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

func historyTime(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000000000Z") }

// State says what is recorded. It asks nothing of EMR.
func (l *Local) State(ctx context.Context) (State, error) {
	m, err := l.read(ctx)
	if err != nil {
		return State{}, err
	}
	return l.state(m), nil
}

func (l *Local) state(m memory) State {
	s := State{
		Cluster: l.set.Name, Row: m.row.settled(), ListedAt: m.watch.ListedAt,
		Limits: l.set.Lease, Launches: m.launches.Took, StartWarn: l.set.StartWarn, StartTimeout: l.set.StartTimeout,
	}
	now := l.now()
	s.Cost = EstimateCost(l.set, s.Session, now)
	if c := s.Counted(now); c != nil && s.Cost.Known {
		s.Cost.PerHourNow = priced(l.set, c.Running)
	}
	if s.Ready() {
		s.Notebook = notebook(l.set.NotebookURL, s.Session.MasterDNS)
	}
	return s
}

// notebook fills the template; without the host it asks for there is no URL.
func notebook(template, master string) string {
	if master == "" && strings.Contains(template, masterPlaceholder) {
		return ""
	}
	return strings.ReplaceAll(template, masterPlaceholder, master)
}

// History gives the ended sessions since a time, newest first.
func (l *Local) History(ctx context.Context, since time.Time, limit int) ([]State, error) {
	q := Query{Partition: HistoryKey(l.set.Name, "").Partition, Newest: true, Limit: limit}
	if !since.IsZero() {
		q.From = historyTime(since)
	}
	records, err := l.store.List(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("read history: %w", err)
	}
	states := make([]State, 0, len(records))
	for _, r := range records {
		var p past
		if err := json.Unmarshal(r.Value, &p); err != nil {
			return nil, fmt.Errorf("decode history %s: %w", r.Key.Name, err)
		}
		states = append(states, State{Cluster: l.set.Name, Row: p.Row, Cost: p.Cost, Limits: l.set.Lease})
	}
	return slices.Clip(states), nil
}
