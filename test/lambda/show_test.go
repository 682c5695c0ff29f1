//go:build lambda

package lambda_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/actionid"
	"showtime/internal/slacklike"
	"showtime/lifecycle"
	"showtime/test/lambda"
	"showtime/test/moto"
)

// The whole path on the built functions: /emr, Start, the card, an analyst's Destroy, an admin's Approve. IAM refuses
// whatever the roles of the translated template do not allow; with a manager the worker makes no call to EMR.
func TestTheShow(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	t.Run("bot_alone", func(t *testing.T) {
		t.Parallel()
		w := lambda.NewWorldOn(t, server, "alone", nil)
		theShow(t, w, "alone")
		wantUsed(t, w, "Worker", append(onItsTable(), append(onEMR(), "dynamodb:DeleteItem", "iam:PassRole", "ssm:GetParameter")...))
	})
	t.Run("through_a_manager", func(t *testing.T) {
		t.Parallel()
		w := lambda.NewManagedWorldOn(t, server, "managed")
		theShow(t, w, "managed")
		wantUsed(t, w, "Worker", append(onItsTable(), "dynamodb:DeleteItem", "execute-api:Invoke", "ssm:GetParameter"))
		wantUsed(t, w, "Manager", append(onItsTable(), append(onEMR(), "iam:PassRole")...))
	})
}

func onItsTable() []string {
	return []string{"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query"}
}

// onEMR is what looking after a cluster takes; its machines are counted by whoever gets there first.
func onEMR() []string {
	return []string{
		"dynamodb:ConditionCheckItem",
		"elasticmapreduce:AddTags", "elasticmapreduce:DescribeCluster", "elasticmapreduce:ListClusters", "elasticmapreduce:ListInstances",
		"elasticmapreduce:RunJobFlow", "elasticmapreduce:TerminateJobFlows",
	}
}

func wantUsed(t *testing.T, w *lambda.World, function string, want []string) {
	t.Helper()
	slices.Sort(want)
	if diff := cmp.Diff(want, w.Proxy.Guard.Used(function)); diff != "" {
		t.Errorf("what %s did (-want +got):\n%s", function, diff)
	}
}

func theShow(t *testing.T, w *lambda.World, installation string) {
	t.Helper()
	w.Tick(t)

	panel(t, w, lambda.Analyst)
	click(t, w, lambda.Analyst, actionid.Start)
	wantTags := map[string]string{
		lifecycle.TagInstallation: installation, lifecycle.TagCluster: "exploration",
		lifecycle.TagGeneration: "1", lifecycle.TagRequester: lambda.Analyst,
	}
	if diff := cmp.Diff([]map[string]string{wantTags}, tags(t, w)); diff != "" {
		t.Fatalf("clusters' tags after Start (-want +got):\n%s", diff)
	}
	w.Changed(t, *w.Live(t)[0].Id, lifecycle.EMRWaiting)
	shown(t, w, lambda.Analyst, actionid.OpenNotebook)

	panel(t, w, lambda.Analyst)
	click(t, w, lambda.Analyst, actionid.Destroy)
	if got := len(w.Live(t)); got != 1 {
		t.Fatalf("an analyst's Destroy left %d clusters, want 1 until an admin agrees", got)
	}
	click(t, w, lambda.Admin, actionid.Approve)
	w.Tick(t)
	if got := len(w.Live(t)); got != 0 {
		t.Fatalf("%d clusters after the approval, want 0", got)
	}
	w.Recover(t) // a card is not drawn twice within seconds: a later tick draws its end
	for _, m := range w.Slack.Messages(lambda.Channel, lambda.Analyst) {
		if !m.Ephemeral() && strings.Contains(string(m.Blocks), actionid.Destroy) {
			t.Errorf("after the end a public message still offers Destroy: %s", m.Text)
		}
	}
	noSecrets(t, w)
}

// Twice the same click, at once and through two processes each, is one cluster.
func TestClicksDeliveredTwiceLaunchOnce(t *testing.T) {
	t.Parallel()
	w := lambda.NewWorld(t, nil)
	w.Tick(t)
	panel(t, w, lambda.Analyst)
	panel(t, w, lambda.Admin)
	done := make(chan slacklike.Delivery, 2)
	for _, user := range []string{lambda.Analyst, lambda.Admin} {
		ts := find(t, w, user, actionid.Start)
		go func() {
			d, err := w.Slack.Click(t.Context(), user, lambda.Channel, ts, actionid.Start, slacklike.ClickOptions{})
			if err != nil {
				t.Error(err)
			}
			done <- d
		}()
	}
	for range 2 {
		d := <-done
		accepted(t, d)
		accepted(t, w.Slack.Resend(t.Context(), d))
	}
	w.Settle(t)
	w.Tick(t)
	if got := len(w.Live(t)); got != 1 {
		t.Errorf("%d clusters, want 1", got)
	}
}

