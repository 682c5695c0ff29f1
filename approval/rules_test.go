package approval_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/approval"
)

var (
	stranger = approval.Person{ID: "U0"}
	analyst  = approval.Person{ID: "U1", Analyst: true}
	other    = approval.Person{ID: "U2", Analyst: true}
	admin    = approval.Person{ID: "U3", Analyst: true, Admin: true}
	admin2   = approval.Person{ID: "U4", Analyst: true, Admin: true}
	nobody   = approval.Person{Analyst: true, Admin: true} // a role without an id
)

func barred(p approval.Person, why approval.Barred) approval.Person {
	p.Barred = why
	return p
}

func TestMayStart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		who  approval.Person
		want approval.VerdictKind
		code approval.Code
	}{
		{"analyst_allowed", analyst, approval.Allow, ""},
		{"admin_allowed", admin, approval.Allow, ""},
		{"stranger_refused", stranger, approval.Refuse, approval.CodeNoRole},
		{"no_id_refused", nobody, approval.Refuse, approval.CodeNoRole},
		{"guest_refused", barred(analyst, approval.Guest), approval.Refuse, approval.CodeBarred},
		{"bot_refused", barred(admin, approval.Bot), approval.Refuse, approval.CodeBarred},
		{"deactivated_refused", barred(admin, approval.Deactivated), approval.Refuse, approval.CodeBarred},
		{"foreign_refused", barred(admin, approval.Foreign), approval.Refuse, approval.CodeBarred},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkVerdict(t, approval.MayStart(tt.who), tt.want, tt.code)
		})
	}
}

func TestMayDestroy(t *testing.T) {
	t.Parallel()
	usable := approval.Situation{Starter: other.ID, Usable: true}
	mine := approval.Situation{Starter: analyst.ID, Usable: true}
	early := approval.Situation{Starter: analyst.ID}
	both := []approval.Person{admin, admin2}
	tests := []struct {
		name   string
		policy approval.Policy
		who    approval.Person
		s      approval.Situation
		admins []approval.Person
		want   approval.VerdictKind
		code   approval.Code
	}{
		{"admin_policy_analyst_asks", approval.ByAdmin, analyst, usable, both, approval.Ask, approval.CodeNeedsAdmin},
		{"admin_policy_starter_asks", approval.ByAdmin, analyst, mine, both, approval.Ask, approval.CodeNeedsAdmin},
		{"admin_policy_admin_allowed", approval.ByAdmin, admin, usable, nil, approval.Allow, ""},
		{"admin_policy_nobody_to_ask", approval.ByAdmin, analyst, usable, nil, approval.Refuse, approval.CodeNoApprover},
		{"four_eyes_analyst_asks", approval.FourEyes, analyst, usable, both, approval.Ask, approval.CodeNeedsOther},
		{"four_eyes_admin_asks", approval.FourEyes, admin, usable, both, approval.Ask, approval.CodeNeedsOther},
		{"four_eyes_lone_admin_refused", approval.FourEyes, admin, usable, []approval.Person{admin}, approval.Refuse, approval.CodeNoApprover},
		{"none_analyst_allowed", approval.NoneNeed, analyst, usable, nil, approval.Allow, ""},
		{"none_admin_allowed", approval.NoneNeed, admin, usable, nil, approval.Allow, ""},
		{"none_stranger_refused", approval.NoneNeed, stranger, usable, both, approval.Refuse, approval.CodeNoRole},
		{"unknown_policy_refused", "anything", admin, early, both, approval.Refuse, approval.CodeNoPolicy},
		{"no_policy_refused", "", analyst, early, both, approval.Refuse, approval.CodeNoPolicy},

		{"cancel_by_starter_admin_policy", approval.ByAdmin, analyst, early, nil, approval.Allow, ""},
		{"cancel_by_starter_four_eyes", approval.FourEyes, analyst, early, nil, approval.Allow, ""},
		{"cancel_by_admin_four_eyes", approval.FourEyes, admin, early, nil, approval.Allow, ""},
		{"cancel_by_another_analyst_asks", approval.ByAdmin, other, early, both, approval.Ask, approval.CodeNeedsAdmin},
		{"cancel_by_another_analyst_four_eyes_asks", approval.FourEyes, other, early, both, approval.Ask, approval.CodeNeedsOther},
		{
			"cancel_by_starter_without_role_refused", approval.ByAdmin, stranger,
			approval.Situation{Starter: stranger.ID},
			both, approval.Refuse, approval.CodeNoRole,
		},
		{"guest_starter_refused", approval.NoneNeed, barred(analyst, approval.Guest), early, both, approval.Refuse, approval.CodeBarred},
		{"barred_admin_refused", approval.ByAdmin, barred(admin, approval.Deactivated), usable, both, approval.Refuse, approval.CodeBarred},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkVerdict(t, approval.MayDestroy(tt.policy, tt.who, tt.s, tt.admins), tt.want, tt.code)
		})
	}
}

