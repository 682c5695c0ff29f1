package lifecycle

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

var seedFlag = flag.Uint64("seed", 0, "replay this one random sequence")

// Random interleavings of two workers, with crashes at every call, end with one cluster at most and
// a row that says what EMR says.
func TestRandomInterleavings(t *testing.T) {
	t.Parallel()
	if *seedFlag != 0 {
		runSequence(t, *seedFlag)
		return
	}
	const base = 20261123 // the same in every ordinary run, so that a red one is red again
	for i := range uint64(sequences) {
		if runSequence(t, base+i); t.Failed() {
			t.Fatalf("replay with: go test ./lifecycle -run TestRandomInterleavings -seed %d", base+i)
		}
	}
}

// task is one call of a worker, which stops at every store and EMR call until it is let on.
type task struct {
	resume  chan verdictOfFate
	stopped chan bool // true when it is over
}

type verdictOfFate int

const (
	goOn verdictOfFate = iota
	fail
	crash
)

type crashed struct{}

type taskKey struct{}

var errFault = errors.New("fault")

// pause is where a task waits to hear its fate.
func pause(ctx context.Context, _ string) error {
	tk, ok := ctx.Value(taskKey{}).(*task)
	if !ok {
		return nil
	}
	tk.stopped <- false
	switch <-tk.resume {
	case crash:
		panic(crashed{})
	case fail:
		return errFault
	default:
		return nil
	}
}

type simulation struct {
	*world
	r       *rand.Rand
	tasks   []*task
	workers [2]*Local
	known   map[int64]string // the one EMR cluster each session knew
	ops     int
	trace   []string
}

func runSequence(t *testing.T, seed uint64) {
	t.Helper()
	s := &simulation{world: newWorld(t), r: rand.New(rand.NewPCG(seed, seed)), known: map[int64]string{}}
	s.emr.auto = true
	s.store.at, s.emr.at = pause, pause
	s.workers = [2]*Local{s.local(testSettings()), s.local(testSettings())}
	for range 60 {
		s.stir()
		s.checkKnown()
	}
	for len(s.tasks) > 0 {
		s.advance(goOn)
		s.checkKnown()
	}
	s.settle()
	if t.Failed() {
		t.Logf("seed %d: %v", seed, s.trace)
	}
}

// stir does one random thing.
func (s *simulation) stir() {
	switch n := s.r.IntN(20); {
	case n < 3 && len(s.tasks) < 4:
		s.spawnRandom()
	case n == 3:
		s.clock.add(time.Duration(s.r.IntN(90)) * time.Second)
	case n == 4 && s.r.IntN(4) == 0:
		s.clock.add(-time.Duration(s.r.IntN(15)) * time.Second)
	case n == 5:
		s.emr.lag = time.Duration(s.r.IntN(110)) * time.Second
		if s.r.IntN(5) == 0 {
			s.emr.lag = 8 * time.Minute // far beyond what anybody has seen
		}
	case n == 6:
		s.emr.lost = s.r.IntN(2) == 0
		s.emr.twin = s.r.IntN(8) == 0
	case n == 7 && s.r.IntN(4) == 0:
		s.kill()
	case n == 8 && s.r.IntN(3) == 0:
		s.clock.add(6 * time.Minute)
	default:
		s.advance(s.fate())
	}
}

func (s *simulation) fate() verdictOfFate {
	switch n := s.r.IntN(40); {
	case n == 0:
		return crash
	case n < 3:
		return fail
	default:
		return goOn
	}
}

// kill ends a cluster from outside.
func (s *simulation) kill() {
	for _, id := range sortedKeysOf(s.emr.clusters) {
		if c := s.emr.clusters[id]; !Ended(c.State) {
			s.trace = append(s.trace, "kill "+id)
			c.State, c.ReasonCode, c.EndedAt = EMRTerminatedWithErrors, "INTERNAL_ERROR", s.clock.now()
			return
		}
	}
}

