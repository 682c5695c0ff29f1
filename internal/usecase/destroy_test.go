package usecase_test

import (
	"testing"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/internal/emrsim"
	"showtime/internal/job"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// TestDestroy says who may end Ana's session alone, who must ask, and who may not.
func TestDestroy(t *testing.T) {
	t.Parallel()
	const ends, asks = "stop-begun", "requested"
	onlyBo := []string{testbed.Bo}
	tests := []struct {
		name   string
		policy approval.Policy
		admins []string
		who    string
		usable bool
		want   string // the audit's outcome
		why    string
	}{
		{"admin/analyst", approval.ByAdmin, nil, testbed.Raj, true, asks, ""},
		{"admin/starter", approval.ByAdmin, nil, testbed.Ana, true, asks, ""},
		{"admin/admin", approval.ByAdmin, nil, testbed.Bo, true, ends, ""},
		{"admin/starter_cancels", approval.ByAdmin, nil, testbed.Ana, false, ends, ""},
		{"admin/admin_cancels", approval.ByAdmin, nil, testbed.Mia, false, ends, ""},
		{"admin/another_cannot_cancel", approval.ByAdmin, nil, testbed.Raj, false, asks, ""},
		{"four_eyes/analyst", approval.FourEyes, nil, testbed.Raj, true, asks, ""},
		{"four_eyes/admin", approval.FourEyes, nil, testbed.Bo, true, asks, ""},
		{"four_eyes/only_admin", approval.FourEyes, onlyBo, testbed.Bo, true, "refused", "no-approver"},
		{"four_eyes/only_admin_cancels", approval.FourEyes, onlyBo, testbed.Bo, false, ends, ""},
		{"four_eyes/starter_cancels", approval.FourEyes, nil, testbed.Ana, false, ends, ""},
		{"none/analyst", approval.NoneNeed, nil, testbed.Raj, true, ends, ""},
		{"none/admin", approval.NoneNeed, nil, testbed.Bo, true, ends, ""},
		{"admin/stranger", approval.ByAdmin, nil, testbed.Olli, true, "refused", "not-allowed"},
		{"none/stranger", approval.NoneNeed, nil, testbed.Olli, true, "refused", "not-allowed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := testbed.New(t, testbed.Options{Memory: true, Approval: tt.policy, Admins: tt.admins})
			b.Type(testbed.Ana, testbed.Team, "/emr start")
			if tt.usable {
				b.TickFor(10 * time.Minute)
			}
			b.Click(tt.who, b.Card(), actionid.Destroy, nil)
			wantLast(t, b, tt.who, tt.want != "refused", tt.want, tt.why)
			phase := map[bool]lifecycle.Phase{true: lifecycle.Stopping, false: lifecycle.Up}[tt.want == ends]
			if got := b.State().Phase; got != phase {
				t.Errorf("the phase is %s, want %s", got, phase)
			}
			if asked := b.Seen(testbed.Admins, "DECISION NEEDED"); (asked == 1) != (tt.want == asks) {
				t.Errorf("%d requests in the admins' channel", asked)
			}
			if b.Ephemeral(testbed.Team, tt.who).Text == "" {
				t.Error("the person was told nothing")
			}
			wantQuiet(t, b)
		})
	}
}

func TestDestroy_during_a_launch_is_noted_and_done(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	b.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true})
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "The stop is noted.")
	send(t, b, job.Job{Kind: job.Destroy, User: testbed.Raj, Generation: 1})
	wantLast(t, b, testbed.Raj, false, "refused", "shutting-down")
	b.TickFor(5 * time.Minute)
	wantText(t, b.Card(), "OFF", "<@"+testbed.Ana+">")
	if b.Live() != 0 || b.Seen(testbed.Admins, "DECISION") != 0 {
		t.Errorf("%d clusters live", b.Live())
	}
}

