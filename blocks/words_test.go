package blocks

import (
	"strings"
	"testing"
	"time"

	"showtime/approval"
	"showtime/lifecycle"
)

func TestWordsSayWhatHappenedAndWhatToDo(t *testing.T) {
	t.Parallel()
	limits := lifecycle.LeaseConfig{Default: 4 * time.Hour, Max: 12 * time.Hour}
	cases := []struct {
		name string
		got  Message
		want []string
	}{
		{"phrase_start", PhraseStart(false), []string{"Yes, it is!", "card"}},
		{"phrase_joined", PhraseStart(true), []string{"Yes, it is!", "added"}},
		{"started", Started(), []string{"starting", "card"}},
		{"joined", JoinedSession(), []string{"session already", "added"}},
		{"joined_launch", JoinedLaunch(state(lifecycle.Launching, launching), noon()), []string{"<@U0ANA>", "1 min ago", "added"}},
		{"already_using", AlreadyUsing(), []string{"already"}},
		{"stopping", Stopping(), []string{"being ended", "off"}},
		{"stop_noted", StopNoted(), []string{"noted", "as soon as"}},
		{"shutting_down", ShuttingDown(), []string{"shutting down", "Nothing was changed", "/emr"}},
		{"nothing_running", NothingRunning(), []string{"nothing to destroy", "off", "/emr"}},
		{"not_allowed", NotAllowed("U0EVE"), []string{"may not", "Nothing was changed", "admins", "U0EVE"}},
		{"guest", Guest(), []string{"Guests", "other workspaces", "Nothing was changed", "Ask"}},
		{"lost_race", LostRace(request(approval.Denied)), []string{"changed nothing", "D-0142", "Denied by <@U0MIA> <!date^1795435140^"}},
		{"wrong_channel", WrongChannel("C0SHOW"), []string{"<#C0SHOW>", "Nothing was changed"}},
		{"hostile_channel", WrongChannel("<#C0>"), []string{"&lt;#C0&gt;"}},
		{"no_channel", WrongChannel(""), []string{"its own channel"}},
		{"roles_unknown", MembershipUnknown("7F3K"), []string{"could not be asked", "nothing was changed", "7F3K"}},
		{"too_old", TooOld(), []string{"10 minutes", "nothing was changed", "again"}},
		{"out_of_date", OutOfDate(), []string{"out of date", "nothing was changed", "/emr"}},
		{"queued", Queued(), []string{"queued behind other launches", "10 minutes"}},
		{"queued_too_long", QueuedTooLong(), []string{"given up", "Nothing was started"}},
		{"unclean", Unclean("7F3K"), []string{"Nothing was started", "another live cluster", "7F3K"}},
		{"bad_hours", BadHours(), []string{"nothing was started", "/emr start 4"}},
		{"bad_length", BadLength(limits), []string{"nothing was started", "12 h", "4 h"}},
		{"lease_cap", LeaseCap(limits), []string{"12 h", "nothing was changed", "admin"}},
		{
			"emr_refused", EMRRefused(lifecycle.Refusal{Code: "ValidationException", Message: "no role <x>"}, "7F3K"),
			[]string{"ValidationException", "no role &lt;x&gt;", "nothing is billed", "7F3K"},
		},
		{"self_approval", SelfApproval(), []string{"another admin", "Nothing was changed"}},
		{"not_admin", NotAdmin(), []string{"Only an admin", "Nothing was changed"}},
		{"nobody_can", NobodyCanApprove(noon()), []string{"Nobody else", "<!date^1795435200^"}},
		{"request_open", RequestOpen(request(approval.Open)), []string{"D-0142", "<@U0RAJ>", "Nothing was changed"}},
		{"request_sent", RequestSent(request(approval.Open)), []string{"D-0142", "sent to the admins", "expires <!date^"}},
		{"reason_required", ReasonRequired(), []string{"reason is required", "nothing was changed", "panel that /emr shows"}},
		{"manager_away", ManagerAway("7F3K"), []string{"lifecycle manager", "does not answer", "/emr status", "7F3K"}},
		{"nothing_to_show", NothingToShow(), []string{"lifecycle manager", "does not answer", "Try again"}},
		{"failed", Failed("7F3K"), []string{"failed on our side", "/emr status", "7F3K"}},
		{"newer_job", NewerJob("7F3K"), []string{"updated", "nothing was changed", "7F3K"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wantAll(t, c.got.Text, c.want...)
			wantNone(t, strings.TrimPrefix(strings.ReplaceAll(c.got.Text, "<!date", ""), "Yes, it is!"), "!", "  ")
			for _, p := range problems(t, c.got) {
				t.Error(p)
			}
		})
	}
}

func TestRefusedPeopleSeeNoScreen(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, want string
		change     func(*PanelView)
	}{
		{"stranger", "U0EVE", func(v *PanelView) { v.Viewer = approval.Person{ID: "U0EVE"} }},
		{"guest", "Guests", func(v *PanelView) { v.Viewer.Barred = approval.Guest }},
		{"deactivated", "U0MIA", func(v *PanelView) { v.Viewer.Barred = approval.Deactivated }},
		{"slack_is_silent", "could not be asked", func(v *PanelView) { v.RolesUnknown = true }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			v := panelView(admin(), state(lifecycle.Up, usable))
			c.change(&v)
			for _, m := range []Message{Panel(v), Status(v), DestroyOffer(v)} {
				wantAll(t, m.Text, c.want)
				wantNone(t, m.Text, "Case 4711", "Buttons")
				if len(m.Blocks) != 0 {
					t.Error("a refusal has blocks")
				}
			}
		})
	}
}
