package usecase_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"showtime/approval"
	"showtime/internal/clusterfile"
	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/store/snapshot"
	"showtime/internal/testbed"
	"showtime/internal/usecase"
	"showtime/internal/worker"
	"showtime/lifecycle"
)

// TestCardEqualsRecord plays many short sequences of EMR's states, lost, repeated and late looks at them, Slack's
// outages and restarts, and holds the card to the record once they are over. TestEverything plays fewer, longer
// ones through the whole product; here EMR and Slack are played in memory, so that there can be ten thousand.
// SHOWTIME_SEED and SHOWTIME_SEQUENCES mean what they mean there.
func TestCardEqualsRecord(t *testing.T) {
	t.Parallel()
	file, err := clusterfile.Parse([]byte(testbed.ClusterFile))
	if err != nil {
		t.Fatalf("read cluster file: %v", err)
	}
	set := lifecycle.Settings{Config: file.Config, Shape: file.Shape}
	if seed, err := strconv.ParseUint(os.Getenv("SHOWTIME_SEED"), 10, 64); err == nil { //nolint:forbidigo // a test has no main
		s := playStorm(t, set, seed)
		t.Log(strings.Join(s.story, "\n"))
		return
	}
	first, count := uint64(firstSeed), uint64(storms)
	if n, err := strconv.ParseUint(os.Getenv("SHOWTIME_SEQUENCES"), 10, 32); err == nil { //nolint:forbidigo // a test has no main
		first, count = rand.Uint64N(1<<40), n
	}
	happened := playStorms(t, set, first, count)
	t.Log(happened)
	for _, must := range []string{
		"launched", "joined", "requested", "approved", "stop-begun", "extended", lifecycle.EMRWaiting, "outside", "adopted", "BOOTSTRAP_FAILURE", "given-up",
		"died", "unclear post", "deleted card", "archived", "late listing", "throttled", "twice",
	} {
		if !t.Failed() && happened[must] < storms/1000 {
			t.Errorf("%q happened %d times only: the sequences try too little", must, happened[must])
		}
	}
}

// playStorms plays the sequences on two processors, and counts what happened in them.
func playStorms(t *testing.T, set lifecycle.Settings, first, count uint64) map[string]int {
	t.Helper()
	var mu sync.Mutex
	happened := map[string]int{}
	var all sync.WaitGroup
	for half := range uint64(2) {
		all.Go(func() {
			for i := half; i < count && !t.Failed(); i += 2 {
				s := playStorm(t, set, first+i)
				mu.Lock()
				for what, n := range s.happened {
					happened[what] += n
				}
				mu.Unlock()
			}
		})
	}
	all.Wait()
	return happened
}

// storm is one sequence.
type storm struct {
	ctx      context.Context //nolint:containedctx // the one of the whole sequence
	set      lifecycle.Settings
	policy   approval.Policy
	r        *rand.Rand
	clock    *testbed.Clock
	fate     *fate
	store    mortalStore
	emr      *stormEMR
	slack    *stormSlack
	manager  lifecycle.Manager
	worker   *worker.Worker
	sent     []job.Job
	most     int // clusters that ran at once
	happened map[string]int
	story    []string
}

func playStorm(t *testing.T, set lifecycle.Settings, seed uint64) *storm {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 2))
	s := &storm{
		ctx: t.Context(), set: set, r: r, clock: testbed.NewClock(), fate: &fate{}, happened: map[string]int{},
		policy: one(r, []approval.Policy{approval.ByAdmin, approval.FourEyes, approval.NoneNeed}),
	}
	s.store = mortalStore{testbed.NewMemory(s.clock.Now), s.fate}
	s.emr = &stormEMR{storm: s, launched: map[int64]int{}, faults: map[string]int{}}
	s.slack = &stormSlack{storm: s, channels: map[string][]*stormMessage{}, deleted: map[int64]bool{}}
	s.restart()
	s.job(job.Job{Kind: job.Start, User: testbed.Ana, Generation: lifecycle.AnyGeneration})
	for range 8 + r.IntN(14) {
		s.act()
		s.most = max(s.most, s.emr.running())
	}
	s.settle()
	bad := s.check()
	for _, a := range s.audit() {
		s.happened[a.Outcome]++
	}
	if len(bad) > 0 {
		t.Errorf("replay with SHOWTIME_SEED=%d go test -run TestCardEqualsRecord\n%s\n\n%s", seed, strings.Join(bad, "\n"), strings.Join(s.story, "\n"))
	}
	return s
}

