package usecase_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi/grant"
)

// capped is a bed whose ready session has the longest lease there is without an admin.
func capped(t *testing.T, o testbed.Options) *testbed.Bed {
	t.Helper()
	if o.File == "" {
		o.File = testbed.ClusterFile
	}
	o.File = strings.Replace(o.File, `"max": "12h"`, `"max": "6h"`, 1)
	return up(t, o)
}

// longer makes somebody's click on the button for more time.
func longer(b *testbed.Bed, who string) job.Job {
	return job.Job{Kind: job.MoreTime, User: who, Generation: 1, LeaseEnd: b.State().Session.LeaseEnd.UnixMilli(), Reason: "export"}
}

// wantExtended checks how often, by whom and through whom the lease's end was moved.
func wantExtended(t *testing.T, b *testbed.Bed, end time.Time, by, approver string) {
	t.Helper()
	s := b.State().Session
	if !s.LeaseEnd.Equal(end.Add(time.Hour)) || len(s.Extensions) != 1 {
		t.Fatalf("the lease ends %v after %+v, want one step after %v", s.LeaseEnd, s.Extensions, end)
	}
	if x := s.Extensions[0]; x.By != by || x.Approver != approver || (x.Request == "") != (approver == "") {
		t.Errorf("extended by %q, agreed to by %q in %q, want %q and %q", x.By, x.Approver, x.Request, by, approver)
	}
}

func TestMoreTime_who(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		policy  approval.Policy
		admins  []string
		who     string
		outcome string
		why     string
		says    string
	}{
		{"analyst_asks", approval.ByAdmin, nil, testbed.Ana, "requested", "", "was sent to the admins"},
		{"admin_alone", approval.ByAdmin, nil, testbed.Bo, "extended", "", "now ends"},
		{"four_eyes_admin_asks", approval.FourEyes, nil, testbed.Bo, "requested", "", "was sent to the admins"},
		{"four_eyes_lone_admin", approval.FourEyes, []string{testbed.Bo}, testbed.Bo, "refused", "no-approver", "Nobody else can approve"},
		{"none_analyst_still_asks", approval.NoneNeed, nil, testbed.Ana, "requested", "", "was sent to the admins"},
		{"none_admin_alone", approval.NoneNeed, nil, testbed.Mia, "extended", "", "now ends"},
		{"nobody_could_agree", approval.ByAdmin, []string{testbed.Gus}, testbed.Ana, "refused", "no-approver", "Nobody else can approve"},
		{"stranger", approval.ByAdmin, nil, testbed.Olli, "refused", "not-allowed", "You may not use"},
	}
	for _, tt := range tests {
		for _, manager := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/manager_%t", tt.name, manager), func(t *testing.T) {
				t.Parallel()
				b := capped(t, testbed.Options{Memory: true, Approval: tt.policy, Admins: tt.admins, Manager: manager})
				end := b.State().Session.LeaseEnd
				send(t, b, longer(b, tt.who))
				wantLast(t, b, tt.who, tt.why == "", tt.outcome, tt.why)
				wantText(t, b.Ephemeral(testbed.Team, tt.who), tt.says)
				if tt.outcome == "extended" {
					wantExtended(t, b, end, tt.who, "")
					if a := b.Attempts(tt.who); a[len(a)-1].Typed != "export" {
						t.Errorf("the audit has not what was typed: %+v", a)
					}
				} else if s := b.State().Session; !s.LeaseEnd.Equal(end) {
					t.Errorf("the lease ends %v, want %v", s.LeaseEnd, end)
				}
				wantQuiet(t, b)
			})
		}
	}
}

