//go:build manifest

// Package manifest holds slack-manifest.yaml against Slack's own JSON schema, which is not ours to
// keep: make manifest says where it stands.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"showtime"
)

// published is where the schema's parts refer to each other.
const published = "https://raw.githubusercontent.com/slackapi/manifest-schema/"

// local loads the published parts from the folder and nothing from anywhere else.
type local struct{ dir string }

// Load is what the compiler calls for a part it does not have.
func (l local) Load(url string) (any, error) {
	_, file, found := strings.Cut(strings.TrimPrefix(url, published), "/") // v0.5.0/schemas/...
	if !found || !strings.HasPrefix(url, published) {
		return nil, fmt.Errorf("%s is no part of Slack's schema", url)
	}
	return parse(filepath.Join(l.dir, filepath.FromSlash(file)))
}

func parse(path string) (any, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}

// never is a pattern that Go's regular expressions cannot say; nothing is known to match it.
type never string

func (never) MatchString(string) bool { return false }
func (n never) String() string        { return string(n) }

// compile takes what Go cannot compile (Slack's rule for domains looks ahead) for a pattern that
// refuses everything: the manifest has no domains, and one that gets some must not pass unchecked.
func compile(pattern string) (jsonschema.Regexp, error) {
	if re, err := regexp.Compile(pattern); err == nil {
		return re, nil
	}
	return never(pattern), nil
}

func schema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	dir := os.Getenv("SLACK_SCHEMA")
	if dir == "" {
		t.Fatal("SLACK_SCHEMA must name the folder of github.com/slackapi/manifest-schema")
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(local{dir})
	c.UseRegexpEngine(compile)
	compiled, err := c.Compile(published + "main/manifest.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// document is a manifest as JSON has it, after a change.
func document(t *testing.T, manifest string, change func(map[string]any)) any {
	t.Helper()
	var doc map[string]any
	if err := yaml.Unmarshal([]byte(manifest), &doc); err != nil {
		t.Fatal(err)
	}
	change(doc)
	data, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestSchemaAcceptsTheManifests(t *testing.T) {
	t.Parallel()
	for name, manifest := range map[string]string{"http": showtime.SlackManifest(), "socket": showtime.SocketManifest()} {
		if err := schema(t).Validate(document(t, manifest, func(map[string]any) {})); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A schema that accepts everything would prove nothing.
func TestSchemaRefusesWhatSlackRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		change func(map[string]any)
	}{
		{"unknown_key", func(m map[string]any) { m["feature"] = map[string]any{} }},
		{"no_name", func(m map[string]any) { delete(m["display_information"].(map[string]any), "name") }},
		{"command_without_slash", func(m map[string]any) {
			m["features"].(map[string]any)["slash_commands"].([]any)[0].(map[string]any)["command"] = "emr"
		}},
		{"unknown_setting", func(m map[string]any) { m["settings"].(map[string]any)["socket"] = true }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if schema(t).Validate(document(t, showtime.SlackManifest(), tt.change)) == nil {
				t.Error("accepted")
			}
		})
	}
}
