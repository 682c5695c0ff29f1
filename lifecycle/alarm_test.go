package lifecycle

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"
)

// unsaid gives the recorded alarms that nobody is known to have heard.
func (w *world) unsaid() int {
	w.t.Helper()
	var a alarms
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	if err := unmarshalIf(w.store.records[w.l.key(alarmsRecord)], &a); err != nil {
		w.t.Fatal(err)
	}
	return len(a.Unsaid)
}

func TestAlarmOutlivesTheProcessThatRecordedIt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		before func(w *world)
		alarm  string
	}{
		{"of_a_step", func(w *world) {
			w.emr.clusters[w.up()].Tags = nil
			w.stop("b")
			w.alarms = nil // the tags' own
			w.clock.add(overdueAfter + time.Minute)
		}, AlarmOverdue},
		{"of_an_orphan", func(w *world) {
			w.up()
			w.emr.create(1)
			w.clock.add(time.Minute)
		}, AlarmOrphan},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.before(w)
			w.store.at = func(_ context.Context, point string) error {
				if point == "committed" && w.unsaid() == 1 {
					return errFault
				}
				return nil
			}
			if err := w.l.Poke(t.Context()); !errors.Is(err, errFault) || len(w.alarms) != 0 {
				t.Fatalf("poke: %v, alarms %v", err, w.alarms)
			}
			w.store.at = func(context.Context, string) error { return nil }
			w.tick(3 * time.Minute)
			if !slices.Equal(w.alarms, []string{tt.alarm}) || w.unsaid() != 0 {
				t.Errorf("alarms %v and %d unsaid, want one %s", w.alarms, w.unsaid(), tt.alarm)
			}
		})
	}
}

// TestAlarmThatCannotBeForgottenKeepsNobodyFromActing: the orphan is ended all the same.
func TestAlarmThatCannotBeForgottenKeepsNobodyFromActing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.up()
	orphan := w.emr.create(1)
	w.store.at = func(_ context.Context, point string) error {
		if point == "update" && w.unsaid() > 0 {
			return errFault
		}
		return nil
	}
	w.clock.add(time.Minute)
	_ = w.l.Poke(t.Context()) // nor can the watch be remembered
	if w.emr.clusters[orphan].asked.IsZero() || !slices.Equal(w.alarms, []string{AlarmOrphan}) {
		t.Errorf("alarms %v, calls %v", w.alarms, w.emr.calls)
	}
	w.store.at = func(context.Context, string) error { return nil }
	w.tick(time.Minute)
	if !slices.Equal(w.alarms, []string{AlarmOrphan, AlarmOrphan}) || w.unsaid() != 0 {
		t.Errorf("alarms %v and %d unsaid, want it heard again and forgotten", w.alarms, w.unsaid())
	}
}
