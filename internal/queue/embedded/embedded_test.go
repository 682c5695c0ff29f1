package embedded

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	bolt "go.etcd.io/bbolt"

	"showtime/internal/queue"
	"showtime/internal/queue/queuetest"
	"showtime/internal/store/boltfile"
)

var _ queuetest.Queue = (*Queue)(nil)

func openTest(tb testing.TB, dir string) *Queue {
	tb.Helper()
	q, err := Open(dir, time.Now, queue.Backoff)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = q.Close() })
	return q
}

func send(tb testing.TB, q *Queue, group, id string) {
	tb.Helper()
	if err := q.Send(tb.Context(), queue.Message{Body: []byte("{}"), Group: group, DedupeID: id}); err != nil {
		tb.Fatal(err)
	}
}

func TestContract(t *testing.T) {
	t.Parallel()
	queuetest.Run(t, true, func(t *testing.T) (queuetest.Queue, func() int) {
		t.Helper()
		q := openTest(t, t.TempDir())
		return q, func() int {
			n, err := q.Dead(t.Context())
			if err != nil {
				t.Error(err)
			}
			return n
		}
	})
}

func TestOpen_second_owner_is_told_the_lock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	openTest(t, dir)
	_, err := Open(dir, time.Now, queue.Backoff)
	if !errors.Is(err, boltfile.ErrLocked) || !strings.Contains(err.Error(), filepath.Join(dir, FileName)) {
		t.Errorf("got %v, want ErrLocked naming the file", err)
	}
}

// runFor runs the queue in a bubble until nothing happens any more for d.
func runFor(t *testing.T, q *Queue, d time.Duration, handle Handler) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := q.Run(ctx, 2, handle); err != nil {
		t.Errorf("run: %v", err)
	}
}

func TestRun_backs_off_between_deliveries(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openTest(t, t.TempDir())
		begin := time.Now()
		send(t, q, "g", "1")
		var got []time.Duration
		runFor(t, q, 10*time.Minute, func(context.Context, queue.Delivery) error {
			got = append(got, time.Since(begin))
			return errors.New("failed on purpose")
		})
		var want []time.Duration
		var at time.Duration
		for n := 1; n <= queue.MaxReceives; n++ {
			want = append(want, at)
			at += queue.Backoff(n)
		}
		if !slices.Equal(got, want) {
			t.Errorf("delivered after %v, want %v", got, want)
		}
	})
}

// advance moves a bubble's time.
func advance(d time.Duration) { <-time.After(d) }

// copyOpen opens the file as a new process would find it after kill -9: as it is on the disk right now.
func copyOpen(t *testing.T, q *Queue) *Queue {
	t.Helper()
	dir := t.TempDir()
	err := q.file.View(func(tx *bolt.Tx) error { return tx.CopyFile(filepath.Join(dir, FileName), 0o600) })
	if err != nil {
		t.Fatal(err)
	}
	return openTest(t, dir)
}

func TestQueue_killed_while_handling_hands_out_again(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openTest(t, t.TempDir())
		for _, id := range []string{"1", "2", "3"} {
			send(t, q, "g", id)
		}
		var after *Queue
		runFor(t, q, time.Second, func(_ context.Context, d queue.Delivery) error {
			if d.DedupeID == "2" {
				after = copyOpen(t, q)
			}
			return nil
		})
		if n := after.Depth(); n != 2 {
			t.Errorf("depth after the crash = %d, want 2", n)
		}
		send(t, after, "g", "1") // done already, and still known
		send(t, after, "g", "4")
		var got []string
		runFor(t, after, time.Second, func(_ context.Context, d queue.Delivery) error {
			got = append(got, fmt.Sprintf("%s/%d", d.DedupeID, d.Receives))
			return nil
		})
		if want := []string{"2/2", "3/1", "4/1"}; !slices.Equal(got, want) {
			t.Errorf("handed out %v, want %v", got, want)
		}
	})
}

func TestQueue_message_that_kills_every_time_dies_itself(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openTest(t, t.TempDir())
		send(t, q, "g", "killer")
		send(t, q, "g", "next")
		deliveries := 0
		for range queue.MaxReceives + 1 { // once more, to tell its person
			var after *Queue
			ctx, cancel := context.WithCancel(t.Context())
			err := q.Run(ctx, 1, func(context.Context, queue.Delivery) error {
				deliveries++
				after = copyOpen(t, q)
				cancel()
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			q = after
		}
		var got []string
		runFor(t, q, time.Second, func(_ context.Context, d queue.Delivery) error {
			got = append(got, d.DedupeID)
			return nil
		})
		dead, err := q.Dead(t.Context())
		if deliveries != queue.MaxReceives+1 || !slices.Equal(got, []string{"next"}) || dead != 1 || err != nil {
			t.Errorf("%d deliveries, then %v; %d dead (%v)", deliveries, got, dead, err)
		}
	})
}

