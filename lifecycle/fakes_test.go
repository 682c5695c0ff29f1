package lifecycle

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

var t0 = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// clock is the domain's time.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// memStore is an optimistic store: a transaction fails when what it read has changed.
type memStore struct {
	mu      sync.Mutex
	records map[Key]json.RawMessage
	version map[Key]int
	// at is called on the way through a call and may fail or never return; "committed" failing means a lost reply.
	at      func(ctx context.Context, point string) error
	lists   int
	updates int
}

func newMemStore() *memStore {
	return &memStore{records: map[Key]json.RawMessage{}, version: map[Key]int{}, at: func(context.Context, string) error { return nil }}
}

type memTx struct {
	s      *memStore
	read   map[Key]int
	writes map[Key]json.RawMessage
	absent map[Key]bool
}

func (tx *memTx) Get(key Key, into any) (bool, error) {
	if raw, ok := tx.writes[key]; ok {
		return raw != nil, unmarshalIf(raw, into)
	}
	tx.s.mu.Lock()
	defer tx.s.mu.Unlock()
	tx.read[key] = tx.s.version[key]
	raw := tx.s.records[key]
	return raw != nil, unmarshalIf(raw, into)
}

func unmarshalIf(raw json.RawMessage, into any) error {
	if raw == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}

func (tx *memTx) Put(key Key, value any) error {
	raw, err := json.Marshal(value)
	tx.writes[key] = raw
	return err
}

func (tx *memTx) Insert(key Key, value any, _ time.Time) error {
	tx.absent[key] = true
	return tx.Put(key, value)
}

func (tx *memTx) Delete(key Key) error { tx.writes[key] = nil; return nil }

func (s *memStore) Update(ctx context.Context, fn func(Tx) error) error {
	for range 20 {
		if err := s.at(ctx, "update"); err != nil {
			return err
		}
		tx := &memTx{s: s, read: map[Key]int{}, writes: map[Key]json.RawMessage{}, absent: map[Key]bool{}}
		if err := fn(tx); err != nil {
			return err
		}
		if err := s.at(ctx, "commit"); err != nil {
			return err
		}
		err := s.commit(tx)
		if errors.Is(err, ErrConflict) {
			continue
		}
		return errors.Join(err, s.at(ctx, "committed"))
	}
	return ErrConflict
}

func (s *memStore) commit(tx *memTx) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range tx.absent {
		if s.records[key] != nil {
			return ErrExists
		}
	}
	for key, v := range tx.read {
		if s.version[key] != v {
			return ErrConflict
		}
	}
	s.updates++
	for key, raw := range tx.writes {
		s.version[key]++
		if raw == nil {
			delete(s.records, key)
		} else {
			s.records[key] = raw
		}
	}
	return nil
}

func (s *memStore) Get(ctx context.Context, key Key, into any) (bool, error) {
	if err := s.at(ctx, "get"); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	raw := s.records[key]
	return raw != nil, unmarshalIf(raw, into)
}

