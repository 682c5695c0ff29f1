package lifecycle

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestExtendDecisions(t *testing.T) {
	t.Parallel()
	lease := testSettings().Lease
	up := func(end time.Duration) Row {
		return Row{Phase: Up, Generation: 3, Session: Session{LaunchedAt: t0, LeaseEnd: t0.Add(end)}}
	}
	noted := up(4 * time.Hour)
	noted.Session.Stop = &Stop{}
	tests := []struct {
		name    string
		row     Row
		now     time.Duration
		step    time.Duration
		pastCap bool
		want    Result
		end     time.Duration
	}{
		{"default_step", up(4 * time.Hour), time.Hour, 0, false, Extended, 5 * time.Hour},
		{"own_step", up(4 * time.Hour), time.Hour, 2 * time.Hour, false, Extended, 6 * time.Hour},
		{"ends_at_the_cap", up(11*time.Hour + time.Minute), time.Hour, 0, false, Extended, 12 * time.Hour},
		{"at_the_cap", up(12 * time.Hour), time.Hour, 0, false, PastCap, 12 * time.Hour},
		{"past_the_cap", up(12 * time.Hour), time.Hour, 0, true, Extended, 13 * time.Hour},
		{"in_the_grace_counts_from_now", up(4 * time.Hour), 4*time.Hour + 10*time.Minute, 0, false, Extended, 5*time.Hour + 10*time.Minute},
		{"in_the_grace_past_the_cap", up(12 * time.Hour), 12*time.Hour + 10*time.Minute, 0, false, PastCap, 12 * time.Hour},
		{"never_shorter", up(4 * time.Hour), time.Hour, -time.Hour, true, BadLength, 4 * time.Hour},
		{"shutting_down", Row{Phase: Stopping, Generation: 3}, time.Hour, 0, false, ShuttingDown, 0},
		{"stop_noted", noted, time.Hour, 0, false, ShuttingDown, 4 * time.Hour},
		{"down", Row{Phase: Down, Generation: 3}, time.Hour, 0, false, OutOfDate, 0},
		{"another_session", Row{Phase: Up, Generation: 4}, time.Hour, 0, false, OutOfDate, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := ExtendInput{Op: op("a", 3), Step: tt.step, PastCap: tt.pastCap}
			got, row := extendOn(in, lease, tt.row, t0.Add(tt.now))
			if end := row.Session.LeaseEnd; got != tt.want || tt.end != 0 && !end.Equal(t0.Add(tt.end)) {
				t.Errorf("%s until %s, want %s until %s", got, end, tt.want, t0.Add(tt.end))
			}
		})
	}
}

func TestExtendOnceHoldsTheLease(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.emr.auto = true
	w.up()
	for i := range 2 { // delivered twice, extended once
		out, err := w.l.Extend(t.Context(), ExtendInput{Op: op("x", 1)})
		if err != nil || out.Result != Extended || out.Known != (i == 1) {
			t.Fatalf("extend %d: %+v, %v", i, out, err)
		}
	}
	if s := w.tick(5*time.Hour - time.Minute); s.Phase != Up {
		t.Fatalf("before the new end: %+v", s.Row)
	}
	if s := w.tick(time.Minute); s.Phase != Stopping {
		t.Errorf("at the new end: %+v", s.Row)
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	join := func(id, by string, generation int64) Outcome {
		t.Helper()
		out, err := w.l.Join(t.Context(), JoinInput{Op: Op{ID: id, Generation: generation, By: by}})
		if err != nil {
			t.Fatalf("join: %v", err)
		}
		return out
	}
	if out := join("a", "UBOB", 0); out.Result != OutOfDate {
		t.Errorf("nothing to join: %s", out.Result)
	}
	w.up()
	if out := join("b", "UBOB", 1); out.Result != Joined || !slices.Equal(out.State.Session.Using, []string{"UANA", "UBOB"}) {
		t.Errorf("joined: %+v", out)
	}
	if out := join("c", "UBOB", 1); out.Result != NothingToDo {
		t.Errorf("joined already: %s", out.Result)
	}
	if out := join("d", "UCAT", 7); out.Result != OutOfDate {
		t.Errorf("another session: %s", out.Result)
	}
	w.stop("e")
	if out := join("f", "UCAT", 1); out.Result != ShuttingDown || out.State.Uses("UCAT") {
		t.Errorf("shutting down: %+v", out)
	}
}

func TestRecordFailsTheWholeOperation(t *testing.T) {
	t.Parallel()
	taken := DedupeKey("exploration", "callers-own")
	tests := []struct {
		name   string
		record func(tx Tx, out Outcome) error
		want   error
	}{
		{"fails", func(Tx, Outcome) error { return errFault }, errFault},
		{"meets_a_record", func(tx Tx, _ Outcome) error { return tx.Insert(taken, true, time.Time{}) }, ErrExists},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if err := w.store.Update(t.Context(), func(tx Tx) error { return tx.Put(taken, true) }); err != nil {
				t.Fatal(err)
			}
			in := StartInput{Op: op("a", AnyGeneration)}
			in.Record = tt.record
			if out, err := w.l.Start(t.Context(), in); !errors.Is(err, tt.want) || out.Result != "" {
				t.Fatalf("start: %+v, %v", out, err)
			}
			if w.want(Down, 0, ""); w.emr.count("launch") != 0 {
				t.Errorf("calls %v", w.emr.calls)
			}
			if out := w.start("a"); out.Result != Launched || out.Known {
				t.Errorf("asked again: %+v", out)
			}
		})
	}
}