func TestSend_remembers_ids_for_five_minutes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openTest(t, t.TempDir())
		handled := 0
		count := func(context.Context, queue.Delivery) error { handled++; return nil }
		steps := []struct {
			wait time.Duration
			want int
		}{{0, 1}, {queue.DedupeFor - 2*time.Second, 1}, {2 * time.Second, 2}, {time.Minute, 2}}
		for i, step := range steps {
			advance(step.wait)
			send(t, q, "g", "1")
			runFor(t, q, time.Second, count)
			if handled != step.want {
				t.Errorf("step %d: handled %d times, want %d", i, handled, step.want)
			}
		}
	})
}

func TestSend_forgets_old_ids(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openTest(t, t.TempDir())
		const n = 40
		for i := range n {
			send(t, q, "g", fmt.Sprint("old", i))
		}
		advance(queue.DedupeFor)
		send(t, q, "g", "old39") // again, before its first sending was forgotten
		for i := range n {
			send(t, q, "g", fmt.Sprint("new", i))
		}
		send(t, q, "g", "old39") // known
		if got := q.Depth(); got != 2*n+1 {
			t.Errorf("depth = %d, want %d", got, 2*n+1)
		}
		err := q.file.View(func(tx *bolt.Tx) error {
			for _, b := range []string{sentBucket, orderBucket} {
				if got := tx.Bucket([]byte(b)).Stats().KeyN; got != n+1 {
					t.Errorf("%s holds %d ids, want %d", b, got, n+1)
				}
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestDepth_and_OldestAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := openTest(t, t.TempDir())
		if q.Depth() != 0 || q.OldestAge() != 0 {
			t.Errorf("empty: %d, %v", q.Depth(), q.OldestAge())
		}
		send(t, q, "a", "1")
		advance(time.Minute)
		send(t, q, "b", "2")
		if q.Depth() != 2 || q.OldestAge() != time.Minute {
			t.Errorf("two sent: %d, %v", q.Depth(), q.OldestAge())
		}
		again := copyOpen(t, q)
		if again.Depth() != 2 || again.OldestAge() != time.Minute {
			t.Errorf("reopened: %d, %v", again.Depth(), again.OldestAge())
		}
		runFor(t, q, time.Second, func(context.Context, queue.Delivery) error { return nil })
		if q.Depth() != 0 || q.OldestAge() != 0 {
			t.Errorf("all done: %d, %v", q.Depth(), q.OldestAge())
		}
	})
}

func TestQueue_closed_gives_errors(t *testing.T) {
	t.Parallel()
	q := openTest(t, t.TempDir())
	send(t, q, "g", "1")
	if err := q.Check(t.Context()); err != nil {
		t.Errorf("check: %v", err)
	}
	if err := q.Close(); err != nil {
		t.Fatal(err)
	}
	handle := func(context.Context, queue.Delivery) error { t.Error("handled"); return nil }
	errs := map[string]error{
		"send":  q.Send(t.Context(), queue.Message{Body: []byte("{}"), Group: "g", DedupeID: "2"}),
		"run":   q.Run(t.Context(), 2, handle),
		"check": q.Check(t.Context()),
	}
	for name, err := range errs {
		if err == nil {
			t.Errorf("%s on a closed queue gave no error", name)
		}
	}
}

func BenchmarkSend(b *testing.B) {
	q := openTest(b, b.TempDir())
	const senders = 64
	took := make([]time.Duration, b.N)
	var next atomic.Int64
	var wg sync.WaitGroup
	body := []byte(strings.Repeat("x", 700))
	b.ResetTimer()
	for range senders {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
				begin := time.Now()
				m := queue.Message{Body: body, Group: fmt.Sprint("person/", i%50), DedupeID: fmt.Sprint(i)}
				if err := q.Send(b.Context(), m); err != nil {
					b.Error(err)
				}
				took[i] = time.Since(begin)
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	slices.Sort(took)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "sends/s")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
