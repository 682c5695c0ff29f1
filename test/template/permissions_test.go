package template_test

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/lifecycle"
	"showtime/test/template"
)

const (
	table    = "arn:aws:dynamodb:eu-central-1:123456789012:table/t"
	emr      = "arn:aws:elasticmapreduce:eu-central-1:123456789012:cluster/"
	launchAt = emr + "*" // a launch has no id yet, and is authorised against this
)

func row(partition string) map[string][]string {
	return map[string][]string{"dynamodb:LeadingKeys": {partition}}
}

// tagged is a cluster that has tags already.
func tagged(installation, cluster string) map[string][]string {
	return map[string][]string{
		"elasticmapreduce:ResourceTag/showtime:installation": {installation},
		"elasticmapreduce:ResourceTag/showtime:cluster":      {cluster},
	}
}

// tagging is a call that writes tags.
func tagging(installation, cluster string, more ...string) map[string][]string {
	return map[string][]string{
		"aws:RequestedRegion":                  {"eu-central-1"},
		"aws:RequestTag/showtime:installation": {installation},
		"aws:RequestTag/showtime:cluster":      {cluster},
		"aws:TagKeys":                          append([]string{"showtime:installation", "showtime:cluster", "showtime:generation", "showtime:requester"}, more...),
	}
}

func passing(service string) map[string][]string {
	return map[string][]string{"iam:PassedToService": {service}}
}

