package template_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/test/template"
)

// With a manager the worker may ask it, and that is all it may do to clusters.
func TestWorkerOfAManagerHasNoRightOnEMR(t *testing.T) {
	t.Parallel()
	worker := statements(t, deployed(t, withManager()), "WorkerRole")
	for _, s := range worker {
		for _, action := range s.Actions {
			if service, _, _ := strings.Cut(action, ":"); s.Effect == "Allow" && (service == "elasticmapreduce" || service == "iam") {
				t.Errorf("it may do %s", action)
			}
		}
	}
	for arn, want := range map[string]bool{
		"arn:aws:execute-api:eu-central-1:123456789012:abc123/$default/GET/v1/clusters/exploration": true,
		"arn:aws:execute-api:eu-central-1:123456789012:abc1234/$default/GET/v1/clusters":            false,
		"arn:aws:execute-api:eu-central-1:210987654321:abc123/$default/GET/v1/clusters":             false,
	} {
		if template.Allows(worker, template.Request{Action: "execute-api:Invoke", Resource: arn}) != want {
			t.Errorf("it may ask %s: want %t", arn, want)
		}
	}
	if template.Allows(statements(t, deployed(t, filledIn()), "WorkerRole"), template.Request{Action: "execute-api:Invoke", Resource: "*"}) {
		t.Error("without a manager it may ask one")
	}
}

func TestManagerMayTouchOnlyItsClusters(t *testing.T) {
	t.Parallel()
	manager := statements(t, deployed(t, withManager()), "LifecycleRole")
	const (
		own   = "arn:aws:dynamodb:eu-central-1:123456789012:table/l"
		named = "for-use-with-amazon-emr-managed-policies"
	)
	tests := []struct {
		name             string
		action, resource string
		context          map[string][]string
		want             bool
	}{
		{"launch_one_of_its_clusters", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "etl", named), true},
		{"launch_the_bots_cluster", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "exploration"), true},
		{"launch_a_cluster_not_named", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "finance"), false},
		{"launch_for_another_installation", "elasticmapreduce:RunJobFlow", "*", tagging("other", "etl"), false},
		{"launch_with_a_strange_tag", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "etl", "cost-center"), false},
		{"tag_at_launch", "elasticmapreduce:AddTags", launchAt, tagging("showtime", "etl"), true},
		{"claim_an_existing_cluster", "elasticmapreduce:AddTags", emr + "j-1", tagging("showtime", "etl"), false},
		{"untag_a_cluster", "elasticmapreduce:RemoveTags", emr + "j-1", tagged("showtime", "etl"), false},
		{"count_instances_of_its_cluster", "elasticmapreduce:ListInstances", emr + "j-1", tagged("showtime", "etl"), true},
		{"count_instances_of_a_cluster_not_named", "elasticmapreduce:ListInstances", emr + "j-1", tagged("showtime", "finance"), false},
		{"end_its_cluster", "elasticmapreduce:TerminateJobFlows", emr + "j-1", tagged("showtime", "etl"), true},
		{"end_a_cluster_not_named", "elasticmapreduce:TerminateJobFlows", emr + "j-1", tagged("showtime", "finance"), false},
		{"end_an_untagged_cluster", "elasticmapreduce:TerminateJobFlows", emr + "j-1", nil, false},
		{"run_code_on_its_cluster", "elasticmapreduce:AddJobFlowSteps", emr + "j-1", tagged("showtime", "etl"), false},
		{"pass_the_service_role_to_emr", "iam:PassRole", "arn:aws:iam::123456789012:role/EMR_Service", passing("elasticmapreduce.amazonaws.com"), true},
		{"pass_the_service_role_to_ec2", "iam:PassRole", "arn:aws:iam::123456789012:role/EMR_Service", passing("ec2.amazonaws.com"), false},
		{"pass_any_other_role", "iam:PassRole", "arn:aws:iam::123456789012:role/Admin", passing("ec2.amazonaws.com"), false},
		{"write_a_row", "dynamodb:PutItem", own, row(lifecycle.LiveKey("etl", "").Partition), true},
		{"write_history", "dynamodb:PutItem", own, row(lifecycle.HistoryKey("etl", "").Partition), true},
		{"remember_a_request", "dynamodb:PutItem", own, row(lifecycle.DedupeKey("etl", "").Partition), true},
		{"pace_the_launches", "dynamodb:PutItem", own, row("installation/showtime"), true},
		{"append_to_the_audit", "dynamodb:PutItem", own, row(lifecycle.AuditKey("etl", "").Partition), true},
		{"change_the_audit", "dynamodb:UpdateItem", own, row(lifecycle.AuditKey("etl", "").Partition), false},
		{"delete_from_the_audit", "dynamodb:DeleteItem", own, row(lifecycle.AuditKey("etl", "").Partition), false},
		{"read_everything", "dynamodb:Scan", own, nil, false},
		{"read_the_bots_table", "dynamodb:GetItem", table, row(lifecycle.LiveKey("exploration", "").Partition), false},
		{"read_a_secret_of_slack", "ssm:GetParameter", "arn:aws:ssm:eu-central-1:123456789012:parameter/showtime/slack/bot-token", nil, false},
		{"make_a_job", "sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:q.fifo", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := template.Allows(manager, template.Request{Action: tt.action, Resource: tt.resource, Context: tt.context}); got != tt.want {
				t.Errorf("%s on %s: got %t, want %t", tt.action, tt.resource, got, tt.want)
			}
		})
	}
	worker := statements(t, deployed(t, withManager()), "WorkerRole")
	if template.Allows(worker, template.Request{Action: "dynamodb:PutItem", Resource: own, Context: row(lifecycle.LiveKey("exploration", "").Partition)}) {
		t.Error("the worker may write what the manager decides by")
	}
}

