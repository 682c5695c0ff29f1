package emrsim

import (
	"sync"
	"time"
)

// Timing says how long the parts of a cluster's life take.
type Timing struct {
	Capacity  time.Duration // STARTING
	Bootstrap time.Duration // BOOTSTRAPPING
	Steps     time.Duration // RUNNING, for each step
	Terminate time.Duration // TERMINATING
}

// LikeEMR is the timing of a small cluster in real life.
func LikeEMR() Timing {
	return Timing{Capacity: 90 * time.Second, Bootstrap: 5 * time.Minute, Steps: time.Minute, Terminate: 90 * time.Second}
}

// Options are what a simulation needs.
type Options struct {
	Now    func() time.Time
	NewID  func() string // gives ids such as j-1ABCDEFGHIJKL
	Timing Timing
	// Quotas limits calls as EMR's default quotas do, in the clock's time.
	Quotas bool
	// Notice, if given, gets each EMR Cluster State Change event as EventBridge's JSON. It is called
	// when a change is noticed, without any lock held.
	Notice func(event []byte)
}

// Sim is the simulated service of one account and region. It is safe for concurrent use.
type Sim struct {
	o Options

	mu       sync.Mutex
	clusters []*cluster // in the order of their creation
	calls    map[string]int
	faults   []Fault
	fates    []Fate
	lag      time.Duration
	buckets  map[string]*bucket
	events   [][]byte // noticed, not yet handed out
}

// New gives a simulation without clusters.
func New(o Options) *Sim {
	return &Sim{o: o, calls: map[string]int{}, buckets: map[string]*bucket{}}
}

// Cluster is one cluster as it stands.
type Cluster struct {
	ID, Name, State       string
	Tags                  map[string]string
	Protected             bool
	Created, Ready, Ended time.Time
	ReasonCode, Reason    string
}

// Clusters gives every cluster there ever was, oldest first.
func (s *Sim) Clusters() []Cluster {
	defer s.locked()()
	out := make([]Cluster, 0, len(s.clusters))
	for _, c := range s.clusters {
		out = append(out, c.snapshot())
	}
	return out
}

// Calls says how often an operation was called, failed and lost calls included.
func (s *Sim) Calls(op string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[op]
}

// Look notices what time has done, so that Notice is called without anybody asking.
func (s *Sim) Look() { s.locked()() }

// locked locks, brings every cluster up to the clock's time, and gives the function that unlocks and
// hands out the events noticed.
func (s *Sim) locked() func() {
	s.mu.Lock()
	now := s.o.Now()
	for _, c := range s.clusters {
		s.advance(c, now)
	}
	return func() {
		events := s.events
		s.events = nil
		s.mu.Unlock()
		if s.o.Notice == nil {
			return
		}
		for _, e := range events {
			s.o.Notice(e)
		}
	}
}

func (s *Sim) find(id string) *cluster {
	for _, c := range s.clusters {
		if c.id == id {
			return c
		}
	}
	return nil
}
