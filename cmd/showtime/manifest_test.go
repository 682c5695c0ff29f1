package main

import (
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

func TestManifest(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"https://abc.execute-api.eu-west-1.amazonaws.com", "https://abc.execute-api.eu-west-1.amazonaws.com/"} {
		got := showtime(t.Context(), "manifest", "--url", address)
		if got.code != exitOK || got.err != "" {
			t.Fatalf("got %+v", got)
		}
		if strings.Contains(got.out, "example.com") || strings.Contains(got.out, "//slack") {
			t.Errorf("not every address is the operator's:\n%s", got.out)
		}
		if n := strings.Count(got.out, "https://abc.execute-api.eu-west-1.amazonaws.com/slack/"); n != 3 {
			t.Errorf("%d addresses, want 3", n)
		}
		var doc map[string]any
		if err := yaml.Unmarshal([]byte(got.out), &doc); err != nil || doc["settings"] == nil {
			t.Errorf("no manifest: %v", err)
		}
	}
}

func TestManifest_refuses_what_slack_cannot_call(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, address string }{
		{"plain_http", "http://host.example"},
		{"no_scheme", "host.example"},
		{"no_host", "https:///slack"},
		{"user", "https://me:secret@host.example"},
		{"query", "https://host.example?x=1"},
		{"empty_query", "https://host.example?"},
		{"fragment", "https://host.example#x"},
		{"with_the_path", "https://host.example/slack/commands"},
		{"with_half_the_path", "https://host.example/slack/"},
		{"breaks_the_yaml", "https://host.example/\"x"},
		{"empty", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := showtime(t.Context(), "manifest", "--url", tt.address)
			if got.code != exitUsage || got.out != "" || got.err == "" {
				t.Errorf("got %+v", got)
			}
			if strings.Contains(got.err, "secret") {
				t.Error("the address is repeated")
			}
		})
	}
}

func TestManifest_for_socket_mode(t *testing.T) {
	t.Parallel()
	got := showtime(t.Context(), "manifest", "--socket")
	var doc struct {
		Settings struct {
			Socket bool `yaml:"socket_mode_enabled"`
		}
	}
	if err := yaml.Unmarshal([]byte(got.out), &doc); err != nil || !doc.Settings.Socket || got.code != exitOK || strings.Contains(got.out, "url:") {
		t.Errorf("error %v, got %+v", err, got)
	}
	if both := showtime(t.Context(), "manifest", "--socket", "--url", "https://host.example"); both.code != exitUsage || both.out != "" {
		t.Errorf("with an address: %+v", both)
	}
}
