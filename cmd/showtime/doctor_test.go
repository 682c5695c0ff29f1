package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"showtime/internal/adminsock"
	"showtime/internal/doctor"
	"showtime/internal/emrsim"
	"showtime/internal/slacklike"
	"showtime/internal/store/boltstore"
	"showtime/internal/testbed"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi/grant"
)

// clinic is a setup of serve that is all right: a workspace, an EMR, and a data folder in which somebody ticked just now.
type clinic struct {
	t     *testing.T
	slack *slacklike.Workspace
	emr   *emrsim.Sim
	store *boltstore.Store
	env   map[string]string
}

func newClinic(t *testing.T) *clinic {
	t.Helper()
	c := &clinic{t: t, slack: slacklike.New(slacklike.Options{})}
	_, _, bot, _ := c.slack.IDs()
	c.slack.AddUser(slacklike.User{ID: testbed.Bo})
	c.slack.AddUser(slacklike.User{ID: testbed.Mia})
	c.slack.AddChannel(slacklike.Channel{ID: testbed.Team, Members: []string{bot}})
	c.slack.AddChannel(slacklike.Channel{ID: testbed.Admins, Private: true, Members: []string{bot}})
	c.slack.SetScope("usergroups:read", false)
	c.slack.SetURL(listenTo(t, c.slack))
	c.emr = emrsim.New(emrsim.Options{Now: time.Now, NewID: func() string { return "j-1" }, Timing: emrsim.LikeEMR()})
	reachAWS(t, listenTo(t, c.emr))
	dir, err := os.MkdirTemp("", "st") // short: there is a limit to a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	team, app, _, _ := c.slack.IDs()
	c.env = map[string]string{
		"SLACK_SIGNING_SECRET": "signing-secret-nobody-prints", "SLACK_BOT_TOKEN": c.slack.Token(), "SLACK_API_URL": c.slack.APIURL(),
		"SLACK_TEAM_ID": team, "SLACK_APP_ID": app, "SHOWTIME_INSTALLATION": "test", "SHOWTIME_CLUSTER": clusterFile(time.Now()),
		"SHOWTIME_CHANNELS": testbed.Team, "SHOWTIME_ADMIN_CHANNEL": testbed.Admins, "SHOWTIME_ADMINS": testbed.Bo + "," + testbed.Mia,
		"SHOWTIME_DATA": dir,
	}
	c.store = openStore(t, dir)
	c.tick(time.Now())
	return c
}

// clusterFile is a cluster file without findings, whose rates are of that day.
func clusterFile(asOf time.Time) string {
	file := strings.Replace(testbed.ClusterFile, "2026-11-01", asOf.Format(time.DateOnly), 1)
	return strings.Replace(file, `"run_job_flow": {`, `"run_job_flow": {"LogUri": "s3://logs/",`, 1)
}

