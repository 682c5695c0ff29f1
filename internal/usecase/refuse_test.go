package usecase_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// TestAdmit holds who may ask for anything, from where, and when.
func TestAdmit(t *testing.T) {
	t.Parallel()
	const team = "T0SHOW"
	tests := []struct {
		name    string
		account *slacklike.User // Ana's, changed
		user    string
		channel string
		age     time.Duration
		broken  string // the method that fails
		why     string // "" = allowed
		answer  string
	}{
		{"analyst", nil, testbed.Ana, testbed.Team, 0, "", "", ""},
		{"admin", nil, testbed.Bo, testbed.Team, 0, "", "", ""},
		{"admins_channel", nil, testbed.Bo, testbed.Admins, 0, "", "", ""},
		{"just_in_time", nil, testbed.Ana, testbed.Team, 10 * time.Minute, "", "", ""},
		{"too_old", nil, testbed.Ana, testbed.Team, 10*time.Minute + time.Second, "", "too-old", "more than 10 minutes"},
		{"wrong_channel", nil, testbed.Ana, testbed.Elsewhere, 0, "", "wrong-channel", "works only in <#" + testbed.Team + ">"},
		{"nobody", nil, testbed.Olli, testbed.Team, 0, "", "not-allowed", testbed.Olli},
		{"guest", nil, testbed.Gus, testbed.Team, 0, "", "not-allowed", "Guests"},
		{"single_channel_guest", &slacklike.User{UltraRestricted: true}, testbed.Ana, testbed.Team, 0, "", "not-allowed", "Guests"},
		{"foreign", &slacklike.User{TeamID: "T0OTHER"}, testbed.Ana, testbed.Team, 0, "", "not-allowed", "other workspaces"},
		{"deactivated", &slacklike.User{TeamID: team, Deleted: true}, testbed.Ana, testbed.Team, 0, "", "not-allowed", ""},
		{"bot", &slacklike.User{TeamID: team, Bot: true}, testbed.Ana, testbed.Team, 0, "", "not-allowed", "You may not use"},
		{"account_not_known", nil, testbed.Ana, testbed.Team, 0, "users.info", "membership-unknown", "could not be asked"},
		{"group_not_known", nil, testbed.Ana, testbed.Team, 0, "usergroups.users.list", "membership-unknown", "could not be asked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: true})
			if tt.account != nil {
				tt.account.ID = testbed.Ana
				b.Slack.AddUser(*tt.account)
			}
			if tt.broken != "" {
				b.Slack.Inject(slacklike.Fault{Method: tt.broken, Kind: slacklike.Unavailable})
			}
			send(t, b, job.Job{
				Kind: job.Start, User: tt.user, Channel: tt.channel, Source: job.Command, Generation: job.AnyGeneration, At: b.Clock.Now().Add(time.Second - tt.age),
			})
			if started := b.State().Live(); started != (tt.why == "") {
				t.Fatalf("started: %v", started)
			}
			if tt.why == "" {
				return
			}
			wantLast(t, b, tt.user, false, "refused", tt.why)
			if n := len(b.Audit()); n != 1 {
				t.Errorf("%d audit records", n)
			}
			if tt.answer != "" {
				wantText(t, b.Ephemeral(tt.channel, tt.user), tt.answer)
			}
			wantQuiet(t, b)
		})
	}
}

// TestAdmit_reads_membership_after_the_click: who has just lost the role has lost it.
func TestAdmit_reads_membership_after_the_click(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	b.Type(testbed.Ana, testbed.Team, "/emr")
	b.Slack.AddGroup(slacklike.Group{ID: testbed.Analysts, Members: []string{testbed.Raj}})
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	wantLast(t, b, testbed.Ana, false, "refused", "not-allowed")
	b.Type(testbed.Ana, testbed.Team, "/emr status") // shown from what is at most five minutes old
	b.Clock.Move(6 * time.Minute)
	b.Type(testbed.Ana, testbed.Team, "/emr status")
	wantLast(t, b, testbed.Ana, false, "refused", "not-allowed")
}

func TestOld_jobs_only_look(t *testing.T) {
	t.Parallel()
	for _, kind := range []job.Kind{job.Start, job.Join, job.Destroy, job.Approve, job.Deny} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			b := requested(t, testbed.Options{Memory: true})
			before := b.State().Row
			send(t, b, job.Job{Kind: kind, User: testbed.Bo, Generation: 1, Request: requestID(t, b), At: b.Clock.Now().Add(-11 * time.Minute)})
			wantLast(t, b, testbed.Bo, false, "refused", "too-old")
			if after := b.State().Row; after.Revision != before.Revision {
				t.Errorf("%s changed the session", kind)
			}
			wantText(t, b.RequestCard(), "DECISION NEEDED")
		})
	}
	t.Run("status", func(t *testing.T) {
		t.Parallel()
		b := up(t, testbed.Options{Memory: true})
		send(t, b, job.Job{Kind: job.Status, User: testbed.Bo, At: b.Clock.Now().Add(-time.Hour)})
		wantText(t, b.Ephemeral(testbed.Team, testbed.Bo), "READY")
	})
}

