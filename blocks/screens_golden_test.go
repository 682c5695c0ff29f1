package blocks

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/slack-go/slack"

	"showtime/internal/actionid"
)

var update = flag.Bool("update", false, "write the golden files")

func goldenJSON(tb testing.TB, m Message) []byte {
	tb.Helper()
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	view := struct {
		Text   []string      `json:"text"`
		Blocks []slack.Block `json:"blocks"`
	}{strings.Split(m.Text, "\n"), m.Blocks}
	if err := enc.Encode(view); err != nil {
		tb.Fatalf("encode golden: %v", err)
	}
	return out.Bytes()
}

func goldenPath(name string) string {
	return filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".json")
}

func TestScreensAreGolden(t *testing.T) {
	t.Parallel()
	for name, m := range screens() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := goldenJSON(t, m)
			if *update {
				if err := os.WriteFile(goldenPath(name), got, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(goldenPath(name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("screen changed (-golden +now); if that is meant, run with -update:\n%s", diff)
			}
		})
	}
}

func TestEveryGoldenFileHasItsScreen(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for name := range screens() {
		known[goldenPath(name)] = true
	}
	for _, file := range files {
		if !known[file] {
			t.Errorf("%s belongs to no screen", file)
		}
	}
}

func TestAtMostOnePrimaryButton(t *testing.T) {
	t.Parallel()
	for name, m := range screens() {
		n := 0
		walk(tree(t, m), func(e node) {
			if str(e, "type") == "button" && str(e, "style") == "primary" {
				n++
			}
		})
		if n > 1 {
			t.Errorf("%s has %d primary buttons", name, n)
		}
	}
}

func TestEveryButtonCarriesItsSession(t *testing.T) {
	t.Parallel()
	for name, m := range screens() {
		walk(tree(t, m), func(e node) {
			if str(e, "type") != "button" {
				return
			}
			v, err := actionid.Decode(str(e, "value"))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			want := actionid.Value{V: actionid.Version, Generation: 4}
			if strings.HasSuffix(name, "never") || strings.Contains(name, "off_no_rates") || strings.Contains(name, "off_short") {
				want.Generation = 0
			}
			switch str(e, "action_id") {
			case actionid.Approve, actionid.Deny, actionid.Claim, actionid.StillNeed, actionid.Withdraw:
				want.Request = "D-0142"
			case actionid.Extend, actionid.MoreTime, actionid.LetEnd:
				want.LeaseEnd = v.LeaseEnd // held to the state's own by TestLeaseButtonsArePinnedToTheirLeaseEnd
			}
			if diff := cmp.Diff(want, v); diff != "" {
				t.Errorf("%s: %s carries the wrong value:\n%s", name, str(e, "action_id"), diff)
			}
		})
	}
}

// TestDestructionAlwaysAsksFirst: the buttons that end something are marked too.
func TestDestructionAlwaysAsksFirst(t *testing.T) {
	t.Parallel()
	for name, m := range screens() {
		walk(tree(t, m), func(e node) {
			id := str(e, "action_id")
			if id == "" {
				return
			}
			ends := id == actionid.Destroy || id == actionid.Approve && !strings.Contains(name, "more_time")
			if (ends || id == actionid.Approve || id == actionid.MoreTime) && e["confirm"] == nil {
				t.Errorf("%s: %s has no dialog", name, id)
			}
			if ends != (str(e, "style") == "danger") {
				t.Errorf("%s: is %s marked as dangerous? it is %q", name, id, str(e, "style"))
			}
		})
	}
}

// TestFallbackSaysWhatBlocksSay holds because screen readers read the fallback alone.
func TestFallbackSaysWhatBlocksSay(t *testing.T) {
	t.Parallel()
	for name, m := range screens() {
		if strings.HasPrefix(name, "hostile_") {
			continue
		}
		for _, b := range tree(t, m) {
			for _, s := range []string{inner(b, "text"), inner(b, "label"), inner(b, "hint")} {
				if !strings.Contains(m.Text, escape(s)) && !strings.Contains(m.Text, s) {
					t.Errorf("%s: the fallback lacks %q", name, s)
				}
			}
			walk(b, func(e node) {
				if str(e, "type") == "button" && !strings.Contains(m.Text, inner(e, "text")+" (") {
					t.Errorf("%s: the fallback does not explain the button %q", name, inner(e, "text"))
				}
			})
		}
	}
}

func TestDrawingIsDeterministic(t *testing.T) {
	t.Parallel()
	again := screens()
	for name, m := range screens() {
		if !bytes.Equal(goldenJSON(t, m), goldenJSON(t, again[name])) {
			t.Errorf("%s differs from one drawing to the next", name)
		}
	}
}
