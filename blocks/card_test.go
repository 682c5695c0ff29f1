package blocks

import (
	"strings"
	"testing"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// offered are the action ids of a message's buttons and inputs.
func offered(tb testing.TB, m Message) string {
	tb.Helper()
	var out []string
	walk(tree(tb, m), func(n node) {
		if id := str(n, "action_id"); id != "" {
			out = append(out, id)
		}
	})
	return strings.Join(out, " ")
}

func TestButtonsFollowTheState(t *testing.T) {
	t.Parallel()
	all := screens()
	cases := []struct {
		name       string
		has, lacks []string
	}{
		{"panel_off_again", []string{actionid.Start, actionid.Hours, actionid.Purpose, actionid.Status}, []string{actionid.Destroy, actionid.Join}},
		{"panel_off_short_leases", []string{actionid.Start}, []string{actionid.Hours}},
		{"panel_wish", []string{actionid.Status}, []string{actionid.Start, actionid.Destroy}},
		{"panel_launching_own", []string{actionid.Destroy, actionid.Reason, actionid.Status}, []string{actionid.Start, actionid.Join}},
		{"panel_launching_other", []string{actionid.Destroy, actionid.Join}, []string{actionid.OpenNotebook}},
		{"panel_launching_stop", []string{actionid.Status}, []string{actionid.Destroy, actionid.Reason, actionid.Join}},
		{"panel_ready_user", []string{actionid.OpenNotebook, actionid.Destroy, actionid.OpenCard}, []string{actionid.Join, actionid.Start}},
		{"panel_ready_stranger", []string{actionid.Join}, nil},
		{"panel_stopping", []string{actionid.Status}, []string{actionid.Destroy, actionid.Join, actionid.Start, actionid.Reason}},
		{"status_ready_user", []string{actionid.Status, actionid.Destroy}, []string{actionid.Reason, actionid.Start}},
		{"status_ready_four-eyes", []string{actionid.Status, actionid.Destroy}, []string{actionid.Reason}}, // a reason is required
		{"status_off_again", []string{actionid.Status}, []string{actionid.Start, actionid.Purpose}},
		{"offer_ready_user", []string{actionid.Destroy, actionid.Reason}, []string{actionid.Start}},
		{"offer_off_again", nil, []string{actionid.Destroy}},
		{"offer_stopping", nil, []string{actionid.Destroy}},
		{"card_ready", []string{actionid.OpenNotebook, actionid.Join, actionid.Destroy}, []string{actionid.Reason}},
		{"card_leaving", nil, []string{actionid.OpenNotebook, actionid.Join, actionid.Extend, actionid.Destroy}},
		{"panel_leaving", []string{actionid.Status}, []string{actionid.OpenNotebook, actionid.Destroy, actionid.Reason}},
		{"offer_leaving", nil, []string{actionid.Destroy}},
		{"card_stop_noted", nil, []string{actionid.Destroy, actionid.Join}},
		{"card_receipt_asked", []string{actionid.Start}, []string{actionid.Destroy}},
		{"request_open", []string{actionid.Approve, actionid.Deny}, nil},
		{"request_open_over", nil, []string{actionid.Approve, actionid.Deny}},
		{"request_approved", nil, []string{actionid.Approve, actionid.Deny}},
		{"request_expired", nil, []string{actionid.Approve, actionid.Deny}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ids := offered(t, all[c.name])
			wantAll(t, ids, c.has...)
			wantNone(t, ids, c.lacks...)
		})
	}
}

func TestFallbackHasTheFacts(t *testing.T) {
	t.Parallel()
	all := screens()
	cases := []struct {
		name        string
		want, never []string
	}{
		{"card_requested", []string{"STARTING", "Requested <!date^", "<@U0ANA>", "Purpose: Case 4711"}, nil},
		{"card_confirming", []string{"CONFIRMING", "no clear answer"}, nil},
		{"card_wish", []string{"STARTING AGAIN", "launching again by itself", "no further cost"}, nil},
		{"card_stop_noted", []string{"Stop asked by <@U0ANA>", "as soon as AWS shows it"}, []string{"Stops <!date"}},
		{"card_capacity", []string{"◔ Capacity from AWS: under way", "○ Installing"}, nil},
		{"card_installing", []string{"✓ Capacity from AWS", "◔ Installing the software: under way"}, nil},
		{"card_ready", []string{"READY", "after 8 min", "Stops <!date^", "≈ $1.20 to $1.90 so far", "at most ≈ $10.80", "rates as of 2026-11-01", "<@U0RAJ>", "j-3ABC"}, nil},
		{"card_ready_admin", []string{"Destroy request D-0142 by <@U0RAJ>"}, nil},
		{"card_ready_no_rates", []string{"no rates are configured"}, []string{"≈", "$"}},
		{"card_ready_unknown", []string{"no rate is configured for m9g.huge, r9.&lt;big&gt;"}, []string{"≈"}},
		{"card_ready_grace", []string{"Its lease ended"}, nil},
		{"card_ready_tags", []string{"does not carry Showtime's tags", "may still run and cost money"}, nil},
		{"card_stopping", []string{"STOPPING", "approved by <@U0MIA>", "Reason: Hunt finished"}, nil},
		{"card_stopping_late", []string{"not ended it after more than 20 minutes", "may still cost money"}, nil},
		{"card_receipt_asked", []string{"OFF", "Ran 1 h 59 min", "Started by <@U0ANA>", "Used by <@U0ANA>, <@U0RAJ>", "request D-0142", "approved by <@U0MIA>", "in all", "no further cost", "Start again"}, nil},
		{"card_receipt_lease", []string{"lease end <!date^", "as agreed at the start"}, nil},
		{"card_receipt_timeout", []string{"FAILED", "start timeout"}, nil},
		{"card_receipt_cancel", []string{"OFF", "cancelled before it was ever usable"}, nil},
		{"card_receipt_billing", []string{"may still cost money"}, []string{"no further cost"}},
		{"card_receipt_no_rate", []string{"no rates are configured"}, nil},
		{"request_open", []string{"DECISION NEEDED", "Asked by <@U0RAJ>", "Reason: Hunt finished", "2 people are using it", "Running for 2 h", "lease end", "per hour", "Expires <!date^", "not <@U0RAJ>: <@U0MIA>, <!subteam^S0ADMINS>"}, nil},
		{"request_open_alone", []string{"Nobody else can approve it"}, nil},
		{"request_denied", []string{"DENIED", "Denied by <@U0MIA> <!date^", "keeps running"}, nil},
		{"panel_ready_four-eyes", []string{"That button was out of date.", "Destroy request D-0142", "(required)"}, nil},
		{"panel_off_never", []string{"OFF", "no session yet", "≈ $1.70 to $2.70 per hour", "4 h, at most ≈ $10.80"}, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantAll(t, all[c.name].Text, c.want...)
			wantNone(t, all[c.name].Text, c.never...)
		})
	}
}

