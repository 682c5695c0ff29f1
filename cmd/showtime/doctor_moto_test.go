//go:build moto

package main

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/test/moto"
)

// hospital is a clinic whose setup is the stack of template.yaml, in moto.
type hospital struct {
	*clinic
	server *moto.Server
	stack  *moto.Stack
}

func newHospital(t *testing.T) *hospital {
	t.Helper()
	h := &hospital{clinic: &clinic{t: t, slack: slacklike.New(slacklike.Options{})}, server: moto.Start(t)}
	_, _, bot, _ := h.slack.IDs()
	h.slack.AddUser(slacklike.User{ID: testbed.Bo})
	h.slack.AddUser(slacklike.User{ID: testbed.Mia})
	h.slack.AddChannel(slacklike.Channel{ID: testbed.Team, Members: []string{bot}})
	h.slack.SetScope("usergroups:read", false)
	h.slack.SetURL(listenTo(t, h.slack))
	h.stack = h.server.Deploy(t, "hospital", map[string]string{
		"Channels": testbed.Team, "Admins": testbed.Bo + "," + testbed.Mia,
		"EmrServiceRoleArn": "arn:aws:iam::123456789012:role/EMR_Service", "EmrInstanceRoleArn": "arn:aws:iam::123456789012:role/EMR_Instance",
	})
	h.stack.PutSecrets(t, "signing-secret-nobody-prints", h.slack.Token())
	reachAWS(t, h.server.URL)
	h.tick(time.Now())
	return h
}

// as gives the function's own variables, with the file where it lies here.
func (h *hospital) as(function string) {
	h.t.Helper()
	h.env = maps.Clone(h.stack.Environ(h.t, function))
	h.env["SHOWTIME_CLUSTER"] = clusterFile(time.Now())
	if function == "Worker" {
		h.env["SLACK_API_URL"] = h.slack.APIURL()
	}
}

// tick records a tick in the table.
func (h *hospital) tick(at time.Time) {
	h.t.Helper()
	store := wiring.Table(h.server.Config(), h.stack.Table, time.Now)
	err := store.Update(h.t.Context(), func(tx lifecycle.Tx) error {
		return tx.Put(lifecycle.LiveKey("exploration", "lifecycle/watch"), map[string]any{"v": 1, "ticked_at": at})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

// says checks the exit code and findings of a look at a process.
func (h *hospital) says(process string, code int, findings ...string) {
	h.t.Helper()
	got, out := h.visit("--for", process)
	flat := strings.Join(strings.Fields(out), " ")
	for _, f := range findings {
		if !strings.Contains(flat, f) {
			h.t.Errorf("%s: it does not say %q", process, f)
		}
	}
	if got != code || h.t.Failed() {
		h.t.Errorf("%s: exit code %d, want %d:\n%s", process, got, code, out)
	}
}

// TestDoctor_of_the_stack: the stack of template.yaml, with the functions' own variables, is all right.
func TestDoctor_of_the_stack(t *testing.T) {
	h := newHospital(t)
	h.as("Worker")
	h.says("worker", exitOK, "✓ ok variables worker would start", "✓ ok secret bot-token it can be read from /showtime/slack/bot-token", "✓ ok bot token",
		"✓ ok table "+h.env["SHOWTIME_TABLE"]+" is there, on demand, with the right key", "✓ ok table expiry items expire by expires_at", "✓ ok table recovery",
		"✓ ok queue it is FIFO and deduplicates, hides a job for 6m0s and puts it aside after 5 tries", "✓ ok tick", "✓ ok EMR listing", "✓ ok EMR looking", "0 errors, 0 warnings")
	h.as("Receiver")
	h.says("receiver", exitOK, "✓ ok variables receiver would start", "✓ ok secret signing-secret it can be read from /showtime/slack/signing-secret", "✓ ok queue", "? not checked queue use", "✓ ok clock as AWS's", "0 errors, 0 warnings, 1 not checked")
}

// TestDoctor_of_a_stack_that_somebody_changed finds each change, whatever else is wrong.
func TestDoctor_of_a_stack_that_somebody_changed(t *testing.T) {
	h := newHospital(t)
	h.as("Worker")
	ctx, c := t.Context(), h.server.Config()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(sqs.NewFromConfig(c).SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{QueueUrl: &h.stack.QueueURL, Attributes: map[string]string{"VisibilityTimeout": "30"}}))
	h.env["SHOWTIME_TABLE"] = "gone"
	must(ssm.NewFromConfig(c).DeleteParameter(ctx, &ssm.DeleteParameterInput{Name: aws.String("/showtime/slack/bot-token")}))
	h.says("worker", exitFault, "✗ error secret bot-token it cannot be read from /showtime/slack/bot-token: ParameterNotFound → Put it there: aws ssm put-parameter",
		"? not checked bot token there is none to send", "✗ error queue it hides a job for 30s", "✗ error table dynamodb:DescribeTable of gone: ResourceNotFoundException",
		"✗ error tick the record cannot be read", "✓ ok EMR listing")
}
