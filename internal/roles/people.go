package roles

import (
	"slices"

	"showtime/approval"
)

// People are those whom a setting names.
type People struct {
	Everybody bool // every full member of the workspace
	Users     []string
	Groups    []string
}

// User is a Slack account as the roles see it.
type User struct {
	ID string
	// TeamID is the account's own workspace; Teams are all it belongs to and EnterpriseID their
	// organisation, where there is one.
	TeamID       string
	Teams        []string
	EnterpriseID string

	Deleted         bool
	Bot             bool
	Restricted      bool // a multi-channel guest
	UltraRestricted bool // a single-channel guest
	Stranger        bool // known only through a shared channel
}

// barred says why the account has no role in the home workspace, if so. Home may be an organisation's
// id, which is what a token of an app installed for a whole organisation belongs to.
func (u User) barred(home string) approval.Barred {
	switch {
	case u.Deleted:
		return approval.Deactivated
	case u.Bot:
		return approval.Bot
	case u.Stranger, u.TeamID != home && u.EnterpriseID != home && !slices.Contains(u.Teams, home):
		return approval.Foreign
	case u.Restricted, u.UltraRestricted:
		return approval.Guest
	default:
		return ""
	}
}