func (s *storm) say(format string, args ...any) {
	s.story = append(s.story, s.clock.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}

// restart makes the worker anew: only the store is what it was.
func (s *storm) restart() {
	store := snapshot.New(s.store, s.set.Name)
	alarm := func(context.Context, string, string) {}
	local := lifecycle.NewLocal(lifecycle.Options{
		Settings: s.set, Installation: "test", Store: store, EMR: s.emr, Now: s.clock.Now, Log: zerolog.Nop(), Alarm: alarm,
	})
	token := func() string { return strconv.FormatUint(s.r.Uint64(), 36) }
	bot := usecase.New(usecase.Options{
		Settings: usecase.Settings{
			Cluster: s.set.Name, Channels: []string{testbed.Team}, AdminChannel: testbed.Admins, Admins: []string{testbed.Bo},
			Policy: s.policy, RequestExpires: 45 * time.Minute, DrawEvery: 3 * time.Second,
		},
		Manager: local, Store: store, Poster: s.slack, Respond: s.slack, Roles: stormRoles{s},
		Now: s.clock.Now, Wire: s.clock.Now, Token: token, Log: zerolog.Nop(), Alarm: alarm,
	})
	s.manager, s.worker = local, worker.New(bot, local, zerolog.Nop(), alarm)
}

// act does one random thing.
func (s *storm) act() {
	switch n := s.r.IntN(100); {
	case n < 28:
		s.clock.Move(time.Duration(10+s.r.IntN(80)) * time.Second)
		s.tick()
	case n < 32: // EMR's event and the tick at once, or an event delivered twice
		s.happened["twice"]++
		s.tick()
		s.tick()
	case n < 56:
		s.emr.stir()
	case n < 60:
		s.clock.Move(time.Duration(s.r.IntN(150)) * time.Minute)
	case n < 82:
		s.ask()
	case n < 95:
		s.slack.stir()
	default:
		s.say("restart")
		s.restart()
	}
}

// mortal runs something in a process that may die at any of its calls.
func (s *storm) mortal(do func()) {
	s.fate.left = 0
	if s.r.IntN(7) == 0 {
		s.fate.left = 1 + s.r.IntN(40)
	}
	done, lived := make(chan struct{}), false
	go func() {
		defer close(done)
		do()
		lived = true
	}()
	<-done
	s.fate.left = 0
	if !lived {
		s.happened["died"]++
		s.say("  and dies")
		s.restart()
	}
}

func (s *storm) tick() {
	s.say("tick")
	s.mortal(func() { _ = s.worker.Tick(s.ctx) })
}

// ask has somebody press or type something, or the queue deliver again what was sent before.
func (s *storm) ask() {
	if s.r.IntN(6) == 0 {
		s.deliver(one(s.r, s.sent))
		return
	}
	state := s.state()
	j := job.Job{
		Kind: one(s.r, []job.Kind{
			job.Start, job.Start, job.Join, job.Destroy, job.Destroy, job.Extend, job.MoreTime, job.LetEnd, job.Panel, job.Approve, job.Approve, job.Deny,
			job.Withdraw, job.StillNeed, job.Claim, job.Alert,
		}),
		User: one(s.r, everybody()), Generation: max(0, state.Generation-int64(s.r.IntN(6)/5)), LeaseEnd: state.Session.LeaseEnd.UnixMilli(),
	}
	if requests := s.requests(); len(requests) > 0 {
		req := one(s.r, requests)
		j.Request = req.ID
		if j.Kind == job.Approve || j.Kind == job.Deny {
			j.User, j.Channel, j.Generation = one(s.r, []string{testbed.Bo, testbed.Mia}), testbed.Admins, req.Generation
		}
	}
	s.job(j)
}

// job sends a job, as the receiver would.
func (s *storm) job(j job.Job) {
	j.V, j.ID, j.Source, j.At = job.Version, fmt.Sprintf("job-%d", len(s.sent)), job.Click, s.clock.Now()
	j.Ref = job.RefOf(j.ID)
	if j.Channel == "" {
		j.Channel = testbed.Team
	}
	s.sent = append(s.sent, j)
	s.deliver(j)
}

func (s *storm) deliver(j job.Job) {
	s.say("%s: %s by %s for session %d", j.ID, j.Kind, j.User, j.Generation)
	body, err := j.Encode()
	if err != nil {
		panic(err)
	}
	s.mortal(func() {
		_ = s.worker.Deliver(s.ctx, queue.Delivery{Body: body, Group: j.Group(s.set.Name), DedupeID: j.ID, Receives: 1, SentAt: j.At})
	})
}
