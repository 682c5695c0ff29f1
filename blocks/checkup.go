package blocks

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Mark is what a finding about the setup means: a symbol and its word.
type Mark string

// The marks.
const (
	MarkOK         Mark = "✓ ok"
	MarkWarning    Mark = "! warning"
	MarkError      Mark = "✗ error"
	MarkNotChecked Mark = "? not checked"
)

// Finding is one thing about the setup that was looked at.
type Finding struct {
	Mark            Mark
	Check, What, Do string
	About           []string // Slack ids
}

// CheckupView is what an admin's look at the setup is drawn from.
type CheckupView struct {
	Cluster  string
	Findings []Finding
	Now      time.Time
}

// What a checkup may take of the fallback: the findings to act on, then those that nobody can tell.
const (
	checkupShare = 2200
	unsureShare  = 2900
	// https://docs.slack.dev/reference/block-kit/blocks: a message has at most 50 blocks.
	maxFindings = 40
)

// Checkup draws what was found, what needs doing first.
func Checkup(v CheckupView) Message {
	p := newPage("checkup", int64(len(v.Findings)), v.Now)
	sorted := map[Mark][]Finding{}
	for _, f := range v.Findings {
		sorted[f.Mark] = append(sorted[f.Mark], f)
	}
	wrong, doubtful := sorted[MarkError], sorted[MarkWarning]
	p.header(verdict(len(wrong), len(doubtful)) + " · " + line(v.Cluster, maxName))
	left := p.findings(append(wrong, doubtful...), checkupShare) + p.findings(sorted[MarkNotChecked], unsureShare)
	if fine := sorted[MarkOK]; len(fine) > 0 {
		p.say(string(MarkOK) + ": " + names(fine))
	}
	if left > 0 {
		p.note(count(left, "finding is", "findings are") + " left out here: showtime doctor shows all.")
	}
	return p.message()
}

func verdict(wrong, doubtful int) string {
	switch {
	case wrong > 0:
		return "🔴 " + count(wrong, "ERROR", "ERRORS") + " IN THE SETUP"
	case doubtful > 0:
		return "🟡 " + count(doubtful, "WARNING", "WARNINGS") + " ABOUT THE SETUP"
	}
	return "🟢 SETUP OK"
}

// findings says each, until the page's words come to a number of characters, and says how many it left out.
func (p *page) findings(some []Finding, share int) (left int) {
	for i, f := range some {
		if len(p.blocks) > maxFindings || utf8.RuneCountInString(strings.Join(p.text, "\n")) > share {
			return len(some) - i
		}
		do := ""
		if f.Do != "" {
			do = "→ " + escapeWithin(line(f.Do, maxForeign), maxEscaped)
		}
		p.say(string(f.Mark)+" · *"+foreign(f.Check)+"* "+about(f.About)+escapeWithin(line(f.What, maxForeign), maxEscaped), do)
	}
	return 0
}

// about names the people, groups and channels that are meant.
func about(ids []string) string {
	var names []string
	for _, id := range ids[:min(len(ids), maxPeople)] {
		if slackID(id) {
			names = append(names, Mention(id))
			continue
		}
		names = append(names, channelLink(id))
	}
	if len(names) == 0 {
		return ""
	}
	return strings.Join(names, ", ") + ": "
}

// names lists what is all right, each check once, with whom it is about.
func names(fine []Finding) string {
	var all []string
	for _, f := range fine {
		name := foreign(f.Check)
		if len(f.About) > 0 {
			name += " " + strings.TrimSuffix(about(f.About), ": ")
		}
		if len(all) == 0 || all[len(all)-1] != name {
			all = append(all, name)
		}
	}
	return strings.Join(all, " · ")
}
