package blocks

import (
	"strings"
	"testing"
)

func wantAll(tb testing.TB, s string, parts ...string) {
	tb.Helper()
	for _, part := range parts {
		if !strings.Contains(s, part) {
			tb.Errorf("lacks %q in:\n%s", part, s)
		}
	}
}

func wantNone(tb testing.TB, s string, parts ...string) {
	tb.Helper()
	for _, part := range parts {
		if strings.Contains(s, part) {
			tb.Errorf("must not say %q in:\n%s", part, s)
		}
	}
}
