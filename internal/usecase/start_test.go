package usecase_test

import (
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/emrsim"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

func TestStart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		job     job.Job
		length  time.Duration // 0: nothing was started
		purpose string
		answer  string
		outcome string
		why     string
	}{
		{"default_length", job.Job{}, 4 * time.Hour, "", "The cluster is starting.", "launched", ""},
		{"hours_and_purpose", job.Job{Hours: "6", Purpose: "Case 4711"}, 6 * time.Hour, "Case 4711", "is starting", "launched", ""},
		{"longest", job.Job{Hours: "12"}, 12 * time.Hour, "", "is starting", "launched", ""},
		{"purpose_is_cleaned", job.Job{Purpose: "a\u202eb\n c\u200b"}, 4 * time.Hour, "ab c", "is starting", "launched", ""},
		{"too_long", job.Job{Hours: "12.5"}, 0, "", "That length is not possible", "refused", "bad-length"},
		{"no_length", job.Job{Hours: "soon"}, 0, "", "The length was not understood", "refused", "bad-length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: true})
			tt.job.Kind, tt.job.User, tt.job.Source, tt.job.Generation = job.Start, testbed.Ana, job.Command, job.AnyGeneration
			send(t, b, tt.job)
			wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), tt.answer)
			wantLast(t, b, testbed.Ana, tt.length != 0, tt.outcome, tt.why)
			s := b.State()
			if s.Live() != (tt.length != 0) {
				t.Fatalf("the session is %s", s.Phase)
			}
			if s.Live() && (s.Session.LeaseEnd.Sub(s.Session.LaunchedAt) != tt.length || s.Session.Purpose != tt.purpose) {
				t.Errorf("session: %v, %q; want %v, %q", s.Session.Length, s.Session.Purpose, tt.length, tt.purpose)
			}
			wantQuiet(t, b)
		})
	}
}

func TestStart_joins_what_there_is(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	b.Type(testbed.Raj, testbed.Team, "/emr")
	panel := b.Ephemeral(testbed.Team, testbed.Raj)
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	b.Click(testbed.Raj, panel, actionid.Start, nil)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "There is a session already")
	b.TickFor(10 * time.Minute)
	b.Type(testbed.Bo, testbed.Team, "/emr start")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Bo), "There is a session already")
	wantLast(t, b, testbed.Bo, true, "joined", "")
	if s := b.State(); !s.Uses(testbed.Raj) || !s.Uses(testbed.Bo) || s.Generation != 1 || b.EMR.Calls("RunJobFlow") != 1 {
		t.Errorf("after three starts: %+v, %d launches", s.Session.Using, b.EMR.Calls("RunJobFlow"))
	}
}

func TestStart_answers_what_stands_in_the_way(t *testing.T) {
	t.Parallel()
	t.Run("emr_cannot_be_asked", func(t *testing.T) {
		t.Parallel()
		b := testbed.New(t, testbed.Options{Memory: true})
		b.EMR.Inject(emrsim.Fault{Op: "ListClusters", Times: 1, Err: emrsim.Throttled()})
		b.Type(testbed.Ana, testbed.Team, "/emr start")
		wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "Nothing was started")
		wantLast(t, b, testbed.Ana, false, "refused", "unclean")
	})
	t.Run("shutting_down", func(t *testing.T) {
		t.Parallel()
		b := up(t, testbed.Options{Memory: true})
		b.Click(testbed.Bo, b.Card(), actionid.Destroy, nil)
		b.Type(testbed.Ana, testbed.Team, "/emr start")
		wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "shutting down")
		wantLast(t, b, testbed.Ana, false, "refused", "shutting-down")
	})
}

func TestStart_tells_that_EMR_refused(t *testing.T) {
	t.Parallel()
	for _, source := range []string{"/emr start", "It's showtime!"} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: true})
			b.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Invalid("Subnet is wrong")})
			b.Type(testbed.Ana, testbed.Team, source)
			wantText(t, b.Card(), "FAILED", "Subnet is wrong")
			if b.Seen(testbed.Team, "AWS refused the launch (ValidationException)") == 0 || b.Seen(testbed.Team, "The cluster is starting.") != 0 {
				t.Error("the person was not told that EMR refused")
			}
			wantQuiet(t, b)
		})
	}
}

