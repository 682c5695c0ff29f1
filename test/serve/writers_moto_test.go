//go:build moto

package serve_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"showtime/internal/emrsim"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/test/moto"
	"showtime/test/serve"
)

// The bot and the lifecycle manager, two processes that write the same row of DynamoDB, while people click and
// a machine starts and stops, and while one or the other is killed at any moment and EMR's answers are lost:
// there is never a second cluster, and no generation asks EMR twice.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	server := moto.Start(t)
	both := server.Environ()
	both["SHOWTIME_TABLE"] = server.Deploy(t, "writers", nil).Table
	both[serve.TickEvery] = "200ms" // moto is one Python process
	w := serve.New(t)
	c := newCrowd(t, w)
	for range 6 {
		bot := w.Start(both)
		manager := w.Manage(both)
		if random.IntN(3) == 0 {
			w.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true})
		}
		dies, stays := bot, manager.Process
		if random.IntN(2) == 0 {
			dies, stays = manager.Process, bot
		}
		rest := machine(t, manager.URL, manager.Token, rand.New(rand.NewPCG(random.Uint64(), 0)))
		people := c.few(random)
		<-time.After(time.Duration(100+random.IntN(1200)) * time.Millisecond)
		dies.Kill()
		people()
		rest()
		for _, cluster := range w.EMR.Clusters() {
			w.EMR.EndOutside(cluster.ID) // so that the next round begins with nothing, and both launch
		}
		for range 3 + random.IntN(6) {
			stays.Ticked() // alone with what the dead one left
		}
		stays.Kill()
		oneAtATime(t, w.EMR.Clusters())
	}
	w.EMR.Forgive()
	bot := w.Start(both)
	manager := w.Manage(both)
	bot.Idle()
	for range 12 {
		bot.Ticked()
	}
	stopped(t, bot)
	stopped(t, manager.Process)
	oneAtATime(t, w.EMR.Clusters())
	wroteBoth(t, w, wiring.Table(server.Config(), both["SHOWTIME_TABLE"], w.Now))
}

// few has people do a few things, one after the other: more than moto keeps up with would only queue. It gives
// a function that waits for their end.
func (c *crowd) few(random *rand.Rand) (wait func()) {
	mine := rand.New(rand.NewPCG(random.Uint64(), 0))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for _, who := range []string{testbed.Ana, testbed.Bo, testbed.Raj, testbed.Mia} {
			c.once(who, 9) // a start
			c.once(who, mine.IntN(12))
		}
	}()
	return func() { <-ended }
}

// machine starts and stops the cluster through the manager until it is told to rest.
func machine(t *testing.T, url, token string, random *rand.Rand) (rest func()) {
	t.Helper()
	client, err := httpapi.NewClient(httpapi.ClientOptions{URL: url, Cluster: "exploration", Token: token, Pause: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			op := lifecycle.Op{ID: fmt.Sprintf("machine-%d", random.Uint64()), Generation: lifecycle.AnyGeneration}
			out, err := client.Start(ctx, lifecycle.StartInput{Op: op})
			if err == nil && random.IntN(6) == 0 && out.State.Live() {
				op.ID, op.Generation = op.ID+"-stop", out.State.Generation
				_, err = client.Stop(ctx, lifecycle.StopInput{Op: op})
			}
			if err != nil && !errors.Is(err, lifecycle.ErrAway) && ctx.Err() == nil {
				t.Errorf("the machine: %v", err)
			}
		}
	}()
	return func() {
		cancel()
		<-ended
	}
}

// wroteBoth wants as many launches as generations at most, a row that agrees with EMR, and the hand of both
// writers in the audit: else the test proves nothing.
func wroteBoth(t *testing.T, w *serve.World, store lifecycle.Store) {
	t.Helper()
	var row lifecycle.Row
	if found, err := store.Get(t.Context(), lifecycle.LiveKey("exploration", "lifecycle/row"), &row); err != nil || !found {
		t.Fatalf("row: %v, %v", found, err)
	}
	launches, live := int64(w.EMR.Calls("RunJobFlow")), w.Live()
	if launches > row.Generation || launches < 2 {
		t.Errorf("%d launches in %d generations", launches, row.Generation)
	}
	if row.Phase == lifecycle.Up && live != 1 || row.Phase == lifecycle.Down && live != 0 || live > 1 {
		t.Errorf("%d live clusters, the row is %s", live, row.Phase)
	}
	wrote := map[string]int{}
	for _, r := range list(t, store, lifecycle.Query{Partition: lifecycle.AuditKey("exploration", "").Partition}) {
		var a lifecycle.Attempt
		if err := json.Unmarshal(r.Value, &a); err != nil {
			t.Fatal(err)
		}
		by := "bot"
		if strings.HasPrefix(a.ID, "http:machine:") {
			by = "machine"
		}
		wrote[by]++
		if a.Outcome == string(lifecycle.Launched) {
			wrote[by+" launched"]++
		}
	}
	if wrote["bot"] == 0 || wrote["machine"] == 0 {
		t.Errorf("they did not both write: %v", wrote)
	}
	t.Logf("%d launches in %d generations; %v", launches, row.Generation, wrote)
}
