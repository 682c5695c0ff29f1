package doctor

import (
	"context"
	"errors"
	"slices"
	"strings"

	"showtime/internal/slackapi"
)

// Slack is what is asked of Slack.
type Slack interface {
	Me(ctx context.Context) (slackapi.Identity, error)
	// Archived looks into a channel: no error means that the bot is in it.
	Archived(ctx context.Context, channel string) (bool, error)
}

// SlackSettings are what the settings say about Slack.
type SlackSettings struct {
	TeamID   string // "" = any
	Channels []string
	Admins   string // the admins' channel; may be one of the others
	Groups   bool   // some role is a user group's
}

// Token tells whether the bot token holds, whose it is, and what it may do.
func Token(slack Slack, s SlackSettings) Check {
	const name = "bot token"
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		me, err := slack.Me(ctx)
		if unsent(err) {
			return []Finding{unknown(name, "there is none to send", "See the finding about the secret bot-token.")}
		}
		if err != nil {
			return []Finding{bad(name, "auth.test: "+because(err), tokenRemedy(err))}
		}
		found := []Finding{good(name, "Slack takes it", me.UserID)}
		if s.TeamID != "" && me.TeamID != s.TeamID && me.EnterpriseID != s.TeamID {
			found[0] = bad(name, "it belongs to workspace "+me.TeamID+", and SLACK_TEAM_ID says "+s.TeamID, "Take the token of the workspace that is meant, or correct SLACK_TEAM_ID.")
		}
		return append(found, scopes(me.Scopes, s.Groups)...)
	}}
}

// unsent says whether there was no token to ask with.
func unsent(err error) bool {
	e, ok := errors.AsType[*slackapi.Error](err)
	return ok && e.Code == slackapi.NoToken
}

func tokenRemedy(err error) string {
	if slackapi.IsKind(err, slackapi.Auth) {
		return "Install the app to its workspace and take the Bot User OAuth Token (xoxb-…) from OAuth & Permissions."
	}
	return "See that " + slackapi.DefaultURL + " (or SLACK_API_URL) can be reached from here; then try again."
}

// The scopes of slack-manifest.yaml. History is needed for the kind of channel that is used: public, private.
func needed() []string    { return []string{"commands", "chat:write", "users:read"} }
func histories() []string { return []string{"channels:history", "groups:history"} }

// groupScope is needed only where a role is a user group's.
const groupScope = "usergroups:read"

// scopes compares what the token may do with what is needed.
func scopes(granted []string, groups bool) []Finding {
	const name = "scopes"
	if len(granted) == 0 {
		return []Finding{unknown(name, "Slack did not say which the token has", "Compare OAuth & Permissions with slack-manifest.yaml.")}
	}
	must := needed()
	if groups {
		must = append(must, groupScope)
	}
	var found []Finding
	missing := without(must, granted)
	deaf := without(histories(), granted)
	if len(deaf) == len(histories()) {
		missing, deaf = append(missing, deaf...), nil
	}
	if len(missing) > 0 {
		found = append(found, bad(name, "the token lacks "+strings.Join(missing, ", "), "Add them under OAuth & Permissions and reinstall the app."))
	}
	if len(deaf) > 0 {
		found = append(found, doubtful(name, "the token lacks "+strings.Join(deaf, ", ")+": in such channels no phrase is heard and no card found again",
			"Add it under OAuth & Permissions and reinstall the app, unless no channel is of that kind."))
	}
	if more := without(granted, append(must, histories()...)); len(more) > 0 {
		found = append(found, doubtful(name, "the token may do more than is needed: "+strings.Join(more, ", "), "Take them out under OAuth & Permissions and reinstall the app."))
	}
	if found == nil {
		found = append(found, good(name, strings.Join(granted, ", ")))
	}
	return found
}

// without gives what is in all and not in these.
func without(all, these []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(these, s) })
}

// Channels tells of each channel whether the bot is in it and it is in use.
func Channels(slack Slack, s SlackSettings) Check {
	const name = "channel"
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		rooms := slices.Clone(s.Channels)
		if s.Admins != "" && !slices.Contains(rooms, s.Admins) {
			rooms = append(rooms, s.Admins)
		}
		return side(rooms, func(id string) Finding {
			archived, err := slack.Archived(ctx, id)
			return room(name, id, archived, err)
		})
	}}
}

func room(name, id string, archived bool, err error) Finding {
	const invite = "Type /invite @showtime in it; if it is archived, unarchive it first."
	e, _ := errors.AsType[*slackapi.Error](err)
	switch {
	case err == nil && !archived:
		return good(name, "the bot is in it", id)
	case archived, codeOf(err) == "is_archived":
		return bad(name, "it is archived", "Unarchive it, or name another one in SHOWTIME_CHANNELS or SHOWTIME_ADMIN_CHANNEL.", id)
	case codeOf(err) == "not_in_channel":
		return bad(name, "the bot is not in it", invite, id)
	case codeOf(err) == "channel_not_found":
		return bad(name, "there is none, or it is private and the bot is not in it", "Compare the id with the one in the channel's details. "+invite, id)
	case codeOf(err) == "missing_scope":
		return bad(name, "the token lacks the scope to look into it", "Add channels:history (public) or groups:history (private) under OAuth & Permissions and reinstall the app.", id)
	case unsent(err), e != nil && e.Kind == slackapi.Auth:
		return unknown(name, "it cannot be looked into: "+because(err), "See the finding about the bot token.", id)
	}
	return unknown(name, "it cannot be looked into: "+because(err), "Try again.", id)
}
