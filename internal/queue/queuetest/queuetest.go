// Package queuetest is the contract of the queues as tests; the embedded one and SQS both run it.
package queuetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"showtime/internal/queue"
)

// Queue is both ends of a queue.
type Queue interface {
	Send(ctx context.Context, m queue.Message) error
	Run(ctx context.Context, workers int, handle func(context.Context, queue.Delivery) error) error
}

// Setup opens an empty queue that lives as long as the test, and gives a function that counts the dead messages.
type Setup func(t *testing.T) (q Queue, dead func() int)

// Run holds a queue to the contract. In a bubble time is synctest's, and failed messages come again at once.
func Run(t *testing.T, bubble bool, setup Setup) {
	t.Helper()
	tests := []struct {
		name string
		test func(t *testing.T, q Queue, dead func() int)
	}{
		{"carries_what_was_sent", carries},
		{"order_within_a_group", order},
		{"groups_in_parallel_one_at_a_time", parallel},
		{"same_id_once", dedupe},
		{"failure_comes_again_and_blocks_only_its_group", failure},
		{"dead_after_the_last_receive", deadLetter},
		{"stops_gracefully", func(t *testing.T, q Queue, _ func() int) { t.Helper(); graceful(t, q, bubble) }},
		{"many_senders_lose_nothing", manySenders},
		{"refuses_what_no_queue_takes", refuses},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			test := func(t *testing.T) {
				t.Helper()
				q, dead := setup(t)
				tt.test(t, q, dead)
			}
			if bubble {
				synctest.Test(t, test)
			} else {
				test(t)
			}
		})
	}
}

func send(t *testing.T, q Queue, group, id string) {
	t.Helper()
	if err := q.Send(t.Context(), queue.Message{Body: []byte("body of " + id), Group: group, DedupeID: id}); err != nil {
		t.Fatalf("send %s: %v", id, err)
	}
}

// start runs the queue; the function it gives stops it and checks that it ended well.
func start(t *testing.T, q Queue, workers int, handle func(context.Context, queue.Delivery) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- q.Run(ctx, workers, handle) }()
	return func() {
		t.Helper()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("run: %v", err)
		}
	}
}

// collect handles messages until n deliveries have ended and gives them as id/receives; fails says which fail.
func collect(t *testing.T, q Queue, workers, n int, fails func(queue.Delivery) bool) []string {
	t.Helper()
	var mu sync.Mutex
	var got []string
	enough := make(chan struct{})
	stop := start(t, q, workers, func(_ context.Context, d queue.Delivery) error {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, fmt.Sprintf("%s/%d", d.DedupeID, d.Receives))
		if len(got) == n {
			close(enough)
		}
		if fails != nil && fails(d) {
			return errors.New("failed on purpose")
		}
		return nil
	})
	<-enough
	stop()
	return got
}

func carries(t *testing.T, q Queue, _ func() int) {
	t.Helper()
	begin := time.Now().Truncate(time.Second)
	body := `{"text":"` + strings.Repeat("ü", 5000) + `"}`
	m := queue.Message{Body: []byte(body), Group: "cluster/exploration", DedupeID: "job-1"}
	if err := q.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := make(chan queue.Delivery, 1)
	stop := start(t, q, 1, func(_ context.Context, d queue.Delivery) error { got <- d; return nil })
	d := <-got
	stop()
	if string(d.Body) != body || d.Group != m.Group || d.DedupeID != m.DedupeID || d.Receives != 1 {
		t.Errorf("got %d bytes, %s, %s, %d receives", len(d.Body), d.Group, d.DedupeID, d.Receives)
	}
	if d.SentAt.Before(begin) || d.SentAt.After(time.Now().Add(time.Second)) {
		t.Errorf("sent at %v, want after %v", d.SentAt, begin)
	}
}

