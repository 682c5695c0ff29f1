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
	tpl := load(t)
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
		{"emr_throttles", "ThrottledAlarm", "Showtime EMRThrottles", "function=Worker", "Sum", 0, "notBreaching"},
		{"slack_errors", "SlackErrorsAlarm", "Showtime SlackErrors", "function=Worker", "Sum", 0, "notBreaching"},
		{"raised_by_the_worker", "RaisedAlarm", "Showtime/showtime-test Raised", "", "Sum", 0, "notBreaching"},
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
	if alarms := len(tpl.Resources("AWS::CloudWatch::Alarm")); alarms != len(tests)+1 { // and the absence of ticks
		t.Errorf("%d alarms, %d looked at", alarms, len(tests)+1)
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

// The worker raises an alarm by a log line, and the filter must know the line.
func TestRaisedFilterKnowsTheWorkersLine(t *testing.T) {
	t.Parallel()
	p := properties(t, load(t), "RaisedFilter")
	if p["FilterPattern"] != `{ $.message = "alarm" && $.alarm = "*" }` || p["LogGroupName"] != "WorkerLogs" {
		t.Errorf("filter is %v", p)
	}
	raised := template.Map(list(p["MetricTransformations"])[0])
	alarm := properties(t, load(t), "RaisedAlarm")
	if raised["MetricNamespace"] != alarm["Namespace"] || raised["MetricName"] != alarm["MetricName"] {
		t.Errorf("the filter counts %v, the alarm watches %v", raised, alarm)
	}
	var line bytes.Buffer
	wiring.Alarm(zerolog.New(&line))(t.Context(), lifecycle.AlarmOrphan, "detail")
	fields := decode(t, line.Bytes())
	if fields["message"] != "alarm" || fields["alarm"] != lifecycle.AlarmOrphan {
		t.Errorf("the worker writes %v", fields)
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

// CloudFormation passes the dashboard on as a text, and cfn-lint does not look into it.
func TestDashboardShowsEveryAlarmAndOverlapsNowhere(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	body := decode(t, []byte(fmt.Sprint(properties(t, tpl, "Dashboard")["DashboardBody"])))
	taken := map[[2]int]bool{}
	var alarms []string
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
	want := tpl.Resources("AWS::CloudWatch::Alarm")
	slices.Sort(want)
	slices.Sort(alarms)
	if diff := cmp.Diff(want, alarms); diff != "" {
		t.Errorf("alarms on the dashboard (-want +got):\n%s", diff)
	}
}

// A query for a field that no line has finds nothing, and says nothing.
func TestQueriesAskForWhatIsLogged(t *testing.T) {
	t.Parallel()
	known, tpl := logged(t), load(t)
	texts := []string{fmt.Sprint(properties(t, tpl, "Dashboard")["DashboardBody"])}
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

// What Slack sends must not reach a log by the side door.
func TestAccessLogHasNeitherHeadersNorBodies(t *testing.T) {
	t.Parallel()
	settings := template.Map(properties(t, load(t), "Api"), "AccessLogSettings")
	if settings["DestinationArn"] != "arn:ApiLogs" {
		t.Errorf("access log goes to %v", settings["DestinationArn"])
	}
	allowed := []string{"requestTime", "requestId", "identity.sourceIp", "routeKey", "status", "responseLatency", "integrationErrorMessage"}
	format := fmt.Sprint(settings["Format"])
	for _, m := range regexp.MustCompile(`\$context\.([A-Za-z.]+)`).FindAllStringSubmatch(format, -1) {
		if !slices.Contains(allowed, m[1]) {
			t.Errorf("%s is logged", m[1])
		}
	}
	decode(t, []byte(format)) // a log line that is no JSON cannot be queried
}

func TestApiIsThrottled(t *testing.T) {
	t.Parallel()
	settings := template.Map(properties(t, load(t), "Api"), "DefaultRouteSettings")
	if settings["ThrottlingRateLimit"] == nil || settings["ThrottlingBurstLimit"] == nil {
		t.Errorf("throttling is %v", settings)
	}
}

// Everything a person has to open or paste stands in the outputs, and every log ends some day.
func TestOutputsAndRetention(t *testing.T) {
	t.Parallel()
	tpl := load(t)
	outputs, err := tpl.Resolve(tpl.Section("Outputs"))
	if err != nil {
		t.Fatal(err)
	}
	base := "https://Api.execute-api.eu-central-1.amazonaws.com"
	for name, want := range map[string]string{
		"Url": base, "HealthUrl": base + "/healthz", "CommandsUrl": base + "/slack/commands",
		"InteractionsUrl": base + "/slack/interactions", "EventsUrl": base + "/slack/events",
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
