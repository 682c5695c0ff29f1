// Package roles says who somebody is: it joins the configured lists with what Slack knows about the
// account and its user groups. What cannot be looked up is an error, never a role.
package roles

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"showtime/approval"
)

// MaxAge is how old an answer may be that is only used for showing.
const MaxAge = 5 * time.Minute

// ErrUnknownUser is what a Directory answers for an account that this workspace does not know.
var ErrUnknownUser = errors.New("unknown user")

// errNoHome keeps everybody out when it is not known which workspace is ours.
var errNoHome = errors.New("home workspace is unknown")

// Directory is what is asked of Slack.
type Directory interface {
	// User describes one account; ErrUnknownUser when there is none.
	User(ctx context.Context, id string) (User, error)
	// GroupMembers lists the user ids of one user group; an empty group is no error.
	GroupMembers(ctx context.Context, group string) ([]string, error)
}

// Config says who has which role.
type Config struct {
	Analysts People
	Admins   People // Everybody is not honoured here
	// Home names the workspace whose people may have roles: the configured one, else the one the
	// token belongs to.
	Home func(ctx context.Context) (string, error)
}

// Roles resolves people. It may be used by several goroutines.
type Roles struct {
	cfg    Config
	dir    Directory
	now    func() time.Time
	turn   *atomic.Uint64
	users  *cache[User]
	groups *cache[[]string]
	homes  *cache[string]
}

// New makes Roles from everything it needs.
func New(cfg Config, dir Directory, now func() time.Time) *Roles {
	turn := new(atomic.Uint64)
	return &Roles{
		cfg: cfg, dir: dir, now: now, turn: turn,
		users: newCache[User](now, turn), groups: newCache[[]string](now, turn), homes: newCache[string](now, turn),
	}
}

// Show resolves a person for showing, from answers at most MaxAge old.
func (r *Roles) Show(ctx context.Context, user string) (approval.Person, error) {
	return r.resolve(ctx, user, r.recent())
}

// Fresh resolves a person before something changes: every membership is read after the call began.
func (r *Roles) Fresh(ctx context.Context, user string) (approval.Person, error) {
	return r.resolve(ctx, user, need{after: r.turn.Load()})
}

// Admins lists the admins who could act now, in the order of their ids: what hangs on it is a decision, so
// every membership is read after the call began. One failing lookup fails the list: a shorter one would be a lie about who can approve.
func (r *Roles) Admins(ctx context.Context) ([]approval.Person, error) {
	n := need{after: r.turn.Load()}
	ids := slices.Clone(r.cfg.Admins.Users)
	for _, g := range r.cfg.Admins.Groups {
		members, err := r.group(ctx, g, n)
		if err != nil {
			return nil, err
		}
		ids = append(ids, members...)
	}
	slices.Sort(ids)
	var admins []approval.Person
	for _, id := range slices.Compact(ids) {
		p, err := r.resolve(ctx, id, n)
		if err != nil {
			return nil, err
		}
		if p.Admin {
			admins = append(admins, p)
		}
	}
	return admins, nil
}

// resolve looks at the account before the lists, so that a barred one costs no group lookups.
func (r *Roles) resolve(ctx context.Context, id string, n need) (approval.Person, error) {
	p := approval.Person{ID: id}
	barred, err := r.barred(ctx, id, n)
	if err != nil || barred != "" {
		p.Barred = barred
		return p, err
	}
	admins := r.cfg.Admins
	admins.Everybody = false
	admin, err := r.among(ctx, id, admins, n)
	if err != nil {
		return approval.Person{ID: id}, err
	}
	if admin {
		p.Admin, p.Analyst = true, true
		return p, nil
	}
	p.Analyst, err = r.among(ctx, id, r.cfg.Analysts, n)
	if err != nil {
		return approval.Person{ID: id}, err
	}
	return p, nil
}

func (r *Roles) barred(ctx context.Context, id string, n need) (approval.Barred, error) {
	// Which workspace is ours is no membership: it need not be read anew for every change.
	home, err := r.homes.get(ctx, "", r.recent(), func(ctx context.Context, _ string) (string, error) {
		return r.cfg.Home(ctx)
	})
	if err != nil {
		return "", fmt.Errorf("look up home workspace: %w", err)
	}
	if home == "" {
		return "", errNoHome
	}
	user, err := r.users.get(ctx, id, n, r.dir.User)
	if errors.Is(err, ErrUnknownUser) {
		return approval.Foreign, nil
	}
	if err != nil {
		return "", fmt.Errorf("look up user %s: %w", id, err)
	}
	return user.barred(home), nil
}

// among says whether the people include the account, asking for as few groups as possible.
func (r *Roles) among(ctx context.Context, id string, p People, n need) (bool, error) {
	if p.Everybody || slices.Contains(p.Users, id) {
		return true, nil
	}
	for _, g := range p.Groups {
		members, err := r.group(ctx, g, n)
		if err != nil {
			return false, err
		}
		if slices.Contains(members, id) {
			return true, nil
		}
	}
	return false, nil
}

func (r *Roles) recent() need { return need{since: r.now().Add(-MaxAge)} }

func (r *Roles) group(ctx context.Context, id string, n need) ([]string, error) {
	members, err := r.groups.get(ctx, id, n, r.dir.GroupMembers)
	if err != nil {
		return nil, fmt.Errorf("look up user group %s: %w", id, err)
	}
	return members, nil
}