func (s *memStore) List(ctx context.Context, q Query) ([]Record, error) {
	if err := s.at(ctx, "list"); err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists++
	var out []Record
	for key, raw := range s.records {
		if key.Partition == q.Partition && key.Name >= q.From && (q.To == "" || key.Name < q.To) {
			out = append(out, Record{Key: key, Value: raw})
		}
	}
	slices.SortFunc(out, func(a, b Record) int { return strings.Compare(a.Key.Name, b.Key.Name) })
	if q.Newest {
		slices.Reverse(out)
	}
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

// fakeEMR is EMR with listing lag and scripted answers.
type fakeEMR struct {
	mu        sync.Mutex
	now       func() time.Time
	clusters  map[string]*fakeCluster
	lag       time.Duration // until a new cluster is listed
	auto      bool          // clusters walk through their states by the clock
	script    map[string][]error
	lost      bool // the next launch makes a cluster and loses the reply
	twin      bool // the next launch makes two
	calls     []string
	instances []Instance
	at        func(ctx context.Context, call string) error
}

type fakeCluster struct {
	Cluster
	visible    time.Time
	asked      time.Time // termination
	unreadable error
}

func newFakeEMR(now func() time.Time) *fakeEMR {
	return &fakeEMR{
		now: now, clusters: map[string]*fakeCluster{}, script: map[string][]error{},
		at: func(context.Context, string) error { return nil },
	}
}

// enter notes a call and gives its scripted failure.
func (e *fakeEMR) enter(ctx context.Context, call, id string) error {
	if err := e.at(ctx, call); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.calls = append(e.calls, strings.TrimSpace(call+" "+id))
	if s := e.script[call]; len(s) > 0 {
		e.script[call] = s[1:]
		return s[0]
	}
	return nil
}

// walk moves every cluster to where the clock says it is.
func (e *fakeEMR) walk() {
	for _, c := range e.clusters {
		age := e.now().Sub(c.CreatedAt)
		switch {
		case !c.asked.IsZero() && e.now().Sub(c.asked) > 2*time.Minute && !Ended(c.State):
			c.State, c.EndedAt, c.ReasonCode = EMRTerminated, e.now(), "USER_REQUEST"
		case !e.auto || !c.asked.IsZero() || Ended(c.State):
		case age > 6*time.Minute:
			c.State, c.MasterDNS = EMRWaiting, "ip-"+c.ID
		case age > 3*time.Minute:
			c.State = EMRBootstrapping
		}
	}
}

func (e *fakeEMR) List(ctx context.Context) ([]Summary, error) {
	if err := e.enter(ctx, "list", ""); err != nil {
		return nil, err
	}
	e.mu.Lock()
	e.walk()
	var out []Summary
	for _, c := range e.clusters {
		if !Ended(c.State) && !e.now().Before(c.visible) {
			out = append(out, c.Summary)
		}
	}
	e.mu.Unlock()
	slices.SortFunc(out, func(a, b Summary) int { return strings.Compare(a.ID, b.ID) })
	return out, e.at(ctx, "listed")
}

func (e *fakeEMR) Describe(ctx context.Context, id string) (Cluster, error) {
	if err := e.enter(ctx, "describe", id); err != nil {
		return Cluster{}, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.walk()
	c := e.clusters[id]
	if c == nil {
		return Cluster{}, ErrUnknownCluster
	}
	if c.unreadable != nil {
		return Cluster{}, c.unreadable
	}
	out := c.Cluster
	out.Tags = maps.Clone(c.Tags)
	return out, nil
}

func (e *fakeEMR) Instances(ctx context.Context, id string) ([]Instance, error) {
	if err := e.enter(ctx, "instances", id); err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.instances, nil
}

func (e *fakeEMR) Launch(ctx context.Context, l Launch) (string, error) {
	deadline, _ := ctx.Deadline()
	left := time.Until(deadline).Round(time.Second)
	entered := e.now()
	if err := e.enter(ctx, "launch", ""); err != nil {
		return "", err
	}
	if e.now().Sub(entered) >= left {
		return "", context.DeadlineExceeded
	}
	e.mu.Lock()
	id := e.create(l.Generation)
	if e.twin {
		e.create(l.Generation)
	}
	lost := e.lost
	e.lost, e.twin = false, false
	e.mu.Unlock()
	if lost {
		return "", errors.New("connection reset")
	}
	return id, e.at(ctx, "launched")
}

// create makes a cluster of ours.
func (e *fakeEMR) create(generation int64) string {
	id := fmt.Sprintf("j-%03d", len(e.clusters)+1)
	c := &fakeCluster{visible: e.now().Add(e.lag)}
	c.Summary = Summary{ID: id, Name: "exploration", State: EMRStarting, CreatedAt: e.now()}
	c.Tags = map[string]string{
		TagInstallation: "lab", TagCluster: "exploration",
		TagGeneration: fmt.Sprint(generation), TagRequester: "UANA",
	}
	e.clusters[id] = c
	return id
}

func (e *fakeEMR) Unprotect(ctx context.Context, id string) error {
	if err := e.enter(ctx, "unprotect", id); err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.clusters[id].Protected = false
	return nil
}

func (e *fakeEMR) Terminate(ctx context.Context, id string) error {
	if err := e.enter(ctx, "terminate", id); err != nil {
		return err
	}
	if !e.shut(id) {
		return errors.New("termination protected")
	}
	return e.at(ctx, "terminated")
}

func (e *fakeEMR) shut(id string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	c := e.clusters[id]
	if c.Protected {
		return false
	}
	if c.asked.IsZero() && !Ended(c.State) {
		c.State, c.asked = EMRTerminating, e.now()
	}
	return true
}

func (e *fakeEMR) count(call string) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, c := range e.calls {
		if c == call || strings.HasPrefix(c, call+" ") {
			n++
		}
	}
	return n
}

// world is one cluster with everything around it.
type world struct {
	t      testing.TB
	clock  *clock
	store  *memStore
	emr    *fakeEMR
	l      *Local
	alarms []string
}

func testSettings() Settings {
	return Settings{
		Config: Config{
			Name: "exploration", NotebookURL: "https://{master}:9443", StartTimeout: 30 * time.Minute, StartWarn: 15 * time.Minute,
			Lease: LeaseConfig{Default: 4 * time.Hour, Max: 12 * time.Hour, Step: time.Hour, Grace: 30 * time.Minute},
			Rates: &Rates{AsOf: "2026-11-01", Currency: "USD", PerHour: map[string]float64{"m6g.xlarge": 0.2}},
		},
		Shape: Shape{Nodes: []Node{{Type: "m6g.xlarge", Min: 3, Max: 5}}},
	}
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	w := &world{t: tb, clock: &clock{at: t0}, store: newMemStore()}
	w.emr = newFakeEMR(w.clock.now)
	w.l = w.local(testSettings())
	return w
}

func (w *world) local(set Settings) *Local {
	var mu sync.Mutex
	return NewLocal(Options{
		Settings: set, Installation: "lab", Store: w.store, EMR: w.emr, Now: w.clock.now, Log: zerolog.Nop(),
		Alarm: func(_ context.Context, kind, _ string) {
			mu.Lock()
			defer mu.Unlock()
			w.alarms = append(w.alarms, kind)
		},
	})
}

func op(id string, generation int64) Op {
	return Op{ID: id, Generation: generation, By: "UANA", At: t0}
}

func (w *world) start(id string) Outcome {
	w.t.Helper()
	out, err := w.l.Start(w.t.Context(), StartInput{Op: op(id, AnyGeneration)})
	if err != nil {
		w.t.Fatalf("start: %v", err)
	}
	return out
}

func (w *world) stop(id string) Outcome {
	w.t.Helper()
	out, err := w.l.Stop(w.t.Context(), StopInput{Op: op(id, AnyGeneration), Why: StopAsked})
	if err != nil {
		w.t.Fatalf("stop: %v", err)
	}
	return out
}

func (w *world) state() State {
	w.t.Helper()
	s, err := w.l.State(w.t.Context())
	if err != nil {
		w.t.Fatalf("state: %v", err)
	}
	return s
}

// tick lets a time pass in minutes, each with its tick.
func (w *world) tick(d time.Duration) State {
	w.t.Helper()
	for passed := time.Duration(0); passed < d; passed += time.Minute {
		w.clock.add(min(time.Minute, d-passed))
		w.poke()
	}
	return w.state()
}

func (w *world) poke() {
	w.t.Helper()
	if err := w.l.Poke(w.t.Context()); err != nil {
		w.t.Fatalf("poke: %v", err)
	}
}

func (w *world) want(phase Phase, generation int64, id string) {
	w.t.Helper()
	s := w.state()
	if s.Phase != phase || s.Generation != generation || s.Session.EMRID != id {
		w.t.Fatalf("row is %s %d %q, want %s %d %q", s.Phase, s.Generation, s.Session.EMRID, phase, generation, id)
	}
}

// audits gives the audit's acts of the tick, in order.
func (w *world) audits() []string {
	w.t.Helper()
	records, err := w.store.List(w.t.Context(), Query{Partition: AuditKey("exploration", "").Partition})
	if err != nil {
		w.t.Fatal(err)
	}
	var out []string
	for _, r := range records {
		var a Attempt
		if err := json.Unmarshal(r.Value, &a); err != nil {
			w.t.Fatal(err)
		}
		if a.Who != Self {
			w.t.Errorf("audit record of %s, want only showtime's", a.Who)
		}
		out = append(out, a.What)
	}
	return out
}