func TestStart_whose_reply_is_lost_is_confirmed(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	b.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true})
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	wantText(t, b.Card(), "CONFIRMING")
	b.TickFor(10 * time.Minute)
	wantText(t, b.Card(), "READY")
	if b.EMR.Calls("RunJobFlow") != 1 || b.State().Generation != 1 {
		t.Error("it was launched again")
	}
}

// noSlots leaves the installation without a launch slot.
func noSlots(t *testing.T, b *testbed.Bed) {
	t.Helper()
	err := b.Store.Update(t.Context(), func(tx lifecycle.Tx) error {
		return tx.Put(lifecycle.Key{Partition: "installation/test", Name: "launches"}, map[string]any{"v": 1, "tokens": 0, "at": b.Clock.Now()})
	})
	if err != nil {
		t.Fatalf("empty the launch budget: %v", err)
	}
}

func TestStart_waits_for_a_launch_slot(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	noSlots(t, b)
	b.Type(testbed.Ana, testbed.Team, "/emr start 5 tea")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "queued behind other launches")
	wantLast(t, b, testbed.Ana, true, "queued", "paced")
	if b.State().Generation != 0 || b.Owed() != 1 {
		t.Fatalf("generation %d, %d owed", b.State().Generation, b.Owed())
	}
	for range 3 { // on each tick, however often it has failed
		b.Clock.Move(time.Minute)
		noSlots(t, b)
		if err := b.Worker.Tick(t.Context()); err != nil {
			t.Fatalf("tick: %v", err)
		}
	}
	if b.State().Generation != 0 {
		t.Fatal("launched without a slot")
	}
	b.Tick()
	s := b.State()
	if s.Generation != 1 || s.Session.Starter != testbed.Ana || s.Session.Length != 5*time.Hour || s.Session.Purpose != "tea" {
		t.Fatalf("after a tick with a slot: %+v", s.Row)
	}
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "The cluster is starting.")
	if a := last(t, b); a.What != "queued-start" || a.Outcome != "launched" || len(b.Audit()) != 2 {
		t.Errorf("audit: %+v", b.Audit())
	}
	wantQuiet(t, b)
}

func TestStart_is_given_up_after_ten_minutes_without_a_slot(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	noSlots(t, b)
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	for range 11 {
		b.Clock.Move(time.Minute)
		noSlots(t, b)
		if err := b.Worker.Tick(t.Context()); err != nil {
			t.Fatalf("tick: %v", err)
		}
	}
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "was given up", "Nothing was started")
	wantQuiet(t, b)
	b.TickFor(5 * time.Minute)
	if b.State().Generation != 0 || b.EMR.Calls("RunJobFlow") != 0 {
		t.Error("it was launched all the same")
	}
}

// TestStart_queued_whose_first_answer_is_still_owed is launched all the same, and both answers are given.
func TestStart_queued_whose_first_answer_is_still_owed(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	noSlots(t, b)
	end := b.Slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.Unavailable})
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	b.Tick()
	if b.State().Generation != 1 {
		t.Fatal("an answer kept it from being launched")
	}
	end()
	b.TickFor(3 * time.Minute)
	if b.Seen(testbed.Team, "queued behind other launches") != 1 || b.Seen(testbed.Team, "The cluster is starting.") != 1 {
		t.Error("not both answers were given")
	}
	wantQuiet(t, b)
}

func TestStart_queued_joins_whoever_was_faster(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	noSlots(t, b)
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	b.Clock.Move(30 * time.Second)
	b.Type(testbed.Raj, testbed.Team, "/emr start")
	b.Tick()
	if s := b.State(); s.Session.Starter != testbed.Raj || !s.Uses(testbed.Ana) || b.EMR.Calls("RunJobFlow") != 1 {
		t.Errorf("session: %+v", s.Session)
	}
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "You have been added")
	wantQuiet(t, b)
}
