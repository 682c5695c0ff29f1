// Package doctor looks at a setup and says of each thing it finds whether it is right and, where it is not, what
// to do. It changes nothing: every check reads. Checks know nothing of each other, so a fault of one hides no other.
package doctor

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Status is what a finding means.
type Status string

// The statuses. Only an Error makes a setup one that does not work.
const (
	OK         Status = "ok"
	Warning    Status = "warning"
	Error      Status = "error"
	NotChecked Status = "not checked" // nobody can tell from here
)

// Finding is one thing that was looked at. No finding holds a secret.
type Finding struct {
	Check  string `json:"check"`
	Status Status `json:"status"`
	What   string `json:"what"`
	// Do says what to do about it, or how else to find out; empty when it is all right.
	Do string `json:"do,omitempty"`
	// About are the Slack ids that are meant: people, groups, channels.
	About []string `json:"about,omitempty"`
}

// Check looks at one thing.
type Check struct {
	Name string
	Run  func(ctx context.Context) []Finding
	// Last says that it looks at what the other checks have left, and so comes after them.
	Last bool
}

// Within is how long one check may take. Two rounds of it fit into the claim of an owed answer.
const Within = 8 * time.Second

// Report is every finding, in the order of the checks.
type Report []Finding

// Count says how many findings have a status.
func (r Report) Count(s Status) int {
	n := 0
	for _, f := range r {
		if f.Status == s {
			n++
		}
	}
	return n
}

// Examine runs the checks side by side, each no longer than within.
func Examine(ctx context.Context, within time.Duration, checks []Check) Report {
	found := make([][]Finding, len(checks))
	for _, last := range []bool{false, true} {
		var wg sync.WaitGroup
		for i, c := range checks {
			if c.Last == last {
				wg.Go(func() { found[i] = run(ctx, within, c) })
			}
		}
		wg.Wait()
	}
	var r Report
	for _, some := range found {
		for _, f := range some {
			f.What, f.Do = printable(f.What), printable(f.Do)
			r = append(r, f)
		}
	}
	return r
}

// run gives a check's findings, or that it broke or did not end. A check that does not heed its context is left behind.
func run(ctx context.Context, within time.Duration, c Check) []Finding {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	done := make(chan []Finding, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- []Finding{{c.Name, Error, fmt.Sprintf("the check itself broke: %v", p), "Report it as a bug of Showtime.", nil}}
			}
		}()
		done <- c.Run(ctx)
	}()
	select {
	case found := <-done:
		return found
	case <-ctx.Done():
	}
	select {
	case found := <-done: // it heeds its context, and says what it was waiting for
		return found
	case <-time.After(patience):
		return []Finding{unknown(c.Name, "it did not end within "+within.String(), "Try again.")}
	}
}

// patience is how long a check whose time is over may take to say so.
const patience = 500 * time.Millisecond

func good(check, what string, about ...string) Finding {
	return Finding{check, OK, what, "", about}
}

func doubtful(check, what, do string, about ...string) Finding {
	return Finding{check, Warning, what, do, about}
}

func bad(check, what, do string, about ...string) Finding {
	return Finding{check, Error, what, do, about}
}

func unknown(check, what, do string, about ...string) Finding {
	return Finding{check, NotChecked, what, do, about}
}

// Unchecked is a check that only says what cannot be told from here, and how to find out.
func Unchecked(name, what, do string) Check {
	return Check{Name: name, Run: func(context.Context) []Finding { return []Finding{unknown(name, what, do)} }}
}

// Of gives the same checks, whose findings say which cluster they are about.
func Of(cluster string, checks ...Check) []Check {
	out := make([]Check, len(checks))
	for i, c := range checks {
		out[i] = c
		out[i].Run = func(ctx context.Context) []Finding {
			found := c.Run(ctx)
			for n := range found {
				found[n].Check = cluster + ": " + found[n].Check
			}
			return found
		}
	}
	return out
}

// longest is how much of somebody else's words a finding repeats, in characters.
const longest = 300

// printable keeps words from outside from driving a terminal.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsGraphic(r):
			return -1
		}
		return r
	}, s)
	if runes := []rune(s); len(runes) > longest {
		return string(runes[:longest-1]) + "…"
	}
	return s
}
