package serve_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"
	"time"

	"showtime/internal/adminsock"
	"showtime/internal/audit"
	"showtime/lifecycle"
)

// TestRun_answers_the_tools_of_its_machine: the files are locked, so showtime audit asks this process.
func TestRun_answers_the_tools_of_its_machine(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "st") // short: there is a limit to a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	s := build(t, time.Now, map[string]string{"SHOWTIME_DATA": dir})
	attempt := lifecycle.Attempt{ID: "a", At: time.Now(), Who: "U0ANA", What: "start"}
	if err := s.Store.Update(t.Context(), func(tx lifecycle.Tx) error { return attempt.Record(tx, "exploration") }); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx, loopback(t), loopback(t)) }()

	var got []lifecycle.Attempt
	for err = adminsock.ErrNoOwner; errors.Is(err, adminsock.ErrNoOwner); {
		select {
		case early := <-ended:
			t.Fatalf("it ended early: %v", early)
		case <-time.After(5 * time.Millisecond): // it has not opened the socket yet
		}
		got, err = adminsock.Audit(t.Context(), dir, "exploration", audit.Query{Person: "U0ANA"})
	}
	if err != nil || len(got) != 1 || got[0].What != "start" {
		t.Errorf("audit: %v, %v", got, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := adminsock.Audit(t.Context(), dir, "exploration", audit.Query{}); !errors.Is(err, adminsock.ErrNoOwner) {
		t.Errorf("after it has gone: %v", err)
	}
}

func loopback(t *testing.T) net.Listener {
	t.Helper()
	var listen net.ListenConfig
	l, err := listen.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