func TestDestroy_wants_a_reason_where_one_is_required(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, reason string
		ends         bool
	}{
		{"none", "", false},
		{"only_invisible", "\u200b \u202e", false},
		{"given", "lunch", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := up(t, testbed.Options{Memory: true, Reason: true})
			b.Type(testbed.Bo, testbed.Team, "/emr")
			b.Click(testbed.Bo, b.Ephemeral(testbed.Team, testbed.Bo), actionid.Destroy, map[string]string{actionid.Reason: tt.reason})
			if got := b.State().Phase == lifecycle.Stopping; got != tt.ends {
				t.Errorf("ended: %v", got)
			}
			if !tt.ends {
				wantText(t, b.Ephemeral(testbed.Team, testbed.Bo), "A reason is required")
				wantLast(t, b, testbed.Bo, false, "refused", "reason-required")
			} else if b.State().Session.Stop.Reason != tt.reason {
				t.Errorf("reason: %+v", b.State().Session.Stop)
			}
		})
	}
}

// TestDestroy_on_the_card_asks_for_the_reason: the card has no input, so its button answers with the panel.
func TestDestroy_on_the_card_asks_for_the_reason(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{Memory: true, Reason: true})
	b.Click(testbed.Ana, b.Card(), actionid.Destroy, nil)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "A reason is required", "Reason for destroying (required)", "Ask to destroy")
	wantLast(t, b, testbed.Ana, false, "refused", "reason-required")
	b.Click(testbed.Ana, b.Ephemeral(testbed.Team, testbed.Ana), actionid.Destroy, map[string]string{actionid.Reason: "lunch"})
	wantText(t, b.RequestCard(), "Reason: lunch", "Asked by <@"+testbed.Ana+">")
}

func TestDestroy_asks_once(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{Memory: true})
	b.Click(testbed.Raj, b.Card(), actionid.Destroy, nil)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "A destroy request is open already")
	wantLast(t, b, testbed.Raj, false, "refused", "request-open")
	if n := b.Seen(testbed.Admins, "DECISION NEEDED"); n != 1 {
		t.Errorf("%d requests", n)
	}
	b.Click(testbed.Mia, b.RequestCard(), actionid.Deny, nil)
	b.Click(testbed.Raj, b.Card(), actionid.Destroy, nil)
	if n := b.Seen(testbed.Admins, "DECISION NEEDED"); n != 1 {
		t.Errorf("after the first was denied: %d requests", n)
	}
	wantLast(t, b, testbed.Raj, true, "requested", "")
}

// TestDestroy_by_words never destroys: typed words are answered with a button.
func TestDestroy_by_words(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"/emr destroy it is over", "That's a wrap!"} {
		t.Run(words, func(t *testing.T) {
			t.Parallel()
			b := up(t, testbed.Options{Memory: true, Approval: approval.NoneNeed})
			b.Type(testbed.Bo, testbed.Team, words)
			if b.State().Phase != lifecycle.Up {
				t.Fatal("words ended the session")
			}
			offer := b.Ephemeral(testbed.Team, testbed.Bo)
			wantText(t, offer, "Nothing has been done yet")
			b.Click(testbed.Bo, offer, actionid.Destroy, nil)
			if b.State().Phase != lifecycle.Stopping {
				t.Error("the button did not end the session")
			}
		})
	}
}

// TestDestroy_cancels_only_what_is_not_usable, even when it becomes usable while that is decided.
func TestDestroy_cancels_only_what_is_not_usable(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		b := testbed.New(t, testbed.Options{Memory: true})
		b.Type(testbed.Ana, testbed.Team, "/emr start")
		b.TickFor(5 * time.Minute)
		m, other := message(t, slip(b, job.Job{Kind: job.Destroy, User: testbed.Ana, Generation: 1})), b.Another()
		usable := false
		passed := b.Points.During(n, func() {
			b.Clock.Move(3 * time.Minute)
			_ = other.Worker.Tick(t.Context())
			usable = b.State().Ready()
		}, func() {
			if b.Deliver(b.Joined, m, 1) != nil {
				_ = b.Deliver(b.Joined, m, 2)
			}
		})
		if len(passed) < n {
			break
		}
		if s := b.State(); usable && s.Phase == lifecycle.Stopping {
			t.Fatalf("point %d (%s): ended without an admin although it was ready", n, passed[n-1])
		}
		if got := len(b.Attempts(testbed.Ana)); got != 2 {
			t.Errorf("point %d: %d audit records", n, got)
		}
	}
}
