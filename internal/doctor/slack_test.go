package doctor_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"go.yaml.in/yaml/v3"

	app "showtime"
	"showtime/internal/doctor"
	"showtime/internal/slackapi"
)

// slack is a Slack that answers what it was told to.
type slack struct {
	me       slackapi.Identity
	err      error
	archived map[string]bool
	rooms    map[string]error
}

func (s slack) Me(context.Context) (slackapi.Identity, error) { return s.me, s.err }

func (s slack) Archived(_ context.Context, id string) (bool, error) {
	return s.archived[id], s.rooms[id]
}

func scoped(scopes ...string) slack {
	return slack{me: slackapi.Identity{TeamID: "T1", UserID: "UBOT", Scopes: scopes}}
}

func refused(kind slackapi.Kind, code string) error {
	return &slackapi.Error{Op: "x", Kind: kind, Code: code}
}

func TestToken(t *testing.T) {
	t.Parallel()
	all := []string{"commands", "chat:write", "channels:history", "groups:history", "users:read", "usergroups:read"}
	without := func(gone ...string) []string {
		return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(gone, s) })
	}
	groups := doctor.SlackSettings{TeamID: "T1", Groups: true}
	tests := []struct {
		name     string
		slack    slack
		settings doctor.SlackSettings
		want     []string
	}{
		{"right", scoped(all...), groups, []string{"ok: UBOT", "ok: commands, chat:write"}},
		{"any_team", scoped(all...), doctor.SlackSettings{Groups: true}, []string{"ok: UBOT", "ok: commands"}},
		{"other_team", scoped(all...), doctor.SlackSettings{TeamID: "T2", Groups: true}, []string{"error: workspace T1, and SLACK_TEAM_ID says T2", "ok: commands"}},
		{
			"organisation",
			slack{me: slackapi.Identity{TeamID: "T9", EnterpriseID: "E1", UserID: "UBOT", Scopes: all}},
			doctor.SlackSettings{TeamID: "E1", Groups: true},
			[]string{"ok: UBOT", "ok: commands"},
		},
		{
			"any_of_an_organisation",
			slack{me: slackapi.Identity{TeamID: "T9", EnterpriseID: "E1", UserID: "UBOT", Scopes: all}},
			doctor.SlackSettings{Groups: true},
			[]string{"ok: UBOT", "ok: commands"},
		},
		{"groups_unread", scoped(without("usergroups:read")...), groups, []string{"ok: UBOT", "error: lacks usergroups:read"}},
		{"groups_not_needed", scoped(without("usergroups:read")...), doctor.SlackSettings{TeamID: "T1"}, []string{"ok: UBOT", "ok: commands"}},
		{"groups_too_much", scoped(all...), doctor.SlackSettings{TeamID: "T1"}, []string{"ok: UBOT", "warning: more than is needed: usergroups:read"}},
		{"cannot_write", scoped(without("chat:write", "users:read")...), groups, []string{"ok: UBOT", "error: lacks chat:write, users:read"}},
		{"deaf", scoped(without("channels:history", "groups:history")...), groups, []string{"ok: UBOT", "error: lacks channels:history, groups:history"}},
		{"deaf_in_private", scoped(without("groups:history")...), groups, []string{"ok: UBOT", "warning: lacks groups:history"}},
		{"too_much", scoped(append(without(), "admin", "files:write")...), groups, []string{"ok: UBOT", "warning: admin, files:write"}},
		{"unsaid", scoped(), groups, []string{"ok: UBOT", "not checked: Slack did not say"}},
		{"revoked", slack{err: refused(slackapi.Auth, "token_revoked")}, groups, []string{"error: token_revoked → Install the app"}},
		{"away", slack{err: refused(slackapi.Unavailable, "not reached")}, groups, []string{"error: not reached → See that https://slack.com"}},
		{"no_token", slack{err: refused(slackapi.Unavailable, slackapi.NoToken)}, groups, []string{"not checked: secret bot-token"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.Token(tt.slack, tt.settings), tt.want...)
		})
	}
}

// The manifest asks for exactly what is looked for, so nobody who used it is told to change anything.
func TestScopes_are_the_manifests(t *testing.T) {
	t.Parallel()
	var manifest struct {
		OAuth struct {
			Scopes struct{ Bot []string }
		} `yaml:"oauth_config"`
	}
	if err := yaml.Unmarshal([]byte(app.SlackManifest()), &manifest); err != nil {
		t.Fatal(err)
	}
	scopes := manifest.OAuth.Scopes.Bot
	wants(t, doctor.Token(scoped(scopes...), doctor.SlackSettings{Groups: true}), "ok: UBOT", "ok: commands")
	for i, s := range scopes {
		r := doctor.Examine(t.Context(), doctor.Within, []doctor.Check{doctor.Token(scoped(slices.Delete(slices.Clone(scopes), i, i+1)...), doctor.SlackSettings{Groups: true})})
		if r.Count(doctor.OK) != 1 {
			t.Errorf("nobody misses %s", s)
		}
	}
}

func TestChannels(t *testing.T) {
	t.Parallel()
	settings := doctor.SlackSettings{Channels: []string{"C1"}, Admins: "C1"}
	tests := []struct {
		name     string
		archived bool
		err      error
		want     string
	}{
		{"in_it", false, nil, "ok: C1 the bot is in it"},
		{"archived", true, nil, "error: C1 it is archived → Unarchive it"},
		{"archived_says_slack", false, refused(slackapi.NoChannel, "is_archived"), "error: it is archived"},
		{"outside", false, refused(slackapi.NoChannel, "not_in_channel"), "error: /invite @showtime"},
		{"none", false, refused(slackapi.NoChannel, "channel_not_found"), "error: there is none, or it is private"},
		{"unscoped", false, refused(slackapi.Auth, "missing_scope"), "error: Add channels:history (public) or groups:history"},
		{"revoked", false, refused(slackapi.Auth, "token_revoked"), "not checked: See the finding about the bot token"},
		{"no_token", false, refused(slackapi.Unavailable, slackapi.NoToken), "not checked: See the finding about the bot token"},
		{"limited", false, refused(slackapi.RateLimited, "ratelimited"), "not checked: ratelimited"},
		{"away", false, errors.New("broken"), "not checked: broken"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.Channels(slack{archived: map[string]bool{"C1": tt.archived}, rooms: map[string]error{"C1": tt.err}}, settings), tt.want)
		})
	}
}

func TestChannels_are_each_looked_into(t *testing.T) {
	t.Parallel()
	s := slack{rooms: map[string]error{"C2": refused(slackapi.NoChannel, "not_in_channel")}}
	wants(t, doctor.Channels(s, doctor.SlackSettings{Channels: []string{"C1", "C2"}, Admins: "C3"}), "ok: C1", "error: C2", "ok: C3")
}
