package manager_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showtime/internal/emrsim"
	"showtime/internal/store/boltstore"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

// crowd is many callers who start many clusters at once, four for each cluster, and follow what they are told.
type crowd struct {
	*rig
	mu   sync.Mutex
	told map[lifecycle.Result]int
	left []lifecycle.StartInput // those who were told to come again
	on   map[string]string      // by operation: its cluster
}

// start lets everybody who is left ask at once.
func (c *crowd) start() {
	left := c.left
	c.left = nil
	var wg sync.WaitGroup
	for _, in := range left {
		wg.Go(func() {
			out, err := c.client("m", c.on[in.ID]).Start(c.t.Context(), in)
			c.mu.Lock()
			defer c.mu.Unlock()
			switch {
			case err != nil:
				c.t.Errorf("%s: %v", in.ID, err)
			case out.Result == lifecycle.Paced:
				if out.RetryAfter < time.Second {
					c.t.Errorf("%s is to come again after %s", in.ID, out.RetryAfter)
				}
				c.left = append(c.left, in)
			case out.Result == lifecycle.Unclean: // EMR could not be asked; a new wish is a new operation
				again := in
				again.ID += "x"
				c.on[again.ID] = c.on[in.ID]
				c.left = append(c.left, again)
			case out.State.Cluster != c.on[in.ID] || out.State.Generation != 1 || !out.State.Live():
				c.t.Errorf("%s was told %q of %q, generation %d, %s", in.ID, out.Result, out.State.Cluster, out.State.Generation, out.State.Phase)
			}
			c.told[out.Result]++
		})
	}
	wg.Wait()
}

// TestManyStarts starts 50 clusters from 200 callers at once, with the quotas of the real EMR.
func TestManyStarts(t *testing.T) {
	t.Parallel()
	const clusters, callers = 50, 200
	var names []string
	for i := range clusters {
		names = append(names, fmt.Sprintf("c%02d", i))
	}
	c := &crowd{
		rig:  newRig(t, rigOptions{clusters: names, grants: []grant.Row{everything("m", "*")}, quotas: true}),
		told: map[lifecycle.Result]int{}, on: map[string]string{},
	}
	for i := range callers {
		in := lifecycle.StartInput{Op: op(fmt.Sprintf("caller-%03d", i), lifecycle.AnyGeneration)}
		c.on[in.ID] = names[i%clusters]
		c.left = append(c.left, in)
	}
	c.tick()
	rounds := 0
	for ; len(c.left) > 0 && rounds < 100; rounds++ {
		c.start()
		c.clock.Move(5 * time.Second)
		if rounds%12 == 11 {
			if err := c.fleet.Tick(t.Context()); err != nil && !throttledOnly(err) {
				t.Error(err)
			}
		}
	}
	perCluster := map[string]int{}
	for _, e := range c.emr.Clusters() {
		perCluster[e.Name]++
	}
	for _, name := range names {
		if perCluster[name] != 1 {
			t.Errorf("%s was launched %d times", name, perCluster[name])
		}
	}
	if len(c.left) > 0 || c.told[lifecycle.Launched] != clusters || c.told[lifecycle.Joined] != callers-clusters || c.emr.Calls("RunJobFlow") != clusters {
		t.Errorf("after %d rounds %d are left; told %v; %d launches were asked for", rounds, len(c.left), c.told, c.emr.Calls("RunJobFlow"))
	}
	if c.told[lifecycle.Paced] == 0 {
		t.Errorf("nobody was told to come again: told %v", c.told)
	}
	for range 20 { // what the quotas left undone is done later
		c.clock.Move(time.Minute)
		if err := c.fleet.Tick(t.Context()); err != nil && !throttledOnly(err) {
			t.Error(err)
		}
	}
	for _, name := range names {
		if s, err := c.client("m", name).State(t.Context()); err != nil || !s.Ready() {
			t.Errorf("%s: %s, %v", name, s.Phase, err)
		}
	}
}

func throttledOnly(err error) bool {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return errors.Is(err, lifecycle.ErrThrottled)
	}
	return !slices.ContainsFunc(joined.Unwrap(), func(err error) bool { return !errors.Is(err, lifecycle.ErrThrottled) })
}

// TestTwoWriters lets a bot's own lifecycle and the manager work on one store at once, round after round:
// never are there two clusters.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "*")}, store: func(now func() time.Time) lifecycle.Store {
		store, err := boltstore.Open(t.TempDir(), now)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		return store
	}})
	bot, _ := r.fleet.Find("exploration")
	over := r.client("m", "exploration")
	for round := range int64(10) {
		r.tick()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				in := lifecycle.StartInput{Op: op(fmt.Sprintf("start-%d-%d", round, i), round)}
				in.By = "U0ANA"
				var m lifecycle.Manager = over
				if i%2 == 0 {
					m = bot.Manager
				}
				if _, err := m.Start(t.Context(), in); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := r.alive(); n != 1 {
			t.Fatalf("round %d: %d clusters", round, n)
		}
		if out, err := over.Stop(t.Context(), lifecycle.StopInput{Op: op(fmt.Sprintf("stop-%d", round), round+1)}); err != nil || out.Result != lifecycle.StopBegun {
			t.Fatalf("round %d: %q, %v", round, out.Result, err)
		}
		r.up()
	}
}

