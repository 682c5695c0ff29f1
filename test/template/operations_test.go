package template_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/test/template"
)

// What each alarm watches, in the words of CloudWatch: a misspelt metric has no data and never fires.
func TestAlarmsWatchWhatCostsSomebody(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	tests := []struct {
		name, alarm, metric, dimension, statistic string
		above                                     int
		silence                                   string
	}{
		{"dead_letters", "DeadLetterAlarm", "AWS/SQS ApproximateNumberOfMessagesVisible", "QueueName=DeadLetterQueue.QueueName", "Maximum", 0, "notBreaching"},
		{"oldest_message", "OldestMessageAlarm", "AWS/SQS ApproximateAgeOfOldestMessage", "QueueName=Queue.QueueName", "Maximum", 300, "notBreaching"},
		{"receiver_faults", "ReceiverFaultsAlarm", "AWS/ApiGateway 5xx", "ApiId=Api", "Sum", 0, "notBreaching"},
		{"receiver_slow", "ReceiverSlowAlarm", "AWS/ApiGateway Latency", "ApiId=Api", "p99", 2000, "notBreaching"},
		{"worker_errors", "WorkerErrorsAlarm", "AWS/Lambda Errors", "FunctionName=Worker", "Sum", 0, "notBreaching"},
		{"emr_throttles", "ThrottledAlarm", "Showtime EMRThrottles", "function=Manager", "Sum", 0, "notBreaching"},
		{"slack_errors", "SlackErrorsAlarm", "Showtime SlackErrors", "function=Worker", "Sum", 0, "notBreaching"},
		{"raised_by_the_worker", "RaisedAlarm", "Showtime/showtime-test Raised", "", "Sum", 0, "notBreaching"},
		{"manager_errors", "LifecycleErrorsAlarm", "AWS/Lambda Errors", "FunctionName=Manager", "Sum", 0, "notBreaching"},
		{"manager_faults", "LifecycleFaultsAlarm", "AWS/ApiGateway 5xx", "ApiId=abc123", "Sum", 0, "notBreaching"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := properties(t, tpl, tt.alarm)
			got := map[string]any{
				"metric": fmt.Sprint(p["Namespace"], " ", p["MetricName"]), "dimension": dimension(p), "above": p["Threshold"],
				"statistic": statistic(p), "silence": p["TreatMissingData"], "operator": p["ComparisonOperator"],
			}
			want := map[string]any{
				"metric": tt.metric, "dimension": tt.dimension, "above": tt.above,
				"statistic": tt.statistic, "silence": tt.silence, "operator": "GreaterThanThreshold",
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if alarms := len(tpl.Resources("AWS::CloudWatch::Alarm")); alarms != len(tests)+2 { // and the absence of each function's ticks
		t.Errorf("%d alarms, %d looked at", alarms, len(tests)+2)
	}
}

func dimension(p map[string]any) string {
	var out string
	for _, d := range list(p["Dimensions"]) {
		out += fmt.Sprint(template.Map(d)["Name"], "=", template.Map(d)["Value"])
	}
	return out
}

func statistic(p map[string]any) any {
	if s, ok := p["ExtendedStatistic"]; ok {
		return s
	}
	return p["Statistic"]
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// Worker and manager raise an alarm by a log line, and the filters must know the line.
func TestRaisedFiltersKnowTheLine(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	alarm := properties(t, tpl, "RaisedAlarm")
	for filter, logs := range map[string]string{"RaisedFilter": "WorkerLogs", "LifecycleRaisedFilter": "LifecycleLogs"} {
		p := properties(t, tpl, filter)
		if p["FilterPattern"] != `{ $.message = "alarm" && $.alarm = "*" }` || p["LogGroupName"] != logs {
			t.Errorf("%s is %v", filter, p)
		}
		raised := template.Map(list(p["MetricTransformations"])[0])
		if raised["MetricNamespace"] != alarm["Namespace"] || raised["MetricName"] != alarm["MetricName"] {
			t.Errorf("%s counts %v, the alarm watches %v", filter, raised, alarm)
		}
	}
	var line bytes.Buffer
	wiring.Alarm(zerolog.New(&line))(t.Context(), lifecycle.AlarmOrphan, "detail")
	fields := decode(t, line.Bytes())
	if fields["message"] != "alarm" || fields["alarm"] != lifecycle.AlarmOrphan {
		t.Errorf("the line is %v", fields)
	}
}

func decode(t *testing.T, data []byte) map[string]any {
	t.Helper()
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// CloudFormation passes a dashboard on as a text, and cfn-lint does not look into it.
func TestDashboardsShowEveryAlarmAndOverlapNowhere(t *testing.T) {
	t.Parallel()
	for stack, tpl := range both(t, loadWith) {
		var alarms []string
		for _, name := range tpl.Resources("AWS::CloudWatch::Dashboard") {
			alarms = append(alarms, shownAlarms(t, decode(t, []byte(fmt.Sprint(properties(t, tpl, name)["DashboardBody"]))))...)
		}
		slices.Sort(alarms)
		if diff := cmp.Diff(tpl.Resources("AWS::CloudWatch::Alarm"), alarms); diff != "" {
			t.Errorf("%s: alarms on the dashboards (-want +got):\n%s", stack, diff)
		}
	}
}

func shownAlarms(t *testing.T, body map[string]any) (alarms []string) {
	t.Helper()
	taken := map[[2]int]bool{}
	for _, w := range list(body["widgets"]) {
		at := func(key string) int { return int(template.Map(w)[key].(float64)) }
		for x := at("x"); x < at("x")+at("width"); x++ {
			for y := at("y"); y < at("y")+at("height"); y++ {
				if taken[[2]int{x, y}] || x >= 24 {
					t.Fatalf("two widgets at %d,%d, or one beyond the edge", x, y)
				}
				taken[[2]int{x, y}] = true
			}
		}
		for _, arn := range list(template.Map(w, "properties")["alarms"]) {
			alarms = append(alarms, strings.TrimPrefix(fmt.Sprint(arn), "arn:"))
		}
	}
	return alarms
}

// A query for a field that no line has finds nothing, and says nothing.
func TestQueriesAskForWhatIsLogged(t *testing.T) {
	t.Parallel()
	known, tpl := logged(t), loadWith(t, withManager())
	var texts []string
	for _, name := range tpl.Resources("AWS::CloudWatch::Dashboard") {
		texts = append(texts, fmt.Sprint(properties(t, tpl, name)["DashboardBody"]))
	}
	for _, name := range tpl.Resources("AWS::Logs::QueryDefinition") {
		p := properties(t, tpl, name)
		if len(list(p["LogGroupNames"])) == 0 {
			t.Errorf("%s reads no log", name)
		}
		texts = append(texts, fmt.Sprint(p["QueryString"]))
	}
	for _, text := range texts {
		for _, m := range regexp.MustCompile(`(?m)fields ([^|\n]+)|filter (\w+) (?:=|in)`).FindAllStringSubmatch(text, -1) {
			for field := range strings.SplitSeq(m[1]+m[2], ",") {
				if field = strings.TrimSpace(field); !strings.HasPrefix(field, "@") && !known[field] {
					t.Errorf("no line has the field %q", field)
				}
			}
		}
	}
}

// What Slack or a machine sends must not reach a log by the side door.
func TestAccessLogsHaveNeitherHeadersNorBodies(t *testing.T) {
	t.Parallel()
	allowed := []string{"requestTime", "requestId", "identity.sourceIp", "routeKey", "status", "responseLatency", "integrationErrorMessage"}
	tests := map[string][]string{"Api": allowed, "LifecycleApi": append([]string{"identity.userArn", "httpMethod", "path"}, allowed...)}
	tpl := loadWith(t, withManager())
	for api, allowed := range tests {
		settings := template.Map(properties(t, tpl, api), "AccessLogSettings")
		if settings["DestinationArn"] != "arn:"+api+"Logs" {
			t.Errorf("access log goes to %v", settings["DestinationArn"])
		}
		format := fmt.Sprint(settings["Format"])
		for _, m := range regexp.MustCompile(`\$context\.([A-Za-z.]+)`).FindAllStringSubmatch(format, -1) {
			if !slices.Contains(allowed, m[1]) {
				t.Errorf("%s: %s is logged", api, m[1])
			}
		}
		decode(t, []byte(format)) // a log line that is no JSON cannot be queried
	}
}

func TestApisAreThrottled(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	for _, api := range tpl.Resources("AWS::Serverless::HttpApi") {
		settings := template.Map(properties(t, tpl, api), "DefaultRouteSettings")
		if settings["ThrottlingRateLimit"] == nil || settings["ThrottlingBurstLimit"] == nil {
			t.Errorf("%s: throttling is %v", api, settings)
		}
	}
}

// Everything a person has to open or paste stands in the outputs, and every log ends some day.
func TestOutputsAndRetention(t *testing.T) {
	t.Parallel()
	tpl := loadWith(t, withManager())
	outputs, err := tpl.Resolve(tpl.There("Outputs"))
	if err != nil {
		t.Fatal(err)
	}
	base, manager := "https://Api.execute-api.eu-central-1.amazonaws.com", "https://abc123.execute-api.eu-central-1.amazonaws.com"
	for name, want := range map[string]string{
		"Url": base, "HealthUrl": base + "/healthz", "CommandsUrl": base + "/slack/commands",
		"InteractionsUrl": base + "/slack/interactions", "EventsUrl": base + "/slack/events",
		"LifecycleUrl": manager, "LifecycleHealthUrl": manager + "/healthz", "LifecycleOpenApiUrl": manager + "/openapi.json",
	} {
		if got := template.Map(outputs, name)["Value"]; got != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
	for name, o := range template.Map(outputs) {
		if template.Map(o)["Description"] == nil {
			t.Errorf("%s is not described", name)
		}
	}
	for _, logs := range tpl.Resources("AWS::Logs::LogGroup") {
		if properties(t, tpl, logs)["RetentionInDays"] == nil {
			t.Errorf("%s is kept for ever", logs)
		}
	}
}
