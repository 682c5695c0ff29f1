package usecase_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/actionid"
	"showtime/internal/emrsim"
	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// sequences are played where SHOWTIME_SEQUENCES does not ask for another number.
const sequences = 160

// TestEverything plays random interleavings of people, processes, time and faults, and holds what must
// be so once the faults are over. SHOWTIME_SEED=n replays one sequence and says what happens in it.
func TestEverything(t *testing.T) {
	t.Parallel()
	if replay := os.Getenv("SHOWTIME_SEED"); replay != "" {
		seed, err := strconv.ParseUint(replay, 10, 64)
		if err != nil {
			t.Fatalf("SHOWTIME_SEED: %v", err)
		}
		playSequence(t, seed, true)
		return
	}
	first := rand.Uint64N(1 << 40) //nolint:gosec // the seed is printed, not secret
	happened := map[string]int{}
	count := uint64(sequences)
	if n, err := strconv.ParseUint(os.Getenv("SHOWTIME_SEQUENCES"), 10, 32); err == nil {
		count = n
	}
	for i := range count {
		p := playSequence(t, first+i, false)
		if t.Failed() {
			return
		}
		for _, a := range p.Audit() {
			happened[a.Outcome]++
		}
		happened["died"] += p.died
		happened["overtaken"] += p.overtaken
	}
	t.Log(happened)
	for _, must := range []string{
		"launched", "joined", "requested", "approved", "denied", "stop-begun", "out-of-date", "refused", "shown", "nothing-to-do", "died", "overtaken",
	} {
		if happened[must] < 3 {
			t.Errorf("%q happened %d times only: the sequences try too little", must, happened[must])
		}
	}
}

func playSequence(t *testing.T, seed uint64, talk bool) *play {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // it must be replayable
	policy := []approval.Policy{approval.ByAdmin, approval.FourEyes, approval.NoneNeed}[r.IntN(3)]
	b := testbed.New(t, testbed.Options{Memory: true, Approval: policy})
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

// remember notes the buttons that are drawn now, for clicks that come late.
func (p *play) remember() {
	if p.r.IntN(4) != 0 {
		return
	}
	for _, m := range p.seen() {
		for _, btn := range buttonsOf(m) {
			v, err := actionid.Decode(btn.Value)
			kind := map[string]job.Kind{
				actionid.Start: job.Start, actionid.Join: job.Join, actionid.Destroy: job.Destroy, actionid.Approve: job.Approve, actionid.Deny: job.Deny,
			}[btn.ActionID]
			if err == nil && kind != "" {
				p.buttons = append(p.buttons, job.Job{
					Kind: kind, Generation: v.Generation, Request: v.Request, Channel: m.Channel, MessageTS: m.TS, Ephemeral: m.Ephemeral(), User: m.Reader,
				})
			}
		}
	}
}

type drawnButton struct {
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	URL      string `json:"url"`
}

func buttonsOf(m slacklike.Message) []drawnButton {
	var parts []struct {
		Elements []json.RawMessage `json:"elements"`
	}
	_ = json.Unmarshal(m.Blocks, &parts)
	var of []drawnButton
	for _, part := range parts {
		for _, raw := range part.Elements {
			var btn drawnButton
			if json.Unmarshal(raw, &btn) == nil && btn.Value != "" {
				of = append(of, btn)
			}
		}
	}
	return of
}

func (p *play) click() {
	seen := slices.DeleteFunc(p.seen(), func(m slacklike.Message) bool { return len(buttonsOf(m)) == 0 })
	if len(seen) == 0 {
		return
	}
	m := one(p.r, seen)
	if admins := p.seenIn(testbed.Admins); len(admins) > 0 && p.r.IntN(3) == 0 {
		m = admins[len(admins)-1]
	}
	if len(buttonsOf(m)) == 0 {
		return
	}
	who := m.Reader
	if who == "" {
		who = one(p.r, everybody())
	}
	if m.Channel == testbed.Admins {
		who = one(p.r, []string{testbed.Bo, testbed.Mia})
	}
	btn := one(p.r, buttonsOf(m))
	p.say("%s clicks %s on %s in %s", who, btn.ActionID, m.TS, m.Channel)
	p.Clock.Move(time.Second)
	if _, err := p.Slack.Click(p.Context(), who, m.Channel, m.TS, btn.ActionID, slacklike.ClickOptions{}); err != nil {
		p.Fatalf("click: %v", err)
	}
}

func (p *play) clickStale() {
	if len(p.buttons) == 0 {
		return
	}
	j := one(p.r, p.buttons)
	if j.User == "" {
		j.User = one(p.r, everybody())
	}
	p.Clock.Move(time.Second)
	j.ID = fmt.Sprintf("stale-%d-%d", len(p.story), p.Clock.Now().Unix())
	j = slip(p.Bed, j)
	p.say("%s clicks %s of session %d %s as it was drawn once", j.User, j.Kind, j.Generation, j.Request)
	p.pending = append(p.pending, delivery{Message: message(p.T, j), id: j.ID})
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
		_ = p.Bed.Deliver(w, d.Message, 2)
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
	lived := p.process(func(w wiring.Joined) { err = p.Bed.Deliver(w, d.Message, d.receives) })
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

func (p *play) emrFault() {
	var live []string
	for _, c := range p.EMR.Clusters() {
		if !lifecycle.Ended(c.State) {
			live = append(live, c.ID)
		}
	}
	switch p.r.IntN(7) {
	case 0:
		p.say("EMR loses the reply to a launch")
		p.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true})
	case 1:
		op := one(p.r, []string{"RunJobFlow", "ListClusters", "DescribeCluster", "TerminateJobFlows"})
		p.say("EMR throttles %s", op)
		p.EMR.Inject(emrsim.Fault{Op: op, Times: 1 + p.r.IntN(2), Err: emrsim.Throttled()})
	case 2:
		p.say("EMR breaks at a launch")
		p.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Broken(), Acts: p.r.IntN(2) == 0})
	case 3:
		lag := time.Duration(p.r.IntN(240)) * time.Second
		p.say("listings lag by %v", lag)
		p.EMR.LagListings(lag)
	case 4:
		p.say("the next launch fails in its set-up")
		p.EMR.NextLaunch(emrsim.BootstrapFails)
	case 5:
		p.say("EMR refuses a launch")
		p.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Invalid("No such subnet")})
	default:
		if len(live) > 0 {
			id := one(p.r, live)
			p.say("somebody ends %s in the console", id)
			p.EMR.EndOutside(id)
		}
	}
}