// TestKnown_job_is_finished_however_old: a redelivered job neither acts again nor is refused.
func TestKnown_job_is_finished_however_old(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	m := message(t, slip(b, job.Job{Kind: job.Start, User: testbed.Ana, Source: job.Phrase, Generation: job.AnyGeneration, MessageTS: "1.000001", EventID: "Ev1"}))
	for n := 1; n <= 3; n++ {
		if err := b.Deliver(b.Another(), m, n); err != nil {
			t.Fatalf("delivery %d: %v", n, err)
		}
		b.Clock.Move(20 * time.Minute)
	}
	again := slip(b, job.Job{Kind: job.Start, User: testbed.Ana, Source: job.Phrase, Generation: job.AnyGeneration, MessageTS: "1.000001", EventID: "Ev1"})
	send(t, b, again) // the same event under another id
	if n := len(b.Audit()); n != 1 || b.State().Generation != 1 || b.EMR.Calls("RunJobFlow") != 1 {
		t.Errorf("%d audit records, generation %d", n, b.State().Generation)
	}
}

// newerRow makes the row one that a later build has written.
func newerRow(t *testing.T, b *testbed.Bed) {
	t.Helper()
	err := b.Store.Update(t.Context(), func(tx lifecycle.Tx) error {
		return tx.Put(lifecycle.LiveKey("exploration", "lifecycle/row"), map[string]any{"v": 99, "phase": "DOWN", "generation": 7})
	})
	if err != nil {
		t.Fatalf("write row: %v", err)
	}
}

func TestNewer_row_refuses_in_words(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	newerRow(t, b)
	send(t, b, job.Job{Kind: job.Start, User: testbed.Ana, Generation: job.AnyGeneration})
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "being updated", "nothing was changed")
	wantLast(t, b, testbed.Ana, false, "refused", "newer-record")
	b.Type(testbed.Ana, testbed.Team, "/emr") // looking goes on
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "OFF")
}

func TestGiveUp_tells_the_person_once_and_is_audited(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		spoil  func(body string) string
		answer string
		why    string
	}{
		{"newer_job", func(body string) string { return strings.Replace(body, `"v":1`, `"v":2`, 1) }, "Showtime is being updated", "newer-job"},
		{"undoable", func(body string) string { return body }, "Something failed on our side", "failed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: true})
			err := b.Store.Update(t.Context(), func(tx lifecycle.Tx) error {
				return tx.Put(lifecycle.LiveKey("exploration", "lifecycle/row"), "no row at all")
			})
			if err != nil {
				t.Fatalf("spoil the row: %v", err)
			}
			m := message(t, slip(b, job.Job{Kind: job.Start, User: testbed.Ana, Generation: job.AnyGeneration}))
			m.Body = []byte(tt.spoil(string(m.Body)))
			for n := 1; n <= queue.MaxReceives; n++ {
				if n < queue.MaxReceives && len(b.Audit()) != 0 {
					t.Fatalf("it was given up at delivery %d", n)
				}
				if err := b.Deliver(b.Joined, m, n); err == nil {
					t.Fatalf("delivery %d was taken as done", n)
				}
			}
			wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), tt.answer, "Reference: ")
			wantLast(t, b, testbed.Ana, false, "given-up", tt.why)
			if !strings.Contains(b.Log.String(), `"alarm":"job-given-up"`) {
				t.Error("no alarm")
			}
			if err := b.Deliver(b.Joined, m, queue.MaxReceives); tt.why == "failed" && err != nil {
				t.Errorf("a redrive does it after all: %v", err)
			}
			if n := b.Seen(testbed.Team, tt.answer); n != 1 || len(b.Audit()) != 1 {
				t.Errorf("told %d times, %d audit records", n, len(b.Audit()))
			}
		})
	}
}

// TestGiveUp_says_nothing_about_what_was_done: the decision stands that was recorded after all.
func TestGiveUp_says_nothing_about_what_was_done(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	m := message(t, slip(b, job.Job{Kind: job.Start, User: testbed.Ana, Generation: job.AnyGeneration}))
	if err := b.Deliver(b.Joined, m, 1); err != nil {
		t.Fatalf("start: %v", err)
	}
	m.Body = []byte(strings.Replace(string(m.Body), `"v":1`, `"v":2`, 1)) // what makes every delivery fail
	if b.Deliver(b.Joined, m, queue.MaxReceives) == nil {
		t.Fatal("a newer job was taken")
	}
	if b.Seen(testbed.Team, "being updated") != 0 || len(b.Audit()) != 1 {
		t.Error("a done job was given up")
	}
}
