package usecase_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// firstSeed begins the sequences of an ordinary run, so that a red one is red again. SHOWTIME_SEQUENCES=n
// plays n others, drawn by chance.
const firstSeed = 20261123

// TestEverything plays random interleavings of people, processes, time and faults, and holds what must
// be so once the faults are over. SHOWTIME_SEED=n replays one sequence and says what happens in it.
func TestEverything(t *testing.T) {
	t.Parallel()
	if replay := os.Getenv("SHOWTIME_SEED"); replay != "" { //nolint:forbidigo // a test has no main
		seed, err := strconv.ParseUint(replay, 10, 64)
		if err != nil {
			t.Fatalf("SHOWTIME_SEED: %v", err)
		}
		playSequence(t, seed, true)
		return
	}
	first, count := uint64(firstSeed), uint64(sequences)
	happened := map[string]int{}
	if n, err := strconv.ParseUint(os.Getenv("SHOWTIME_SEQUENCES"), 10, 32); err == nil { //nolint:forbidigo // a test has no main
		first, count = rand.Uint64N(1<<40), n
	}
	for i := range count {
		p := playSequence(t, first+i, false)
		if t.Failed() {
			return
		}
		for _, a := range p.Audit() {
			happened[a.Outcome]++
			happened[a.What]++
		}
		happened["died"] += p.died
		happened["overtaken"] += p.overtaken
	}
	t.Log(happened)
	for _, must := range []string{
		"launched", "joined", "requested", "approved", "denied", "stop-begun", "out-of-date", "refused", "shown", "nothing-to-do", "extended", "more-time", "approved-more-time", "died", "overtaken",
	} {
		if happened[must] < atLeast {
			t.Errorf("%q happened %d times only: the sequences try too little", must, happened[must])
		}
	}
}

func playSequence(t *testing.T, seed uint64, talk bool) *play {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	policy := []approval.Policy{approval.ByAdmin, approval.FourEyes, approval.NoneNeed}[r.IntN(3)]
	o := testbed.Options{Memory: true, Approval: policy}
	if r.IntN(2) == 0 { // the default length is the cap
		o.File = strings.Replace(testbed.ClusterFile, `"max": "12h"`, `"max": "4h"`, 1)
	}
	b := testbed.New(t, o)
	p := &play{T: t, Bed: b, r: r, policy: policy, talk: talk, delivered: map[string]bool{}, deleted: map[string]bool{}}
	p.workers = []wiring.Joined{b.Joined, b.Another()}
	p.begin()
	for range 40 {
		p.act()
		if bad := twins(b); len(bad) > 0 {
			p.fail(seed, bad)
			return p
		}
	}
	p.settle()
	if bad := p.check(); len(bad) > 0 {
		p.fail(seed, bad)
	}
	return p
}

// begin has most sequences begin where there is something to lose.
func (p *play) begin() {
	if p.r.IntN(4) == 0 {
		return
	}
	p.say("Ana starts")
	p.Type(testbed.Ana, testbed.Team, "/emr start")
	p.TickFor(time.Duration(p.r.IntN(10)) * time.Minute)
	if p.r.IntN(2) == 0 {
		p.say("Raj asks to destroy")
		p.Click(testbed.Raj, p.Card(), actionid.Destroy, nil)
	}
}

// play is one sequence.
type play struct {
	*testing.T
	*testbed.Bed
	r         *rand.Rand
	policy    approval.Policy
	talk      bool
	story     []string
	workers   []wiring.Joined
	pending   []delivery
	done      []delivery // may be handed out again
	buttons   []job.Job  // as they were drawn at some time
	faults    []func()
	delivered map[string]bool
	deleted   map[string]bool // the metadata of deleted messages
	died      int
	overtaken int
}

// delivery is a message on its way.
type delivery struct {
	queue.Message
	id       string
	receives int
}

