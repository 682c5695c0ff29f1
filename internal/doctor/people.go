package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"showtime/approval"
	"showtime/internal/roles"
)

// Directory says who somebody is, and who is in a user group.
type Directory interface {
	Show(ctx context.Context, user string) (approval.Person, error)
	GroupMembers(ctx context.Context, group string) ([]string, error)
}

// Roles are whom the settings name.
type Roles struct {
	Admins, Analysts roles.People
	Policy           approval.Policy
}

// mostPeople is how many admins are looked at; nobody needs more to know that there are enough.
const mostPeople = 50

// Admins tells whether enough of the admins could act now, whom a request would call, and who could not act.
func Admins(d Directory, r Roles) Check {
	const name = "admins"
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		if len(r.Admins.Users)+len(r.Admins.Groups) == 0 {
			return []Finding{unknown(name, "nobody is named", "See the finding about the variables.")}
		}
		found, members := groups(ctx, name, d, r.Admins.Groups)
		ids := slices.Concat(r.Admins.Users, members)
		slices.Sort(ids)
		ids = slices.Compact(ids)
		left := max(0, len(ids)-mostPeople)
		people, faults := look(ctx, name, d, ids[:len(ids)-left])
		var active []string
		for _, p := range people {
			if p.Admin {
				active = append(active, p.ID)
				continue
			}
			found = append(found, doubtful(name, "cannot act: "+reason(p.Barred), "Take the id out of SHOWTIME_ADMINS, or out of the group.", p.ID))
		}
		found = append(found, faults...)
		if len(faults) > 0 && len(active) < 2 || unread(found) {
			return append(found, unknown(name, fmt.Sprintf("at least %d could act", len(active)), "Mend what keeps the others from being read.", active...))
		}
		return append(found, enough(name, r.Policy, active, left))
	}}
}

// Analysts tells whether the analysts' user groups can be read.
func Analysts(d Directory, r Roles) Check {
	const name = "analysts"
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		switch {
		case r.Analysts.Everybody:
			return []Finding{good(name, "everybody in an allowed channel")}
		case len(r.Analysts.Users)+len(r.Analysts.Groups) == 0:
			return []Finding{good(name, "only admins may use it")}
		}
		found, members := groups(ctx, name, d, r.Analysts.Groups)
		if found == nil {
			found = append(found, good(name, fmt.Sprintf("%d people are named", len(r.Analysts.Users)+len(members))))
		}
		return found
	}}
}

// groups gives the members of user groups, and what is wrong with the groups.
func groups(ctx context.Context, name string, d Directory, ids []string) (found []Finding, members []string) {
	for _, id := range ids {
		some, err := d.GroupMembers(ctx, id)
		switch {
		case err != nil && codeOf(err) == "no_such_subteam":
			found = append(found, bad(name, "there is no such user group, or it is disabled", "Correct the id, or enable the group: until then nobody has a role who needs it.", id))
		case err != nil:
			found = append(found, bad(name, "the user group cannot be read: "+because(err), "The token needs usergroups:read. Until the group can be read, nobody has a role who needs it.", id))
		case len(some) == 0:
			found = append(found, doubtful(name, "the user group is empty", "Add people to it in Slack, or take it out of the settings.", id))
		}
		members = append(members, some...)
	}
	return found, members
}

func unread(found []Finding) bool {
	return slices.ContainsFunc(found, func(f Finding) bool { return f.Status == Error })
}

// look looks people up. Who cannot be looked up is a finding and no person.
func look(ctx context.Context, name string, d Directory, ids []string) (people []approval.Person, faults []Finding) {
	errs := make([]error, len(ids))
	people = make([]approval.Person, len(ids))
	index := make([]int, len(ids))
	for i := range index {
		index[i] = i
	}
	side(index, func(i int) struct{} {
		people[i], errs[i] = d.Show(ctx, ids[i])
		return struct{}{}
	})
	known := people[:0]
	for i, err := range errs {
		if err != nil {
			faults = append(faults, unknown(name, "cannot be looked up: "+because(err), "Try again; the token needs users:read.", ids[i]))
			continue
		}
		known = append(known, people[i])
	}
	return known, faults
}

func reason(b approval.Barred) string {
	switch b {
	case approval.Deactivated:
		return "the account is deactivated"
	case approval.Guest:
		return "the account is a guest's"
	case approval.Bot:
		return "the account is a bot's"
	case approval.Foreign:
		return "no account of this workspace"
	}
	return "no longer an admin"
}

// enough says whether a request would find somebody who may decide it.
func enough(name string, policy approval.Policy, active []string, left int) Finding {
	who := fmt.Sprintf("%d could act now, and a request calls them", len(active))
	if left > 0 {
		who += fmt.Sprintf(" (%d more were not looked at)", left)
	}
	switch {
	case len(active) == 0:
		return bad(name, "nobody could act", "Name people in SHOWTIME_ADMINS who are full members of the workspace.")
	case len(active) == 1 && policy == approval.FourEyes:
		return bad(name, "only one could act, and four-eyes needs two", "Name another admin, or choose another SHOWTIME_APPROVAL.", active...)
	case len(active) == 1 && policy == approval.ByAdmin:
		return doubtful(name, "only one could act: while that person is away, nobody can approve", "Name another admin in SHOWTIME_ADMINS.", active...)
	}
	return good(name, strings.TrimSpace(who), active...)
}

// atOnce is how many questions are asked of Slack side by side.
const atOnce = 5

// side does something for each of a few things, some side by side, and keeps their order.
func side[T, R any](things []T, do func(T) R) []R {
	out := make([]R, len(things))
	slots := make(chan struct{}, atOnce)
	var wg sync.WaitGroup
	for i, thing := range things {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out[i] = do(thing)
		})
	}
	wg.Wait()
	return out
}
