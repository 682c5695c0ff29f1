package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// reader reads variables and collects what is wrong with them.
type reader struct {
	lookup   Lookup
	problems []string
}

// fail notes a problem once, because two parts of serve may read the same variable. The text says what
// would be right and never repeats the value.
func (r *reader) fail(name, text string) {
	problem := name + ": " + text
	if !slices.Contains(r.problems, problem) {
		r.problems = append(r.problems, problem)
	}
}

func (r *reader) err() error {
	errs := make([]error, len(r.problems))
	for i, p := range r.problems {
		errs[i] = errors.New(p)
	}
	return errors.Join(errs...)
}

// get reads a variable without the space around it. A blank one counts as unset: deployment templates
// pass empty strings for parameters that nobody filled in.
func (r *reader) get(name string) string {
	value, _ := r.lookup(name)
	return strings.TrimSpace(value)
}

func (r *reader) or(name, fallback string) string {
	if v := r.get(name); v != "" {
		return v
	}
	return fallback
}

func (r *reader) need(name, what string) string {
	v := r.get(name)
	if v == "" {
		r.fail(name, "is required: "+what)
	}
	return v
}

// list reads a comma-separated list, each item once. An empty item is an error: it may be a lost one.
func (r *reader) list(name string) []string {
	v := r.get(name)
	if v == "" {
		return nil
	}
	var items []string
	for i, item := range strings.Split(v, ",") {
		item = strings.TrimSpace(item)
		switch {
		case item == "":
			r.fail(name, fmt.Sprintf("item %d is empty: separate the items by single commas", i+1))
		case !slices.Contains(items, item):
			items = append(items, item)
		}
	}
	return items
}

func (r *reader) choice(name string, choices ...string) string {
	v := r.or(name, choices[0])
	if !slices.Contains(choices, v) {
		r.fail(name, "must be one of "+strings.Join(choices, ", "))
		return choices[0]
	}
	return v
}

// id reads an optional Slack id that begins with one of the kinds' letters.
func (r *reader) id(name, kinds, what string) string {
	v := r.get(name)
	if v != "" && !isID(v, kinds) {
		r.fail(name, "must be "+what)
		return ""
	}
	return v
}

// isID says whether s is a Slack id of one of the kinds: their letter, then capitals and digits.
func isID(s, kinds string) bool {
	if len(s) < 2 || len(s) > 32 || !strings.Contains(kinds, s[:1]) {
		return false
	}
	return strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// oneWord says whether s could be a token: no space, nothing invisible, nothing outside ASCII.
func oneWord(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c > unicode.MaxASCII || !unicode.IsGraphic(c) || c == ' ' })
}