func TestWorkerMayTouchOnlyWhatIsIts(t *testing.T) {
	t.Parallel()
	worker := statements(t, deployed(t, filledIn()), "WorkerRole")
	tests := []struct {
		name             string
		action, resource string
		context          map[string][]string
		want             bool
	}{
		{"launch_with_its_tags", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "exploration"), true},
		{"launch_with_the_files_own_tag", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "exploration", "for-use-with-amazon-emr-managed-policies"), true},
		{"launch_with_a_strange_tag", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "exploration", "cost-center"), false},
		{"launch_for_another_installation", "elasticmapreduce:RunJobFlow", "*", tagging("other", "exploration"), false},
		{"launch_another_cluster", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "etl"), false},
		{"launch_without_tags", "elasticmapreduce:RunJobFlow", "*", map[string][]string{"aws:RequestedRegion": {"eu-central-1"}}, false},
		{"tag_at_launch", "elasticmapreduce:AddTags", launchAt, tagging("showtime", "exploration"), true},
		{"claim_an_existing_cluster", "elasticmapreduce:AddTags", emr + "j-1", tagging("showtime", "exploration"), false},
		{"untag_its_own_cluster", "elasticmapreduce:RemoveTags", emr + "j-1", tagged("showtime", "exploration"), false},

		{"describe_its_cluster", "elasticmapreduce:DescribeCluster", emr + "j-1", tagged("showtime", "exploration"), true},
		{"count_instances_of_its_cluster", "elasticmapreduce:ListInstances", emr + "j-1", tagged("showtime", "exploration"), true},
		{"count_instances_of_an_untagged_cluster", "elasticmapreduce:ListInstances", emr + "j-1", nil, false},
		{"count_instances_of_another_installations_cluster", "elasticmapreduce:ListInstances", emr + "j-1", tagged("other", "exploration"), false},
		{"end_its_cluster", "elasticmapreduce:TerminateJobFlows", emr + "j-1", tagged("showtime", "exploration"), true},
		{"lift_protection_of_its_cluster", "elasticmapreduce:SetTerminationProtection", emr + "j-1", tagged("showtime", "exploration"), true},
		{"describe_an_untagged_cluster", "elasticmapreduce:DescribeCluster", emr + "j-1", nil, false},
		{"end_an_untagged_cluster", "elasticmapreduce:TerminateJobFlows", emr + "j-1", nil, false},
		{"end_another_installations_cluster", "elasticmapreduce:TerminateJobFlows", emr + "j-1", tagged("other", "exploration"), false},
		{"end_another_cluster_of_the_installation", "elasticmapreduce:TerminateJobFlows", emr + "j-1", tagged("showtime", "etl"), false},
		{"run_code_on_its_cluster", "elasticmapreduce:AddJobFlowSteps", emr + "j-1", tagged("showtime", "exploration"), false},
		{"list_clusters", "elasticmapreduce:ListClusters", "*", nil, true},

		{"pass_the_service_role_to_emr", "iam:PassRole", "arn:aws:iam::123456789012:role/EMR_Service", passing("elasticmapreduce.amazonaws.com"), true},
		{"pass_the_instance_role_to_ec2", "iam:PassRole", "arn:aws:iam::123456789012:role/EMR_Instance", passing("ec2.amazonaws.com"), true},
		{"pass_the_service_role_to_lambda", "iam:PassRole", "arn:aws:iam::123456789012:role/EMR_Service", passing("lambda.amazonaws.com"), false},
		{"pass_any_other_role", "iam:PassRole", "arn:aws:iam::123456789012:role/Admin", passing("ec2.amazonaws.com"), false},

		{"read_the_live_records", "dynamodb:Query", table, row(lifecycle.LiveKey("exploration", "").Partition), true},
		{"write_the_row", "dynamodb:PutItem", table, row(lifecycle.LiveKey("exploration", "").Partition), true},
		{"end_an_owed_act", "dynamodb:DeleteItem", table, row(lifecycle.LiveKey("exploration", "").Partition), true},
		{"write_history", "dynamodb:PutItem", table, row(lifecycle.HistoryKey("exploration", "").Partition), true},
		{"remember_a_job", "dynamodb:PutItem", table, row(lifecycle.DedupeKey("exploration", "").Partition), true},
		{"pace_the_launches", "dynamodb:PutItem", table, row("installation/showtime"), true},
		{"write_another_clusters_row", "dynamodb:PutItem", table, row(lifecycle.LiveKey("etl", "").Partition), false},
		{"pace_another_installation", "dynamodb:PutItem", table, row("installation/other"), false},
		{"read_without_a_partition", "dynamodb:Query", table, nil, false},
		{"read_everything", "dynamodb:Scan", table, nil, false},

		{"append_to_the_audit", "dynamodb:PutItem", table, row(lifecycle.AuditKey("exploration", "").Partition), true},
		{"read_the_audit", "dynamodb:Query", table, row(lifecycle.AuditKey("exploration", "").Partition), true},
		{"change_the_audit", "dynamodb:UpdateItem", table, row(lifecycle.AuditKey("exploration", "").Partition), false},
		{"delete_from_the_audit", "dynamodb:DeleteItem", table, row(lifecycle.AuditKey("exploration", "").Partition), false},
		{"write_another_clusters_audit", "dynamodb:PutItem", table, row(lifecycle.AuditKey("etl", "").Partition), false},

		{"see_how_its_table_is_set", "dynamodb:DescribeTable", table, nil, true},
		{"see_whether_records_expire", "dynamodb:DescribeTimeToLive", table, nil, true},
		{"see_whether_it_can_be_restored", "dynamodb:DescribeContinuousBackups", table, nil, true},
		{"see_another_table", "dynamodb:DescribeTable", table + "2", nil, false},
		{"change_its_table", "dynamodb:UpdateTable", table, nil, false},
		{"turn_expiry_off", "dynamodb:UpdateTimeToLive", table, nil, false},
		{"turn_recovery_off", "dynamodb:UpdateContinuousBackups", table, nil, false},
		{"see_how_the_queue_is_set", "sqs:GetQueueAttributes", "arn:aws:sqs:eu-central-1:123456789012:q.fifo", nil, true},

		{"read_the_bot_token", "ssm:GetParameter", "arn:aws:ssm:eu-central-1:123456789012:parameter/showtime/slack/bot-token", nil, true},
		{"read_the_signing_secret", "ssm:GetParameter", "arn:aws:ssm:eu-central-1:123456789012:parameter/showtime/slack/signing-secret", nil, false},
		{"take_a_job", "sqs:ReceiveMessage", "arn:aws:sqs:eu-central-1:123456789012:q.fifo", nil, true},
		{"give_a_job_back", "sqs:ChangeMessageVisibility", "arn:aws:sqs:eu-central-1:123456789012:q.fifo", nil, true},
		{"give_another_queues_job_back", "sqs:ChangeMessageVisibility", "arn:aws:sqs:eu-central-1:123456789012:other.fifo", nil, false},
		{"make_a_job", "sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:q.fifo", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := template.Allows(worker, template.Request{Action: tt.action, Resource: tt.resource, Context: tt.context})
			if got != tt.want {
				t.Errorf("%s on %s: got %t, want %t", tt.action, tt.resource, got, tt.want)
			}
		})
	}
}