func sortedKeysOf(m map[string]*fakeCluster) []string {
	listed := map[string]Summary{}
	for id := range m {
		listed[id] = Summary{}
	}
	return sortedIDs(listed)
}

func (s *simulation) spawnRandom() {
	l := s.workers[s.r.IntN(2)]
	id := fmt.Sprintf("op-%d", s.ops)
	if s.ops > 0 && s.r.IntN(4) == 0 {
		id = fmt.Sprintf("op-%d", s.r.IntN(s.ops)) // delivered again
	}
	s.ops++
	o := Op{ID: id, Generation: AnyGeneration, By: "UANA"}
	if s.r.IntN(4) == 0 {
		o.Generation = int64(s.r.IntN(4))
	}
	switch n := s.r.IntN(10); {
	case n < 4:
		s.spawn("start "+id, func(ctx context.Context) { _, _ = l.Start(ctx, StartInput{Op: o}) })
	case n < 5:
		s.spawn("stop "+id, func(ctx context.Context) { _, _ = l.Stop(ctx, StopInput{Op: o, Why: StopAsked}) })
	default:
		s.spawn("tick", func(ctx context.Context) { _ = l.Poke(ctx) })
	}
}

func (s *simulation) spawn(name string, do func(context.Context)) {
	s.trace = append(s.trace, fmt.Sprintf("%s at %s", name, s.clock.now().Format(time.TimeOnly)))
	tk := &task{resume: make(chan verdictOfFate), stopped: make(chan bool)}
	ctx := context.WithValue(s.t.Context(), taskKey{}, tk)
	go func() {
		defer func() {
			if p := recover(); p != nil && p != any(crashed{}) {
				panic(p)
			}
			tk.stopped <- true
		}()
		do(ctx)
	}()
	if !<-tk.stopped {
		s.tasks = append(s.tasks, tk)
	}
}

// advance lets one task go on to its next call.
func (s *simulation) advance(f verdictOfFate) {
	if len(s.tasks) == 0 {
		return
	}
	i := s.r.IntN(len(s.tasks))
	tk := s.tasks[i]
	tk.resume <- f
	if over := <-tk.stopped; over {
		s.tasks = append(s.tasks[:i], s.tasks[i+1:]...)
	}
}

// checkKnown holds that a session never knows two clusters.
func (s *simulation) checkKnown() {
	session := s.state().Session
	if session.EMRID == "" {
		return
	}
	if before := s.known[session.Generation]; before != "" && before != session.EMRID {
		s.t.Errorf("session %d knew %s and now knows %s", session.Generation, before, session.EMRID)
	}
	s.known[session.Generation] = session.EMRID
}

// settle lets ticks run without faults and compares the row with EMR.
func (s *simulation) settle() {
	s.emr.lost, s.emr.twin, s.emr.lag = false, false, 0
	visible := map[string]int{}
	for range 45 {
		s.clock.add(time.Minute)
		s.poke()
		s.checkKnown()
		s.checkExtras(visible)
	}
	row := s.state()
	live := ""
	for id, c := range s.emr.clusters {
		if Ended(c.State) {
			continue
		}
		if live != "" {
			s.t.Errorf("two live clusters: %s and %s", live, id)
		}
		live = id
	}
	switch {
	case live == "" && row.Phase != Down:
		s.t.Errorf("nothing is live and the row says %s %q", row.Phase, row.Session.EMRID)
	case live != "" && (row.Phase != Up || row.Session.EMRID != live || !row.Ready()):
		s.t.Errorf("%s is live and the row says %s %q", live, row.Phase, row.Session.EMRID)
	}
}

// checkExtras holds that an unknown cluster is ended within three ticks of being listed.
func (s *simulation) checkExtras(visible map[string]int) {
	recorded := s.state().Session.EMRID
	for id, c := range s.emr.clusters {
		if id == recorded || !c.asked.IsZero() || Ended(c.State) || s.clock.now().Before(c.visible) {
			continue
		}
		if visible[id]++; visible[id] >= 3 {
			s.t.Errorf("extra cluster %s lives after %d ticks", id, visible[id])
		}
	}
}
