package main

import (
	"bytes"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"showtime/internal/adminsock"
	"showtime/internal/store/boltstore"
	"showtime/lifecycle"
)

// auditFolder is a data folder with two attempts in it: one an hour old, one of last week.
func auditFolder(t *testing.T) (dir string, store *boltstore.Store) {
	t.Helper()
	dir, err := os.MkdirTemp("", "st") // short: there is a limit to a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if store, err = boltstore.Open(dir, time.Now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for _, a := range []lifecycle.Attempt{
		{ID: "a", At: time.Now().Add(-time.Hour), Who: "U0ANA", What: "destroy", Outcome: "requested", Allowed: true, Request: "D-ABCDEF"},
		{ID: "b", At: time.Now().Add(-7 * 24 * time.Hour), Who: "U0RAJ", What: "start", Outcome: "launched", Allowed: true},
	} {
		if err := store.Update(t.Context(), func(tx lifecycle.Tx) error { return a.Record(tx, "exploration") }); err != nil {
			t.Fatal(err)
		}
	}
	return dir, store
}

func exploration(cluster string) bool { return cluster == "exploration" }

func runAudit(t *testing.T, dir string, args ...string) (code int, out, errs string) {
	t.Helper()
	environment := map[string]string{"SHOWTIME_CLUSTER": `{"name":"exploration"}`, "SHOWTIME_DATA": dir}
	lookup := func(name string) (string, bool) { v, ok := environment[name]; return v, ok }
	var stdout, stderr bytes.Buffer
	code = run(t.Context(), program{lookup: lookup, out: &stdout, err: &stderr}, append([]string{"audit"}, args...))
	return code, stdout.String(), stderr.String()
}

func TestAudit(t *testing.T) {
	t.Parallel()
	dir, store := auditFolder(t)
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name       string
		args       []string
		code       int
		want, lack string
	}{
		{"last_day", nil, exitOK, "D-ABCDEF", "U0RAJ"},
		{"longer", []string{"--since", "200h"}, exitOK, "U0RAJ", ""},
		{"person", []string{"--since", "200h", "--person", "U0RAJ"}, exitOK, "U0RAJ", "U0ANA"},
		{"json", []string{"--json"}, exitOK, `"request":"D-ABCDEF"`, "TIME"},
		{"not_understood", []string{"--since", "yesterday"}, exitUsage, "", "U0ANA"},
		{"negative", []string{"--since", "-1h"}, exitUsage, "", "U0ANA"},
		{"words", []string{"all"}, exitUsage, "", "U0ANA"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			code, out, errs := runAudit(t, dir, tt.args...)
			if code != tt.code || !strings.Contains(out, tt.want) || tt.lack != "" && strings.Contains(out, tt.lack) {
				t.Errorf("exit code %d, want %d; it prints\n%s%s", code, tt.code, out, errs)
			}
		})
	}
}

func TestAuditAsksTheOwner(t *testing.T) {
	t.Parallel()
	dir, store := auditFolder(t)
	if code, _, errs := runAudit(t, dir); code != exitFault || !strings.Contains(errs, "locked") {
		t.Errorf("owner without a socket: exit code %d, %q", code, errs)
	}
	listener, stop, err := adminsock.Listen(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	server := &http.Server{Handler: adminsock.Handler(store, exploration), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	if code, out, errs := runAudit(t, dir); code != exitOK || !strings.Contains(out, "D-ABCDEF") {
		t.Errorf("exit code %d, it prints\n%s%s", code, out, errs)
	}
}

func TestAuditOfNothing(t *testing.T) {
	t.Parallel()
	if code, _, errs := runAudit(t, t.TempDir()); code != exitFault || !strings.Contains(errs, "SHOWTIME_DATA") {
		t.Errorf("exit code %d, %q", code, errs)
	}
	lookup := func(string) (string, bool) { return "", false }
	var stderr bytes.Buffer
	if code := run(t.Context(), program{lookup: lookup, err: &stderr}, []string{"audit"}); code != exitFault || !strings.Contains(stderr.String(), "SHOWTIME_CLUSTER") {
		t.Errorf("without settings: exit code %d, %q", code, stderr.String())
	}
}
