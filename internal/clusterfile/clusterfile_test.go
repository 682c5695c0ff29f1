package clusterfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/clusterfile"
	"showtime/lifecycle"
)

const delivered = "../../clusters/exploration.json"

func text(tb testing.TB) string {
	tb.Helper()
	data, err := os.ReadFile(delivered)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

func TestLoadAcceptsTheDeliveredFileByPathAndInline(t *testing.T) {
	t.Parallel()
	for _, from := range []string{delivered, text(t), "\n " + text(t)} {
		got, err := clusterfile.Load(from)
		if err != nil {
			t.Fatal(err)
		}
		want := lifecycle.Shape{Nodes: []lifecycle.Node{{Type: "m6g.xlarge", Min: 1, Max: 1}, {Type: "r6g.xlarge", Min: 2, Max: 6}}}
		if diff := cmp.Diff(want, got.Shape); diff != "" || got.Config.Name != "exploration" || got.Template == nil || len(got.Warnings) > 0 {
			t.Error(diff, got.Config.Name, got.Warnings)
		}
	}
}

func TestParseReportsTheProblemsOfBothPartsAtOnce(t *testing.T) {
	t.Parallel()
	broken := strings.NewReplacer(`"max": "12h"`, `"max": "soon"`, `"IdleTimeout": 3600`, `"IdleTimeout": 1`, `"start_warn"`, `"start_wran"`).Replace(text(t))
	_, err := clusterfile.Parse([]byte(broken))
	for _, path := range []string{"$.lease.max: ", "$.start_wran: ", "$.run_job_flow.AutoTerminationPolicy.IdleTimeout: "} {
		if err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("no %q in %v", path, err)
		}
	}
}

func TestLoadSaysWhatIsWrongWithTheFileItself(t *testing.T) {
	t.Parallel()
	large := filepath.Join(t.TempDir(), "large.json")
	if err := os.WriteFile(large, []byte(strings.Repeat(" ", 1<<20)+"{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, from, want string }{
		{"nothing", "", "no path"},
		{"missing", "nowhere.json", `"nowhere.json" does not exist`},
		{"folder", "../../clusters", "is a folder"},
		{"large", large, "larger than 1 MiB"},
		{"broken", "{\n  \"name\": x}", "line 2, column 11"},
		{"cut_off", `{"name": "a"`, "line 1, column 12"},
		{"two_values", "{}\n{}", "line 2, column 1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := clusterfile.Load(tt.from); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("no %q in %v", tt.want, err)
			}
		})
	}
	if _, err := clusterfile.Load("nowhere.json"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestParseWarnsOfTypesWithoutARate(t *testing.T) {
	t.Parallel()
	got, err := clusterfile.Parse([]byte(strings.Replace(text(t), `, "r6g.xlarge": 0.25`, "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"$.rates.per_hour: has no rate for r6g.xlarge"}, got.Warnings); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	whole := text(f)
	for _, seed := range []string{
		whole, "", "{", "[]", "null", `{"name": null}`, `{"name": "a", "run_job_flow": {}}`, "{}\n{}", "\xff", `{"a": "\ud800"}`,
		whole[:len(whole)/2], strings.Replace(whole, `"InstanceCount": 2`, `"InstanceCount": 1e400`, 1),
		strings.Replace(whole, `"Tags": [`, `"Tags": [null, 3,`, 1), strings.Repeat("[", 20000),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := clusterfile.Parse(data)
		switch {
		case err == nil && (got.Template == nil || got.Config.Name == "" || len(got.Shape.Nodes) == 0):
			t.Error("an incomplete file was accepted")
		case err != nil && !strings.HasPrefix(err.Error(), "$"):
			t.Errorf("a problem without a path: %v", err)
		}
	})
}
