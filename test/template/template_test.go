package template_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	jobs "showtime/internal/queue"
	"showtime/test/template"
)

func TestParametersAreDescribed(t *testing.T) {
	t.Parallel()
	for name, p := range load(t).Section("Parameters") {
		if description, _ := p.(map[string]any)["Description"].(string); len(description) < 10 {
			t.Errorf("%s: description is %q", name, description)
		}
	}
}

func TestEveryParameterIsUsed(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	text, err := os.ReadFile(template.Path())
	if err != nil {
		t.Fatal(err)
	}
	for name := range tpl.Section("Parameters") {
		if !strings.Contains(string(text), "!Ref "+name) && !strings.Contains(string(text), "${"+name+"}") {
			t.Errorf("%s is used nowhere", name)
		}
	}
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	var got []string
	for _, e := range template.Map(properties(t, load(t), "Receiver"), "Events") {
		p := template.Map(e, "Properties")
		got = append(got, fmt.Sprint(p["Method"], " ", p["Path"], " ", p["PayloadFormatVersion"]))
	}
	slices.Sort(got)
	want := []string{"GET /healthz 2.0", "POST /slack/commands 2.0", "POST /slack/events 2.0", "POST /slack/interactions 2.0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

func TestQueueIsFIFOAndOutlivesTheWorker(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	queue, dead, worker := properties(t, tpl, "Queue"), properties(t, tpl, "DeadLetterQueue"), properties(t, tpl, "Worker")
	for _, q := range []map[string]any{queue, dead} {
		if name := fmt.Sprint(q["QueueName"]); q["FifoQueue"] != true || !strings.HasSuffix(name, ".fifo") {
			t.Errorf("queue %s is not FIFO by kind and name", name)
		}
	}
	if timeout := seconds(worker["Timeout"]); timeout != jobs.HandleTimeout {
		t.Errorf("the worker's timeout is %s, the queue package counts on %s", timeout, jobs.HandleTimeout)
	}
	if hidden := seconds(queue["VisibilityTimeout"]); hidden != jobs.VisibilityTimeout || hidden < 6*jobs.HandleTimeout {
		t.Errorf("visibility timeout is %s, want %s and at least six times the worker's timeout", hidden, jobs.VisibilityTimeout)
	}
	if receives := template.Map(queue, "RedrivePolicy")["maxReceiveCount"]; receives != jobs.MaxReceives {
		t.Errorf("the queue gives a job up after %v receives, the worker tells its person at the last of %d", receives, jobs.MaxReceives)
	}
	if kept, lost := dead["MessageRetentionPeriod"].(int), queue["MessageRetentionPeriod"].(int); kept <= lost {
		t.Errorf("dead letters are kept %d s, jobs %d s: want longer", kept, lost)
	}
	source := template.Map(worker, "Events", "Jobs", "Properties")
	if diff := cmp.Diff([]any{"ReportBatchItemFailures"}, source["FunctionResponseTypes"]); diff != "" {
		t.Errorf("response types (-want +got):\n%s", diff)
	}
}

func seconds(v any) time.Duration { return time.Duration(v.(int)) * time.Second }

func TestTableKeepsWhatItIsTold(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	for _, name := range tpl.Resources("AWS::DynamoDB::Table") {
		keeps(t, tpl, name)
	}
	if n := len(tpl.Resources("AWS::DynamoDB::Table")); n != 2 {
		t.Errorf("%d tables", n)
	}
}

func keeps(t *testing.T, tpl *template.Template, name string) {
	t.Helper()
	table := properties(t, tpl, name)
	for key, want := range map[string]any{
		"KeySchema": []any{
			map[string]any{"AttributeName": "pk", "KeyType": "HASH"},
			map[string]any{"AttributeName": "sk", "KeyType": "RANGE"},
		},
		"TimeToLiveSpecification":          map[string]any{"AttributeName": "expires_at", "Enabled": true},
		"PointInTimeRecoverySpecification": map[string]any{"PointInTimeRecoveryEnabled": true},
		"BillingMode":                      "PAY_PER_REQUEST",
	} {
		if diff := cmp.Diff(want, table[key]); diff != "" {
			t.Errorf("%s: %s (-want +got):\n%s", name, key, diff)
		}
	}
	resource := template.Map(tpl.Section("Resources"), name)
	if resource["DeletionPolicy"] != "Retain" || resource["UpdateReplacePolicy"] != "Retain" {
		t.Errorf("%s would go with its stack", name)
	}
	if _, named := table["TableName"]; named {
		t.Errorf("%s has a name: once kept, it stands in the way of the next stack", name)
	}
}

// The minute's tick and EMR's events must not wait behind, or be repeated by, anything.
func TestPokesGoStraightToTheFunctionOnce(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	for function, clusters := range map[string][]any{"Worker": {"exploration"}, "Manager": {"exploration", "etl"}} {
		p := properties(t, tpl, function)
		tick := template.Map(p, "Events", "Tick", "Properties")
		if tick["OmitName"] != true || tick["ScheduleExpression"] != "rate(1 minute)" || tick["Input"] != `{"v":1,"kind":"tick"}` {
			t.Errorf("%s: tick is %v", function, tick)
		}
		for name, retries := range map[string]any{
			"schedule": template.Map(tick, "RetryPolicy")["MaximumRetryAttempts"],
			"rule":     template.Map(p, "Events", "ClusterChanged", "Properties", "RetryPolicy")["MaximumRetryAttempts"],
			"lambda":   template.Map(p, "EventInvokeConfig")["MaximumRetryAttempts"],
		} {
			if retries != 0 {
				t.Errorf("%s: %s retries %v times", function, name, retries)
			}
		}
		want := map[string]any{
			"source": []any{"aws.emr"}, "detail-type": []any{"EMR Cluster State Change"},
			"detail": map[string]any{"name": clusters},
		}
		if diff := cmp.Diff(want, template.Map(p, "Events", "ClusterChanged", "Properties", "Pattern")); diff != "" {
			t.Errorf("%s: pattern (-want +got):\n%s", function, diff)
		}
	}
}

// What EventBridge or the scheduler sends to a FIFO queue needs a message group and a deduplication id, and cfn-lint
// asks for neither. Nothing of ours sends there: SAM makes rules and schedules of the functions' own events.
func TestNothingIsSentPastTheFunctions(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	for _, kind := range []string{"AWS::Events::Rule", "AWS::Scheduler::Schedule", "AWS::SQS::QueuePolicy"} {
		if written := tpl.Resources(kind); len(written) > 0 {
			t.Errorf("%s is written out: %v", kind, written)
		}
	}
}

func TestEachFunctionGetsItsVariablesOnly(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, function string
		want           []string
	}{
		{"receiver_knows_no_people", "Receiver", []string{
			"LOG_LEVEL", "SHOWTIME_CLUSTER", "SHOWTIME_PHRASES", "SHOWTIME_QUEUE_URL", "SLACK_APP_ID", "SLACK_SECRET_PATH", "SLACK_TEAM_ID",
		}},
		{"worker_knows_no_signing_secret", "Worker", []string{
			"LOG_LEVEL", "SHOWTIME_ADMINS", "SHOWTIME_ADMIN_CHANNEL", "SHOWTIME_ANALYSTS", "SHOWTIME_APPROVAL", "SHOWTIME_CHANNELS",
			"SHOWTIME_CLUSTER", "SHOWTIME_INSTALLATION", "SHOWTIME_LIFECYCLE_URL", "SHOWTIME_QUEUE_URL", "SHOWTIME_REASON", "SHOWTIME_TABLE",
			"SLACK_APP_ID", "SLACK_SECRET_PATH", "SLACK_TEAM_ID",
		}},
		{"manager_knows_nothing_of_slack", "Manager", []string{
			"LOG_LEVEL", "SHOWTIME_CLUSTERS", "SHOWTIME_GRANTS", "SHOWTIME_INSTALLATION", "SHOWTIME_TABLE",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env, err := loadWith(t, withManager()).Environment(tt.function)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, slices.Sorted(maps.Keys(env))); diff != "" {
				t.Errorf("variables (-want +got):\n%s", diff)
			}
		})
	}
}

