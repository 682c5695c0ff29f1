package template_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"showtime/test/template"
)

// ruleIntoQueue lacks a message group and a deduplication id, so that not one event would arrive.
const ruleIntoQueue = `  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [aws.emr]}
      Targets: [{Id: queue, Arn: !GetAtt Queue.Arn}]
`

// cfn-lint passes every one of these mistakes. Each is made in a copy of the template, and the test that is there
// for it must fail on the copy.
func TestMistakesThatTheLinterPassesAreFound(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(template.Path())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, mistake, found string }{
		{"misspelt_action", "- elasticmapreduce:TerminateJobFlows", "- elasticmapreduce:TerminateJobFlow", "TestActionsExist"},
		{"schedule_with_a_name", "OmitName: true", "Name: tick", "TestPokesGoStraightToTheFunctionOnce"},
		{"sams_own_role", "RoleArn: !GetAtt TickRole.Arn", "State: ENABLED", "TestRolesAreWrittenOut"},
		{"events_into_the_queue", "  ReceiverLogs:\n", ruleIntoQueue + "  ReceiverLogs:\n", "TestNothingIsSentPastTheFunctions"},
		{"retries_of_the_tick", "RetryPolicy: {MaximumRetryAttempts: 0,", "RetryPolicy: {MaximumRetryAttempts: 5,", "TestPokesGoStraightToTheFunctionOnce"},
		{"launch_without_the_tag", "aws:RequestTag/showtime:installation: !Ref Installation\n", "aws:PrincipalType: AssumedRole\n", "TestWorkerMayTouchOnlyWhatIsIts"},
		{"every_role_passed", "Resource: !Ref EmrServiceRoleArn", "Resource: '*'", "TestEverythingIsOnlyWhereIAMForcesIt"},
		{"audit_can_be_deleted", "Action: [dynamodb:UpdateItem, dynamodb:DeleteItem, dynamodb:BatchWriteItem]", "Action: dynamodb:BatchWriteItem", "TestAuditStaysWhenEverythingIsAllowed"},
		{"silence_is_fine", "TreatMissingData: breaching", "TreatMissingData: notBreaching", "TestAlarmsFireOnSilence"},
		{"misspelt_metric", "MetricName: ApproximateAgeOfOldestMessage", "MetricName: ApproximateAgeOfOldest", "TestAlarmsWatchWhatCostsSomebody"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(string(source), tt.old) {
				t.Fatalf("the template has no %q", tt.old)
			}
			copied := filepath.Join(t.TempDir(), "template.yaml")
			if err := os.WriteFile(copied, []byte(strings.Replace(string(source), tt.old, tt.mistake, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			run := exec.CommandContext(t.Context(), self, "-test.run", "^"+tt.found+"$")
			run.Env = append(os.Environ(), template.PathVariable+"="+copied)
			out, err := run.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: "+tt.found) {
				t.Errorf("%s passes: %v\n%s", tt.found, err, out)
			}
		})
	}
}