func TestMayPassCap(t *testing.T) {
	t.Parallel()
	both := []approval.Person{admin, admin2}
	tests := []struct {
		name   string
		policy approval.Policy
		who    approval.Person
		admins []approval.Person
		want   approval.VerdictKind
		code   approval.Code
	}{
		{"admin_policy_admin_allowed", approval.ByAdmin, admin, nil, approval.Allow, ""},
		{"admin_policy_analyst_asks", approval.ByAdmin, analyst, both, approval.Ask, approval.CodeNeedsAdmin},
		{"admin_policy_nobody_to_ask", approval.ByAdmin, analyst, nil, approval.Refuse, approval.CodeNoApprover},
		{"four_eyes_admin_asks", approval.FourEyes, admin, both, approval.Ask, approval.CodeNeedsOther},
		{"four_eyes_lone_admin_refused", approval.FourEyes, admin, []approval.Person{admin}, approval.Refuse, approval.CodeNoApprover},
		{"four_eyes_analyst_asks", approval.FourEyes, analyst, both, approval.Ask, approval.CodeNeedsOther},
		{"none_admin_allowed", approval.NoneNeed, admin, nil, approval.Allow, ""},
		{"none_analyst_still_asks", approval.NoneNeed, analyst, both, approval.Ask, approval.CodeNeedsAdmin},
		{"none_nobody_to_ask", approval.NoneNeed, analyst, nil, approval.Refuse, approval.CodeNoApprover},
		{"stranger_refused", approval.NoneNeed, stranger, both, approval.Refuse, approval.CodeNoRole},
		{"barred_admin_refused", approval.ByAdmin, barred(admin, approval.Deactivated), both, approval.Refuse, approval.CodeBarred},
		{"unknown_policy_refused", "anything", admin, both, approval.Refuse, approval.CodeNoPolicy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checkVerdict(t, approval.MayPassCap(tt.policy, tt.who, tt.admins), tt.want, tt.code)
		})
	}
}

func TestNoApprover(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		policy    approval.Policy
		requester string
		admins    []approval.Person
		want      bool
	}{
		{"an_admin", approval.ByAdmin, analyst.ID, []approval.Person{admin}, false},
		{"another_admin", approval.FourEyes, admin.ID, []approval.Person{admin, admin2}, false},
		{"only_the_requester", approval.FourEyes, admin.ID, []approval.Person{admin}, true},
		{"requester_was_made_admin", approval.ByAdmin, admin.ID, []approval.Person{admin}, true},
		{"empty_list", approval.ByAdmin, analyst.ID, nil, true},
		{"no_admin_on_the_list", approval.ByAdmin, analyst.ID, []approval.Person{other}, true},
		{"barred_admins_do_not_count", approval.ByAdmin, analyst.ID, []approval.Person{barred(admin, approval.Deactivated)}, true},
		{"admin_without_id_does_not_count", approval.ByAdmin, analyst.ID, []approval.Person{nobody}, true},
		{"none_is_needed", approval.NoneNeed, analyst.ID, nil, false},
		{"unknown_policy", "anything", analyst.ID, []approval.Person{admin}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := approval.NoApprover(tt.policy, tt.requester, tt.admins); got != tt.want {
				t.Errorf("NoApprover() = %v, want %v", got, tt.want)
			}
		})
	}
}

// checkVerdict also holds every sentence to its promises: there is one for every no, and no Slack markup in it.
func checkVerdict(t *testing.T, got approval.Verdict, kind approval.VerdictKind, code approval.Code) {
	t.Helper()
	if got.Kind != kind || got.Code != code {
		t.Errorf("verdict = %v %q, want %v %q", got.Kind, got.Code, kind, code)
	}
	if (got.Sentence == "") != (kind == approval.Allow) {
		t.Errorf("verdict %v says %q", got.Kind, got.Sentence)
	}
	if strings.ContainsAny(got.Sentence, "<>&*_`~{}") {
		t.Errorf("sentence has markup: %q", got.Sentence)
	}
	if kind == approval.Allow {
		if diff := cmp.Diff(approval.Verdict{Kind: approval.Allow}, got); diff != "" {
			t.Errorf("allowing verdict (-want +got):\n%s", diff)
		}
	}
}
