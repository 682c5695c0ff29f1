package doctor_test

import (
	"os"
	"strings"
	"testing"
)

// What the doctor sends people to is there.
func TestAdviceLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for file, headings := range map[string][]string{
		"../../docs/runbook.md":       {"\n### No ticks\n", "\n## A lost table\n"},
		"../../docs/verify-on-aws.md": {"\n| 3. IAM decides", "\n| 5. EMR launches"},
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range headings {
			if !strings.Contains(string(text), h) {
				t.Errorf("%s has no %q", file, strings.TrimSpace(h))
			}
		}
	}
}
