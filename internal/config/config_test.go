package config_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"showtime/approval"
	"showtime/internal/config"
	"showtime/internal/roles"
)

// env is an environment that remembers what was read.
type env struct {
	vars map[string]string
	read map[string]bool
}

func (e env) lookup(name string) (string, bool) {
	e.read[name] = true
	v, ok := e.vars[name]
	return v, ok
}

// full sets every variable that has no default, and what the changes say; "" unsets one.
func full(changes map[string]string) env {
	vars := map[string]string{
		"SLACK_SIGNING_SECRET":  "8f742231b10e8888abcd99yyyzzz85a5",
		"SLACK_BOT_TOKEN":       "xoxb-1-secret",
		"SHOWTIME_INSTALLATION": "analytics-prod",
		"SHOWTIME_CLUSTER":      `{"name":"exploration"}`,
		"SHOWTIME_CHANNELS":     "C111,G222",
		"SHOWTIME_ADMINS":       "U111",
		"SHOWTIME_QUEUE_URL":    "https://sqs.eu-central-1.amazonaws.com/123456789012/showtime.fifo",
		"SHOWTIME_TABLE":        "showtime",
	}
	maps.Copy(vars, changes)
	return env{vars: vars, read: map[string]bool{}}
}

func TestReadReceiver(t *testing.T) {
	t.Parallel()
	got, err := config.ReadReceiver(full(map[string]string{
		"SLACK_SIGNING_SECRET": " new , old ", "SLACK_TEAM_ID": "T1", "SLACK_APP_ID": "A1",
		"SHOWTIME_PHRASES": `{"start":["Go"]}`, "LOG_LEVEL": "WARN",
	}).lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Receiver{
		SigningSecrets: []string{"new", "old"}, TeamID: "T1", AppID: "A1", ClusterName: "exploration",
		Phrases:  `{"start":["Go"]}`,
		QueueURL: "https://sqs.eu-central-1.amazonaws.com/123456789012/showtime.fifo", LogLevel: zerolog.WarnLevel,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadWorker(t *testing.T) {
	t.Parallel()
	got, err := config.ReadWorker(full(map[string]string{
		"SLACK_API_URL": "http://127.0.0.1:9999/api", "SHOWTIME_ADMIN_CHANNEL": "C9",
		"SHOWTIME_ANALYSTS": "*", "SHOWTIME_ADMINS": "U1, W2,S3 ,U1", "SHOWTIME_APPROVAL": "four-eyes",
		"SHOWTIME_REASON": "required", "SHOWTIME_LIFECYCLE_URL": "https://emr.example.com/v1/", "SHOWTIME_LIFECYCLE_TOKEN": "t0ken",
	}).lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Worker{
		BotToken: "xoxb-1-secret", APIURL: "http://127.0.0.1:9999/api/", Installation: "analytics-prod",
		Cluster: `{"name":"exploration"}`, Channels: []string{"C111", "G222"}, AdminChannel: "C9",
		Analysts: roles.People{Everybody: true}, Admins: roles.People{Users: []string{"U1", "W2"}, Groups: []string{"S3"}},
		Approval: approval.FourEyes, ReasonNeeded: true, Table: "showtime",
		QueueURL:     "https://sqs.eu-central-1.amazonaws.com/123456789012/showtime.fifo",
		LifecycleURL: "https://emr.example.com/v1", LifecycleToken: "t0ken", LogLevel: zerolog.InfoLevel,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWorkerDefaults(t *testing.T) {
	t.Parallel()
	got, err := config.ReadWorker(full(map[string]string{"SLACK_API_URL": "", "SHOWTIME_APPROVAL": " "}).lookup)
	if err != nil {
		t.Fatal(err)
	}
	if got.APIURL != "https://slack.com/api/" || got.AdminChannel != "C111" || got.Approval != approval.ByAdmin || got.ReasonNeeded {
		t.Errorf("defaults = %q %q %q %v", got.APIURL, got.AdminChannel, got.Approval, got.ReasonNeeded)
	}
	if diff := cmp.Diff(roles.People{}, got.Analysts); diff != "" {
		t.Errorf("unset analysts must be nobody (-want +got):\n%s", diff)
	}
}

func TestReadServe(t *testing.T) {
	t.Parallel()
	embedded := map[string]string{"SHOWTIME_QUEUE_URL": "", "SHOWTIME_TABLE": ""}
	got, err := config.ReadServe(full(embedded).lookup, false)
	if err != nil {
		t.Fatal(err)
	}
	if got.Data != "./data" || got.Listen != "127.0.0.1:8080" || got.AdminListen != "127.0.0.1:9090" {
		t.Errorf("defaults = %q %q %q", got.Data, got.Listen, got.AdminListen)
	}
	if got.Worker.BotToken == "" || len(got.Receiver.SigningSecrets) != 1 || got.Receiver.ClusterName != "exploration" {
		t.Error("serve lacks what its receiver and its worker need")
	}
	socket := full(map[string]string{"SLACK_SIGNING_SECRET": "", "SLACK_APP_TOKEN": "xapp-1"})
	got, err = config.ReadServe(socket.lookup, true)
	if err != nil || got.AppToken != "xapp-1" {
		t.Errorf("with --socket: %v, %v", got.AppToken, err)
	}
	if _, err = config.ReadServe(full(map[string]string{"SLACK_SIGNING_SECRET": ""}).lookup, true); err == nil {
		t.Error("--socket was read without an app token")
	}
}

func TestSecretPath(t *testing.T) {
	t.Parallel()
	vars := map[string]string{"SLACK_SIGNING_SECRET": "", "SLACK_BOT_TOKEN": "", "SLACK_SECRET_PATH": "/showtime/slack/"}
	r, err := config.ReadReceiver(full(vars).lookup)
	if err != nil || r.SecretPath != "/showtime/slack" || r.SigningSecrets != nil {
		t.Errorf("receiver: %q, %v", r.SecretPath, err)
	}
	w, err := config.ReadWorker(full(vars).lookup)
	if err != nil || w.SecretPath != "/showtime/slack" || w.BotToken != "" {
		t.Errorf("worker: %q, %v", w.SecretPath, err)
	}
	s, err := config.ReadServe(full(vars).lookup, true)
	if err != nil || s.AppToken != "" {
		t.Errorf("serve --socket: %v", err)
	}
}

// TestEachReadsOnlyItsOwn holds the table of variables to what the processes really read, and so
// keeps the bot token away from the receiver.
func TestEachReadsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	readers := map[config.Process]func(config.Lookup) error{
		config.ReceiverProcess:  func(l config.Lookup) error { _, err := config.ReadReceiver(l); return err },
		config.WorkerProcess:    func(l config.Lookup) error { _, err := config.ReadWorker(l); return err },
		config.LifecycleProcess: func(l config.Lookup) error { _, err := config.ReadLifecycle(l); return err },
		config.ToolProcess:      func(l config.Lookup) error { _, err := config.ReadRemote(l); return err },
		config.ServeProcess: func(l config.Lookup) error {
			_, plain := config.ReadServe(l, false)
			_, socket := config.ReadServe(l, true)
			if plain != nil {
				return plain
			}
			return socket
		},
	}
	for process, read := range readers {
		e := full(map[string]string{
			"SLACK_APP_TOKEN": "xapp-1", "SHOWTIME_CLUSTERS": "clusters", "SHOWTIME_GRANTS": "grants.json",
			"SHOWTIME_LIFECYCLE_URL": "https://emr.example.com",
		})
		if err := read(e.lookup); err != nil {
			t.Errorf("%s: %v", process, err)
		}
		var want []string
		for _, v := range config.Variables() {
			if slices.Contains(v.ReadBy, process) {
				want = append(want, v.Name)
			}
		}
		slices.Sort(want)
		if diff := cmp.Diff(want, slices.Sorted(maps.Keys(e.read))); diff != "" {
			t.Errorf("%s reads (-table +really):\n%s", process, diff)
		}
	}
}

func TestVariablesAreDescribed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, v := range config.Variables() {
		if v.Meaning == "" || len(v.ReadBy) == 0 || seen[v.Name] {
			t.Errorf("%s: no meaning, no reader, or listed twice", v.Name)
		}
		if v.Default == "" && v.Required == "" && v.Name != "SLACK_SECRET_PATH" {
			t.Errorf("%s must say either when it is required or what holds without it", v.Name)
		}
		seen[v.Name] = true
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	none := func(string) (string, bool) { return "", false }
	tests := []struct {
		name string
		read func() error
		want []string
	}{
		{"lifecycle", func() error { _, err := config.ReadLifecycleLambda(none); return err }, []string{
			"SHOWTIME_CLUSTERS", "SHOWTIME_GRANTS", "SHOWTIME_INSTALLATION", "SHOWTIME_TABLE",
		}},
		{"tool", func() error { _, err := config.ReadRemote(none); return err }, []string{"SHOWTIME_LIFECYCLE_URL"}},
		{"receiver", func() error { _, err := config.ReadReceiver(none); return err }, []string{
			"SHOWTIME_CLUSTER", "SHOWTIME_QUEUE_URL", "SLACK_SIGNING_SECRET",
		}},
		{"worker", func() error { _, err := config.ReadWorker(none); return err }, []string{
			"SHOWTIME_ADMINS", "SHOWTIME_CHANNELS", "SHOWTIME_CLUSTER", "SHOWTIME_INSTALLATION", "SHOWTIME_TABLE", "SLACK_BOT_TOKEN",
		}},
		{"serve", func() error { _, err := config.ReadServe(none, false); return err }, []string{
			"SHOWTIME_ADMINS", "SHOWTIME_CHANNELS", "SHOWTIME_CLUSTER", "SHOWTIME_INSTALLATION", "SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET",
		}},
		{"serve_socket", func() error { _, err := config.ReadServe(none, true); return err }, []string{
			"SHOWTIME_ADMINS", "SHOWTIME_CHANNELS", "SHOWTIME_CLUSTER", "SHOWTIME_INSTALLATION", "SLACK_APP_TOKEN", "SLACK_BOT_TOKEN",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, blamed(tt.read())); diff != "" {
				t.Errorf("required (-want +got):\n%s", diff)
			}
		})
	}
}

// blamed lists the variables an error names, sorted, one for each of its lines.
func blamed(err error) []string {
	if err == nil {
		return nil
	}
	var names []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		name, _, _ := strings.Cut(line, ":")
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestClusterFromFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "exploration.json")
	if err := os.WriteFile(path, []byte(`{"name":"from-file"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := config.ReadReceiver(full(map[string]string{"SHOWTIME_CLUSTER": path}).lookup)
	if err != nil || got.ClusterName != "from-file" {
		t.Errorf("cluster name = %q, %v", got.ClusterName, err)
	}
}

func TestSettingsDoNotPrintSecrets(t *testing.T) {
	t.Parallel()
	s, err := config.ReadServe(full(map[string]string{
		"SLACK_SIGNING_SECRET": "secret-1", "SLACK_BOT_TOKEN": "xoxb-secret-2", "SLACK_APP_TOKEN": "xapp-secret-3",
		"SHOWTIME_LIFECYCLE_URL": "https://emr.example.com", "SHOWTIME_LIFECYCLE_TOKEN": "secret-4",
	}).lookup, true)
	if err != nil {
		t.Fatal(err)
	}
	s.Receiver.SigningSecrets = []string{"secret-1"}
	var log strings.Builder
	logger := zerolog.New(&log)
	logger.Info().Interface("a", s).Interface("b", &s).Interface("c", s.Worker).Interface("d", s.Receiver).Send()
	for _, v := range []any{s, &s, s.Worker, &s.Worker, s.Receiver, &s.Receiver} {
		fmt.Fprintf(&log, "%v %+v %#v %s", v, v, v, v)
	}
	if strings.Contains(log.String(), "secret-") {
		t.Errorf("a secret was printed: %s", log.String())
	}
}
