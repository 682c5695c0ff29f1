package doctor_test

import (
	"context"
	"fmt"
	"testing"

	"showtime/approval"
	"showtime/internal/doctor"
	"showtime/internal/roles"
	"showtime/internal/slackapi"
)

// directory knows the accounts A1, A2, … as admins, and others by what bars them. An account that is not in it
// cannot be looked up.
type directory struct {
	people map[string]approval.Barred
	groups map[string][]string
	errs   map[string]error
}

func (d directory) Show(_ context.Context, id string) (approval.Person, error) {
	barred, known := d.people[id]
	if !known {
		return approval.Person{ID: id}, fmt.Errorf("look up user %s: %w", id, refused(slackapi.Unavailable, "timeout"))
	}
	return approval.Person{ID: id, Admin: barred == "", Analyst: barred == "", Barred: barred}, nil
}

func (d directory) GroupMembers(_ context.Context, id string) ([]string, error) {
	return d.groups[id], d.errs[id]
}

func workspace() directory {
	return directory{
		people: map[string]approval.Barred{
			"U1": "", "U2": "", "UOLD": approval.Deactivated, "UGUEST": approval.Guest, "UBOT": approval.Bot, "UELSE": approval.Foreign,
		},
		groups: map[string][]string{"STWO": {"U1", "U2"}, "SONE": {"U2"}, "SSTALE": {"UOLD", "U1"}},
		errs: map[string]error{
			"SNONE": refused(slackapi.Refused, "no_such_subteam"), "SDENIED": refused(slackapi.Auth, "missing_scope"),
		},
	}
}

func TestAdmins(t *testing.T) {
	t.Parallel()
	users := func(ids ...string) roles.People { return roles.People{Users: ids} }
	groups := func(ids ...string) roles.People { return roles.People{Groups: ids} }
	tests := []struct {
		name   string
		admins roles.People
		policy approval.Policy
		want   []string
	}{
		{"two", users("U1", "U2"), approval.FourEyes, []string{"ok: U1 U2 2 could act now, and a request calls them"}},
		{"group", groups("STWO"), approval.FourEyes, []string{"ok: U1 U2"}},
		{"same_person_twice", roles.People{Users: []string{"U2"}, Groups: []string{"SONE"}}, approval.FourEyes, []string{"error: U2 only one could act, and four-eyes needs two"}},
		{"one_alone", users("U1"), approval.ByAdmin, []string{"warning: U1 only one could act"}},
		{"one_and_nobody_asked", users("U1"), approval.NoneNeed, []string{"ok: U1"}},
		{"nobody_named", roles.People{}, approval.ByAdmin, []string{"not checked: nobody is named"}},
		{"deactivated", users("U1", "U2", "UOLD"), approval.ByAdmin, []string{"warning: UOLD cannot act: the account is deactivated", "ok: U1 U2"}},
		{"deactivated_does_not_count", users("U1", "UOLD"), approval.FourEyes, []string{"warning: UOLD", "error: U1 only one"}},
		{"deactivated_in_a_group", groups("SSTALE"), approval.FourEyes, []string{"warning: UOLD", "error: U1 only one"}},
		{"guest", users("U1", "U2", "UGUEST"), approval.ByAdmin, []string{"warning: UGUEST cannot act: the account is a guest's", "ok: U1 U2"}},
		{"bot", users("U1", "U2", "UBOT"), approval.ByAdmin, []string{"warning: UBOT cannot act: the account is a bot's", "ok: U1 U2"}},
		{"elsewhere", users("U1", "U2", "UELSE"), approval.ByAdmin, []string{"warning: UELSE cannot act: no account of this workspace", "ok: U1 U2"}},
		{"nobody_left", users("UOLD", "UGUEST"), approval.NoneNeed, []string{"warning: UGUEST", "warning: UOLD", "error: nobody could act"}},
		{"empty_group", roles.People{Users: []string{"U1", "U2"}, Groups: []string{"SEMPTY"}}, approval.ByAdmin, []string{"warning: SEMPTY the user group is empty", "ok: U1 U2"}},
		{"only_an_empty_group", groups("SEMPTY"), approval.ByAdmin, []string{"warning: SEMPTY the user group is empty", "error: nobody could act"}},
		{"no_such_group", groups("STWO", "SNONE"), approval.ByAdmin, []string{"error: SNONE there is no such user group", "not checked: at least 2"}},
		{"group_unread", groups("SDENIED"), approval.ByAdmin, []string{"error: SDENIED the user group cannot be read: missing_scope → The token needs usergroups:read", "not checked: at least 0"}},
		{"some_unknown_and_enough", users("U1", "U2", "UWHO"), approval.FourEyes, []string{"not checked: UWHO cannot be looked up: timeout", "ok: U1 U2"}},
		{"some_unknown", users("U1", "UWHO"), approval.FourEyes, []string{"not checked: UWHO", "not checked: U1 at least 1 could act"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.Admins(workspace(), doctor.Roles{Admins: tt.admins, Policy: tt.policy}), tt.want...)
		})
	}
}

// A group of hundreds costs no hundreds of calls.
func TestAdmins_looks_at_so_many(t *testing.T) {
	t.Parallel()
	d := directory{people: map[string]approval.Barred{}, groups: map[string][]string{}}
	for i := range 60 {
		id := fmt.Sprintf("U%02d", i)
		d.groups["SALL"] = append(d.groups["SALL"], id)
		if i < 50 {
			d.people[id] = ""
		}
	}
	wants(t, doctor.Admins(d, doctor.Roles{Admins: roles.People{Groups: []string{"SALL"}}, Policy: approval.ByAdmin}), "ok: 50 could act now, and a request calls them (10 more were not looked at)")
}

func TestAnalysts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		analysts roles.People
		want     []string
	}{
		{"everybody", roles.People{Everybody: true}, []string{"ok: everybody"}},
		{"nobody", roles.People{}, []string{"ok: only admins"}},
		{"named", roles.People{Users: []string{"U9"}, Groups: []string{"STWO"}}, []string{"ok: 3 people"}},
		{"empty_group", roles.People{Groups: []string{"SEMPTY"}}, []string{"warning: SEMPTY"}},
		{"group_unread", roles.People{Groups: []string{"SDENIED", "SNONE"}}, []string{"error: SDENIED", "error: SNONE"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.Analysts(workspace(), doctor.Roles{Analysts: tt.analysts}), tt.want...)
		})
	}
}
