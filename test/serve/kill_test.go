package serve_test

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/emrsim"
	"showtime/internal/queue"
	"showtime/internal/queue/embedded"
	"showtime/internal/slacklike"
	"showtime/internal/store/boltstore"
	"showtime/internal/testbed"
	"showtime/lifecycle"
	"showtime/test/serve"
)

// rounds is how often serve is killed.
const rounds = 15

// Killed at any moment and started again, while people go on typing and clicking: no acknowledged request
// is lost or done twice, there is never a second cluster, and in the end the card is true and nothing is owed.
func TestKill(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	w := serve.New(t)
	c := newCrowd(t, w)
	random := rand.New(rand.NewPCG(seed, 0))
	for round := range rounds {
		p := w.Start(nil)
		if round%3 == 2 {
			p.Idle() // a job that was in hand at more kills than it has deliveries is put aside, by design
		}
		if random.IntN(4) == 0 {
			w.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true})
		}
		c.act(random, time.Duration(50+random.IntN(200))*time.Millisecond, p.Kill)
		w.Move(time.Duration(30+random.IntN(180)) * time.Second)
		oneAtATime(t, w.EMR.Clusters())
	}
	w.EMR.Forgive()
	p := w.Start(nil)
	p.Idle()
	for range 20 {
		p.Ticked()
	}
	p.Idle()
	stopped(t, p)
	oneAtATime(t, w.EMR.Clusters())
	c.check(w)
	if len(c.ids) < rounds || len(w.EMR.Clusters()) == 0 {
		t.Errorf("%d requests were acknowledged and %d clusters launched: this proves nothing", len(c.ids), len(w.EMR.Clusters()))
	}
	t.Logf("%d requests acknowledged, %d clusters", len(c.ids), len(w.EMR.Clusters()))
}

// oneAtATime checks that no cluster was created while another one lived.
func oneAtATime(t *testing.T, clusters []emrsim.Cluster) {
	t.Helper()
	for i, c := range clusters[min(1, len(clusters)):] {
		if before := clusters[i]; before.Ended.IsZero() || before.Ended.After(c.Created) {
			t.Fatalf("cluster %s was created while %s lived: %+v %+v", c.ID, before.ID, before, c)
		}
	}
}

// crowd is people who type and click, and the ids of the jobs whose requests were acknowledged.
type crowd struct {
	t     *testing.T
	w     *serve.World
	names *namer

	mu  sync.Mutex
	ids []string
}

func newCrowd(t *testing.T, w *serve.World) *crowd {
	t.Helper()
	return &crowd{t: t, w: w, names: newNamer(t, w.Slack.SigningSecret())}
}

// note remembers an acknowledged request by the id of its job.
func (c *crowd) note(d slacklike.Delivery) {
	if d.Status != http.StatusOK || len(d.Answer) > 0 { // words in the answer say that it was not queued
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.names.name(c.t, d.Path, d.Header, d.Body)
	if id == "" {
		c.t.Errorf("an acknowledged request to %s makes no job", d.Path)
		return
	}
	c.ids = append(c.ids, id)
}

// act has everybody type and click for a while, then does something, and waits until all have noticed.
func (c *crowd) act(random *rand.Rand, d time.Duration, then func()) {
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	var wg sync.WaitGroup
	for _, who := range []string{testbed.Ana, testbed.Raj, testbed.Bo, testbed.Mia} {
		mine := rand.New(rand.NewPCG(random.Uint64(), 0))
		wg.Go(func() {
			pace := time.NewTicker(15 * time.Millisecond)
			defer pace.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-pace.C:
					c.once(who, mine.IntN(12))
				}
			}
		})
	}
	<-time.After(d)
	then()
	cancel()
	wg.Wait()
}

