package usecase_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/emrsim"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// told are the words in the thread of the card that have all the parts.
func told(b *testbed.Bed, parts ...string) []slacklike.Message {
	var found []slacklike.Message
	for _, m := range b.Slack.Messages(testbed.Team, "") {
		has := m.ThreadTS == b.Card().TS && m.Reader == ""
		for _, part := range parts {
			has = has && strings.Contains(m.Text, part)
		}
		if has {
			found = append(found, m)
		}
	}
	return found
}

func TestTheStarterHearsOnceThatItIsReady(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	b.TickFor(5 * time.Minute)
	if n := len(told(b, "<@"+testbed.Ana+">: it is ready")); n != 1 {
		t.Errorf("told %d times that it is ready", n)
	}
	wantQuiet(t, b)
}

func TestTheLeasesEndIsWarnedOfOncePerTime(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	send(t, b, job.Job{Kind: job.Join, User: testbed.Raj, Generation: 1})
	end := b.State().Session.LeaseEnd
	b.TickFor(end.Sub(b.Clock.Now()) - 31*time.Minute)
	if n := len(told(b, "lease ends")); n != 0 {
		t.Fatalf("warned %d times more than 30 minutes before", n)
	}
	b.TickFor(11 * time.Minute)
	warned := told(b, "<@"+testbed.Ana+">, <@"+testbed.Raj+">: the lease ends")
	if len(warned) != 1 || !hasButton(warned[0], actionid.Extend) || !hasButton(warned[0], actionid.LetEnd) {
		t.Fatalf("30 minutes before: %d warnings %+v", len(warned), warned)
	}
	b.TickFor(15 * time.Minute)
	if n := len(told(b, "lease ends")); n != 2 {
		t.Errorf("warned %d times in all, want 2", n)
	}
	b.TickFor(10 * time.Minute)
	if s := b.State(); s.Phase != lifecycle.Stopping && s.Phase != lifecycle.Down || s.Session.Stop.Why != lifecycle.StopLeaseEnd {
		t.Errorf("after the end: %+v", s.Row)
	}
	wantQuiet(t, b)
}

func TestWarningsMissedInAnOutageAreSaidAsOne(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	end := b.State().Session.LeaseEnd
	b.TickFor(end.Sub(b.Clock.Now()) - 40*time.Minute)
	b.Clock.Move(32 * time.Minute) // nobody ticked when either was due
	b.Tick()
	b.Tick()
	if n := len(told(b, "lease ends")); n != 1 {
		t.Errorf("warned %d times", n)
	}
}

func TestExtendMovesTheLeaseOncePerWarning(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	end := b.State().Session.LeaseEnd
	b.TickFor(end.Sub(b.Clock.Now()) - 29*time.Minute)
	warning := told(b, "lease ends")[0]
	b.Click(testbed.Raj, warning, actionid.Extend, nil)
	s := b.State().Session
	if !s.LeaseEnd.Equal(end.Add(time.Hour)) || s.Extensions[0].By != testbed.Raj {
		t.Fatalf("after the click: %+v", s)
	}
	wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "now ends")
	wantText(t, b.Card(), "Extended by <@"+testbed.Raj+">")
	b.Click(testbed.Ana, warning, actionid.Extend, nil)
	if s = b.State().Session; !s.LeaseEnd.Equal(end.Add(time.Hour)) {
		t.Errorf("the same warning extended it twice: %v", s.LeaseEnd)
	}
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "extended already")
	wantLast(t, b, testbed.Ana, true, "nothing-to-do", "")
	b.TickFor(61 * time.Minute)
	if n := len(told(b, "lease ends")); n != 2 {
		t.Errorf("%d warnings, want one for each lease end so far", n)
	}
}

func TestExtendStopsAtTheCap(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	for range 6 { // 6 h and six steps of 1 h are the cap of 12 h
		b.Click(testbed.Ana, b.Card(), actionid.Extend, nil)
	}
	s := b.State().Session
	if got := s.LeaseEnd.Sub(s.LaunchedAt); got != 12*time.Hour {
		t.Fatalf("the lease is %v", got)
	}
	if hasButton(b.Card(), actionid.Extend) {
		t.Error("the card offers more")
	}
	send(t, b, job.Job{Kind: job.Extend, User: testbed.Ana, Generation: 1, LeaseEnd: s.LeaseEnd.UnixMilli()})
	wantLast(t, b, testbed.Ana, false, "refused", string(lifecycle.PastCap))
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "limit of 12 h", "admin")
}

func TestLetItEndSilencesOnePerson(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	send(t, b, job.Job{Kind: job.Join, User: testbed.Raj, Generation: 1})
	end := b.State().Session.LeaseEnd
	b.TickFor(end.Sub(b.Clock.Now()) - 29*time.Minute)
	b.Click(testbed.Ana, told(b, "lease ends")[0], actionid.LetEnd, nil)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "you let it end")
	b.TickFor(20 * time.Minute)
	if n := len(told(b, "⏰ <@"+testbed.Raj+">: the lease ends")); n != 1 {
		t.Errorf("Raj alone was warned %d times", n)
	}
	if b.State().Session.LeaseEnd != end {
		t.Error("Let it end moved the lease")
	}
}