func listenTo(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// reachAWS has the SDK read nothing of the person's own account.
func reachAWS(t *testing.T, url string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "secret-key-nobody-prints",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

func openStore(t *testing.T, dir string) *boltstore.Store {
	t.Helper()
	store, err := boltstore.Open(dir, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// tick records a tick, and the store is given up.
func (c *clinic) tick(at time.Time) {
	c.t.Helper()
	err := c.store.Update(c.t.Context(), func(tx lifecycle.Tx) error {
		return tx.Put(lifecycle.LiveKey("exploration", "lifecycle/watch"), map[string]any{"v": 1, "ticked_at": at})
	})
	if err != nil {
		c.t.Fatal(err)
	}
	if err := c.store.Close(); err != nil {
		c.t.Fatal(err)
	}
}

// own makes this process the folder's owner, with or without the socket that answers others.
func (c *clinic) own(answers bool) {
	c.t.Helper()
	c.store = openStore(c.t, c.env["SHOWTIME_DATA"])
	if !answers {
		return
	}
	listener, stop, err := adminsock.Listen(c.t.Context(), c.env["SHOWTIME_DATA"])
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(stop)
	server := &http.Server{Handler: adminsock.Handler(c.store, exploration), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
}

// visit runs the command. Whatever it says, it says no secret.
func (c *clinic) visit(args ...string) (code int, out string) {
	c.t.Helper()
	var stdout, stderr bytes.Buffer
	lookup := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
	code = run(c.t.Context(), program{lookup: lookup, out: &stdout, err: &stderr}, append([]string{"doctor"}, args...))
	for _, secret := range []string{"nobody-prints", "gone-astray", c.slack.Token()} {
		if strings.Contains(stdout.String()+stderr.String(), secret) {
			c.t.Errorf("it prints %s:\n%s", secret, stdout.String())
		}
	}
	return code, stdout.String() + stderr.String()
}

// wants checks the exit code and that some findings are among the others.
func (c *clinic) wants(code int, findings ...string) {
	c.t.Helper()
	got, out := c.visit()
	if got != code {
		c.t.Errorf("exit code %d, want %d", got, code)
	}
	flat := strings.Join(strings.Fields(out), " ")
	for _, f := range findings {
		if !strings.Contains(flat, f) {
			c.t.Errorf("it does not say %q:\n%s", f, out)
		}
	}
	if code == exitOK && strings.Contains(out, "✗ error") {
		c.t.Errorf("it finds an error:\n%s", out)
	}
}

func TestDoctor_of_a_setup_that_is_right(t *testing.T) {
	c := newClinic(t)
	c.wants(
		exitOK, "✓ ok variables serve would start", "✓ ok secret signing-secret", "✓ ok bot token U0BOT: Slack takes it", "✓ ok channel "+testbed.Admins,
		"✓ ok admins U0BO, U0MIA: 2 could act", "✓ ok data folder "+c.env["SHOWTIME_DATA"]+" can be read; no process has it open", "✓ ok tick", "✓ ok EMR listing",
		"✓ ok EMR looking", "✓ ok EMR counting", "? not checked EMR launch", "iam:PassRole for EMR_DefaultRole_V2 and EMR_EC2_Exploration", "✓ ok clock as AWS's", "✓ ok clock as Slack's", "0 errors, 0 warnings, 2 not checked",
	)
}

func TestDoctor_asks_the_owner_of_the_data_folder(t *testing.T) {
	c := newClinic(t)
	c.own(true)
	c.wants(exitOK, "belongs to a running process, which answers", "✓ ok tick the last was")
}

func TestDoctor_says_that_the_owner_does_not_answer(t *testing.T) {
	c := newClinic(t)
	c.own(false)
	c.wants(exitFault, "✗ error data folder", "locked by another process, which does not answer on showtime.sock", "→ Restart the process", "✗ error tick")
}

// TestDoctor_before_the_first_start warns that there is nothing yet, which is no error.
func TestDoctor_before_the_first_start(t *testing.T) {
	c := newClinic(t)
	c.env["SHOWTIME_DATA"] = filepath.Join(t.TempDir(), "none")
	c.wants(exitOK, "! warning data folder", "has no data yet", "! warning tick there has been none yet")
}

func TestDoctor_of_what_is_wrong(t *testing.T) {
	tests := []struct {
		name   string
		change func(c *clinic)
		code   int
		want   []string
	}{
		{
			"variables", func(c *clinic) { delete(c.env, "SHOWTIME_INSTALLATION"); c.env["LOG_LEVEL"] = "loud" }, exitFault,
			[]string{"✗ error variables SHOWTIME_INSTALLATION", "✗ error variables LOG_LEVEL", "✓ ok bot token"},
		},
		{
			"no_token", func(c *clinic) { delete(c.env, "SLACK_BOT_TOKEN") }, exitFault,
			[]string{"✗ error variables SLACK_BOT_TOKEN", "✗ error secret bot-token", "? not checked bot token there is none", "? not checked channel", "✓ ok EMR listing"},
		},
		{
			"no_slack", func(c *clinic) { c.env["SLACK_API_URL"] = "http://127.0.0.1:1/api/" }, exitFault,
			[]string{"✗ error bot token auth.test: not reached", "→ See that https://slack.com/api/", "? not checked channel " + testbed.Team, "✓ ok tick"},
		},
		{"bad_slack_url", func(c *clinic) { c.env["SLACK_API_URL"] = "ftp://x" }, exitFault, []string{"✗ error variables SLACK_API_URL", "? not checked bot token", "✓ ok tick"}},
		{"revoked", func(c *clinic) { c.slack.RevokeToken() }, exitFault, []string{"✗ error bot token auth.test: token_revoked"}},
		{"other_team", func(c *clinic) { c.env["SLACK_TEAM_ID"] = "T0OTHER" }, exitFault, []string{"✗ error bot token it belongs to workspace T0SHOW"}},
		{"scope_missing", func(c *clinic) { c.slack.SetScope("chat:write", false) }, exitFault, []string{"✗ error scopes the token lacks chat:write"}},
		{"scope_too_many", func(c *clinic) { c.slack.SetScope("usergroups:read", true) }, exitOK, []string{"! warning scopes the token may do more than is needed: usergroups:read"}},
		{
			"group_needs_a_scope", func(c *clinic) { c.env["SHOWTIME_ADMINS"] = "S0ADMINS" }, exitFault,
			[]string{"✗ error scopes the token lacks usergroups:read", "✗ error admins S0ADMINS: the user group cannot be read: missing_scope"},
		},
		{"not_in_channel", func(c *clinic) { c.slack.RemoveBot(testbed.Team) }, exitFault, []string{"✗ error channel " + testbed.Team + ": the bot is not in it"}},
		{"no_such_channel", func(c *clinic) { c.env["SHOWTIME_CHANNELS"] = testbed.Team + ",C0NONE" }, exitFault, []string{"✗ error channel C0NONE: there is none"}},
		{"archived", func(c *clinic) { c.slack.Archive(testbed.Admins, true) }, exitFault, []string{"✗ error channel " + testbed.Admins + ": it is archived"}},
		{"four_eyes", func(c *clinic) {
			c.env["SHOWTIME_APPROVAL"] = "four-eyes"
			c.slack.AddUser(slacklike.User{ID: testbed.Mia, Deleted: true})
		}, exitFault, []string{"! warning admins " + testbed.Mia + ": cannot act", "✗ error admins " + testbed.Bo + ": only one could act, and four-eyes needs two"}},
		{"no_file", func(c *clinic) { c.env["SHOWTIME_CLUSTER"] = "xoxb-gone-astray" }, exitFault, []string{"✗ error variables SHOWTIME_CLUSTER", "✗ error cluster file", "✓ ok bot token"}},
		{
			"bad_file", func(c *clinic) {
				c.env["SHOWTIME_CLUSTER"] = strings.Replace(clusterFile(time.Now()), `"grace": "30m"`, `"grace": "x"`, 1)
			}, exitFault,
			[]string{"✗ error cluster file $.lease.grace", "✓ ok bot token"},
		},
		{"old_rates", func(c *clinic) { c.env["SHOWTIME_CLUSTER"] = clusterFile(time.Now().AddDate(0, 0, -92)) }, exitOK, []string{"! warning rates they are of", "92 days ago"}},
		{"dead_tick", func(c *clinic) {
			c.store = openStore(c.t, c.env["SHOWTIME_DATA"])
			c.tick(time.Now().Add(-11 * time.Minute))
		}, exitFault, []string{"✗ error tick the last was 11m", "→ See the runbook, No ticks"}},
		{"emr_denied", func(c *clinic) {
			c.emr.Inject(emrsim.Fault{Op: "ListClusters", Times: 9, Err: emrsim.Denied("ListClusters")})
			c.emr.Inject(emrsim.Fault{Op: "DescribeCluster", Times: 9, Err: emrsim.Denied("DescribeCluster")})
		}, exitFault, []string{"✗ error EMR listing elasticmapreduce:ListClusters: AccessDeniedException", "? not checked EMR looking"}},
		{"manager_away", func(c *clinic) {
			c.env["SHOWTIME_LIFECYCLE_URL"], c.env["SHOWTIME_LIFECYCLE_TOKEN"] = "http://127.0.0.1:1", "lifecycle-token-nobody-prints"
		}, exitFault, []string{"✗ error lifecycle manager it does not answer"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newClinic(t)
			tt.change(c)
			c.wants(tt.code, tt.want...)
		})
	}
}

func TestDoctor_for_programs(t *testing.T) {
	c := newClinic(t)
	c.slack.RemoveBot(testbed.Team)
	code, out := c.visit("--json")
	var report struct {
		Process  string
		OK       *bool
		Findings []doctor.Finding
	}
	d := json.NewDecoder(strings.NewReader(out))
	d.DisallowUnknownFields()
	if err := d.Decode(&report); err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if code != exitFault || report.Process != "serve" || report.OK == nil || *report.OK {
		t.Errorf("exit code %d, %+v", code, report)
	}
	statuses := map[doctor.Status]int{}
	for _, f := range report.Findings {
		statuses[f.Status]++
		if f.Check == "" || f.What == "" || (f.Do == "") != (f.Status == doctor.OK) {
			t.Errorf("incomplete: %+v", f)
		}
	}
	if statuses[doctor.Error] != 1 || statuses[doctor.NotChecked] != 2 || statuses[doctor.OK] < 10 {
		t.Errorf("findings: %v", statuses)
	}
}

func TestDoctor_of_a_socket_needs_the_app_token_and_no_signing_secret(t *testing.T) {
	c := newClinic(t)
	delete(c.env, "SLACK_SIGNING_SECRET")
	c.env["SLACK_APP_TOKEN"] = "xapp-nobody-prints"
	code, out := c.visit("--socket")
	if code != exitOK || !strings.Contains(out, "secret app-token") || strings.Contains(out, "signing") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestDoctor_for_the_lifecycle_manager(t *testing.T) {
	c := newClinic(t)
	token, hash := grant.NewToken()
	folder, grants := t.TempDir(), filepath.Join(t.TempDir(), "grants.json")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(filepath.Join(folder, "a.json"), clusterFile(time.Now()))
	write(filepath.Join(folder, "b.json"), strings.Replace(clusterFile(time.Now()), `"exploration"`, `"etl"`, 1))
	write(grants, `{"grants":[{"name":"bot","token_sha256":"`+hash+`","clusters":["*"],"verbs":["read"]}]}`)
	c.env = map[string]string{"SHOWTIME_INSTALLATION": "test", "SHOWTIME_CLUSTERS": folder, "SHOWTIME_GRANTS": grants, "SHOWTIME_DATA": c.env["SHOWTIME_DATA"]}
	code, out := c.visit("--for", "lifecycle")
	flat := strings.Join(strings.Fields(out), " ")
	for _, want := range []string{"✓ ok grants 1 grants", "✓ ok exploration: tick", "! warning etl: tick there has been none yet", "✓ ok etl: EMR looking", "✓ ok EMR listing"} {
		if !strings.Contains(flat, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code != exitOK || strings.Contains(out, token) || strings.Contains(out, hash) {
		t.Errorf("exit code %d:\n%s", code, out)
	}

	write(filepath.Join(folder, "c.json"), "{")
	write(filepath.Join(folder, "d.json"), clusterFile(time.Now()))
	write(grants, `{"grants":[{"name":"BOT"}]}`)
	code, out = c.visit("--for", "lifecycle")
	flat = strings.Join(strings.Fields(out), " ")
	for _, want := range []string{"✗ error c.json: cluster file", `✗ error d.json: cluster file cluster "exploration" is described by another file`, "✗ error grants $.grants[0]: name", "✓ ok exploration: tick"} {
		if !strings.Contains(flat, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if code != exitFault {
		t.Errorf("exit code %d", code)
	}
	c.env["SHOWTIME_CLUSTERS"] = t.TempDir()
	if code, out := c.visit("--for", "lifecycle"); code != exitFault || !strings.Contains(out, "has no cluster file") {
		t.Errorf("exit code %d:\n%s", code, out)
	}
}

func TestDoctor_is_not_understood(t *testing.T) {
	c := newClinic(t)
	env := maps.Clone(c.env)
	for _, args := range [][]string{{"--for", "demo"}, {"all"}, {"--yaml"}, {"--for", "worker", "--socket"}} {
		c.env = env
		if code, out := c.visit(args...); code != exitUsage || !strings.Contains(out, "usage: showtime doctor") {
			t.Errorf("%v: exit code %d\n%s", args, code, out)
		}
	}
}
