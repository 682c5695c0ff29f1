package slacklike

import (
	"maps"
	"slices"
	"strings"
)

// User is a person or bot. A user of another team has that team's id in TeamID.
type User struct {
	ID, Name, RealName, TeamID  string // TeamID "" means the workspace's own
	Bot, Deleted                bool
	Restricted, UltraRestricted bool // multi-channel and single-channel guests
}

// Group is a user group (id S…).
type Group struct {
	ID, Handle string
	Members    []string
	Disabled   bool
}

// Channel is a conversation with its members; the bot is in it when its user id is among them.
type Channel struct {
	ID, Name          string
	Private, Archived bool
	Members           []string
}

// AddUser adds a user or replaces the one with the same id.
func (w *Workspace) AddUser(u User) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if u.TeamID == "" {
		u.TeamID = w.options.TeamID
	}
	if u.Name == "" {
		u.Name = strings.ToLower(u.ID)
	}
	w.users[u.ID] = u
	w.changed(Change{Kind: PeopleChanged, User: u.ID})
}

// AddGroup adds a user group or replaces the one with the same id.
func (w *Workspace) AddGroup(g Group) {
	w.mu.Lock()
	defer w.mu.Unlock()
	g.Members = slices.Clone(g.Members)
	w.groups[g.ID] = g
	w.changed(Change{Kind: PeopleChanged})
}

// AddChannel adds a channel, or changes the name, state and members of the one with the same id.
func (w *Workspace) AddChannel(c Channel) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c.Name == "" {
		c.Name = strings.ToLower(c.ID)
	}
	c.Members = slices.Clone(c.Members)
	if old := w.channels[c.ID]; old != nil {
		old.Channel = c
	} else {
		w.channels[c.ID] = &channel{Channel: c}
	}
	w.changed(Change{Kind: PeopleChanged, Channel: c.ID})
}

// Join puts a user into a channel.
func (w *Workspace) Join(channel, user string) {
	w.editChannel(channel, func(c *Channel) {
		if !slices.Contains(c.Members, user) {
			c.Members = append(c.Members, user)
		}
	})
}

// Leave takes a user out of a channel.
func (w *Workspace) Leave(channel, user string) {
	w.editChannel(channel, func(c *Channel) {
		c.Members = slices.DeleteFunc(c.Members, func(m string) bool { return m == user })
	})
}

// InviteBot puts the bot into a channel.
func (w *Workspace) InviteBot(channel string) { w.Join(channel, w.options.BotUser) }

// RemoveBot takes the bot out of a channel.
func (w *Workspace) RemoveBot(channel string) { w.Leave(channel, w.options.BotUser) }

// Archive archives a channel or opens it again.
func (w *Workspace) Archive(channel string, archived bool) {
	w.editChannel(channel, func(c *Channel) { c.Archived = archived })
}

func (w *Workspace) editChannel(id string, edit func(*Channel)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if c := w.channels[id]; c != nil {
		edit(&c.Channel)
		w.changed(Change{Kind: PeopleChanged, Channel: id})
	}
}

// Users are all users, by id.
func (w *Workspace) Users() []User {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.SortedFunc(maps.Values(w.users), func(a, b User) int { return strings.Compare(a.ID, b.ID) })
}

// Channels are all channels, by id.
func (w *Workspace) Channels() []Channel {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []Channel
	for _, id := range slices.Sorted(maps.Keys(w.channels)) {
		c := w.channels[id].Channel
		c.Members = slices.Clone(c.Members)
		all = append(all, c)
	}
	return all
}

// isMember says whether a user is in a channel. The caller holds mu.
func (c *channel) isMember(user string) bool { return slices.Contains(c.Members, user) }

// sees says whether a user may read a channel: members, and in public ones every full member of
// the workspace. The caller holds mu.
func (w *Workspace) sees(user string, c *channel) bool {
	u, ok := w.users[user]
	guest := u.Restricted || u.UltraRestricted || u.TeamID != w.options.TeamID
	return ok && !u.Deleted && (c.isMember(user) || !c.Private && !guest)
}
