package showtime_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"showtime"
)

// manifest is as much of Slack's app manifest as we use. Unknown keys are errors.
type manifest struct {
	Metadata struct {
		Major int `yaml:"major_version"`
		Minor int `yaml:"minor_version"`
	} `yaml:"_metadata"`
	Display struct {
		Name, Description string
		Long              string `yaml:"long_description"`
		Color             string `yaml:"background_color"`
	} `yaml:"display_information"`
	Features struct {
		Bot struct {
			Name   string `yaml:"display_name"`
			Online bool   `yaml:"always_online"`
		} `yaml:"bot_user"`
		Commands []struct {
			Command, URL, Description string
			Hint                      string `yaml:"usage_hint"`
			Escape                    bool   `yaml:"should_escape"`
		} `yaml:"slash_commands"`
	}
	OAuth struct{ Scopes struct{ Bot []string } } `yaml:"oauth_config"`

	Settings struct {
		Events struct {
			URL  string   `yaml:"request_url"`
			List []string `yaml:"bot_events"`
		} `yaml:"event_subscriptions"`
		Interactivity struct {
			Enabled bool   `yaml:"is_enabled"`
			URL     string `yaml:"request_url"`
		}
		Org      bool `yaml:"org_deploy_enabled"`
		Socket   bool `yaml:"socket_mode_enabled"`
		Rotation bool `yaml:"token_rotation_enabled"`
	}
}

func read(t *testing.T) manifest { t.Helper(); return decode(t, showtime.SlackManifest()) }

func decode(t *testing.T, text string) manifest {
	t.Helper()
	var m manifest
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&m); err != nil {
		t.Fatal(err)
	}
	return m
}

// Slack's schema looks at neither the addresses nor the names of events, so this does.
func TestSlackManifestAsksForWhatIsServed(t *testing.T) {
	t.Parallel()
	m := read(t)
	if len(m.Features.Commands) != 1 {
		t.Fatalf("%d commands, want /emr alone", len(m.Features.Commands))
	}
	command := m.Features.Commands[0]
	got := map[string]string{"command": command.URL, "interactivity": m.Settings.Interactivity.URL, "events": m.Settings.Events.URL}
	want := map[string]string{
		"command":       showtime.ManifestURL + "/slack/commands",
		"interactivity": showtime.ManifestURL + "/slack/interactions",
		"events":        showtime.ManifestURL + "/slack/events",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"message.channels", "message.groups"}, m.Settings.Events.List); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if command.Command != "/emr" || !command.Escape || !m.Settings.Interactivity.Enabled {
		t.Errorf("command %+v, interactivity %+v", command, m.Settings.Interactivity)
	}
	if m.Settings.Socket || m.Settings.Org || m.Settings.Rotation {
		t.Error("Socket Mode, org-wide installation or token rotation is on: none of them is supported by this manifest")
	}
}

// For Socket Mode it is the same app without addresses.
func TestSocketManifest(t *testing.T) {
	t.Parallel()
	want := read(t)
	want.Features.Commands[0].URL, want.Settings.Events.URL, want.Settings.Interactivity.URL = "", "", ""
	want.Settings.Socket = true
	if diff := cmp.Diff(want, decode(t, showtime.SocketManifest())); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

// Slack refuses longer ones.
func TestSlackManifestKeepsToSlacksLimits(t *testing.T) {
	t.Parallel()
	m := read(t)
	command := m.Features.Commands[0]
	for _, field := range []struct {
		name, value string
		least, most int
	}{
		{"name", m.Display.Name, 1, 35},
		{"description", m.Display.Description, 1, 140},
		{"long_description", m.Display.Long, 175, 4000},
		{"bot display_name", m.Features.Bot.Name, 1, 80},
		{"command", command.Command, 2, 32},
		{"command description", command.Description, 1, 2000},
		{"usage_hint", command.Hint, 1, 1000},
	} {
		if n := utf8.RuneCountInString(field.value); n < field.least || n > field.most {
			t.Errorf("%s has %d characters, want %d to %d", field.name, n, field.least, field.most)
		}
	}
	if !regexp.MustCompile(`^#[0-9a-f]{6}$`).MatchString(m.Display.Color) || m.Metadata.Major != 2 {
		t.Errorf("color %q, version %d", m.Display.Color, m.Metadata.Major)
	}
}

// Each scope has its reason in the README, and none is asked for without one.
func TestSlackManifestAsksForTheScopesOfTheREADME(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(readme), "| scope | for |")
	section, _, ends := strings.Cut(section, "\n\n")
	if !found || !ends {
		t.Fatal("README.md has no table of scopes")
	}
	var want []string
	for _, row := range regexp.MustCompile(`(?m)^\s*\|([^|]*)\|[^|]+\|$`).FindAllStringSubmatch(section, -1) {
		for _, scope := range regexp.MustCompile("`([a-z:]+)`").FindAllStringSubmatch(row[1], -1) {
			want = append(want, scope[1])
		}
	}
	got := read(t).OAuth.Scopes.Bot
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("scopes (-README +manifest):\n%s", diff)
	}
}
