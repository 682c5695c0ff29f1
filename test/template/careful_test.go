package template_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"showtime/lifecycle"
	"showtime/test/template"
)

// document reads one of the policies of docs/iam.
func document(t *testing.T, name string) []template.Statement {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(filepath.Dir(template.Path()), "docs", "iam", name))
	if err != nil {
		t.Fatal(err)
	}
	statements, err := template.Document(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		for _, pattern := range s.Actions {
			if service, _, _ := strings.Cut(pattern, ":"); service != "iam" && !strings.Contains(pattern, "*") && !strings.Contains(actionList, "\n"+pattern+"\n") {
				t.Errorf("%s: %s is no action of AWS", name, pattern)
			}
		}
	}
	return statements
}

// A boundary must leave a role what the template gives it, and nothing of what a mistake would add.
func TestBoundaryBounds(t *testing.T) {
	t.Parallel()
	boundary := document(t, "boundary.json")
	const (
		own     = "arn:aws:dynamodb:eu-central-1:123456789012:table/showtime-Table-X"
		audit   = "audit/exploration"
		service = "arn:aws:iam::123456789012:role/EMR_DefaultRole_V2"
	)
	tests := []struct {
		name             string
		action, resource string
		context          map[string][]string
		want             bool
	}{
		{"launch", "elasticmapreduce:RunJobFlow", "*", tagging("showtime", "exploration"), true},
		{"launch_untagged", "elasticmapreduce:RunJobFlow", "*", nil, false},
		{"tag_at_launch", "elasticmapreduce:AddTags", launchAt, tagging("showtime", "exploration"), true},
		{"claim_a_cluster", "elasticmapreduce:AddTags", emr + "j-1", tagging("showtime", "exploration"), false},
		{"end_its_cluster", "elasticmapreduce:TerminateJobFlows", emr + "j-1", tagged("showtime", "exploration"), true},
		{"end_another", "elasticmapreduce:TerminateJobFlows", emr + "j-1", nil, false},
		{"run_code", "elasticmapreduce:AddJobFlowSteps", emr + "j-1", tagged("showtime", "exploration"), false},
		{"list_clusters", "elasticmapreduce:ListClusters", "*", nil, true},
		{"pass_the_service_role", "iam:PassRole", service, passing("elasticmapreduce.amazonaws.com"), true},
		{"pass_it_to_lambda", "iam:PassRole", service, passing("lambda.amazonaws.com"), false},
		{"pass_another_role", "iam:PassRole", "arn:aws:iam::123456789012:role/Admin", passing("ec2.amazonaws.com"), false},
		{"append_to_the_audit", "dynamodb:PutItem", own, row(audit), true},
		{"change_the_audit", "dynamodb:UpdateItem", own, row(audit), false},
		{"delete_from_the_audit", "dynamodb:DeleteItem", own, row(audit), false},
		{"end_an_owed_act", "dynamodb:DeleteItem", own, row(lifecycle.LiveKey("exploration", "").Partition), true},
		{"write_another_table", "dynamodb:PutItem", "arn:aws:dynamodb:eu-central-1:123456789012:table/payroll", row("x"), false},
		{"queue_a_job", "sqs:SendMessage", "arn:aws:sqs:eu-central-1:123456789012:showtime-jobs.fifo", nil, true},
		{"read_its_secret", "ssm:GetParameter", "arn:aws:ssm:eu-central-1:123456789012:parameter/showtime/slack/bot-token", nil, true},
		{"read_another_secret", "ssm:GetParameter", "arn:aws:ssm:eu-central-1:123456789012:parameter/payroll/key", nil, false},
		{"ask_a_manager", "execute-api:Invoke", "arn:aws:execute-api:eu-central-1:123456789012:abc123/$default/GET/v1/clusters", nil, true},
		{"make_a_user", "iam:CreateUser", "*", nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := template.Allows(boundary, template.Request{Action: tt.action, Resource: tt.resource, Context: tt.context}); got != tt.want {
				t.Errorf("%s on %s: got %t, want %t", tt.action, tt.resource, got, tt.want)
			}
		})
	}
}

