//go:build moto

package moto_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	emrtypes "github.com/aws/aws-sdk-go-v2/service/emr/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"showtime/lifecycle"
	"showtime/test/moto"
	"showtime/test/template"
)

// shell runs a script of the operator's against moto, with AWS's own command line.
func shell(t *testing.T, server *moto.Server, script string, args ...string) *exec.Cmd {
	t.Helper()
	tool, err := exec.LookPath("aws")
	if err != nil {
		t.Fatalf("the AWS command line is missing: apt-get install awscli: %v", err)
	}
	environ, bin := server.Environ(), t.TempDir()
	// Old command lines do not read the variable, and moto has no IAM to ask.
	wrapper := fmt.Sprintf(`#!/bin/sh
if [ "$1" = iam ] && [ -n "$IAM" ]; then printf '%%s\n' "$@" | curl -fsS --data-binary @- "$IAM"; exit; fi
exec %q --endpoint-url %q "$@"
`, tool, environ["AWS_ENDPOINT_URL"])
	if err := os.WriteFile(filepath.Join(bin, "aws"), []byte(wrapper), 0o700); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{"-c", script, "operator"}, args...)...)
	cmd.Dir = filepath.Dir(template.Path())
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "AWS_MAX_ATTEMPTS=1", "AWS_DEFAULT_REGION="+environ["AWS_REGION"])
	for name, value := range environ {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

// verify runs docs/verify-on-aws.sh; meanwhile is called at each thing that it tells a person to do.
// IAM decides by the statements.
func verify(t *testing.T, server *moto.Server, statements []template.Statement, meanwhile []func(), args ...string) (said string, code int) {
	t.Helper()
	cmd := shell(t, server, `exec docs/verify-on-aws.sh "$@"`, args...)
	cmd.Env = append(cmd.Env, "IAM="+simulate(t, statements))
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		said += lines.Text() + "\n"
		if strings.HasPrefix(lines.Text(), "→") && len(meanwhile) > 0 {
			meanwhile[0]()
			meanwhile = meanwhile[1:]
			_, _ = io.WriteString(stdin, "\n") // one that has ended says so below
		}
	}
	exit := &exec.ExitError{}
	if err := cmd.Wait(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return said, cmd.ProcessState.ExitCode()
}

// simulate answers simulate-principal-policy, whose arguments come one a line, as IAM would.
func simulate(t *testing.T, statements []template.Statement) (url string) {
	t.Helper()
	everything := template.Statement{Effect: "Allow", Actions: []string{"*"}, Resources: []string{"*"}}
	iam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		asked := template.Request{Context: map[string][]string{}}
		args := strings.Split(string(body), "\n")
		for i, arg := range args {
			entry := regexp.MustCompile(`^ContextKeyName=(.+),ContextKeyValues=(.+),ContextKeyType=`).FindStringSubmatch(arg)
			switch {
			case arg == "--action-names":
				asked.Action = args[i+1]
			case arg == "--resource-arns":
				asked.Resource = args[i+1]
			case entry != nil:
				asked.Context[entry[1]] = []string{entry[2]}
			}
		}
		decision := "implicitDeny"
		switch {
		case template.Allows(statements, asked):
			decision = "allowed"
		case !template.Allows(append([]template.Statement{everything}, statements...), asked):
			decision = "explicitDeny"
		}
		_, _ = io.WriteString(w, decision+"\n")
	}))
	t.Cleanup(iam.Close)
	return iam.URL
}

func wantSaid(t *testing.T, said string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(said, part) {
			t.Errorf("it does not say %q:\n%s", part, said)
		}
	}
}