func (r *rig) alive() int {
	n := 0
	for _, c := range r.emr.Clusters() {
		if !lifecycle.Ended(c.State) {
			n++
		}
	}
	return n
}

// TestOneListing says that a tick over 200 clusters asks for one listing, and that a cluster in trouble keeps
// no other from being looked at.
func TestOneListing(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 200 {
		names = append(names, fmt.Sprintf("c%03d", i))
	}
	r := newRig(t, rigOptions{clusters: names, grants: []grant.Row{everything("m", "*")}})
	r.tick()
	if n := r.emr.Calls("ListClusters"); n != 1 {
		t.Errorf("%d listings", n)
	}
	for _, name := range []string{"c000", "c100"} {
		if _, err := r.client("m", name).Start(t.Context(), lifecycle.StartInput{Op: op("start-1", 0)}); err != nil {
			t.Fatal(err)
		}
	}
	r.clock.Move(2 * time.Minute)
	r.emr.Inject(emrsim.Fault{Op: "DescribeCluster", Err: emrsim.Broken(), Times: 1})
	if err := r.fleet.Tick(t.Context()); err == nil {
		t.Error("the fault is not told")
	}
	moved := 0
	for _, name := range []string{"c000", "c100"} {
		if s, err := r.client("m", name).State(t.Context()); err == nil && s.Session.EMRState == lifecycle.EMRBootstrapping {
			moved++
		}
	}
	if moved != 1 {
		t.Errorf("%d of the two clusters were looked at, want the one without trouble", moved)
	}
}

// TestLimited: one listing is held back for all of them while EMR limits requests, and asked again after that;
// what a lease demands is done meanwhile.
func TestLimited(t *testing.T) {
	t.Parallel()
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprintf("c%02d", i))
	}
	r := newRig(t, rigOptions{clusters: names, grants: []grant.Row{everything("m", "*")}})
	r.tick()
	if _, err := r.client("m", "c20").Start(t.Context(), lifecycle.StartInput{Op: op("start-1", 0)}); err != nil {
		t.Fatal(err)
	}
	r.up()
	state := func() lifecycle.State {
		s, err := r.client("m", "c20").State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	r.emr.Inject(emrsim.Fault{Op: "ListClusters", Err: emrsim.Throttled(), Times: 1000})
	asked, told := r.emr.Calls("ListClusters"), 0
	for ticks := 0; state().Phase == lifecycle.Up && ticks < 600; ticks++ {
		r.clock.Move(time.Minute)
		if r.fleet.Tick(t.Context()) != nil {
			told++
		}
	}
	lasted := r.clock.Now().Sub(state().Session.LaunchedAt)
	if s := state(); s.Phase != lifecycle.Stopping || s.Session.Stop.Why != lifecycle.StopLeaseEnd || lasted > s.Limits.Default+time.Minute {
		t.Fatalf("after %v: %+v", lasted, s.Row)
	}
	asked = r.emr.Calls("ListClusters") - asked
	if most := 4 + int(lasted/(150*time.Second)); asked < 10 || asked > most {
		t.Errorf("%d listings in %v, want at most %d", asked, lasted, most)
	}
	if told != asked {
		t.Errorf("%d ticks failed, of which %d had asked", told, asked)
	}
	r.emr.Forgive()
	for range 6 {
		r.clock.Move(time.Minute)
		r.tick()
	}
	if s := state(); s.Phase != lifecycle.Down {
		t.Errorf("six minutes after the limit is lifted: %+v", s.Row)
	}
}

func TestReload(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{clusters: []string{"a", "b"}, grants: []grant.Row{everything("m", "*")}})
	reload := func() {
		t.Helper()
		if err := r.fleet.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	lease := func(name string) string {
		c, err := r.client("m", name).Describe(t.Context())
		if err != nil {
			return err.Error()
		}
		return c.Lease.Default
	}
	r.write("a.json", strings.Replace(fileOf("a"), `"default": "4h"`, `"default": "2h"`, 1))
	reload()
	if got := lease("a"); got != "2h0m0s" {
		t.Errorf("after a change: %s", got)
	}
	r.write("a.json", "{")
	reload()
	reload()
	if got := lease("a"); got != "2h0m0s" || r.fleet.Bad() != 1 || strings.Count(r.log.String(), "bad cluster file") != 1 {
		t.Errorf("after a bad change: %s, %d bad\n%s", got, r.fleet.Bad(), r.log.String())
	}
	r.write("c.json", fileOf("b"))
	reload()
	if r.fleet.Bad() != 2 {
		t.Error("a name may stand in two files")
	}
	r.write("c.json", fileOf("c"))
	if _, err := r.client("m", "b").Start(t.Context(), lifecycle.StartInput{Op: op("start-1", 0)}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.json", "b.json"} {
		if err := os.Remove(filepath.Join(r.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	reload()
	if got := strings.Join(r.fleet.Names(), " "); got != "b c" {
		t.Errorf("clusters %q: one whose session lives stays, one that is down goes, a new one comes", got)
	}
	var p *httpapi.Problem
	if _, err := r.client("m", "a").State(t.Context()); !errors.As(err, &p) || !p.Of(httpapi.NotFound) {
		t.Errorf("the one that went: %v", err)
	}
}
