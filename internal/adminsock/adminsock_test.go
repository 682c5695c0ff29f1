package adminsock_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"showtime/internal/adminsock"
	"showtime/internal/audit"
	"showtime/internal/store/boltstore"
	"showtime/lifecycle"
)

func exploration(cluster string) bool { return cluster == "exploration" }

func nine() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

// folder is a data folder with a short path: the path of a socket has a limit.
func folder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "st")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// own makes this process the owner of a folder with two attempts in it.
func own(t *testing.T, dir string) func() {
	t.Helper()
	store, err := boltstore.Open(dir, nine)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range []lifecycle.Attempt{
		{ID: "a", At: nine(), Who: "U0ANA", What: "start", Typed: "Case 4711"},
		{ID: "b", At: nine().Add(time.Hour), Who: "U0RAJ", What: "join"},
	} {
		if err := store.Update(t.Context(), func(tx lifecycle.Tx) error { return a.Record(tx, "exploration") }); err != nil {
			t.Fatal(err)
		}
	}
	err = store.Update(t.Context(), func(tx lifecycle.Tx) error {
		return tx.Put(lifecycle.LiveKey("exploration", "lifecycle/watch"), map[string]any{"v": 1, "ticked_at": nine()})
	})
	if err != nil {
		t.Fatal(err)
	}
	listener, stop, err := adminsock.Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: adminsock.Handler(store, exploration), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	return func() {
		stop()
		_ = server.Close()
		_ = store.Close()
	}
}

func TestAuditIsAskedOfTheOwner(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	stop := own(t, dir)
	tests := []struct {
		name string
		q    audit.Query
		want int
	}{
		{"all", audit.Query{}, 2},
		{"since", audit.Query{Since: nine().Add(time.Minute)}, 1},
		{"person", audit.Query{Person: "U0ANA"}, 1},
		{"hostile_person", audit.Query{Person: "U0ANA&since=x\r\n"}, 0},
	}
	for _, tt := range tests {
		got, err := adminsock.Audit(t.Context(), dir, "exploration", tt.q)
		if err != nil || len(got) != tt.want {
			t.Errorf("%s: %d attempts, %v; want %d", tt.name, len(got), err, tt.want)
		}
	}
	if _, err := adminsock.Audit(t.Context(), dir, "other", audit.Query{}); err == nil || errors.Is(err, adminsock.ErrNoOwner) {
		t.Errorf("another cluster's audit: %v", err)
	}
	stop()
	if _, err := adminsock.Audit(t.Context(), dir, "exploration", audit.Query{}); !errors.Is(err, adminsock.ErrNoOwner) {
		t.Errorf("after the owner has gone: %v", err)
	}
	if _, err := os.Lstat(filepath.Join(dir, adminsock.FileName)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is left: %v", err)
	}
}

func TestSocketIsTheOwnersAlone(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	defer own(t, dir)()
	info, err := os.Lstat(filepath.Join(dir, adminsock.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 || info.Mode().Type() != os.ModeSocket {
		t.Errorf("mode is %v", info.Mode())
	}
	if rest, err := filepath.Glob(filepath.Join(dir, ".sock*")); err != nil || len(rest) != 0 {
		t.Errorf("left behind: %v %v", rest, err)
	}
}

// TestKilledOwner leaves a socket nobody listens on: it is no owner, and the next owner replaces it.
func TestKilledOwner(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	var listen net.ListenConfig
	dead, err := listen.Listen(t.Context(), "unix", filepath.Join(dir, adminsock.FileName))
	if err != nil {
		t.Fatal(err)
	}
	if u, ok := dead.(*net.UnixListener); ok {
		u.SetUnlinkOnClose(false)
	}
	if err := dead.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := adminsock.Audit(t.Context(), dir, "exploration", audit.Query{}); !errors.Is(err, adminsock.ErrNoOwner) {
		t.Errorf("a dead socket: %v", err)
	}
	defer own(t, dir)()
	if got, err := adminsock.Audit(t.Context(), dir, "exploration", audit.Query{}); err != nil || len(got) != 2 {
		t.Errorf("after the next owner: %v %v", got, err)
	}
}

func TestVitalsAreAskedOfTheOwner(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	stop := own(t, dir)
	if v, err := adminsock.Vitals(t.Context(), dir, "exploration"); err != nil || !v.TickedAt.Equal(nine()) {
		t.Errorf("vitals: %+v, %v", v, err)
	}
	if _, err := adminsock.Vitals(t.Context(), dir, "other"); err == nil || errors.Is(err, adminsock.ErrNoOwner) {
		t.Errorf("another cluster's: %v", err)
	}
	stop()
	if _, err := adminsock.Vitals(t.Context(), dir, "exploration"); !errors.Is(err, adminsock.ErrNoOwner) {
		t.Errorf("after the owner has gone: %v", err)
	}
}

type brokenStore struct{}

func (brokenStore) Get(context.Context, lifecycle.Key, any) (bool, error) {
	return false, errors.New("down")
}

func (brokenStore) List(context.Context, lifecycle.Query) ([]lifecycle.Record, error) {
	return nil, errors.New("down")
}

func TestFaultsAreNoEmptyAudit(t *testing.T) {
	t.Parallel()
	dir := folder(t)
	listener, stop, err := adminsock.Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	server := &http.Server{Handler: adminsock.Handler(brokenStore{}, exploration), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	if got, err := adminsock.Audit(t.Context(), dir, "exploration", audit.Query{}); err == nil {
		t.Errorf("a store that is down gave %v", got)
	}
	if got, err := adminsock.Vitals(t.Context(), dir, "exploration"); err == nil {
		t.Errorf("a store that is down gave %v", got)
	}
}