func (p *play) slackFault() {
	if p.r.IntN(5) == 0 {
		p.deleteMessage()
		return
	}
	f := slacklike.Fault{
		Method: one(p.r, []string{"", "chat.postMessage", "chat.postMessage", "chat.update", slacklike.ResponseURL, "users.info", "conversations.history", "chat.postEphemeral"}),
		Kind:   one(p.r, []slacklike.FaultKind{slacklike.Unavailable, slacklike.Limited, slacklike.LostReply, slacklike.LostReply, slacklike.Reset}),
		Times:  1 + p.r.IntN(4),
	}
	if p.r.IntN(4) == 0 {
		f.Times = 0
	}
	p.say("Slack: %s %s %d times", f.Method, f.Kind, f.Times)
	p.faults = append(p.faults, p.Slack.Inject(f))
	if len(p.faults) > 2 || p.r.IntN(3) == 0 {
		p.calm()
	}
}

func (p *play) deleteMessage() {
	kept := slices.DeleteFunc(p.seen(), func(m slacklike.Message) bool { return len(m.Metadata) == 0 })
	if len(kept) == 0 {
		return
	}
	m := one(p.r, kept)
	p.say("somebody deletes %s", m.TS)
	p.Slack.DeleteMessage(m.Channel, m.TS)
	p.deleted[string(m.Metadata)] = true
}

func (p *play) calm() {
	for _, end := range p.faults {
		end()
	}
	p.faults = nil
}

// settle ends all faults, hands out what is left, and lets time pass.
func (p *play) settle() {
	p.say("the faults are over")
	p.calm()
	p.EMR.LagListings(0)
	for _, d := range p.pending {
		p.delivered[d.id] = true
		if err := p.Bed.Deliver(p.workers[0], d.Message, min(d.receives+1, queue.MaxReceives)); err != nil {
			p.Errorf("deliver %s: %v", d.id, err)
		}
	}
	for i := range 35 { // longer than a launch waits to be given up, and than a request's card is left
		p.Clock.Move(time.Minute)
		_ = p.workers[i%2].Worker.Tick(p.Context())
	}
}

