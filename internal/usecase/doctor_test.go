package usecase_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/emrsim"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
)

// TestDoctor has people type /emr doctor: an admin sees the setup, alone; nobody else does. Each leaves its record.
func TestDoctor(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true, Approval: "four-eyes"})
	b.Tick()
	tests := []struct {
		name, who, channel string
		why                string
		want               []string
	}{
		{"admin", testbed.Bo, testbed.Admins, "", []string{"SETUP", "exploration", "✓ ok", "bot token", "tick", "? not checked · *EMR launch*", "elasticmapreduce:RunJobFlow"}},
		{"analyst", testbed.Ana, testbed.Team, "not-admin", []string{"Only an admin may look at the setup."}},
		{"stranger", testbed.Olli, testbed.Team, "not-allowed", []string{"You may not use this cluster."}},
		{"elsewhere", testbed.Mia, testbed.Elsewhere, "wrong-channel", []string{"This works only in"}},
	}
	for _, tt := range tests {
		b.Type(tt.who, tt.channel, "/emr doctor")
		answer := b.Ephemeral(tt.channel, tt.who)
		wantText(t, answer, tt.want...)
		if tt.why == "" {
			wantLast(t, b, tt.who, true, "shown", "")
			continue
		}
		wantLast(t, b, tt.who, false, "refused", tt.why)
		if strings.Contains(answer.Text, "bot token") {
			t.Errorf("%s sees the setup:\n%s", tt.name, answer.Text)
		}
	}
	if last := last(t, b); last.What != "doctor" {
		t.Errorf("the audit says %q", last.What)
	}
	if b.Seen(testbed.Team, b.Slack.Token())+b.Seen(testbed.Admins, b.Slack.Token()) != 0 {
		t.Error("it shows the token")
	}
	wantQuiet(t, b)
}

// TestDoctor_finds_what_is_wrong lets things go wrong one after the other; each look sees what is so now.
func TestDoctor_finds_what_is_wrong(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true, Approval: "four-eyes"})
	look := func() string {
		t.Helper()
		b.Type(testbed.Bo, testbed.Team, "/emr doctor")
		return b.Ephemeral(testbed.Team, testbed.Bo).Text
	}
	wants := func(what string, parts ...string) {
		t.Helper()
		text := look()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("%s: no %q in\n%s", what, part, text)
			}
		}
	}
	b.Tick()
	if text := look(); strings.Contains(text, "✗ error") {
		t.Errorf("all is well:\n%s", text)
	}
	b.Slack.AddUser(slacklike.User{ID: testbed.Mia, Deleted: true})
	wants("an admin has gone", "! warning · *admins* <@"+testbed.Mia+">: cannot act: the account is deactivated", "✗ error · *admins* <@"+testbed.Bo+">: only one could act, and four-eyes needs two")
	b.Slack.RemoveBot(testbed.Admins)
	wants("the bot was put out", "✗ error · *channel* <#"+testbed.Admins+">")
	b.Slack.InviteBot(testbed.Admins)
	b.Slack.Archive(testbed.Admins, true)
	wants("the channel was archived", "*channel* <#"+testbed.Admins+">: it is archived")
	b.Slack.SetScope("files:write", true)
	wants("a scope too many", "! warning · *scopes* the token may do more than is needed: files:write")
	b.Clock.Move(11 * time.Minute)
	wants("no tick for long", "✗ error · *tick* the last was 11m")
	b.EMR.Inject(emrsim.Fault{Op: "ListClusters", Times: 1, Err: emrsim.Denied("ListClusters")})
	wants("EMR refuses", "✗ error · *EMR listing* elasticmapreduce:ListClusters: AccessDeniedException", "→ Allow elasticmapreduce:ListClusters")
}

// TestDoctor_shows_nothing_to_who_is_no_admin_any_more: what was asked as an admin is said to one.
func TestDoctor_shows_nothing_to_who_is_no_admin_any_more(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	end := b.Slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.Unavailable})
	b.Type(testbed.Mia, testbed.Team, "/emr doctor")
	end()
	b.Slack.AddUser(slacklike.User{ID: testbed.Mia, Restricted: true})
	b.TickFor(8 * time.Minute)
	wantText(t, b.Ephemeral(testbed.Team, testbed.Mia), "Only an admin may look at the setup.")
}

// TestDoctor_looks_at_a_lifecycle_manager instead of EMR, which it then has no right to.
func TestDoctor_looks_at_a_lifecycle_manager(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true, Manager: true})
	b.Tick()
	b.Type(testbed.Bo, testbed.Team, "/emr doctor")
	answer := b.Ephemeral(testbed.Team, testbed.Bo)
	wantText(t, answer, "lifecycle manager", "tick")
	if strings.Contains(answer.Text, "EMR") || strings.Contains(answer.Text, "✗ error") {
		t.Errorf("it speaks of EMR, or of errors:\n%s", answer.Text)
	}
	b.LoseManager()
	b.Type(testbed.Bo, testbed.Team, "/emr doctor")
	wantText(t, b.Ephemeral(testbed.Team, testbed.Bo), "✗ error · *lifecycle manager* it does not answer")
}