// TestMoreTime_all_the_way goes by clicks: the panel with its reason, the request, the approval, the receipt.
func TestMoreTime_all_the_way(t *testing.T) {
	t.Parallel()
	for _, manager := range []bool{false, true} {
		t.Run(fmt.Sprintf("manager_%t", manager), func(t *testing.T) {
			t.Parallel()
			b := capped(t, testbed.Options{Manager: manager, Reason: true})
			end := b.State().Session.LeaseEnd
			card := b.Card()
			b.Click(testbed.Ana, card, actionid.MoreTime, nil)
			wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "A reason is required", "Reason for destroying, or for more time (required)")
			wantLast(t, b, testbed.Ana, false, "refused", "reason-required")
			b.Click(testbed.Ana, b.Ephemeral(testbed.Team, testbed.Ana), actionid.MoreTime, map[string]string{actionid.Reason: "<!here> the export\nruns on"})
			wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "was sent to the admins", "Withdraw request for more time")
			wantText(t, b.RequestCard(), "More time for exploration", "Reason: &lt;!here&gt; the export runs on", "Asked by <@"+testbed.Ana+">", "≈")
			wantText(t, b.Card(), "Request for more time", "waits for an admin")
			if hasButton(b.Card(), actionid.MoreTime) {
				t.Error("the card offers to ask once more")
			}
			b.Click(testbed.Bo, b.RequestCard(), actionid.Approve, nil)
			wantExtended(t, b, end, testbed.Ana, testbed.Bo)
			wantText(t, b.RequestCard(), "APPROVED", "<@"+testbed.Bo+">")
			wantText(t, b.Card(), "Extended by <@"+testbed.Ana+">", "approved by <@"+testbed.Bo+">", "1 h more (")
			if n := b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your request for more time"); n != 1 {
				t.Errorf("Ana was told %d times", n)
			}
			once(t, b, "approved-more-time")
			send(t, b, job.Job{Kind: job.MoreTime, User: testbed.Raj, Generation: 1, LeaseEnd: end.UnixMilli(), Reason: "me too"})
			wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "extended already")
			wantLast(t, b, testbed.Raj, true, "nothing-to-do", "")
			wantExtended(t, b, end, testbed.Ana, testbed.Bo)
			wantUnlogged(t, b, "export")
			wantQuiet(t, b)
			b.TickFor(b.State().Session.LeaseEnd.Sub(b.Clock.Now()) + 10*time.Minute)
			wantText(t, b.Card(), "Stopped at its lease end", "Extended by <@"+testbed.Ana+">", "approved by <@"+testbed.Bo+">")
		})
	}
}

func TestMoreTime_is_offered_with_the_warning(t *testing.T) {
	t.Parallel()
	b := capped(t, testbed.Options{Memory: true, Reason: true})
	b.TickFor(b.State().Session.LeaseEnd.Sub(b.Clock.Now()) - 29*time.Minute)
	warning := told(b, "lease ends")[0]
	wantText(t, warning, "limit of 6 h", "1 h more (", "Reason for more time (required)")
	b.Click(testbed.Raj, warning, actionid.MoreTime, map[string]string{actionid.Reason: "nearly done"})
	wantText(t, b.RequestCard(), "Asked by <@"+testbed.Raj+">", "Reason: nearly done")
	b.TickFor(20 * time.Minute)
	later := told(b, "lease ends")[1]
	wantText(t, later, "Request for more time", "waits for an admin")
	if hasButton(later, actionid.MoreTime) {
		t.Error("the second warning offers to ask once more")
	}
}

func TestMoreTime_out_of_place(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		file string
		job  func(b *testbed.Bed) job.Job
		why  string
	}{
		{"before_the_cap", testbed.ClusterFile, func(b *testbed.Bed) job.Job { return longer(b, testbed.Bo) }, "out-of-date"},
		{"another_session", "", func(b *testbed.Bed) job.Job {
			j := longer(b, testbed.Bo)
			j.Generation = 7
			return j
		}, "out-of-date"},
		{"another_lease_end", "", func(b *testbed.Bed) job.Job {
			j := longer(b, testbed.Bo)
			j.LeaseEnd--
			return j
		}, ""}, // somebody has moved it already: nothing is left to do
		{"too_old", "", func(b *testbed.Bed) job.Job {
			j := longer(b, testbed.Bo)
			j.At = b.Clock.Now().Add(-11 * time.Minute)
			return j
		}, "too-old"},
		{"while_it_stops", "", func(b *testbed.Bed) job.Job {
			b.Click(testbed.Mia, b.Card(), actionid.Destroy, nil)
			return longer(b, testbed.Bo)
		}, string(lifecycle.ShuttingDown)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var b *testbed.Bed
			if tt.file != "" {
				b = up(t, testbed.Options{Memory: true, File: tt.file})
			} else {
				b = capped(t, testbed.Options{Memory: true})
			}
			end := b.State().Session.LeaseEnd
			send(t, b, tt.job(b))
			if a := b.Attempts(testbed.Bo); len(a) != 1 || a[0].Allowed != (tt.why == "") || a[0].Why != tt.why {
				t.Errorf("audit %+v, want %s", a, tt.why)
			}
			if s := b.State().Session; !s.LeaseEnd.Equal(end) {
				t.Errorf("the lease's end became %v", s.LeaseEnd)
			}
		})
	}
}

// askedLonger is a capped bed with Ana's open request for more time.
func askedLonger(t *testing.T, o testbed.Options) *testbed.Bed {
	t.Helper()
	b := capped(t, o)
	send(t, b, longer(b, testbed.Ana))
	wantText(t, b.RequestCard(), "DECISION NEEDED")
	return b
}