// A deployment in which nobody looks after the bot's cluster is refused before it begins.
func TestManagerMustKnowTheBotsCluster(t *testing.T) {
	t.Parallel()
	for clusters, want := range map[string]bool{"exploration,etl": true, "etl": false} {
		values := withManager()
		values["LifecycleClusters"] = clusters
		tpl := loadWith(t, values)
		rule, err := tpl.Resolve(template.Map(tpl.Section("Rules"), "ManagerKnowsTheBotsCluster"))
		if err != nil {
			t.Fatal(err)
		}
		if holds := template.Map(list(template.Map(rule)["Assertions"])[0])["Assert"]; holds != want || template.Map(rule)["RuleCondition"] != true {
			t.Errorf("%s: %v", clusters, rule)
		}
	}
}

// Whoever asks the manager is counted among its invocations, so the alarm counts a line that only a tick which was done leaves.
func TestTickFilterKnowsTheManagersLine(t *testing.T) {
	t.Parallel()
	p := properties(t, loadWith(t, withManager()), "LifecycleTickFilter")
	var lines bytes.Buffer
	fails := errors.New("EMR is away")
	for _, fault := range []error{nil, fails} {
		tick := wiring.Counted(zerolog.New(&lines).Level(zerolog.ErrorLevel), func(context.Context) error { return fault })
		if err := tick(t.Context()); !errors.Is(err, fault) {
			t.Errorf("tick: %v, want %v", err, fault)
		}
	}
	if p["FilterPattern"] != `{ $.message = "tick" }` || p["LogGroupName"] != "LifecycleLogs" || decode(t, lines.Bytes())["message"] != "tick" {
		t.Errorf("the filter is %v, the manager writes %s", p, &lines)
	}
	counts, alarm := template.Map(list(p["MetricTransformations"])[0]), properties(t, loadWith(t, withManager()), "LifecycleNoTicksAlarm")
	if counts["MetricNamespace"] != alarm["Namespace"] || counts["MetricName"] != alarm["MetricName"] {
		t.Errorf("the filter counts %v, the alarm is %v", counts, alarm)
	}
}