// What denies the audit's records must hold even when somebody allows everything.
func TestAuditStaysWhenEverythingIsAllowed(t *testing.T) {
	t.Parallel()
	for role, arn := range map[string]string{"WorkerRole": table, "LifecycleRole": "arn:aws:dynamodb:eu-central-1:123456789012:table/l"} {
		all := append(statements(t, deployed(t, withManager()), role), template.Statement{Effect: "Allow", Actions: []string{"*"}, Resources: []string{"*"}})
		for _, action := range []string{"UpdateItem", "DeleteItem", "BatchWriteItem", "PartiQLUpdate", "PartiQLDelete", "PartiQLInsert"} {
			if template.Allows(all, template.Request{Action: "dynamodb:" + action, Resource: arn, Context: row(lifecycle.AuditKey("exploration", "").Partition)}) {
				t.Errorf("%s: %s is allowed on the audit", role, action)
			}
		}
	}
}

func TestReceiverAndTickMayDoOneThing(t *testing.T) {
	t.Parallel()
	const (
		queue     = "arn:aws:sqs:eu-central-1:123456789012:q.fifo"
		parameter = "arn:aws:ssm:eu-central-1:123456789012:parameter/showtime/slack/"
		function  = "arn:aws:lambda:eu-central-1:123456789012:function:"
		logs      = "arn:aws:logs:eu-central-1:123456789012:log-group:"
	)
	tests := []struct {
		name, role, action, resource string
		want                         bool
	}{
		{"receiver_queues_a_job", "ReceiverRole", "sqs:SendMessage", queue, true},
		{"receiver_sees_its_queue", "ReceiverRole", "sqs:GetQueueAttributes", queue, true},
		{"receiver_sends_elsewhere", "ReceiverRole", "sqs:SendMessage", queue + "2", false},
		{"receiver_takes_a_job", "ReceiverRole", "sqs:ReceiveMessage", queue, false},
		{"receiver_empties_the_queue", "ReceiverRole", "sqs:PurgeQueue", queue, false},
		{"receiver_reads_the_signing_secret", "ReceiverRole", "ssm:GetParameter", parameter + "signing-secret", true},
		{"receiver_reads_the_bot_token", "ReceiverRole", "ssm:GetParameter", parameter + "bot-token", false},
		{"receiver_changes_the_secret", "ReceiverRole", "ssm:PutParameter", parameter + "signing-secret", false},
		{"receiver_writes_its_log", "ReceiverRole", "logs:PutLogEvents", logs + "r:*", true},
		{"receiver_writes_another_log", "ReceiverRole", "logs:PutLogEvents", logs + "w:*", false},
		{"receiver_reads_the_table", "ReceiverRole", "dynamodb:GetItem", table, false},
		{"receiver_ends_a_cluster", "ReceiverRole", "elasticmapreduce:TerminateJobFlows", emr + "j-1", false},
		{"tick_calls_the_worker", "TickRole", "lambda:InvokeFunction", function + "w", true},
		{"tick_calls_another", "TickRole", "lambda:InvokeFunction", function + "other", false},
		{"managers_tick_calls_the_manager", "LifecycleTickRole", "lambda:InvokeFunction", function + "m", true},
		{"managers_tick_calls_the_worker", "LifecycleTickRole", "lambda:InvokeFunction", function + "w", false},
		{"tick_changes_the_worker", "TickRole", "lambda:UpdateFunctionCode", function + "w", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			context := tagged("showtime", "exploration")
			if got := template.Allows(statements(t, deployed(t, withManager()), tt.role), template.Request{Action: tt.action, Resource: tt.resource, Context: context}); got != tt.want {
				t.Errorf("%s on %s: got %t, want %t", tt.action, tt.resource, got, tt.want)
			}
		})
	}
}