func TestMoreTime_states(t *testing.T) {
	t.Parallel()
	decide := func(kind job.Kind, who string) func(*testing.T, *testbed.Bed) {
		return func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			send(t, b, job.Job{Kind: kind, User: who, Generation: 1, Request: requestID(t, b)})
		}
	}
	tests := []struct {
		name  string
		after func(t *testing.T, b *testbed.Bed)
		card  []string
		told  int // how often Ana hears of it in the card's thread
	}{
		{"denied", decide(job.Deny, testbed.Bo), []string{"DENIED", "The lease's end stays"}, 1},
		{"withdrawn", decide(job.Withdraw, testbed.Ana), []string{"WITHDRAWN"}, 0},
		{"own_request", decide(job.Approve, testbed.Ana), []string{"DECISION NEEDED"}, 0},
		{"analyst", decide(job.Approve, testbed.Raj), []string{"DECISION NEEDED"}, 0},
		{"needed", decide(job.StillNeed, testbed.Ana), []string{"DECISION NEEDED"}, 0},
		{"looked_at", decide(job.Claim, testbed.Mia), []string{"DECISION NEEDED", "<@" + testbed.Mia + "> is looking at it"}, 0},
		{"expired", func(_ *testing.T, b *testbed.Bed) { b.TickFor(46 * time.Minute) }, []string{"EXPIRED", "It stops"}, 1},
		{"destroyed", func(_ *testing.T, b *testbed.Bed) {
			b.Click(testbed.Mia, b.Card(), actionid.Destroy, nil)
			b.Tick()
		}, []string{"NO LONGER NEEDED", "the session is over, or its lease was moved"}, 1},
		{"extended_by_an_admin", func(t *testing.T, b *testbed.Bed) {
			t.Helper()
			send(t, b, longer(b, testbed.Mia))
			b.Tick()
		}, []string{"NO LONGER NEEDED"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := askedLonger(t, testbed.Options{Memory: true, Admins: []string{testbed.Ana, testbed.Bo, testbed.Mia}, Approval: approval.FourEyes})
			if tt.name == "extended_by_an_admin" || tt.name == "destroyed" {
				b = askedLonger(t, testbed.Options{Memory: true})
			}
			end := b.State().Session.LeaseEnd
			tt.after(t, b)
			wantText(t, b.RequestCard(), tt.card...)
			if n := b.Seen(testbed.Team, "<@"+testbed.Ana+"> Your request for more time"); n != tt.told {
				t.Errorf("Ana was told %d times, want %d", n, tt.told)
			}
			if s := b.State().Session; tt.name != "extended_by_an_admin" && !s.LeaseEnd.Equal(end) {
				t.Errorf("the lease's end became %v", s.LeaseEnd)
			}
			if open := strings.Contains(b.RequestCard().Text, "DECISION NEEDED"); open != hasButton(b.RequestCard(), actionid.Approve) {
				t.Errorf("open: %v, and the button differs", open)
			}
			wantQuiet(t, b)
		})
	}
}

func TestMoreTime_waits_no_longer_than_the_lease(t *testing.T) {
	t.Parallel()
	b := capped(t, testbed.Options{Memory: true})
	b.TickFor(b.State().Session.LeaseEnd.Sub(b.Clock.Now()) - 10*time.Minute)
	send(t, b, longer(b, testbed.Ana))
	wantText(t, b.RequestCard(), "Otherwise it stops at its lease end")
	b.TickFor(20 * time.Minute)
	wantText(t, b.RequestCard(), "NO LONGER NEEDED")
	if s := b.State(); s.Phase != lifecycle.Down || s.Session.Stop.Why != lifecycle.StopLeaseEnd {
		t.Errorf("after the lease's end: %+v", s.Row)
	}
	wantQuiet(t, b)
}

// TestMoreTime_beside_a_destroy: one request of each kind may be open, each with its card; the end wins.
func TestMoreTime_beside_a_destroy(t *testing.T) {
	t.Parallel()
	b := askedLonger(t, testbed.Options{Memory: true})
	send(t, b, longer(b, testbed.Raj))
	wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "A request for more time is open already")
	b.Click(testbed.Raj, b.Card(), actionid.Destroy, nil)
	ends := b.RequestCard()
	wantText(t, ends, "Destroy exploration")
	wantText(t, b.Card(), "Destroy request", "Request for more time")
	b.Type(testbed.Ana, testbed.Team, "/emr")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "Withdraw request for more time", "Ask to destroy")
	if n := b.Seen(testbed.Team, "asks to end the cluster early"); n != 1 {
		t.Errorf("%d notices, want one of the destroy request", n)
	}
	b.Click(testbed.Bo, ends, actionid.Approve, nil)
	b.Tick()
	if n := b.Seen(testbed.Admins, "NO LONGER NEEDED · More time"); n != 1 {
		t.Errorf("%d requests for more time are no longer needed", n)
	}
	wantQuiet(t, b)
}