func order(t *testing.T, q Queue, _ func() int) {
	t.Helper()
	var want []string
	for i := range 8 {
		send(t, q, "g", fmt.Sprint(i))
		want = append(want, fmt.Sprintf("%d/1", i))
	}
	if got, want := collect(t, q, 4, len(want), nil), want; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func parallel(t *testing.T, q Queue, _ func() int) {
	t.Helper()
	for i := range 3 {
		send(t, q, "a", fmt.Sprint("a", i))
		send(t, q, "b", fmt.Sprint("b", i))
	}
	meet := map[string]chan struct{}{"a": make(chan struct{}), "b": make(chan struct{})}
	inHand := map[string]*atomic.Int32{"a": new(atomic.Int32), "b": new(atomic.Int32)}
	var left atomic.Int32
	left.Store(6)
	enough := make(chan struct{})
	stop := start(t, q, 4, func(_ context.Context, d queue.Delivery) error {
		if n := inHand[d.Group].Add(1); n != 1 {
			t.Errorf("%d messages of group %s in hand at once", n, d.Group)
		}
		if strings.HasSuffix(d.DedupeID, "0") { // the first ones meet, which they can only do in parallel
			close(meet[d.Group])
			<-meet["a"]
			<-meet["b"]
		}
		inHand[d.Group].Add(-1)
		if left.Add(-1) == 0 {
			close(enough)
		}
		return nil
	})
	<-enough
	stop()
}

func dedupe(t *testing.T, q Queue, _ func() int) {
	t.Helper()
	send(t, q, "g", "1")
	send(t, q, "g", "1")
	send(t, q, "g", "2")
	if got, want := collect(t, q, 2, 2, nil), []string{"1/1", "2/1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func failure(t *testing.T, q Queue, _ func() int) {
	t.Helper()
	send(t, q, "a", "a1")
	send(t, q, "a", "a2")
	send(t, q, "b", "b1")
	got := collect(t, q, 1, 4, func(d queue.Delivery) bool { return d.DedupeID == "a1" && d.Receives == 1 })
	if got, want := got, []string{"a1/1", "b1/1", "a1/2", "a2/1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func deadLetter(t *testing.T, q Queue, dead func() int) {
	t.Helper()
	send(t, q, "g", "bad")
	send(t, q, "g", "good")
	last := 0
	got := collect(t, q, 2, queue.MaxReceives+1, func(d queue.Delivery) bool {
		if queue.Last(d) {
			last++
		}
		return d.DedupeID == "bad"
	})
	want := []string{}
	for i := range queue.MaxReceives {
		want = append(want, fmt.Sprintf("bad/%d", i+1))
	}
	if got, want := got, append(want, "good/1"); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if last != 1 || dead() != 1 {
		t.Errorf("%d last deliveries and %d dead messages, want one of each", last, dead())
	}
}

func graceful(t *testing.T, q Queue, here bool) {
	t.Helper()
	send(t, q, "g", "1")
	send(t, q, "g", "2")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	err := q.Run(ctx, 2, func(ctx context.Context, d queue.Delivery) error {
		cancel()
		if d.DedupeID != "1" {
			t.Errorf("%s was handed out after the stop", d.DedupeID)
		}
		if _, ok := ctx.Deadline(); !ok {
			t.Error("the handling has no deadline")
		}
		return ctx.Err() // the handling in hand must not be cut off
	})
	if err != nil {
		t.Errorf("run: %v", err)
	}
	want := []string{"2/1"}
	got := collect(t, q, 1, 1, nil)
	if !here && slices.Equal(got, []string{"2/2"}) {
		return // a queue behind a network may have handed it out to a poll that the stop ended, and counted that
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func manySenders(t *testing.T, q Queue, _ func() int) {
	t.Helper()
	const senders, each = 10, 5
	var wg sync.WaitGroup
	var want []string
	for s := range senders {
		for i := range each {
			want = append(want, fmt.Sprintf("%d-%d/1", s, i))
		}
		wg.Go(func() {
			for i := range each {
				id := fmt.Sprintf("%d-%d", s, i)
				if err := q.Send(t.Context(), queue.Message{Body: []byte(id), Group: fmt.Sprint("g", i), DedupeID: id}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	got := collect(t, q, 4, senders*each, nil)
	wg.Wait()
	slices.Sort(got)
	slices.Sort(want)
	if got, want := got, want; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func refuses(t *testing.T, q Queue, _ func() int) {
	t.Helper()
	if err := q.Send(t.Context(), queue.Message{Body: []byte("x"), Group: "g"}); err == nil {
		t.Error("a message without a deduplication id was taken")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := q.Send(ctx, queue.Message{Body: []byte("x"), Group: "g", DedupeID: "1"}); !errors.Is(err, context.Canceled) {
		t.Errorf("send with an ended context: %v", err)
	}
	send(t, q, "g", "2")
	// A queue behind a network may have handed it out to a poll that the stop ended, and counted that.
	if got := collect(t, q, 1, 1, nil); !slices.Equal(got, []string{"2/1"}) && !slices.Equal(got, []string{"2/2"}) {
		t.Errorf("got %v, want message 2 as if nobody had seen it", got)
	}
}