// check lists what does not hold.
func (p *play) check() []string {
	s := p.State()
	bad := append(twins(p.Bed), p.checkAudit()...)
	live := 0
	if s.Phase == lifecycle.Up || s.Phase == lifecycle.Stopping {
		live = 1
	}
	if p.Live() != live || s.Phase == lifecycle.Stopping || s.Phase == lifecycle.Launching {
		bad = append(bad, fmt.Sprintf("the record says %s, EMR has %d live clusters", s.Phase, p.Live()))
	}
	if n := p.Owed(); n > 0 {
		bad = append(bad, fmt.Sprintf("%d things are owed", n))
	}
	bad = append(bad, p.checkCards(s)...)
	return append(bad, p.checkRequests()...)
}

func (p *play) checkAudit() []string {
	var bad []string
	records := map[string]int{}
	for _, a := range p.Audit() {
		if records[a.ID]++; records[a.ID] == 2 {
			bad = append(bad, "two audit records of "+a.ID)
		}
	}
	for id := range p.delivered {
		if records[id] != 1 {
			bad = append(bad, fmt.Sprintf("%d audit records of job %s", records[id], id))
		}
	}
	return bad
}

// checkCards: every session has one card, the latest shows what is recorded, and no other looks alive.
func (p *play) checkCards(s lifecycle.State) []string {
	var bad []string
	cards := map[string][]slacklike.Message{}
	for _, m := range p.Slack.Messages(testbed.Team, "") {
		if strings.Contains(string(m.Metadata), "showtime_session") {
			cards[string(m.Metadata)] = append(cards[string(m.Metadata)], m)
		}
	}
	for g := int64(1); g <= s.Generation; g++ {
		mark := ""
		for candidate := range cards {
			if strings.Contains(candidate, fmt.Sprintf(`"generation":"%d"`, g)) {
				mark = candidate
			}
		}
		of := cards[mark]
		deleted := false
		for d := range p.deleted {
			deleted = deleted || strings.Contains(d, "showtime_session") && strings.Contains(d, fmt.Sprintf(`"generation":"%d"`, g))
		}
		gone := deleted && (g < s.Generation || !s.Live())
		switch {
		case len(of) != 1 && (len(of) != 0 || !gone):
			bad = append(bad, fmt.Sprintf("%d cards of session %d", len(of), g))
		case len(of) == 1 && g < s.Generation && strings.Contains(of[0].Text, "Destroy"):
			bad = append(bad, "the card of an earlier session looks alive:\n"+of[0].Text)
		case len(of) == 1 && g == s.Generation:
			bad = append(bad, p.differs(of[0], s)...)
		}
	}
	return bad
}

// differs compares the latest card with a fresh drawing, but for what time alone has changed.
func (p *play) differs(card slacklike.Message, s lifecycle.State) []string {
	view := blocks.CardView{State: s, Policy: p.policy, Ref: job.RefOf(s.Session.Op), Now: p.Clock.Now()}
	for _, req := range p.Requests() {
		if req.State == approval.Open && req.Generation == s.Generation {
			view.Open = &req
		}
	}
	aged := regexp.MustCompile(`minute \d+|\(in [^)]*\)|≈ \S+ so far|As of [^>]*>|as of [^>]*>`)
	want, got := aged.ReplaceAllString(blocks.Card(view).Text, "…"), aged.ReplaceAllString(card.Text, "…")
	if want == got {
		return nil
	}
	return []string{"the card shows:\n" + got + "\nand not:\n" + want}
}

func (p *play) checkRequests() []string {
	var bad []string
	for _, req := range p.Requests() {
		mark := `"` + req.ID + `"`
		var of []slacklike.Message
		for _, m := range p.seenIn(testbed.Admins) {
			if strings.Contains(string(m.Metadata), mark) {
				of = append(of, m)
			}
		}
		deleted := slices.ContainsFunc(slices.Collect(keys(p.deleted)), func(d string) bool { return strings.Contains(d, mark) })
		word := map[approval.RequestState]string{approval.Open: "DECISION NEEDED"}[req.State]
		if word == "" {
			word = strings.ToUpper(string(req.State))
		}
		switch {
		case len(of) == 0 && deleted:
		case len(of) != 1:
			bad = append(bad, fmt.Sprintf("%d cards of request %s", len(of), req.ID))
		case !strings.Contains(of[0].Text, word):
			bad = append(bad, fmt.Sprintf("request %s is %s, its card says:\n%s", req.ID, req.State, of[0].Text))
		}
	}
	return bad
}

func (p *play) seenIn(channel string) []slacklike.Message { return p.Slack.Messages(channel, "") }

func keys(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