func TestNobodyWhoMayNotExtends(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	s := b.State().Session
	for _, who := range []string{testbed.Olli, testbed.Gus} {
		for _, kind := range []job.Kind{job.Extend, job.LetEnd, job.Alert} {
			send(t, b, job.Job{Kind: kind, User: who, Generation: 1, LeaseEnd: s.LeaseEnd.UnixMilli()})
			wantLast(t, b, who, false, "refused", "not-allowed")
		}
	}
	late := b.Clock.Now().Add(-11 * time.Minute)
	send(t, b, job.Job{Kind: job.Extend, User: testbed.Ana, Generation: 1, LeaseEnd: s.LeaseEnd.UnixMilli(), At: late})
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "more than 10 minutes")
	send(t, b, job.Job{Kind: job.Extend, User: testbed.Ana, Generation: 7, LeaseEnd: s.LeaseEnd.UnixMilli()})
	wantLast(t, b, testbed.Ana, false, "out-of-date", "out-of-date")
	if now := b.State().Session; !now.LeaseEnd.Equal(s.LeaseEnd) {
		t.Errorf("somebody extended it: %+v", now.Extensions)
	}
}

func TestAFailureIsToldRetriedAndReported(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	b.EMR.FailInstance(b.State().Session.EMRID)
	b.TickFor(4 * time.Minute)
	card := b.Card()
	wantText(t, card, "FAILED", "INSTANCE_FAILURE", "Reference: ", "Retry")
	if n := len(told(b, "<@"+testbed.Ana+">: A machine failed")); n != 1 {
		t.Errorf("the starter heard of it %d times", n)
	}
	b.Click(testbed.Raj, card, actionid.Alert, nil)
	wantText(t, b.Last(testbed.Admins, testbed.Bo), "FAILED", "<@"+testbed.Raj+"> asks", "<@"+testbed.Bo+">", "INSTANCE_FAILURE")
	posted := len(b.Slack.Messages(testbed.Admins, testbed.Bo))
	b.Click(testbed.Ana, card, actionid.Alert, nil)
	if n := len(b.Slack.Messages(testbed.Admins, testbed.Bo)); n != posted {
		t.Error("the admins were told twice")
	}
	wantText(t, b.Ephemeral(testbed.Team, testbed.Ana), "already")
	b.Click(testbed.Ana, b.Card(), actionid.Start, nil)
	if s := b.State(); s.Generation != 2 || !s.Live() {
		t.Errorf("Retry did not start it: %+v", s.Row)
	}
	wantQuiet(t, b)
}

// TestTheReferenceOfAFailureFindsItInTheLog: who asked for the session, and what became of it.
func TestTheReferenceOfAFailureFindsItInTheLog(t *testing.T) {
	t.Parallel()
	for name, manager := range map[string]bool{"own_emr": false, "lifecycle_manager": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := up(t, testbed.Options{Memory: true, Manager: manager})
			b.EMR.FailInstance(b.State().Session.EMRID)
			b.TickFor(4 * time.Minute)
			_, after, _ := strings.Cut(b.Card().Text, "Reference: ")
			ref := `"ref":"` + after[:8] + `"`
			found := map[string]bool{}
			for line := range strings.Lines(b.Log.String()) {
				if strings.Contains(line, ref) {
					found["start"] = found["start"] || strings.Contains(line, `"audit":"start"`)
					found["ended"] = found["ended"] || strings.Contains(line, `"outcome":"INSTANCE_FAILURE"`)
				}
			}
			if !found["start"] || !found["ended"] {
				t.Errorf("%s finds %v", ref, found)
			}
		})
	}
}

// TestWhatIsEndedFromOutsideIsDrawnAsWhatItIs within a tick: it is no longer ready, then over, and nobody here ended it.
func TestWhatIsEndedFromOutsideIsDrawnAsWhatItIs(t *testing.T) {
	t.Parallel()
	b := requested(t, testbed.Options{})
	b.EMR.EndOutside(b.State().Session.EMRID)
	b.Tick()
	wantText(t, b.Card(), "ENDING", "nobody here has asked for that")
	if hasButton(b.Card(), actionid.Extend) || strings.Contains(b.Card().Text, "READY") {
		t.Errorf("the card offers what is no more:\n%s", b.Card().Text)
	}
	wantText(t, b.RequestCard(), "NO LONGER NEEDED")
	send(t, b, job.Job{Kind: job.Destroy, User: testbed.Bo, Generation: 1})
	wantText(t, b.Ephemeral(testbed.Team, testbed.Bo), "shutting down")
	b.TickFor(3 * time.Minute)
	wantText(t, b.Card(), "FAILED", "ended outside Showtime", "Nothing is running")
	if s := b.State(); s.Session.Stop != nil {
		t.Errorf("somebody here is said to have ended it: %+v", s.Session.Stop)
	}
}

func TestASlowStartSaysWhereItHangs(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{})
	b.EMR.NextLaunch(emrsim.NoCapacity)
	b.Type(testbed.Ana, testbed.Team, "/emr start")
	b.TickFor(14 * time.Minute)
	if strings.Contains(b.Card().Text, "Attention") {
		t.Errorf("too early:\n%s", b.Card().Text)
	}
	b.TickFor(2 * time.Minute)
	wantText(t, b.Card(), "not ready after 15 min", "capacity from AWS", "start timeout")
}

func TestHistoryListsWhatEnded(t *testing.T) {
	t.Parallel()
	b := up(t, testbed.Options{})
	send(t, b, job.Job{Kind: job.Destroy, User: testbed.Bo, Generation: 1})
	b.TickFor(5 * time.Minute)
	b.Type(testbed.Raj, testbed.Team, "/emr history")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "Last sessions", "1 session", "<@"+testbed.Ana+">", "ended by <@"+testbed.Bo+">", "≈")
	b.Clock.Move(48 * time.Hour)
	b.Type(testbed.Raj, testbed.Team, "/emr history 1d")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Raj), "last 1 day", "There was none")
	b.Type(testbed.Olli, testbed.Team, "/emr history")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Olli), "You may not")
}