// Every action that some role may do is within the boundary, so that nothing breaks where one is set.
func TestBoundaryKnowsEveryAction(t *testing.T) {
	t.Parallel()
	var within []string
	for _, s := range document(t, "boundary.json") {
		if s.Effect == "Allow" {
			within = append(within, s.Actions...)
		}
	}
	everyStatement(t, func(t *testing.T, where string, s template.Statement) {
		t.Helper()
		for _, action := range s.Actions {
			if s.Effect == "Allow" && !strings.Contains(" "+strings.Join(within, " ")+" ", " "+action+" ") {
				t.Errorf("%s: %s is not within docs/iam/boundary.json", where, action)
			}
		}
	})
}

func TestEveryRoleIsBoundedWhereAsked(t *testing.T) {
	t.Parallel()
	values := withManager()
	values["PermissionsBoundaryArn"] = "arn:aws:iam::123456789012:policy/showtime-boundary"
	tpl := deployed(t, values)
	for _, role := range tpl.Resources("AWS::IAM::Role") {
		if got := properties(t, tpl, role)["PermissionsBoundary"]; got != values["PermissionsBoundaryArn"] {
			t.Errorf("%s is bounded by %v", role, got)
		}
	}
}

// A service control policy forbids others what only Showtime, or its deployer, may do.
func TestServiceControlPolicyKeepsOthersOut(t *testing.T) {
	t.Parallel()
	everything := template.Statement{Effect: "Allow", Actions: []string{"*"}, Resources: []string{"*"}}
	policy := append(document(t, "scp.json"), everything)
	const (
		worker   = "arn:aws:iam::123456789012:role/showtime-WorkerRole-X"
		manager  = "arn:aws:iam::123456789012:role/showtime-LifecycleRole-X"
		receiver = "arn:aws:iam::123456789012:role/showtime-ReceiverRole-X"
		deployer = "arn:aws:iam::123456789012:role/deployer"
		other    = "arn:aws:iam::123456789012:role/analyst"
		own      = "arn:aws:dynamodb:eu-central-1:123456789012:table/showtime-Table-X"
		queue    = "arn:aws:sqs:eu-central-1:123456789012:showtime-jobs.fifo"
	)
	tests := []struct {
		name, who, action, resource string
		tags                        []string
		want                        bool
	}{
		{"worker_tags_its_launch", worker, "elasticmapreduce:AddTags", launchAt, []string{"showtime:cluster"}, true},
		{"manager_tags_its_launch", manager, "elasticmapreduce:AddTags", launchAt, []string{"showtime:cluster"}, true},
		{"another_hands_it_a_cluster", other, "elasticmapreduce:AddTags", emr + "j-1", []string{"Name", "showtime:cluster"}, false},
		{"another_tags_otherwise", other, "elasticmapreduce:AddTags", emr + "j-1", []string{"Name"}, true},
		{"deployer_changes_a_role", deployer, "iam:PutRolePolicy", worker, nil, true},
		{"another_widens_the_worker", other, "iam:AttachRolePolicy", worker, nil, false},
		{"worker_frees_itself", worker, "iam:DeleteRolePermissionsBoundary", worker, nil, false},
		{"another_role_is_nobodys_business", other, "iam:PutRolePolicy", other, nil, true},
		{"worker_records", worker, "dynamodb:PutItem", own, nil, true},
		{"another_forges_the_audit", other, "dynamodb:PutItem", own, nil, false},
		{"another_reads_the_audit", other, "dynamodb:Query", own, nil, true},
		{"receiver_queues", receiver, "sqs:SendMessage", queue, nil, true},
		{"another_forges_a_job", other, "sqs:SendMessage", queue, nil, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			context := map[string][]string{"aws:PrincipalArn": {tt.who}, "aws:TagKeys": tt.tags}
			if got := template.Allows(policy, template.Request{Action: tt.action, Resource: tt.resource, Context: context}); got != tt.want {
				t.Errorf("%s: %s on %s: got %t, want %t", tt.who, tt.action, tt.resource, got, tt.want)
			}
		})
	}
}