func TestMoreTime_is_reminded_of(t *testing.T) {
	t.Parallel()
	b := askedLonger(t, testbed.Options{Memory: true, File: withRequest(calling)})
	b.TickFor(31 * time.Minute)
	replies := thread(b, b.RequestCard())
	if len(replies) != 2 {
		t.Fatalf("%d words in the request's thread", len(replies))
	}
	wantText(t, replies[0], "still waits for a decision", "Otherwise it stops", "<@"+testbed.Bo+">")
	if strings.Contains(replies[0].Text, "Waiting has cost") {
		t.Errorf("it says that waiting costs: %s", replies[0].Text)
	}
}

// TestMoreTime_without_the_verb has a lifecycle manager that does not let Showtime pass the cap: nobody waits
// for what cannot come, and both people are told.
func TestMoreTime_without_the_verb(t *testing.T) {
	t.Parallel()
	b := askedLonger(t, testbed.Options{Manager: true, Without: grant.ExtendPastCap})
	end := b.State().Session.LeaseEnd
	send(t, b, longer(b, testbed.Mia))
	wantLast(t, b, testbed.Mia, false, "refused", "manager-forbids")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Mia), "does not let Showtime do this; nothing was changed")
	b.Click(testbed.Bo, b.RequestCard(), actionid.Approve, nil)
	wantText(t, b.RequestCard(), "APPROVED, NOT DONE", "Showtime's grant")
	for _, channel := range []string{testbed.Team, testbed.Admins} {
		if n := b.Seen(channel, "was approved. It changed nothing"); n != 1 {
			t.Errorf("told %d times in %s", n, channel)
		}
	}
	once(t, b, "approved-more-time")
	if s := b.State().Session; !s.LeaseEnd.Equal(end) {
		t.Errorf("the lease's end became %v", s.LeaseEnd)
	}
	wantQuiet(t, b)
}

// TestMoreTime_is_left_alone_by_older_builds: one that knows only early ends would end the cluster.
func TestMoreTime_is_left_alone_by_older_builds(t *testing.T) {
	t.Parallel()
	b := askedLonger(t, testbed.Options{Memory: true})
	b.Click(testbed.Raj, b.Card(), actionid.Destroy, nil)
	for _, req := range b.Requests() {
		if want := map[approval.RequestKind]int{approval.Destroy: 1, approval.MoreTime: 2}[req.Kind]; req.V != want {
			t.Errorf("a request of kind %q has version %d, want %d", req.Kind, req.V, want)
		}
	}
}

// TestMoreTime_asked_again_for_the_new_end: a request that means nothing any more stands in nobody's way.
func TestMoreTime_asked_again_for_the_new_end(t *testing.T) {
	t.Parallel()
	b := askedLonger(t, testbed.Options{Memory: true})
	send(t, b, longer(b, testbed.Mia))
	send(t, b, longer(b, testbed.Raj))
	wantLast(t, b, testbed.Raj, true, "requested", "")
	b.Tick()
	if n := b.Seen(testbed.Admins, "NO LONGER NEEDED · More time"); n != 1 {
		t.Errorf("%d requests are no longer needed", n)
	}
	b.Click(testbed.Bo, b.RequestCard(), actionid.Approve, nil)
	if x := b.State().Session.Extensions; len(x) != 2 || x[1].By != testbed.Raj || x[1].Approver != testbed.Bo {
		t.Errorf("extensions %+v", x)
	}
	wantQuiet(t, b)
}

// TestMoreTime_where_nobody_knows_the_admins has Slack stop telling who people are at every point of a wish: it
// is asked for, or refused because nobody knows; never is it taken for a day without admins.
func TestMoreTime_where_nobody_knows_the_admins(t *testing.T) {
	t.Parallel()
	unknown, asked := 0, 0
	for n, struck := 1, true; struck && asked < 2; n++ {
		b := capped(t, testbed.Options{Memory: true})
		m := message(t, slip(b, longer(b, testbed.Ana)))
		struck = false
		b.Points.During(n, func() {
			struck = true
			b.Slack.Inject(slacklike.Fault{Method: "users.info", Kind: slacklike.Unavailable})
		}, func() { _ = b.Deliver(b.Joined, m, 1) })
		a := b.Attempts(testbed.Ana)
		switch why := a[len(a)-1].Why; why {
		case "membership-unknown":
			unknown++
		case "":
			asked++
		default:
			t.Errorf("struck at point %d: refused as %q", n, why)
		}
	}
	if unknown < 2 || asked == 0 {
		t.Errorf("refused %d times, asked %d times", unknown, asked)
	}
}
