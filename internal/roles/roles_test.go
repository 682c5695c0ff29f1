package roles_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/approval"
	"showtime/internal/roles"
)

const home = "T1"

// directory is a Slack workspace that counts what it is asked.
type directory struct {
	mu     sync.Mutex
	users  map[string]roles.User
	groups map[string][]string
	broken map[string]error
	asked  map[string]int
	// before, if set, runs before each answer, outside the lock.
	before func(ctx context.Context, key string)
}

var _ roles.Directory = (*directory)(nil)

func (d *directory) ask(ctx context.Context, key string) error {
	d.mu.Lock()
	d.asked[key]++
	before := d.before
	d.mu.Unlock()
	if before != nil {
		before(ctx, key)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.broken[key]
}

func (d *directory) User(ctx context.Context, id string) (roles.User, error) {
	if err := d.ask(ctx, id); err != nil {
		return roles.User{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	u, ok := d.users[id]
	if !ok {
		return roles.User{}, roles.ErrUnknownUser
	}
	return u, nil
}

func (d *directory) GroupMembers(ctx context.Context, group string) ([]string, error) {
	if err := d.ask(ctx, group); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.groups[group], nil
}

func (d *directory) count(key string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked[key]
}

// workspace has analysts UANA (by id) and UGRP (by group), admins UADM (by id) and UADG (by group),
// and UNON who is on no list.
func workspace() *directory {
	d := &directory{
		users:  map[string]roles.User{},
		groups: map[string][]string{"SANA": {"UGRP"}, "SADM": {"UADG"}, "SEMPTY": nil},
		broken: map[string]error{},
		asked:  map[string]int{},
	}
	for _, id := range []string{"UANA", "UGRP", "UADM", "UADG", "UNON"} {
		d.users[id] = roles.User{ID: id, TeamID: home}
	}
	return d
}

func lists() roles.Config {
	return roles.Config{
		Analysts: roles.People{Users: []string{"UANA"}, Groups: []string{"SEMPTY", "SANA"}},
		Admins:   roles.People{Users: []string{"UADM"}, Groups: []string{"SADM"}},
		Home:     func(context.Context) (string, error) { return home, nil },
	}
}

func frozen() time.Time { return time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC) }

func TestResolve(t *testing.T) {
	t.Parallel()
	everybody := lists()
	everybody.Analysts = roles.People{Everybody: true}
	wide := lists()
	wide.Admins.Everybody = true
	adminsOnly := lists()
	adminsOnly.Analysts = roles.People{}
	tests := []struct {
		name string
		cfg  roles.Config
		user roles.User
		want approval.Person
	}{
		{"analyst_by_id", lists(), roles.User{ID: "UANA", TeamID: home}, approval.Person{Analyst: true}},
		{"analyst_by_group", lists(), roles.User{ID: "UGRP", TeamID: home}, approval.Person{Analyst: true}},
		{"admin_by_id_is_analyst", lists(), roles.User{ID: "UADM", TeamID: home}, approval.Person{Analyst: true, Admin: true}},
		{"admin_by_group_is_analyst", lists(), roles.User{ID: "UADG", TeamID: home}, approval.Person{Analyst: true, Admin: true}},
		{"on_no_list", lists(), roles.User{ID: "UNON", TeamID: home}, approval.Person{}},
		{"everybody", everybody, roles.User{ID: "UNON", TeamID: home}, approval.Person{Analyst: true}},
		{"everybody_is_not_for_admins", wide, roles.User{ID: "UNON", TeamID: home}, approval.Person{}},
		{"admins_only", adminsOnly, roles.User{ID: "UANA", TeamID: home}, approval.Person{}},

		{"deactivated", lists(), roles.User{ID: "UADM", TeamID: home, Deleted: true}, approval.Person{Barred: approval.Deactivated}},
		{"bot", lists(), roles.User{ID: "UADM", TeamID: home, Bot: true}, approval.Person{Barred: approval.Bot}},
		{"guest", lists(), roles.User{ID: "UADM", TeamID: home, Restricted: true}, approval.Person{Barred: approval.Guest}},
		{"single_channel_guest", lists(), roles.User{ID: "UADM", TeamID: home, UltraRestricted: true}, approval.Person{Barred: approval.Guest}},
		{"guest_among_everybody", everybody, roles.User{ID: "UNON", TeamID: home, UltraRestricted: true}, approval.Person{Barred: approval.Guest}},
		{"stranger", lists(), roles.User{ID: "UADM", TeamID: home, Stranger: true}, approval.Person{Barred: approval.Foreign}},
		{"other_workspace", lists(), roles.User{ID: "UADM", TeamID: "T2"}, approval.Person{Barred: approval.Foreign}},
		{"no_workspace", lists(), roles.User{ID: "UADM"}, approval.Person{Barred: approval.Foreign}},
		{"other_workspace_among_everybody", everybody, roles.User{ID: "UNON", TeamID: "T2"}, approval.Person{Barred: approval.Foreign}},
		{"member_of_several_workspaces", lists(), roles.User{ID: "UANA", TeamID: "T2", Teams: []string{"T2", home}}, approval.Person{Analyst: true}},
		{"same_organisation_other_workspace", lists(), roles.User{ID: "UANA", TeamID: "T2", EnterpriseID: "E1"}, approval.Person{Barred: approval.Foreign}},
		{"unknown_user", lists(), roles.User{ID: "UADM", TeamID: "gone"}, approval.Person{Barred: approval.Foreign}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := workspace()
			d.users[tt.user.ID] = tt.user
			if tt.user.TeamID == "gone" {
				delete(d.users, tt.user.ID)
			}
			tt.want.ID = tt.user.ID
			r := roles.New(tt.cfg, d, frozen)
			for how, look := range map[string]func(context.Context, string) (approval.Person, error){"Fresh": r.Fresh, "Show": r.Show} {
				got, err := look(t.Context(), tt.user.ID)
				if err != nil {
					t.Fatalf("%s: %v", how, err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s (-want +got):\n%s", how, diff)
				}
			}
		})
	}
}

func TestOrganisationToken(t *testing.T) {
	t.Parallel()
	cfg := lists()
	cfg.Home = func(context.Context) (string, error) { return "E1", nil }
	d := workspace()
	d.users["UANA"] = roles.User{ID: "UANA", TeamID: "T2", EnterpriseID: "E1"}
	if p, err := roles.New(cfg, d, frozen).Fresh(t.Context(), "UANA"); err != nil || !p.Analyst {
		t.Errorf("Fresh() = %+v, %v, want an analyst", p, err)
	}
	if p, err := roles.New(cfg, d, frozen).Fresh(t.Context(), "UADM"); err != nil || p.Barred != approval.Foreign {
		t.Errorf("Fresh() = %+v, %v, want a foreign account", p, err)
	}
}

func TestFailedLookupGivesNoRole(t *testing.T) {
	t.Parallel()
	errDown := errors.New("slack is down")
	tests := []struct{ name, breaks, user string }{
		{"user", "UADM", "UADM"},
		{"admin_group", "SADM", "UNON"},
		{"admin_group_of_an_analyst", "SADM", "UANA"},
		{"analyst_group", "SANA", "UNON"},
		{"home", home, "UADM"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d, cfg := workspace(), lists()
			d.broken[tt.breaks] = errDown
			cfg.Home = func(ctx context.Context) (string, error) { return home, d.ask(ctx, home) }
			r := roles.New(cfg, d, frozen)
			for how, look := range map[string]func(context.Context, string) (approval.Person, error){"Fresh": r.Fresh, "Show": r.Show} {
				got, err := look(t.Context(), tt.user)
				if !errors.Is(err, errDown) || got.May() {
					t.Errorf("%s() = %+v, %v, want nobody and the fault", how, got, err)
				}
			}
		})
	}
}

func TestUnknownHomeKeepsEverybodyOut(t *testing.T) {
	t.Parallel()
	cfg, d := lists(), workspace()
	cfg.Home = func(context.Context) (string, error) { return "", nil }
	d.users["UADM"] = roles.User{ID: "UADM"}
	if p, err := roles.New(cfg, d, frozen).Fresh(t.Context(), "UADM"); err == nil || p.May() {
		t.Errorf("Fresh() = %+v, %v", p, err)
	}
}

func TestAdmins(t *testing.T) {
	t.Parallel()
	d, cfg := workspace(), lists()
	cfg.Admins.Users = []string{"UADM", "UOFF", "UGONE", "UGUEST"}
	d.groups["SADM"] = []string{"UADG", "UADM"}
	d.users["UOFF"] = roles.User{ID: "UOFF", TeamID: home, Deleted: true}
	d.users["UGUEST"] = roles.User{ID: "UGUEST", TeamID: home, Restricted: true}
	r := roles.New(cfg, d, frozen)
	got, err := r.Admins(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []approval.Person{{ID: "UADG", Analyst: true, Admin: true}, {ID: "UADM", Analyst: true, Admin: true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Admins() (-want +got):\n%s", diff)
	}
	d.users["UADM"] = roles.User{ID: "UADM", TeamID: home, Deleted: true}
	if got, err := r.Admins(t.Context()); err != nil || len(got) != 1 || got[0].ID != "UADG" {
		t.Errorf("a moment after one was deactivated: Admins() = %v, %v", got, err)
	}
	for _, broken := range []string{"SADM", "UADG"} {
		d := workspace()
		d.broken[broken] = errors.New("slack is down")
		if got, err := roles.New(lists(), d, frozen).Admins(t.Context()); err == nil || got != nil {
			t.Errorf("%s broken: Admins() = %v, %v", broken, got, err)
		}
	}
}