// SAM would add policies that reach every queue and every log of the account.
func TestRolesAreWrittenOut(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	for _, name := range tpl.Resources("AWS::Serverless::Function") {
		p := properties(t, tpl, name)
		if _, ok := p["Policies"]; ok || p["Role"] == nil {
			t.Errorf("%s lets SAM write its role", name)
		}
		if tick := template.Map(p, "Events", "Tick", "Properties"); len(tick) > 0 && tick["RoleArn"] == nil {
			t.Errorf("the tick of %s lets SAM write its role", name)
		}
	}
}

// The rule and the permissions take the name from a parameter, the functions from the file.
func TestClusterFileHasTheParametersName(t *testing.T) {
	t.Parallel()
	env, err := load(t).Environment("Worker")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(filepath.Dir(template.Path()), env["SHOWTIME_CLUSTER"]))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Name       string `json:"name"`
		RunJobFlow struct {
			Tags []struct{ Key string }
		} `json:"run_job_flow"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	parameters := load(t).Section("Parameters")
	if want := template.Map(parameters, "ClusterName")["Default"]; file.Name != want {
		t.Errorf("the file's name is %q, the parameter's default %q", file.Name, want)
	}
	allowed := strings.Split(fmt.Sprint(template.Map(parameters, "LaunchTagKeys")["Default"]), ",")
	for _, tag := range file.RunJobFlow.Tags {
		if !slices.Contains(allowed, tag.Key) {
			t.Errorf("IAM would refuse the launch: tag %q is not in LaunchTagKeys", tag.Key)
		}
	}
}

func TestAlarmsFireOnSilence(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	for _, alarm := range []string{"NoTicksAlarm", "LifecycleNoTicksAlarm"} {
		if got := properties(t, tpl, alarm)["TreatMissingData"]; got != "breaching" {
			t.Errorf("%s: no data about ticks is %v, want breaching", alarm, got)
		}
	}
	dead := properties(t, tpl, "DeadLetterAlarm")
	if dead["Threshold"] != 0 || dead["ComparisonOperator"] != "GreaterThanThreshold" {
		t.Errorf("dead letters alarm at %v %v", dead["ComparisonOperator"], dead["Threshold"])
	}
	values := withManager()
	values["AlarmTopicArn"] = "arn:aws:sns:eu-central-1:123456789012:ops"
	loud := loadWith(t, values)
	for _, name := range loud.Resources("AWS::CloudWatch::Alarm") {
		if got := properties(t, loud, name)["AlarmActions"]; !cmp.Equal(got, []any{"arn:aws:sns:eu-central-1:123456789012:ops"}) {
			t.Errorf("%s tells %v", name, got)
		}
	}
}