// once has a person do one thing.
func (c *crowd) once(who string, what int) {
	switch what {
	case 0, 1:
		c.click(who, testbed.Team, actionid.Destroy)
	case 2, 3:
		c.click(testbed.Mia, testbed.Admins, actionid.Approve)
	case 4:
		c.click(testbed.Bo, testbed.Admins, actionid.Deny)
	case 5, 6:
		c.click(who, testbed.Team, actionid.Start)
	default:
		words := []string{"/emr", "/emr status", "/emr start 2 " + serve.Typed, "It's showtime!", "How's the show?"}
		d, err := c.w.Slack.Type(c.t.Context(), who, testbed.Team, words[what-7], slacklike.TypeOptions{})
		if err != nil {
			c.t.Errorf("%s types %q: %v", who, words[what-7], err)
		}
		c.note(d)
	}
}

// click clicks the newest button of a kind that a person sees, if there is one.
func (c *crowd) click(who, channel, action string) {
	seen := c.w.Slack.Messages(channel, who)
	for _, m := range slices.Backward(seen) {
		if !strings.Contains(string(m.Blocks), action) {
			continue
		}
		d, err := c.w.Slack.Click(c.t.Context(), who, channel, m.TS, action, slacklike.ClickOptions{})
		if err == nil { // else it was just redrawn without the button
			c.note(d)
		}
		return
	}
}

// check looks into what the last process left behind.
func (c *crowd) check(w *serve.World) {
	t := c.t
	t.Helper()
	q, err := embedded.Open(w.Data, time.Now, queue.Backoff)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close() //nolint:errcheck // only read
	held, err := q.Held(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range held {
		t.Errorf("the queue still holds %s after %d deliveries, dead: %v", h.DedupeID, h.Receives, h.Dead)
	}
	store, err := boltstore.Open(w.Data, w.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // only read
	c.checkAudit(store)
	owed := list(t, store, lifecycle.Query{Partition: lifecycle.LiveKey("exploration", "").Partition, From: "owed/", To: "owed0"})
	for _, r := range owed {
		t.Errorf("still owed: %s", r.Value)
	}
	c.checkCards(w, store)
}

// checkAudit wants exactly one audit record of every acknowledged request.
func (c *crowd) checkAudit(store lifecycle.Store) {
	c.t.Helper()
	found := map[string]int{}
	for _, r := range list(c.t, store, lifecycle.Query{Partition: lifecycle.AuditKey("exploration", "").Partition}) {
		var a lifecycle.Attempt
		if err := json.Unmarshal(r.Value, &a); err != nil {
			c.t.Fatal(err)
		}
		found[a.ID]++
	}
	for _, id := range c.ids {
		if found[id] != 1 {
			c.t.Errorf("job %s has %d audit records", id, found[id])
		}
	}
}

// checkCards wants one card for each session, the last one saying what is recorded and the others OFF.
func (c *crowd) checkCards(w *serve.World, store lifecycle.Store) {
	t := c.t
	t.Helper()
	var row lifecycle.Row
	if found, err := store.Get(t.Context(), lifecycle.LiveKey("exploration", "lifecycle/row"), &row); err != nil || !found {
		t.Fatalf("row: %v, %v", found, err)
	}
	over := []string{"OFF", "FAILED"} // failed: it was killed between the decision to launch and the launch
	want := map[lifecycle.Phase][]string{lifecycle.Down: over, lifecycle.Up: {"READY"}, lifecycle.Stopping: {"STOPPING"}}[row.Phase]
	cards := w.Cards()
	if int64(len(cards)) != row.Generation {
		t.Errorf("%d cards of %d sessions", len(cards), row.Generation)
	}
	for i, card := range cards {
		words := over
		if i == len(cards)-1 {
			words = want
		}
		if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(card.Text, word+" · ") }) {
			t.Errorf("card %d says none of %q, the row is %s: %s", i, words, row.Phase, card.Text)
		}
	}
	if live := w.Live(); row.Phase == lifecycle.Up && live != 1 || row.Phase == lifecycle.Down && live != 0 {
		t.Errorf("%d live clusters, the row is %s", live, row.Phase)
	}
}

func list(t *testing.T, store lifecycle.Store, q lifecycle.Query) []lifecycle.Record {
	t.Helper()
	records, err := store.List(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return records
}
