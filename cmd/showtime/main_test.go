package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"

	"showtime/internal/config"
	"showtime/test/serve"
)

// TestMain makes the test binary, started again by a test, the tool itself.
func TestMain(m *testing.M) {
	if _, child := os.LookupEnv(serve.Child); child {
		os.Exit(realMain())
	}
	os.Exit(m.Run())
}

// result is what a command said and how it ended.
type result struct {
	code     int
	out, err string
}

// showtime runs a command with nothing in its environment.
func showtime(ctx context.Context, args ...string) result {
	var out, err bytes.Buffer
	code := run(ctx, program{lookup: func(string) (string, bool) { return "", false }, out: &out, err: &err}, args)
	return result{code, out.String(), err.String()}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		code int
		err  string // a part of what is said
	}{
		{"nothing", nil, exitUsage, "Usage: showtime COMMAND"},
		{"unknown_command", []string{"sing"}, exitUsage, `"sing" is no command`},
		{"serve_takes_nothing", []string{"serve", "now"}, exitUsage, "usage: showtime serve"},
		{"validate_takes_a_file", []string{"validate"}, exitUsage, "usage: showtime validate FILE"},
		{"manifest_takes_an_address", []string{"manifest"}, exitUsage, "usage: showtime manifest --url"},
		{"help_about_nothing_known", []string{"help", "sing"}, exitUsage, `"sing" is no command`},
		{"demo_without_port", []string{"demo", "--port", "high"}, exitUsage, "usage: showtime demo"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := showtime(t.Context(), tt.args...)
			if got.code != tt.code || got.out != "" || !strings.Contains(got.err, tt.err) {
				t.Errorf("got %+v, want code %d and %q", got, tt.code, tt.err)
			}
		})
	}
}

// Everything that can be typed and everything that can be set is in the help.
func TestHelp_is_complete(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"help", "-h", "--help"} {
		got := showtime(t.Context(), word)
		if got.code != exitOK || got.err != "" {
			t.Errorf("%s: %+v", word, got)
		}
		for _, c := range commands() {
			if !strings.Contains(got.out, "\n  "+c.name) || !strings.Contains(got.out, c.summary) {
				t.Errorf("%s lacks the command %s", word, c.name)
			}
		}
		for _, v := range config.Variables() {
			if !strings.Contains(got.out, "\n  "+v.Name+" ") || !strings.Contains(got.out, v.Meaning) {
				t.Errorf("%s lacks the variable %s", word, v.Name)
			}
		}
	}
}

func TestHelp_about_each_command(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		got := showtime(t.Context(), "help", c.name)
		if got.code != exitOK || !strings.Contains(got.out, "showtime "+c.name) || !strings.Contains(got.out, c.summary) {
			t.Errorf("help %s: %+v", c.name, got)
		}
	}
}