// Whoever may take a role has everything above, so each can be taken by one service alone.
func TestRolesAreTakenByOneServiceEach(t *testing.T) {
	t.Parallel()
	tpl := deployed(t, withManager())
	want := map[string]string{
		"ReceiverRole": "lambda.amazonaws.com", "WorkerRole": "lambda.amazonaws.com", "LifecycleRole": "lambda.amazonaws.com",
		"TickRole": "scheduler.amazonaws.com", "LifecycleTickRole": "scheduler.amazonaws.com",
	}
	got := map[string]string{}
	for _, role := range tpl.Resources("AWS::IAM::Role") {
		p := properties(t, tpl, role)
		for _, s := range template.Map(p, "AssumeRolePolicyDocument")["Statement"].([]any) {
			service := fmt.Sprint(template.Map(s, "Principal")["Service"])
			got[role] += service
			if account := template.Map(s, "Condition", "StringEquals")["aws:SourceAccount"]; service == "scheduler.amazonaws.com" && account != "123456789012" {
				t.Errorf("the scheduler of account %v may take %s", account, role)
			}
		}
		for key := range p {
			if key != "AssumeRolePolicyDocument" && key != "Policies" {
				t.Errorf("%s has %s, which these tests do not read", role, key)
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("who takes the roles (-want +got):\n%s", diff)
	}
}

// IAM knows no resource for two of EMR's actions, and everything else names its own.
func TestEverythingIsOnlyWhereIAMForcesIt(t *testing.T) {
	t.Parallel()
	forced := []string{"elasticmapreduce:RunJobFlow", "elasticmapreduce:ListClusters"}
	everyStatement(t, func(t *testing.T, where string, s template.Statement) {
		t.Helper()
		for _, action := range s.Actions {
			if s.Effect == "Allow" && strings.Contains(action, "*") {
				t.Errorf("%s: action %s has a wildcard", where, action)
			}
			if s.Effect == "Allow" && slices.Contains(s.Resources, "*") && !slices.Contains(forced, action) {
				t.Errorf("%s: %s on every resource", where, action)
			}
		}
	})
}

// everyStatement looks at each statement of each role of each stack.
func everyStatement(t *testing.T, look func(t *testing.T, where string, s template.Statement)) {
	t.Helper()
	for stack, tpl := range both(t, deployed) {
		for _, role := range tpl.Resources("AWS::IAM::Role") {
			for _, s := range statements(t, tpl, role) {
				look(t, stack+", "+role+"/"+s.Sid, s)
			}
		}
	}
}

// actionList is every action of the services in the template; actions.py makes it.
//
//go:embed actions.txt
var actionList string

// cfn-lint passes a misspelt action, and IAM then silently allows nothing.
func TestActionsExist(t *testing.T) {
	t.Parallel()
	actions := strings.Fields(actionList)
	everyStatement(t, func(t *testing.T, where string, s template.Statement) {
		t.Helper()
		for _, pattern := range s.Actions {
			if !slices.ContainsFunc(actions, func(a string) bool { return template.Like(pattern, a) }) {
				t.Errorf("%s: %s is no action of AWS", where, pattern)
			}
		}
	})
}

// Operators that the evaluator does not know would make the tests above say less than they seem to.
func TestOperatorsAreUnderstood(t *testing.T) {
	t.Parallel()
	operators := []string{"StringEquals", "ForAllValues:StringEquals", "ForAllValues:StringLike", "ForAnyValue:StringLike", "Null"}
	everyStatement(t, func(t *testing.T, where string, s template.Statement) {
		t.Helper()
		for operator := range maps.Keys(s.Conditions) {
			if !slices.Contains(operators, operator) {
				t.Errorf("%s: operator %s is unknown here", where, operator)
			}
		}
	})
}