// TestVerify runs the script of docs/verify-on-aws.md as far as moto answers: on a stack as it should be, with a
// session that a person starts and ends meanwhile, and on one that somebody has spoiled.
func TestVerify(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	client := emr.NewFromConfig(server.Config())
	stack := func(t *testing.T, name string) *moto.Stack {
		t.Helper()
		k := server.Deploy(t, name, map[string]string{"Installation": name, "SlackSecretPath": "/" + name})
		k.PutSecrets(t, "signing", "xoxb-token")
		return k
	}
	t.Run("right", func(t *testing.T) {
		t.Parallel()
		k := stack(t, "right")
		watch(t, server, k, "right", "--alarm-actions arn:aws:sns:eu-west-1:123456789012:pager")
		var id *string
		start := func() { id = launch(t, client, "right") }
		end := func() {
			if _, err := client.TerminateJobFlows(t.Context(), &emr.TerminateJobFlowsInput{JobFlowIds: []string{*id}}); err != nil {
				t.Error(err)
			}
		}
		said, code := verify(t, server, k.Statements(t, "WorkerRole"), []func(){start, end}, "right", "--launch", "--call")
		if code != 0 {
			t.Errorf("it ends with %d", code)
		}
		wantSaid(t, said,
			"✓ point-in-time recovery of the table: ENABLED", "✓ records of the table that expire: ENABLED", "✓ the queue keeps its order: true",
			"✓ seconds a job is hidden while it is done: 360", "✓ tries before a job is put aside: 5", "✓ jobs put aside: 0", "✓ days the worker's log is kept: ",
			"✓ the parameter signing-secret: SecureString", "✓ the parameter bot-token: SecureString",
			"✓ ending a cluster of ours: allowed", "✓ ending somebody else's: implicitDeny", "✓ claiming a cluster by a tag: explicitDeny",
			"✓ running code on a cluster of ours: implicitDeny", "✓ passing EMR's own role to EMR: allowed", "✓ passing another role: implicitDeny",
			"✓ deleting an audit record: explicitDeny",
			"✓ the schedule and its retries: ENABLED\t0", "✓ alarms that call nobody", "✓ alarms that are raised", "✓ right-NoTicksAlarm is raised",
			"✓ clusters before: 0", "✓ clusters of ours that live: 1", "✓ its tags: showtime:cluster showtime:generation", "✓ clusters of ours that live: 0", " 0 wrong, ",
		)
	})
	t.Run("spoiled", func(t *testing.T) {
		t.Parallel()
		k := stack(t, "spoiled")
		watch(t, server, k, "spoiled", "")
		spoil(t, server, k)
		hurry := "aws cloudwatch set-alarm-state --alarm-name spoiled-NoTicksAlarm --state-value ALARM --state-reason x && " +
			"aws logs put-retention-policy --retention-in-days 1 --log-group-name " + k.Name(t, "WorkerLogs")
		if out, err := shell(t, server, hurry).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		launch(t, client, "spoiled")
		said, code := verify(t, server, nil, []func(){func() { launch(t, client, "spoiled") }, func() {}}, "spoiled", "--launch")
		if code != 1 {
			t.Errorf("it ends with %d", code)
		}
		wantSaid(t, said, "✗ point-in-time recovery of the table: DISABLED, want ENABLED", "✗ seconds a job is hidden while it is done: 30, want 360",
			"✗ the parameter bot-token: None, want SecureString", "✗ clusters before: 1, want 0", "✗ alarms that call nobody: spoiled-NoTicksAlarm",
			"✗ alarms that are raised: spoiled-NoTicksAlarm", "✗ days the worker's log is kept: 1, want ",
			"✗ ending a cluster of ours: implicitDeny, want allowed", "✗ claiming a cluster by a tag: implicitDeny, want explicitDeny", "✗ clusters of ours that live: 2, want 1")
	})
	t.Run("not_there", func(t *testing.T) {
		t.Parallel()
		if said, code := verify(t, server, nil, nil, "nobody"); code != 2 {
			t.Errorf("it ends with %d: %s", code, said)
		}
	})
}

// watch makes what moto's CloudFormation leaves out: the schedule, and an alarm.
func watch(t *testing.T, server *moto.Server, stack *moto.Stack, name, actions string) {
	t.Helper()
	script := fmt.Sprintf(`set -e
aws scheduler create-schedule --name %[1]s-tick --schedule-expression 'rate(1 minute)' --flexible-time-window Mode=OFF --target \
  'Arn=arn:aws:lambda:eu-west-1:123456789012:function:%[2]s,RoleArn=arn:aws:iam::123456789012:role/tick,RetryPolicy={MaximumRetryAttempts=0}'
aws cloudwatch put-metric-alarm --alarm-name %[1]s-NoTicksAlarm --metric-name Invocations --namespace AWS/Lambda --statistic Sum --period 60 \
  --evaluation-periods 1 --threshold 1 --comparison-operator LessThanThreshold %[3]s`, name, stack.Name(t, "Worker"), actions)
	if out, err := shell(t, server, script).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

// launch makes a cluster as the worker would.
func launch(t *testing.T, client *emr.Client, installation string) *string {
	t.Helper()
	var tags []emrtypes.Tag
	for key, value := range map[string]string{
		lifecycle.TagInstallation: installation, lifecycle.TagCluster: "exploration", lifecycle.TagGeneration: "1", lifecycle.TagRequester: "U0ANA",
	} {
		tags = append(tags, emrtypes.Tag{Key: &key, Value: &value})
	}
	out, err := client.RunJobFlow(t.Context(), &emr.RunJobFlowInput{
		Name: aws.String("exploration"), ReleaseLabel: aws.String("emr-7.14.0"), JobFlowRole: aws.String("EMR_EC2_Exploration"),
		ServiceRole: aws.String("EMR_DefaultRole_V2"), Tags: tags,
		Instances: &emrtypes.JobFlowInstancesConfig{
			KeepJobFlowAliveWhenNoSteps: aws.Bool(true), MasterInstanceType: aws.String("m6g.xlarge"), InstanceCount: aws.Int32(1),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.JobFlowId
}

// spoil sets what somebody might in a hurry.
func spoil(t *testing.T, server *moto.Server, stack *moto.Stack) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	_, backups := dynamodb.NewFromConfig(server.Config()).UpdateContinuousBackups(ctx, &dynamodb.UpdateContinuousBackupsInput{
		TableName: &stack.Table, PointInTimeRecoverySpecification: &dynamotypes.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(false)},
	})
	_, queue := sqs.NewFromConfig(server.Config()).SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
		QueueUrl: &stack.QueueURL, Attributes: map[string]string{"VisibilityTimeout": "30"},
	})
	_, secret := ssm.NewFromConfig(server.Config()).DeleteParameter(ctx, &ssm.DeleteParameterInput{
		Name: aws.String(stack.Environ(t, "Receiver")["SLACK_SECRET_PATH"] + "/bot-token"),
	})
	if err := errors.Join(backups, queue, secret); err != nil {
		t.Fatal(err)
	}
}
