package template_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"showtime/internal/slackapi"
	"showtime/lifecycle"
	"showtime/test/template"
)

func runbook(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(filepath.Dir(template.Path()), "docs", "runbook.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Whoever is called at night follows the alarm's own words.
func TestEveryAlarmNamesItsSectionOfTheRunbook(t *testing.T) {
	t.Parallel()
	tpl, text := loadWith(t, withManager()), runbook(t)
	for _, name := range tpl.Resources("AWS::CloudWatch::Alarm") {
		description := fmt.Sprint(properties(t, tpl, name)["AlarmDescription"])
		_, section, found := strings.Cut(description, "docs/runbook.md, ")
		if !found || !strings.Contains(text, "\n### "+section+"\n") {
			t.Errorf("%s: no section for %q", name, description)
		}
	}
}

// And nobody keeps a section whose alarm is gone.
func TestEverySectionOfTheRunbookHasItsAlarm(t *testing.T) {
	t.Parallel()
	tpl, text := loadWith(t, withManager()), runbook(t)
	alarmed := ""
	for _, name := range tpl.Resources("AWS::CloudWatch::Alarm") {
		alarmed += fmt.Sprint(properties(t, tpl, name)["AlarmDescription"]) + "\n"
	}
	for _, m := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(text, -1) {
		if !strings.Contains(alarmed, "docs/runbook.md, "+m[1]+"\n") {
			t.Errorf("no alarm leads to the section %q", m[1])
		}
	}
}

func TestRunbookKnowsEveryWordTheWorkerRaises(t *testing.T) {
	t.Parallel()
	text := runbook(t)
	for _, word := range []string{
		lifecycle.AlarmOrphan, lifecycle.AlarmNewer, lifecycle.AlarmTags, lifecycle.AlarmOverdue, lifecycle.AlarmNoLaunch,
		lifecycle.AlarmNoAnswer, lifecycle.AlarmVanished, lifecycle.AlarmLateLease, slackapi.AlarmAuth, slackapi.AlarmBlocks,
		"unreadable-job", "job-given-up", "owed-given-up", "dead-letters",
	} {
		if !strings.Contains(text, "`"+word+"`") {
			t.Errorf("nothing about %s", word)
		}
	}
}

// The runbook names saved queries and outputs as the template does.
func TestRunbookNamesWhatIsThere(t *testing.T) {
	t.Parallel()
	tpl, text := load(t), runbook(t)
	for _, name := range tpl.Resources("AWS::Logs::QueryDefinition") {
		_, title, _ := strings.Cut(fmt.Sprint(properties(t, tpl, name)["Name"]), "/")
		if title != "who tried what" && title != "turned away by the receiver" && !strings.Contains(strings.ReplaceAll(text, "\n", " "), "*"+title+"*") {
			t.Errorf("the query %q is never used", title)
		}
	}
	for _, m := range regexp.MustCompile("output `?([A-Z][A-Za-z]+)").FindAllStringSubmatch(text, -1) {
		if tpl.Section("Outputs")[m[1]] == nil {
			t.Errorf("the stack has no output %s", m[1])
		}
	}
}

// What the documents link to is there.
func TestDocumentsLinkToWhatIsThere(t *testing.T) {
	t.Parallel()
	root := filepath.Dir(template.Path())
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d documents, %v", len(paths), err)
	}
	for _, name := range []string{"README.md", "SECURITY.md", "CONTRIBUTING.md"} {
		paths = append(paths, filepath.Join(root, name))
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`\]\(([^)#:]+)(?:#[^)]*)?\)`).FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: %v", path, err)
			}
		}
	}
}
