package audit_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/audit"
	"showtime/internal/store/boltstore"
	"showtime/lifecycle"
)

func nine() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func attempts() []lifecycle.Attempt {
	return []lifecycle.Attempt{
		{V: 1, ID: "a", At: nine(), Who: "U0ANA", What: "start", Generation: -1, Allowed: true, Outcome: "launched", Typed: "Case \"4711\" \u202E\x1b[31m"},
		{V: 1, ID: "b", At: nine().Add(time.Hour), Who: "U0RAJ", What: "approve", Generation: 1, Outcome: "refused", Why: "not-admin", Request: "D-AB", Ref: "7F3K"},
		{V: 1, ID: "c", At: nine().Add(2 * time.Hour), Who: "U0ANA", What: "destroy", Generation: 1, Allowed: true, Outcome: "requested", EMRID: "j-1"},
	}
}

func filled(t *testing.T) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(t.TempDir(), nine)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	for _, a := range attempts() {
		for _, cluster := range []string{"exploration", "other"} {
			a.ID += cluster
			if err := store.Update(t.Context(), func(tx lifecycle.Tx) error { return a.Record(tx, cluster) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	return store
}

func TestRead(t *testing.T) {
	t.Parallel()
	store := filled(t)
	tests := []struct {
		name string
		q    audit.Query
		want string
	}{
		{"all", audit.Query{}, "start approve destroy"},
		{"since", audit.Query{Since: nine().Add(time.Hour)}, "approve destroy"},
		{"since_in_another_zone", audit.Query{Since: nine().Add(time.Hour).In(time.FixedZone("x", 3600))}, "approve destroy"},
		{"person", audit.Query{Person: "U0ANA"}, "start destroy"},
		{"both", audit.Query{Since: nine().Add(time.Minute), Person: "U0ANA"}, "destroy"},
		{"nobody", audit.Query{Person: "U0"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := audit.Read(t.Context(), store, "exploration", tt.q)
			if err != nil {
				t.Fatal(err)
			}
			var what []string
			for _, a := range got {
				what = append(what, a.What)
			}
			if s := strings.Join(what, " "); s != tt.want {
				t.Errorf("read %q, want %q", s, tt.want)
			}
		})
	}
}

func TestLinesComeBack(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := audit.WriteLines(&out, attempts()); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(out.String(), "\n"); n != 3 {
		t.Errorf("%d lines", n)
	}
	got, err := audit.ReadLines(&out)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(attempts(), got); diff != "" {
		t.Errorf("attempts (-want +got):\n%s", diff)
	}
	if _, err := audit.ReadLines(strings.NewReader(`{"v":1}{`)); err == nil {
		t.Error("half a record was taken for all")
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := audit.WriteTable(&out, attempts()); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{
		"TIME (UTC) WHO WHAT SESSION OUTCOME WHY REQUEST CLUSTER REF TYPED",
		`2026-11-23 09:00:00 U0ANA start any launched - - - - "Case \"4711\" \u202e\x1b[31m"`,
		"2026-11-23 10:00:00 U0RAJ approve 1 no: refused not-admin D-AB - 7F3K -",
		"2026-11-23 11:00:00 U0ANA destroy 1 requested - - j-1 - -",
	}
	for i, line := range lines {
		if got := strings.Join(strings.Fields(line), " "); got != want[i] {
			t.Errorf("line %d:\n%s\nwant\n%s", i, got, want[i])
		}
	}
	if err := audit.WriteTable(brokenPipe{}, attempts()); err == nil {
		t.Error("a broken pipe was not noticed")
	}
}

type brokenPipe struct{}

func (brokenPipe) Write([]byte) (int, error) { return 0, errors.New("broken") }

type brokenStore struct{}

func (brokenStore) List(context.Context, lifecycle.Query) ([]lifecycle.Record, error) {
	return nil, errors.New("down")
}

func TestReadFails(t *testing.T) {
	t.Parallel()
	if got, err := audit.Read(t.Context(), brokenStore{}, "exploration", audit.Query{}); err == nil || got != nil {
		t.Errorf("Read() = %v, %v", got, err)
	}
}
