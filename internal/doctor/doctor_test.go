package doctor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/doctor"
)

func says(name string) doctor.Check { return doctor.Unchecked(name, "what", "do") }

func names(r doctor.Report) []string {
	var all []string
	for _, f := range r {
		all = append(all, f.Check)
	}
	return all
}

// A check that breaks, hangs or heeds its time hides no other, and the order is that of the checks.
func TestExamine_keeps_checks_apart(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		hold := make(chan struct{})
		defer close(hold)
		report := doctor.Examine(t.Context(), 8*time.Second, []doctor.Check{
			{Name: "deaf", Run: func(context.Context) []doctor.Finding { <-hold; return nil }},
			{Name: "broken", Run: func(context.Context) []doctor.Finding { panic("oh") }},
			doctor.Secret("slow", "/path", func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }),
			says("fine"),
		})
		if diff := cmp.Diff([]string{"deaf", "broken", "slow", "fine"}, names(report)); diff != "" {
			t.Fatalf("findings (-want +got):\n%s", diff)
		}
		for i, want := range []doctor.Status{doctor.NotChecked, doctor.Error, doctor.Error, doctor.NotChecked} {
			if report[i].Status != want || report[i].Do == "" {
				t.Errorf("%s: %+v", report[i].Check, report[i])
			}
		}
		if !strings.Contains(report[2].What, "no answer in time") {
			t.Errorf("the slow one says %q", report[2].What)
		}
		if took := time.Since(began); took > 9*time.Second {
			t.Errorf("it took %s: one after another", took)
		}
	})
}

func TestExamine_runs_the_last_after_the_others(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		others := 0
		last := doctor.Check{Name: "last", Last: true, Run: func(context.Context) []doctor.Finding {
			if others != 1 {
				t.Error("it ran before the others")
			}
			return nil
		}}
		other := doctor.Check{Name: "other", Run: func(context.Context) []doctor.Finding {
			time.Sleep(time.Second)
			others++
			return nil
		}}
		doctor.Examine(t.Context(), time.Minute, []doctor.Check{last, other})
	})
}

// What others say is repeated without what drives a terminal, and not at length.
func TestExamine_keeps_words_printable(t *testing.T) {
	t.Parallel()
	report := doctor.Examine(t.Context(), time.Minute, []doctor.Check{doctor.Unchecked("x", "a\x1b[31m\nb\u202e"+strings.Repeat("é", 500), "do\a")})
	f := report[0]
	if strings.ContainsAny(f.What+f.Do, "\x1b\n\a\u202e") || len([]rune(f.What)) != 300 || !strings.HasSuffix(f.What, "…") {
		t.Errorf("%q, %q", f.What, f.Do)
	}
}

func TestOf_names_the_cluster(t *testing.T) {
	t.Parallel()
	got := names(doctor.Examine(t.Context(), time.Minute, doctor.Of("etl", says("tick"), says("rates"))))
	if diff := cmp.Diff([]string{"etl: tick", "etl: rates"}, got); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
}

func report() doctor.Report {
	return doctor.Report{
		{Check: "table", Status: doctor.OK, What: "it is there"},
		{Check: "channel", Status: doctor.Error, What: "the bot is not in it", Do: "Type /invite.", About: []string{"C1", "C2"}},
		{Check: "rates", Status: doctor.Warning, What: "old <x>", Do: "Compare."},
		{Check: "EMR launch", Status: doctor.NotChecked, What: "a launch", Do: "Launch."},
	}
}

func TestWriteTable(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := doctor.WriteTable(&out, report()); err != nil {
		t.Fatal(err)
	}
	want := `✓ ok           table       it is there
✗ error        channel     C1, C2: the bot is not in it
                           → Type /invite.
! warning      rates       old <x>
                           → Compare.
? not checked  EMR launch  a launch
                           → Launch.

1 error, 1 warning, 1 not checked, 1 ok
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("table (-want +got):\n%s", diff)
	}
}

func TestWriteJSON(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	if err := doctor.WriteJSON(&out, "worker", report()[:2]); err != nil {
		t.Fatal(err)
	}
	want := `{
  "process": "worker",
  "ok": false,
  "findings": [
    {
      "check": "table",
      "status": "ok",
      "what": "it is there"
    },
    {
      "check": "channel",
      "status": "error",
      "what": "the bot is not in it",
      "do": "Type /invite.",
      "about": [
        "C1",
        "C2"
      ]
    }
  ]
}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("json (-want +got):\n%s", diff)
	}
	out.Reset()
	if err := doctor.WriteJSON(&out, "worker", report()[2:]); err != nil || !strings.Contains(out.String(), `"ok": true`) {
		t.Errorf("warnings alone: %v\n%s", err, out.String())
	}
}