// TestConfirmSaysWhoDecides holds for each role under each policy, usable or not.
func TestConfirmSaysWhoDecides(t *testing.T) {
	t.Parallel()
	starting, up := state(lifecycle.Up, seen(lifecycle.EMRStarting)), state(lifecycle.Up, usable)
	cases := []struct {
		name   string
		who    approval.Person
		state  lifecycle.State
		policy approval.Policy
		label  string
		text   string
	}{
		{"starter_cancels", analyst("U0ANA"), starting, approval.FourEyes, "Cancel start", "Nobody has to agree"},
		{"admin_cancels", admin(), starting, approval.FourEyes, "Cancel start", "2 other people wait"},
		{"other_analyst_asks_while_starting", analyst("U0RAJ"), starting, approval.ByAdmin, "Ask to destroy", "An admin decides"},
		{"analyst_asks", analyst("U0ANA"), up, approval.ByAdmin, "Ask to destroy", "An admin decides"},
		{"admin_decides_alone", admin(), up, approval.ByAdmin, "Destroy", "ends at once"},
		{"admin_needs_another", admin(), up, approval.FourEyes, "Ask to destroy", "other than you"},
		{"no_policy_no_admin", analyst("U0RAJ"), up, approval.NoneNeed, "Destroy", "ends at once"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := panelView(c.who, c.state)
			v.Policy = c.policy
			b := destroyButton(v)
			if b.Text.Text != c.label {
				t.Errorf("label %q, want %q", b.Text.Text, c.label)
			}
			wantAll(t, b.Confirm.Text.Text, c.text)
		})
	}
}

func TestNoDialogIsCutOff(t *testing.T) {
	t.Parallel()
	for name, m := range screens() {
		walk(tree(t, m), func(n node) {
			if _, is := n["deny"]; is && strings.HasSuffix(inner(n, "text"), "…") {
				t.Errorf("%s: the dialog is cut off: %q", name, inner(n, "text"))
			}
		})
	}
}

func TestEveryEndingHasItsOwnWords(t *testing.T) {
	t.Parallel()
	told := map[string]string{}
	for _, code := range codes() {
		what := storyOf(lifecycle.Session{End: &lifecycle.End{Code: code}}).what
		if before, is := told[what]; is {
			t.Errorf("%q and %q read the same: %q", before, code, what)
		}
		told[what] = code
	}
}

// TestBlockIDsOnEdits holds because Slack wants new ids on edits, and keeps what people typed under old ones.
func TestBlockIDsOnEdits(t *testing.T) {
	t.Parallel()
	now := CardView{State: state(lifecycle.Up, usable), Now: noon()}
	later, changed := now, now
	later.Now = noon().Add(time.Minute)
	changed.State.Revision++
	first := tree(t, Card(now))[0]["block_id"]
	if first == tree(t, Card(later))[0]["block_id"] || first == tree(t, Card(changed))[0]["block_id"] {
		t.Error("an edited card keeps its block ids")
	}
	panel := panelView(analyst("U0RAJ"), now.State)
	again := panel
	again.State.Revision, again.Now, again.Notice = 99, later.Now, "You have been added."
	for _, b := range tree(t, Panel(panel)) {
		if str(b, "type") == "input" && !strings.Contains(string(goldenJSON(t, Panel(again))), str(b, "block_id")) {
			t.Errorf("a redrawn panel loses the input %v", b["block_id"])
		}
	}
}

func TestNotebookThatIsNoLinkHasNoButton(t *testing.T) {
	t.Parallel()
	for _, link := range []string{"", "ftp://x", "https://" + strings.Repeat("x", maxURL)} {
		s := state(lifecycle.Up, usable)
		s.Notebook = link
		if m := Card(CardView{State: s, Now: noon()}); strings.Contains(offered(t, m), actionid.OpenNotebook) {
			t.Errorf("a button for %.20q", link)
		}
	}
}

func BenchmarkCard(b *testing.B) {
	open := request(approval.Open)
	v := CardView{State: state(lifecycle.Up, usable), Open: &open, Now: noon()}
	b.ReportAllocs()
	for b.Loop() {
		Card(v)
	}
}
