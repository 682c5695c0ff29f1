package approval_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/approval"
)

func asked() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

// request is analyst's, asked at 9:00 and open until 9:45.
func request(state approval.RequestState) approval.Request {
	r := approval.Request{
		V: 1, ID: "r1", State: state, Generation: 7, By: analyst.ID, Reason: "done",
		At: asked(), ExpiresAt: asked().Add(45 * time.Minute), Channel: "C1",
	}
	if state != approval.Open {
		r.DecidedBy, r.DecidedAt = admin2.ID, asked().Add(time.Minute)
	}
	return r
}

func TestDecide(t *testing.T) {
	t.Parallel()
	const soon, late = 10 * time.Minute, time.Hour
	anonymous := request(approval.Open)
	anonymous.By = ""
	endless := request(approval.Open)
	endless.ExpiresAt = time.Time{}
	byAdmin := request(approval.Open)
	byAdmin.By = admin.ID
	tests := []struct {
		name   string
		req    approval.Request
		who    approval.Person
		policy approval.Policy
		after  time.Duration
		code   approval.Code // empty = allowed
	}{
		{"admin_decides", request(approval.Open), admin, approval.ByAdmin, soon, ""},
		{"another_admin_decides_four_eyes", byAdmin, admin2, approval.FourEyes, soon, ""},
		{"left_over_after_policy_change", request(approval.Open), admin, approval.NoneNeed, soon, ""},
		{"last_moment", request(approval.Open), admin, approval.ByAdmin, 45*time.Minute - 1, ""},

		{"own_request_of_analyst", request(approval.Open), analyst, approval.ByAdmin, soon, approval.CodeOwn},
		{"own_request_of_admin", byAdmin, admin, approval.FourEyes, soon, approval.CodeOwn},
		{"own_request_of_admin_under_none", byAdmin, admin, approval.NoneNeed, soon, approval.CodeOwn},
		{"own_before_closed_and_expired", request(approval.Denied), analyst, approval.ByAdmin, late, approval.CodeOwn},
		{"nobody_about_nobody", anonymous, nobody, approval.ByAdmin, soon, approval.CodeOwn},
		{"analyst", request(approval.Open), other, approval.ByAdmin, soon, approval.CodeNotAdmin},
		{"not_admin_before_closed", request(approval.Approved), other, approval.ByAdmin, soon, approval.CodeNotAdmin},
		{"stranger", request(approval.Open), stranger, approval.ByAdmin, soon, approval.CodeNoRole},
		{"guest_on_the_admin_list", request(approval.Open), barred(admin, approval.Guest), approval.ByAdmin, soon, approval.CodeBarred},
		{"unknown_policy", request(approval.Open), admin, "anything", soon, approval.CodeNoPolicy},
		{"approved", request(approval.Approved), admin, approval.ByAdmin, soon, approval.CodeClosed},
		{"denied", request(approval.Denied), admin, approval.ByAdmin, soon, approval.CodeClosed},
		{"withdrawn", request(approval.Withdrawn), admin, approval.ByAdmin, soon, approval.CodeClosed},
		{"no_longer_needed", request(approval.NoLongerNeeded), admin, approval.ByAdmin, soon, approval.CodeClosed},
		{"marked_expired", request(approval.Expired), admin, approval.ByAdmin, soon, approval.CodeClosed},
		{"unknown_state", request("maybe"), admin, approval.ByAdmin, soon, approval.CodeClosed},
		{"no_state", request(""), admin, approval.ByAdmin, soon, approval.CodeClosed},
		{"closed_before_expired", request(approval.Denied), admin, approval.ByAdmin, late, approval.CodeClosed},
		{"at_its_end", request(approval.Open), admin, approval.ByAdmin, 45 * time.Minute, approval.CodeExpired},
		{"after_its_end", request(approval.Open), admin, approval.ByAdmin, late, approval.CodeExpired},
		{"without_an_end", endless, admin, approval.ByAdmin, soon, approval.CodeExpired},
	}
	for _, tt := range tests {
		for decision, approve := range map[approval.RequestState]bool{approval.Approved: true, approval.Denied: false} {
			t.Run(tt.name+"/"+string(decision), func(t *testing.T) {
				t.Parallel()
				now := asked().Add(tt.after)
				got, verdict := approval.Decide(tt.req, tt.who, approve, tt.policy, now)
				kind, want := approval.Refuse, tt.req
				if tt.code == "" {
					kind = approval.Allow
					want.State, want.DecidedBy, want.DecidedAt = decision, tt.who.ID, now
				}
				checkVerdict(t, verdict, kind, tt.code)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("request (-want +got):\n%s", diff)
				}
			})
		}
	}
}

