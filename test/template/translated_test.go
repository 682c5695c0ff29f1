//go:build translated

package template_test

import (
	"os/exec"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/test/template"
)

// translate lets SAM's own translator, which cfn-lint brings along, make CloudFormation of template.yaml.
var translate = sync.OnceValues(func() ([]byte, error) {
	return exec.Command("python3", "translate.py", template.Path()).Output()
})

// deployed is the translated template: SAM may have added to what the file says.
func deployed(t *testing.T) *template.Template {
	t.Helper()
	data, err := translate()
	if err != nil {
		t.Fatalf("translate template: %v", err)
	}
	tpl, err := template.Parse(data, filledIn())
	if err != nil {
		t.Fatal(err)
	}
	return tpl
}

func TestTranslationAddsNoPermission(t *testing.T) {
	t.Parallel()
	tpl, source := deployed(t), load(t)
	if added := tpl.Resources("AWS::IAM::Policy"); len(added) > 0 {
		t.Errorf("policies nobody wrote: %v", added)
	}
	got, want := tpl.Resources("AWS::IAM::Role"), source.Resources("AWS::IAM::Role")
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("roles (-written +translated):\n%s", diff)
	}
	for _, role := range want {
		if diff := cmp.Diff(statements(t, source, role), statements(t, tpl, role)); diff != "" {
			t.Errorf("%s (-written +translated):\n%s", role, diff)
		}
	}
	for _, function := range []string{"Receiver", "Worker"} {
		if role := properties(t, tpl, function)["Role"]; role != "arn:"+function+"Role" {
			t.Errorf("%s runs as %v", function, role)
		}
	}
}

// A permission without a source could be used by anybody's API or rule.
func TestFunctionsAreCalledByOurOwnOnly(t *testing.T) {
	t.Parallel()
	tpl := deployed(t)
	var callers []string
	for _, name := range tpl.Resources("AWS::Lambda::Permission") {
		p := template.Map(tpl.Section("Resources"), name, "Properties")
		if p["SourceArn"] == nil {
			t.Errorf("%s names no source", name)
		}
		callers = append(callers, p["Principal"].(string))
	}
	slices.Sort(callers)
	if diff := cmp.Diff([]string{"apigateway.amazonaws.com", "events.amazonaws.com"}, slices.Compact(callers)); diff != "" {
		t.Errorf("callers (-want +got):\n%s", diff)
	}
}

// A name that SAM makes up is the same in every stack, and the second stack fails.
func TestScheduleHasNoName(t *testing.T) {
	t.Parallel()
	tpl := deployed(t)
	schedules := tpl.Resources("AWS::Scheduler::Schedule")
	if len(schedules) != 1 {
		t.Fatalf("%d schedules", len(schedules))
	}
	if name, named := properties(t, tpl, schedules[0])["Name"]; named {
		t.Errorf("the schedule is called %v", name)
	}
}
