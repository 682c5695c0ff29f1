package usecase_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/emrsim"
	"showtime/internal/job"
	"showtime/internal/metric"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// counter counts what a tick asks of the store.
type counter struct {
	lifecycle.Store
	reads, writes int
}

func (c *counter) Get(ctx context.Context, key lifecycle.Key, into any) (bool, error) {
	c.reads++
	return c.Store.Get(ctx, key, into)
}

func (c *counter) List(ctx context.Context, q lifecycle.Query) ([]lifecycle.Record, error) {
	c.reads++
	return c.Store.List(ctx, q)
}

func (c *counter) Update(ctx context.Context, fn func(lifecycle.Tx) error) error {
	c.writes++
	return c.Store.Update(ctx, fn)
}

// TestIdleTick_is_cheap holds for every state in which nothing changes: one EMR call, one read, no Slack call.
func TestIdleTick_is_cheap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		bed  func(t *testing.T) *testbed.Bed
	}{
		{"never_used", func(t *testing.T) *testbed.Bed { t.Helper(); return testbed.New(t, testbed.Options{Memory: true}) }},
		{"ready", func(t *testing.T) *testbed.Bed { t.Helper(); return up(t, testbed.Options{Memory: true}) }},
		{"waiting_for_capacity", func(t *testing.T) *testbed.Bed {
			t.Helper()
			b := testbed.New(t, testbed.Options{Memory: true})
			b.EMR.NextLaunch(emrsim.NoCapacity)
			b.Type(testbed.Ana, testbed.Team, "/emr start")
			return b
		}},
		{"request_decided", func(t *testing.T) *testbed.Bed {
			t.Helper()
			b := requested(t, testbed.Options{Memory: true})
			send(t, b, job.Job{Kind: job.Deny, User: testbed.Mia, Generation: 1, Request: requestID(t, b)})
			return b
		}},
		{"off_again", func(t *testing.T) *testbed.Bed {
			t.Helper()
			b := up(t, testbed.Options{Memory: true})
			send(t, b, job.Job{Kind: job.Destroy, User: testbed.Bo, Generation: 1})
			b.TickFor(5 * time.Minute)
			return b
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := tt.bed(t)
			count := &counter{Store: b.Store}
			worker := b.With(func(p *wiring.Parts) { p.Store = count }).Worker
			tick := func() {
				b.Clock.Move(time.Minute)
				if err := worker.Tick(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			tick()                               // what was left to do
			for b.Clock.Now().Minute()%10 != 1 { // away from the redrawing for money
				tick()
			}
			count.reads, count.writes = 0, 0
			slack, emr := len(b.Slack.Calls("")), emrCalls(b)
			tick()
			if calls := emrCalls(b) - emr; calls != 1 || count.reads != 1 || count.writes != 1 || len(b.Slack.Calls("")) != slack {
				t.Errorf("%d EMR calls, %d reads, %d writes (the tick itself), Slack calls %v", calls, count.reads, count.writes, b.Slack.Calls("")[slack:])
			}
		})
	}
}

func emrCalls(b *testbed.Bed) int {
	n := 0
	for _, op := range []string{"ListClusters", "DescribeCluster", "RunJobFlow", "TerminateJobFlows", "SetTerminationProtection", "ListInstances"} {
		n += b.EMR.Calls(op)
	}
	return n
}

// TestTime_redraws_nothing_that_somebody_may_type_into: an open request's card asks for the reason of a denial.
func TestTime_redraws_nothing_that_somebody_may_type_into(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	before := b.RequestCard()
	if !hasButton(before, actionid.Reason) {
		t.Fatal("there is nothing to type into")
	}
	b.TickFor(40 * time.Minute)
	if after := b.RequestCard(); after.Edits != before.Edits {
		t.Errorf("edited %d times while somebody may have been typing", after.Edits-before.Edits)
	}
}

func TestStatus_leads_to_the_card(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	b.Type(testbed.Raj, testbed.Team, "/emr status")
	answer := b.Ephemeral(testbed.Team, testbed.Raj)
	link := strings.ReplaceAll(b.Card().TS, ".", "")
	if !hasButton(answer, actionid.OpenCard) || !strings.Contains(string(answer.Blocks), link) {
		t.Errorf("no link to the card %s:\n%s", link, answer.Blocks)
	}
}

// TestMoneyAlone_redraws_every_ten_minutes holds because a card is edited for money no oftener.
func TestMoneyAlone_redraws_every_ten_minutes(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true})
	b.TickFor(5 * time.Minute)
	before, card := len(b.Slack.Calls("chat.update")), b.Card().Text
	b.TickFor(time.Hour)
	if n := len(b.Slack.Calls("chat.update")) - before; n != 6 {
		t.Errorf("%d edits in an hour, want 6", n)
	}
	if b.Card().Text == card {
		t.Error("the card tells the money of an hour ago")
	}
}

// TestTick_records_the_session: whether there is one, and what it has cost, where that is known.
func TestTick_records_the_session(t *testing.T) {
	t.Parallel()
	figures := func(t *testing.T, b *testbed.Bed) map[metric.Name]float64 {
		t.Helper()
		seen := map[metric.Name]float64{}
		w := b.With(func(p *wiring.Parts) {
			p.Record = func(name metric.Name, _ string, value float64) { seen[name] = value }
		})
		b.Clock.Move(time.Minute)
		if err := w.Worker.Tick(t.Context()); err != nil {
			t.Fatal(err)
		}
		return seen
	}
	b := testbed.New(t, testbed.Options{Memory: true})
	if got := figures(t, b); got[metric.Sessions] != 0 {
		t.Errorf("without a session: %v", got)
	}
	b = up(t, testbed.Options{Memory: true})
	got := figures(t, b)
	if want := b.State().Cost.SoFarMax; got[metric.Sessions] != 1 || want == 0 || got[metric.EstimatedCost] != want {
		t.Errorf("with a session that cost %f: %v", want, got)
	}
	b = up(t, testbed.Options{Memory: true, File: strings.Replace(testbed.ClusterFile, `"m6g.xlarge": 0.19`, `"m5.xlarge": 0.19`, 1)})
	got = figures(t, b)
	if _, told := got[metric.EstimatedCost]; told || got[metric.Sessions] != 1 {
		t.Errorf("where the cost is not known: %v", got)
	}
}
