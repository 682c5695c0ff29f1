//go:build translated

package template_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/test/template"
)

// deployed is the translated template: SAM may have added to what the file says.
func deployed(t *testing.T, values map[string]string) *template.Template {
	t.Helper()
	data, err := template.Translate()
	if err != nil {
		t.Fatal(err)
	}
	tpl, err := template.Parse(data, values)
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

func TestTranslationAddsNoPermission(t *testing.T) {
	t.Parallel()
	for stack, tpl := range both(t, deployed) {
		source := both(t, loadWith)[stack]
		for _, kind := range []string{"AWS::IAM::Policy", "AWS::IAM::Role"} {
			if diff := cmp.Diff(source.Resources(kind), tpl.Resources(kind)); diff != "" {
				t.Fatalf("%s: %s (-written +translated):\n%s", stack, kind, diff)
			}
		}
		for _, role := range source.Resources("AWS::IAM::Role") {
			if diff := cmp.Diff(statements(t, source, role), statements(t, tpl, role)); diff != "" {
				t.Errorf("%s: %s (-written +translated):\n%s", stack, role, diff)
			}
		}
		for function, role := range map[string]string{"Receiver": "ReceiverRole", "Worker": "WorkerRole", "Manager": "LifecycleRole"} {
			if slices.Contains(tpl.Resources("AWS::Lambda::Function"), function) && properties(t, tpl, function)["Role"] != "arn:"+role {
				t.Errorf("%s: %s runs as %v", stack, function, properties(t, tpl, function)["Role"])
			}
		}
	}
}

// A permission without a source could be used by anybody's API or rule.
func TestFunctionsAreCalledByOurOwnOnly(t *testing.T) {
	t.Parallel()
	for stack, tpl := range both(t, deployed) {
		var callers []string
		for _, name := range tpl.Resources("AWS::Lambda::Permission") {
			p := template.Map(tpl.Section("Resources"), name, "Properties")
			if p["SourceArn"] == nil {
				t.Errorf("%s: %s names no source", stack, name)
			}
			callers = append(callers, p["Principal"].(string))
		}
		slices.Sort(callers)
		if diff := cmp.Diff([]string{"apigateway.amazonaws.com", "events.amazonaws.com"}, slices.Compact(callers)); diff != "" {
			t.Errorf("%s: callers (-want +got):\n%s", stack, diff)
		}
	}
}

// A name that SAM makes up is the same in every stack, and the second stack fails.
func TestScheduleHasNoName(t *testing.T) {
	t.Parallel()
	for stack, want := range map[string]int{"bot alone": 1, "with a manager": 2} {
		tpl := both(t, deployed)[stack]
		schedules := tpl.Resources("AWS::Scheduler::Schedule")
		if len(schedules) != want {
			t.Fatalf("%s: %d schedules", stack, len(schedules))
		}
		for _, schedule := range schedules {
			if name, named := properties(t, tpl, schedule)["Name"]; named {
				t.Errorf("the schedule is called %v", name)
			}
		}
	}
}

// What EventBridge sends to a FIFO queue needs a message group and a deduplication id, and cfn-lint asks for
// neither. Nothing of ours sends there: every rule and schedule calls its function.
func TestRulesAndSchedulesCallFunctions(t *testing.T) {
	t.Parallel()
	for stack, tpl := range both(t, deployed) {
		var targets []any
		for _, rule := range tpl.Resources("AWS::Events::Rule") {
			for _, target := range list(properties(t, tpl, rule)["Targets"]) {
				targets = append(targets, template.Map(target)["Arn"])
			}
		}
		for _, schedule := range tpl.Resources("AWS::Scheduler::Schedule") {
			targets = append(targets, template.Map(properties(t, tpl, schedule), "Target")["Arn"])
		}
		for _, arn := range targets {
			if !strings.HasPrefix(fmt.Sprint(arn), "arn:aws:lambda:") {
				t.Errorf("%s: something is sent to %v", stack, arn)
			}
		}
		if want := 2 * (len(tpl.Resources("AWS::Lambda::Function")) - 1); len(targets) != want { // all but the receiver have both
			t.Errorf("%s: %d targets, want %d", stack, len(targets), want)
		}
	}
}

// The manager has no other door: every route asks for a signature.
func TestManagerIsAskedBySignatureOnly(t *testing.T) {
	t.Parallel()
	paths := template.Map(properties(t, deployed(t, withManager()), "LifecycleApi"), "Body", "paths")
	if len(paths) == 0 {
		t.Fatal("the API has no route")
	}
	for path, methods := range paths {
		for method, operation := range template.Map(methods) {
			if diff := cmp.Diff([]any{map[string]any{"AWS_IAM": []any{}}}, template.Map(operation)["security"]); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", method, path, diff)
			}
		}
	}
}
