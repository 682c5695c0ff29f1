package approval_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/approval"
)

// lookedAt is the open request with admin2 looking at it until 9:10.
func lookedAt() approval.Request {
	r := request(approval.Open)
	r.LookedAtBy, r.LookedAtUntil = admin2.ID, asked().Add(10*time.Minute)
	return r
}

// pastCap is the open request as one for more time.
func pastCap() approval.Request {
	r := request(approval.Open)
	r.Kind, r.LeaseEnd = approval.MoreTime, asked().Add(time.Hour)
	return r
}

// about is a session that knows one generation, and one lease end.
type about struct {
	generation int64
	leaseEnd   time.Time
}

func (a about) Endable(generation int64) bool { return generation == a.generation }

func (a about) Extendable(generation int64, leaseEnd time.Time) bool {
	return a.Endable(generation) && leaseEnd.Equal(a.leaseEnd)
}

func TestConcerns(t *testing.T) {
	t.Parallel()
	end, more := request(approval.Open), pastCap()
	tests := []struct {
		name    string
		req     approval.Request
		session about
		want    bool
	}{
		{"end_of_this", end, about{generation: end.Generation}, true},
		{"end_of_an_earlier", end, about{generation: end.Generation + 1}, false},
		{"more_time", more, about{more.Generation, more.LeaseEnd}, true},
		{"more_time_moved", more, about{more.Generation, more.LeaseEnd.Add(time.Hour)}, false},
		{"more_time_of_an_earlier", more, about{more.Generation + 1, more.LeaseEnd}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := tt.req.Concerns(tt.session); got != tt.want {
				t.Errorf("concerns: %t", got)
			}
		})
	}
}

func TestLook(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		req   approval.Request
		who   approval.Person
		after time.Duration
		code  approval.Code // empty = allowed
	}{
		{"admin", request(approval.Open), admin, time.Minute, ""},
		{"again_by_the_same", lookedAt(), admin2, 9 * time.Minute, ""},
		{"after_it_lapsed", lookedAt(), admin, 10 * time.Minute, ""},
		{"while_another_looks", lookedAt(), admin, 10*time.Minute - 1, approval.CodeLookedAt},
		{"own_request", request(approval.Open), analyst, time.Minute, approval.CodeOwn},
		{"analyst", request(approval.Open), other, time.Minute, approval.CodeNotAdmin},
		{"stranger", request(approval.Open), stranger, time.Minute, approval.CodeNoRole},
		{"deactivated_admin", request(approval.Open), barred(admin, approval.Deactivated), time.Minute, approval.CodeBarred},
		{"decided", request(approval.Denied), admin, time.Minute, approval.CodeClosed},
		{"expired", request(approval.Open), admin, 45 * time.Minute, approval.CodeExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			now := asked().Add(tt.after)
			got, verdict := approval.Look(tt.req, tt.who, now)
			kind, want := approval.Refuse, tt.req
			if tt.code == "" {
				kind = approval.Allow
				want.LookedAtBy, want.LookedAtUntil = tt.who.ID, now.Add(10*time.Minute)
			}
			checkVerdict(t, verdict, kind, tt.code)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLookKeepsNobodyFromDeciding(t *testing.T) {
	t.Parallel()
	got, verdict := approval.Decide(lookedAt(), admin, true, approval.ByAdmin, asked().Add(time.Minute))
	checkVerdict(t, verdict, approval.Allow, "")
	if got.State != approval.Approved || got.DecidedBy != admin.ID {
		t.Errorf("Decide() = %+v", got)
	}
}

func TestNeed(t *testing.T) {
	t.Parallel()
	noted := request(approval.Open)
	noted.NeededBy = []string{other.ID}
	tests := []struct {
		name  string
		req   approval.Request
		who   approval.Person
		uses  bool
		after time.Duration
		want  []string
		code  approval.Code // empty = allowed
	}{
		{"uses_it", request(approval.Open), other, true, 0, []string{other.ID}, ""},
		{"said_again", noted, other, true, 0, []string{other.ID}, ""},
		{"second_person", noted, admin, true, 0, []string{other.ID, admin.ID}, ""},
		{"ends_nothing", pastCap(), other, true, 0, nil, approval.CodeNoEnd},
		{"not_using", request(approval.Open), other, false, 0, nil, approval.CodeNotUsing},
		{"own_request", request(approval.Open), analyst, true, 0, nil, approval.CodeOwn},
		{"stranger", request(approval.Open), stranger, true, 0, nil, approval.CodeNoRole},
		{"guest", request(approval.Open), barred(other, approval.Guest), true, 0, nil, approval.CodeBarred},
		{"decided", request(approval.Approved), other, true, 0, nil, approval.CodeClosed},
		{"expired", request(approval.Open), other, true, 45 * time.Minute, nil, approval.CodeExpired},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, verdict := approval.Need(tt.req, tt.who, tt.uses, asked().Add(tt.after))
			kind, want := approval.Refuse, tt.req
			if tt.code == "" {
				kind = approval.Allow
				want.NeededBy = tt.want
			}
			checkVerdict(t, verdict, kind, tt.code)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNeedVetoesNothing(t *testing.T) {
	t.Parallel()
	req, _ := approval.Need(request(approval.Open), other, true, asked())
	got, verdict := approval.Decide(req, admin, true, approval.ByAdmin, asked())
	checkVerdict(t, verdict, approval.Allow, "")
	if got.State != approval.Approved {
		t.Errorf("Decide() = %+v", got)
	}
}

func TestDue(t *testing.T) {
	t.Parallel()
	schedule := approval.Schedule{Remind: []time.Duration{10 * time.Minute, 30 * time.Minute}, EscalateAfter: 30 * time.Minute}
	marked := func(reminded int, escalated bool) approval.Request {
		r := request(approval.Open)
		r.Reminded, r.Escalated = reminded, escalated
		return r
	}
	tests := []struct {
		name     string
		req      approval.Request
		schedule approval.Schedule
		after    time.Duration
		want     approval.Request
		call     approval.Call
	}{
		{"too_early", marked(0, false), schedule, 10*time.Minute - 1, marked(0, false), approval.Call{}},
		{"first_reminder", marked(0, false), schedule, 10 * time.Minute, marked(1, false), approval.Call{Remind: true}},
		{"first_reminder_is_marked", marked(1, false), schedule, 29 * time.Minute, marked(1, false), approval.Call{}},
		{"second_reminder_and_escalation", marked(1, false), schedule, 30 * time.Minute, marked(2, true), approval.Call{Remind: true, Escalate: true}},
		{"all_marked", marked(2, true), schedule, 44 * time.Minute, marked(2, true), approval.Call{}},
		{"missed_reminders_are_one", marked(0, false), schedule, 40 * time.Minute, marked(2, true), approval.Call{Remind: true, Escalate: true}},
		{"no_escalation", marked(1, false), approval.Schedule{}, 40 * time.Minute, marked(1, false), approval.Call{}},
		{"expired", marked(0, false), schedule, 45 * time.Minute, marked(0, false), approval.Call{}},
		{"decided", request(approval.Denied), schedule, 40 * time.Minute, request(approval.Denied), approval.Call{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, call := approval.Due(tt.req, tt.schedule, asked().Add(tt.after))
			if call != tt.call {
				t.Errorf("call = %+v, want %+v", call, tt.call)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}
