package serve_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/adminsock"
	"showtime/internal/audit"
	"showtime/internal/config"
	"showtime/internal/serve"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
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
	s, err := serve.New(t.Context(), serve.Options{
		Config: config.Serve{
			Worker:   config.Worker{APIURL: "http://127.0.0.1:1/api/", Cluster: testbed.ClusterFile, Installation: "test", Channels: []string{testbed.Team}},
			Receiver: config.Receiver{SigningSecrets: []string{"made-up"}, ClusterName: "exploration"}, Data: dir,
		},
		AWS: wiring.Simulated("http://127.0.0.1:1"), Now: time.Now, Wire: time.Now, TickEvery: time.Hour, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
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
	if _, err := adminsock.Vitals(t.Context(), dir, "exploration"); err != nil {
		t.Errorf("vitals: %v", err)
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

// TestManager_answers_the_tools_of_its_machine, about the clusters that it has.
func TestManager_answers_the_tools_of_its_machine(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "st") // short: there is a limit to a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("exploration.json", testbed.ClusterFile)
	m, err := serve.NewManager(t.Context(), serve.ManagerOptions{
		Config: config.Lifecycle{Installation: "test", Clusters: dir, Grants: write("grants", `{"grants":[]}`), Data: dir},
		AWS:    wiring.Simulated("http://127.0.0.1:1"), Now: time.Now, TickEvery: time.Hour, ReloadEvery: time.Hour, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx, loopback(t), loopback(t)) }()
	for err = adminsock.ErrNoOwner; errors.Is(err, adminsock.ErrNoOwner); {
		select {
		case early := <-ended:
			t.Fatalf("it ended early: %v", early)
		case <-time.After(5 * time.Millisecond): // it has not opened the socket yet
		}
		_, err = adminsock.Vitals(t.Context(), dir, "exploration")
	}
	if err != nil {
		t.Errorf("vitals: %v", err)
	}
	if _, err := adminsock.Vitals(t.Context(), dir, "other"); err == nil {
		t.Error("it answers about a cluster that it has not")
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