func TestDecideSaysWhoWasFaster(t *testing.T) {
	t.Parallel()
	_, got := approval.Decide(request(approval.Denied), admin, true, approval.ByAdmin, asked().Add(2*time.Minute))
	want := approval.Verdict{
		Kind: approval.Refuse, Code: approval.CodeClosed, Sentence: "This request was already denied.",
		State: approval.Denied, By: admin2.ID, At: asked().Add(time.Minute),
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		state approval.RequestState
		who   approval.Person
		code  approval.Code
	}{
		{"own", approval.Open, analyst, ""},
		{"own_without_role_any_more", approval.Open, approval.Person{ID: analyst.ID}, ""},
		{"of_another", approval.Open, other, approval.CodeNotOwn},
		{"by_an_admin", approval.Open, admin, approval.CodeNotOwn},
		{"already_approved", approval.Approved, analyst, approval.CodeClosed},
		{"already_withdrawn", approval.Withdrawn, analyst, approval.CodeClosed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			kind, want := approval.Refuse, request(tt.state)
			if tt.code == "" {
				kind = approval.Allow
				want.State, want.DecidedBy, want.DecidedAt = approval.Withdrawn, tt.who.ID, asked()
			}
			got, verdict := approval.Withdraw(request(tt.state), tt.who, asked())
			checkVerdict(t, verdict, kind, tt.code)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("request (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExpireAndDrop(t *testing.T) {
	t.Parallel()
	end := request(approval.Open).ExpiresAt
	if _, closed := approval.Expire(request(approval.Open), end.Add(-1)); closed {
		t.Error("expired before its time")
	}
	if got, closed := approval.Expire(request(approval.Open), end); !closed || got.State != approval.Expired || !got.DecidedAt.Equal(end) {
		t.Errorf("Expire() = %+v, %v", got, closed)
	}
	if got, closed := approval.Drop(request(approval.Open), asked()); !closed || got.State != approval.NoLongerNeeded || got.DecidedBy != "" {
		t.Errorf("Drop() = %+v, %v", got, closed)
	}
	for _, state := range closedStates() {
		if got, closed := approval.Expire(request(state), end.Add(time.Hour)); closed || !cmp.Equal(got, request(state)) {
			t.Errorf("Expire() changed a request that was %s", state)
		}
		if got, closed := approval.Drop(request(state), end); closed || !cmp.Equal(got, request(state)) {
			t.Errorf("Drop() changed a request that was %s", state)
		}
	}
}

// TestClosedOnce drives random steps: a request leaves Open at most once, only by an admin's decision
// about somebody else's request, by its own person, or by time, and then never changes again.
func TestClosedOnce(t *testing.T) {
	t.Parallel()
	people := []approval.Person{stranger, analyst, other, admin, admin2, nobody, barred(admin, approval.Guest)}
	policies := []approval.Policy{approval.ByAdmin, approval.FourEyes, approval.NoneNeed, "", "anything"}
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 1)) // the same numbers every time
		req := request(approval.Open)
		req.By = people[rnd.IntN(len(people))].ID
		for step := range 20 {
			before, who := req, people[rnd.IntN(len(people))]
			now := asked().Add(time.Duration(rnd.IntN(60)) * time.Minute)
			switch rnd.IntN(11) {
			case 0:
				req, _ = approval.Withdraw(req, who, now)
			case 1:
				req, _ = approval.Expire(req, now)
			case 2:
				req, _ = approval.Drop(req, now)
			case 3:
				req, _ = approval.Look(req, who, now)
			case 4:
				req, _ = approval.Need(req, who, rnd.IntN(2) == 0, now)
			case 5:
				req, _ = approval.Due(req, approval.Schedule{Remind: []time.Duration{time.Minute}, EscalateAfter: 5 * time.Minute}, now)
			default:
				req, _ = approval.Decide(req, who, rnd.IntN(2) == 0, policies[rnd.IntN(len(policies))], now)
			}
			changed := !cmp.Equal(req, before)
			if changed && before.State != approval.Open {
				t.Fatalf("seed %d step %d: %s became %s", seed, step, before.State, req.State)
			}
			decided := req.State == approval.Approved || req.State == approval.Denied
			if changed && decided && before.State == approval.Open && (!who.Admin || who.Barred != "" || who.ID == "" || who.ID == req.By || !now.Before(req.ExpiresAt)) {
				t.Fatalf("seed %d step %d: %+v decided about %+v", seed, step, who, before)
			}
		}
	}
}

func closedStates() []approval.RequestState {
	return []approval.RequestState{approval.Approved, approval.Denied, approval.Withdrawn, approval.Expired, approval.NoLongerNeeded}
}