func TestUnsignedRequestsReachNothing(t *testing.T) {
	t.Parallel()
	w := lambda.NewWorld(t, map[string]string{"SLACK_SECRET_PATH": "", "SLACK_SIGNING_SECRET": "another", "SLACK_BOT_TOKEN": "xoxb-another"})
	d, err := w.Slack.Type(t.Context(), lambda.Analyst, lambda.Channel, "/emr", slacklike.TypeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if d.Status != http.StatusUnauthorized {
		t.Errorf("got %d %v, want 401", d.Status, d.Err)
	}
	if delivered, _, err := w.Source.Drain(t.Context()); delivered != 0 || err != nil {
		t.Errorf("%d jobs were queued, %v", delivered, err)
	}
}

func TestHealthNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	tests := []struct {
		name string
		more map[string]string
		want string
	}{
		{"everything_is_there", nil, "200 ok"},
		{"no_queue", map[string]string{"SHOWTIME_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/other.fifo"}, "503 queue"},
		{"no_secret", map[string]string{"SLACK_SECRET_PATH": "/nowhere"}, "503 secret"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := lambda.NewWorldOn(t, server, strings.ReplaceAll(tt.name, "_", "-"), tt.more)
			w.Proxy.Guard.Expect() // IAM lets it look at nobody else's queue or secret
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.URL+"/healthz", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close() //nolint:errcheck // only read
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprintf("%d %s", resp.StatusCode, strings.TrimSpace(string(body))); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// An admin sees from inside of the built worker how its table, queue, secret and rights are; nobody else does.
func TestTheDoctor(t *testing.T) {
	t.Parallel()
	w := lambda.NewWorld(t, nil)
	w.Slack.SetScope("groups:history", false)
	w.Proxy.Guard.Expect() // it asks about a cluster that cannot be, which has no tags of ours
	w.Tick(t)
	answer := func(user string) string {
		t.Helper()
		command(t, w, user, "/emr doctor")
		messages := w.Slack.Messages(lambda.Channel, user)
		return messages[len(messages)-1].Text
	}
	found := answer(lambda.Admin)
	for _, want := range []string{
		"ABOUT THE SETUP", "! warning · *scopes* the token lacks groups:history", "! warning · *admins* <@" + lambda.Admin + ">: only one could act", "✓ ok: ", "secret bot-token", "queue · table · table expiry · table recovery · tick", "EMR listing",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("the admin does not see %q in:\n%s", want, found)
		}
	}
	if got := answer(lambda.Analyst); !strings.HasPrefix(got, "Only an admin may look at the setup.") {
		t.Errorf("an analyst sees:\n%s", got)
	}
	noSecrets(t, w)
}

// panel has a person type /emr, and the worker show the panel.
func panel(t *testing.T, w *lambda.World, user string) {
	t.Helper()
	command(t, w, user, "/emr")
}

func command(t *testing.T, w *lambda.World, user, text string) {
	t.Helper()
	d, err := w.Slack.Type(t.Context(), user, lambda.Channel, text, slacklike.TypeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, d)
	w.Settle(t)
}

// click has a person click the newest button of its kind that they see, and everything that follows done.
func click(t *testing.T, w *lambda.World, user, action string) {
	t.Helper()
	d, err := w.Slack.Click(t.Context(), user, lambda.Channel, find(t, w, user, action), action, slacklike.ClickOptions{})
	if err != nil {
		t.Fatal(err)
	}
	accepted(t, d)
	w.Settle(t)
}

func accepted(t *testing.T, d slacklike.Delivery) {
	t.Helper()
	if d.Err != nil || d.Status != http.StatusOK {
		t.Fatalf("Slack got %d %s %v, want 200", d.Status, d.Answer, d.Err)
	}
}

// find gives the newest message with the button.
func find(t *testing.T, w *lambda.World, user, action string) string {
	t.Helper()
	messages := w.Slack.Messages(lambda.Channel, user)
	for _, m := range slices.Backward(messages) {
		if strings.Contains(string(m.Blocks), `"`+action+`"`) {
			return m.TS
		}
	}
	var texts []string
	for _, m := range messages {
		texts = append(texts, m.Text)
	}
	t.Fatalf("%s sees no %s among:\n%s", user, action, strings.Join(texts, "\n"))
	return ""
}

func shown(t *testing.T, w *lambda.World, user, action string) {
	t.Helper()
	_ = find(t, w, user, action)
}

func tags(t *testing.T, w *lambda.World) []map[string]string {
	t.Helper()
	var all []map[string]string
	for _, c := range w.Live(t) {
		m := map[string]string{}
		for _, tag := range c.Tags {
			if strings.HasPrefix(*tag.Key, lifecycle.TagPrefix) {
				m[*tag.Key] = *tag.Value
			}
		}
		all = append(all, m)
	}
	return all
}

// noSecrets looks through everything the functions wrote.
func noSecrets(t *testing.T, w *lambda.World) {
	t.Helper()
	logs := w.Receiver.Log() + w.Worker.Log()
	if w.Manager != nil {
		logs += w.Manager.Log()
	}
	for name, secret := range map[string]string{
		"signing secret": w.Slack.SigningSecret(), "bot token": w.Slack.Token(), "response_url": "/response/",
	} {
		if strings.Contains(logs, secret) {
			t.Errorf("the logs have a %s", name)
		}
	}
}
