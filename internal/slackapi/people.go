package slackapi

import (
	"context"
	"errors"
	"fmt"

	"github.com/slack-go/slack"

	"showtime/internal/roles"
)

var _ roles.Directory = (*Client)(nil)

// User describes one account; roles.ErrUnknownUser when the workspace has none of that id.
func (c *Client) User(ctx context.Context, id string) (roles.User, error) {
	var u *slack.User
	err := c.call(ctx, "users.info", func(ctx context.Context, api *slack.Client, _ string) (err error) {
		u, err = api.GetUserInfoContext(ctx, id)
		return err
	})
	var e *Error
	if errors.As(err, &e) && (e.Code == "user_not_found" || e.Code == "user_not_visible" || e.Code == "users_not_found") {
		return roles.User{}, fmt.Errorf("look up user: %w", roles.ErrUnknownUser)
	}
	if err != nil {
		return roles.User{}, question(err)
	}
	if u.ID != id { // an answer about nobody, or somebody else, grants nothing
		return roles.User{}, &Error{Op: "users.info", Kind: Unavailable, Code: "incomplete answer"}
	}
	return roles.User{
		ID: u.ID, TeamID: u.TeamID, Teams: u.Enterprise.Teams, EnterpriseID: u.Enterprise.EnterpriseID,
		Deleted: u.Deleted, Bot: u.IsBot || u.IsWorkflowBot || u.IsConnectorBot,
		Restricted: u.IsRestricted, UltraRestricted: u.IsUltraRestricted, Stranger: u.IsStranger,
	}, nil
}

// GroupMembers lists the user ids of a user group.
func (c *Client) GroupMembers(ctx context.Context, group string) (members []string, err error) {
	err = c.call(ctx, "usergroups.users.list", func(ctx context.Context, api *slack.Client, _ string) (err error) {
		members, err = api.GetUserGroupMembersContext(ctx, group)
		return err
	})
	if err != nil {
		return nil, question(err)
	}
	return members, nil
}