func (p *play) say(format string, args ...any) {
	p.story = append(p.story, p.Clock.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
	if p.talk {
		p.Log(p.story[len(p.story)-1])
	}
}

// Log is the test's, not the product's.
func (p *play) Log(args ...any) { p.T.Log(args...) }

func (p *play) fail(seed uint64, bad []string) {
	p.Helper()
	p.Errorf("replay with SHOWTIME_SEED=%d go test -run TestEverything\n%s\n\n%s", seed,
		strings.Join(bad, "\n"), strings.Join(p.story, "\n"))
}

func one[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }

func everybody() []string {
	return []string{testbed.Ana, testbed.Ana, testbed.Raj, testbed.Bo, testbed.Mia, testbed.Olli}
}

// act does one random thing.
func (p *play) act() {
	p.remember()
	switch n := p.r.IntN(100); {
	case n < 10:
		p.typeSomething()
	case n < 28:
		p.click()
	case n < 34:
		p.clickStale()
	case n < 66:
		p.deliver()
	case n < 80:
		p.tick()
	case n < 86:
		p.Clock.Move(time.Duration(p.r.IntN(180)) * time.Second)
	case n < 87:
		p.Clock.Move(time.Duration(p.r.IntN(60)) * time.Minute)
	case n < 93:
		p.emrFault()
	case n < 99:
		p.slackFault()
	default:
		p.workers[p.r.IntN(2)] = p.Another()
	}
	p.take()
}

// take moves what the receiver has queued to what is on its way.
func (p *play) take() {
	for _, m := range p.Queue.Take() {
		p.pending = append(p.pending, delivery{Message: m, id: m.DedupeID})
	}
}

func (p *play) typeSomething() {
	who := one(p.r, everybody())
	text := one(p.r, []string{
		"/emr", "/emr start", "/emr start 2 tea", "/emr start", "/emr status", "/emr destroy enough", "It's showtime!", "How's the show?", "That's a wrap!",
	})
	p.say("%s types %s", who, text)
	p.Clock.Move(time.Second)
	if _, err := p.Slack.Type(p.Context(), who, testbed.Team, text, slacklike.TypeOptions{}); err != nil {
		p.Fatalf("type: %v", err)
	}
}

// seen are the messages of the bot, and who can click on each.
func (p *play) seen() []slacklike.Message {
	var of []slacklike.Message
	for _, channel := range []string{testbed.Team, testbed.Admins} {
		for _, m := range p.Slack.Messages(channel, "") {
			if m.BotID != "" && len(m.Blocks) > 0 {
				of = append(of, m)
			}
		}
	}
	return of
}

// process runs something in one of the two workers, which may die or be overtaken. It says whether it lived.
func (p *play) process(do func(w wiring.Joined)) (lived bool) {
	i := p.r.IntN(2)
	w, other := p.workers[i], p.workers[1-i]
	lived = true
	switch n := 1 + p.r.IntN(70); p.r.IntN(6) {
	case 0:
		p.Points.During(n, func() { lived = false; p.died++; testbed.Die() }, func() { do(w) })
		if !lived {
			p.say("  and dies at %s", p.Points.Last())
			p.workers[i] = p.Another()
		}
	case 1:
		p.Points.During(n, func() {
			p.overtaken++
			p.say("  and is overtaken at %s", p.Points.Last())
			p.overtake(other)
		}, func() { do(w) })
	default:
		do(w)
	}
	return lived
}

// overtake has another worker do something in between.
func (p *play) overtake(w wiring.Joined) {
	if p.r.IntN(3) == 0 {
		p.Clock.Move(time.Duration(p.r.IntN(30)) * time.Second)
	}
	if len(p.pending) > 0 && p.r.IntN(3) > 0 {
		d := one(p.r, p.pending)
		p.delivered[d.id] = true
		_ = p.Deliver(w, d.Message, 2)
		return
	}
	_ = w.Worker.Tick(p.Context())
}

func (p *play) deliver() {
	from := &p.pending
	if len(p.pending) == 0 || len(p.done) > 0 && p.r.IntN(8) == 0 {
		from = &p.done
	}
	if len(*from) == 0 {
		return
	}
	i := p.r.IntN(len(*from))
	d := (*from)[i]
	if d.receives >= queue.MaxReceives-1 {
		return // left for the end, when nobody dies any more
	}
	d.receives++
	p.say("delivery %d of %s", d.receives, d.id)
	p.delivered[d.id] = true
	var err error
	(*from)[i] = d // an overtaker may be handed the same
	lived := p.process(func(w wiring.Joined) { err = p.Deliver(w, d.Message, d.receives) })
	if lived && err == nil {
		*from = slices.Delete(*from, i, i+1)
		p.done = append(p.done, d)
	}
}

func (p *play) tick() {
	p.Clock.Move(time.Duration(20+p.r.IntN(60)) * time.Second)
	p.say("tick")
	p.process(func(w wiring.Joined) { _ = w.Worker.Tick(p.Context()) })
}

// settle ends all faults, hands out what is left, and lets time pass.
func (p *play) settle() {
	p.say("the faults are over")
	p.calm()
	p.EMR.LagListings(0)
	for _, d := range p.pending {
		p.delivered[d.id] = true
		if err := p.Deliver(p.workers[0], d.Message, min(d.receives+1, queue.MaxReceives)); err != nil {
			p.Errorf("deliver %s: %v", d.id, err)
		}
	}
	for i := range 50 { // longer than a launch waits to be given up, and than a request's card is left
		if i >= 35 && p.State().Phase != lifecycle.Stopping { // a lease may end at the last moment
			break
		}
		p.Clock.Move(time.Minute)
		_ = p.workers[i%2].Worker.Tick(p.Context())
	}
}
