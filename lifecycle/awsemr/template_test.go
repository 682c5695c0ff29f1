package awsemr_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"showtime/lifecycle"
	"showtime/lifecycle/awsemr"
)

// example gives the run_job_flow of the cluster file that is delivered.
func example(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile("../../clusters/exploration.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		RunJobFlow json.RawMessage `json:"run_job_flow"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	return string(file.RunJobFlow)
}

// changed replaces one piece of text that must be there.
func changed(t *testing.T, text, from, to string) string {
	t.Helper()
	if !strings.Contains(text, from) {
		t.Fatalf("the example has no %q", from)
	}
	return strings.Replace(text, from, to, 1)
}

func parse(t *testing.T, raw string) *awsemr.Template {
	t.Helper()
	got, problems := awsemr.ParseTemplate(json.RawMessage(raw), "exploration")
	for _, p := range problems {
		t.Error(p)
	}
	if got == nil {
		t.FailNow()
	}
	return got
}

func TestParseTemplateAcceptsTheExampleWithoutWarning(t *testing.T) {
	t.Parallel()
	if w := parse(t, example(t)).Warnings; len(w) > 0 {
		t.Error(w)
	}
}

const (
	label   = `"ReleaseLabel": "emr-7.14.0"`
	keep    = `"KeepJobFlowAliveWhenNoSteps": true`
	groups  = `"InstanceGroups": [`
	primary = `"InstanceRole": "MASTER"`
	limits  = `"MaximumCapacityUnits": 6`
	tag     = `{"Key": "for-use-with-amazon-emr-managed-policies", "Value": "true"}`
	fleets  = `"InstanceFleets": [{"InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m6g.xlarge"}]}]`
)

func TestParseTemplateNamesEveryTrapByItsPath(t *testing.T) {
	t.Parallel()
	const first, second = "$.run_job_flow.Instances.InstanceGroups[0]", "$.run_job_flow.Instances.InstanceGroups[1]"
	for _, tt := range []struct{ name, from, to, path string }{
		{"unknown_key", label, label + `, "Label": "x"`, "$.run_job_flow.Label"},
		{"key_in_wrong_case", `"Ec2SubnetId"`, `"ec2subnetid"`, "$.run_job_flow.Instances.ec2subnetid"},
		{"key_twice", label, label + `, ` + label, "$.run_job_flow.ReleaseLabel"},
		{"strange_key", label, label + `, "a b": 1`, `$.run_job_flow["a b"]`},
		{"sdk_internal_field", label, label + `, "noSmithyDocumentSerde": {}`, "$.run_job_flow.noSmithyDocumentSerde"},
		{"number_for_text", label, `"ReleaseLabel": 7`, "$.run_job_flow.ReleaseLabel"},
		{"null", label, `"ReleaseLabel": null`, "$.run_job_flow.ReleaseLabel"},
		{"text_for_number", `"InstanceCount": 2`, `"InstanceCount": "2"`, second + ".InstanceCount"},
		{"fraction_for_number", `"InstanceCount": 2`, `"InstanceCount": 2.5`, second + ".InstanceCount"},
		{"number_too_large", `"InstanceCount": 2`, `"InstanceCount": 99999999999`, second + ".InstanceCount"},
		{"text_for_truth", keep, `"KeepJobFlowAliveWhenNoSteps": "true"`, "$.run_job_flow.Instances.KeepJobFlowAliveWhenNoSteps"},
		{"object_for_list", `"Tags": [` + tag + `]`, `"Tags": {}`, "$.run_job_flow.Tags"},
		{"list_for_object", `"AutoTerminationPolicy": {"IdleTimeout": 3600}`, `"AutoTerminationPolicy": []`, "$.run_job_flow.AutoTerminationPolicy"},
		{"number_for_property", `"s3.persistence.enabled": "true"`, `"s3.persistence.enabled": 1`, `$.run_job_flow.Configurations[0].Properties["s3.persistence.enabled"]`},
		{"text_for_map", `"Properties": {"s3.persistence.enabled": "true", "s3.persistence.bucket": "example-notebooks"}`, `"Properties": ""`, "$.run_job_flow.Configurations[0].Properties"},
		{"keep_alive_off", keep, `"KeepJobFlowAliveWhenNoSteps": false`, "$.run_job_flow.Instances.KeepJobFlowAliveWhenNoSteps"},
		{"keep_alive_absent", keep + ",", "", "$.run_job_flow.Instances.KeepJobFlowAliveWhenNoSteps"},
		{"groups_and_fleets", keep, keep + ", " + fleets, "$.run_job_flow.Instances.InstanceFleets"},
		{"no_master", primary, `"InstanceRole": "TASK"`, "$.run_job_flow.Instances.InstanceGroups"},
		{"two_masters", `"InstanceRole": "CORE"`, primary, "$.run_job_flow.Instances.InstanceGroups"},
		{"three_in_the_master_group", `"InstanceCount": 1`, `"InstanceCount": 3`, first + ".InstanceCount"},
		{"no_core_node", `"InstanceCount": 2`, `"InstanceCount": 0`, second + ".InstanceCount"},
		{"no_count", `"InstanceCount": 2, `, "", second + ".InstanceCount"},
		{"role_unknown", primary, `"InstanceRole": "PRIMARY"`, first + ".InstanceRole"},
		{"market_unknown", `"Market": "ON_DEMAND"`, `"Market": "CHEAP"`, first + ".Market"},
		{"type_unlikely", `"InstanceType": "m6g.xlarge"`, `"InstanceType": "big one"`, first + ".InstanceType"},
		{"volume_without_size", `, "SizeInGB": 64`, "", second + ".EbsConfiguration.EbsBlockDeviceConfigs[0].VolumeSpecification.SizeInGB"},
		{"old_form", keep, keep + `, "MasterInstanceType": "m6g.xlarge"`, "$.run_job_flow.Instances.MasterInstanceType"},
		{"two_kinds_of_subnet", keep, keep + `, "Ec2SubnetIds": ["subnet-1"]`, "$.run_job_flow.Instances.Ec2SubnetIds"},
		{"idle_too_short", `"IdleTimeout": 3600`, `"IdleTimeout": 59`, "$.run_job_flow.AutoTerminationPolicy.IdleTimeout"},
		{"idle_too_long", `"IdleTimeout": 3600`, `"IdleTimeout": 604801`, "$.run_job_flow.AutoTerminationPolicy.IdleTimeout"},
		{"other_name", label, label + `, "Name": "other"`, "$.run_job_flow.Name"},
		{"label_wrong", label, `"ReleaseLabel": "7.14.0"`, "$.run_job_flow.ReleaseLabel"},
		{"label_absent", label + ",", "", "$.run_job_flow.ReleaseLabel"},
		{"service_role_absent", `"ServiceRole": "EMR_DefaultRole_V2",`, "", "$.run_job_flow.ServiceRole"},
		{"service_role_empty", `"ServiceRole": "EMR_DefaultRole_V2"`, `"ServiceRole": ""`, "$.run_job_flow.ServiceRole"},
		{"job_flow_role_absent", `"JobFlowRole": "EMR_EC2_Exploration",`, "", "$.run_job_flow.JobFlowRole"},
		{"job_flow_role_empty", `"JobFlowRole": "EMR_EC2_Exploration"`, `"JobFlowRole": ""`, "$.run_job_flow.JobFlowRole"},
		{"log_uri_elsewhere", `"s3://example-emr-logs/exploration/"`, `"/var/log"`, "$.run_job_flow.LogUri"},
		{"steps_at_once", label, label + `, "StepConcurrencyLevel": 257`, "$.run_job_flow.StepConcurrencyLevel"},
		{"root_volume_small", label, label + `, "EbsRootVolumeSize": 1`, "$.run_job_flow.EbsRootVolumeSize"},
		{"retired", label, label + `, "AmiVersion": "3.0"`, "$.run_job_flow.AmiVersion"},
		{"step_without_jar", label, label + `, "Steps": [{"Name": "s", "HadoopJarStep": {}}]`, "$.run_job_flow.Steps[0].HadoopJarStep.Jar"},
		{"tag_reserved", tag, `{"Key": "showtime:cluster", "Value": "x"}`, "$.run_job_flow.Tags[0].Key"},
		{"tag_reserved_in_capitals", tag, `{"Key": "Showtime:x", "Value": "x"}`, "$.run_job_flow.Tags[0].Key"},
		{"tag_of_aws", tag, `{"Key": "aws:x", "Value": "x"}`, "$.run_job_flow.Tags[0].Key"},
		{"tag_twice", tag, tag + "," + tag, "$.run_job_flow.Tags[1].Key"},
		{"tag_key_long", tag, `{"Key": "` + strings.Repeat("k", 129) + `"}`, "$.run_job_flow.Tags[0].Key"},
		{"tag_key_strange", tag, `{"Key": "a*b"}`, "$.run_job_flow.Tags[0].Key"},
		{"tag_key_absent", tag, `{"Value": "x"}`, "$.run_job_flow.Tags[0].Key"},
		{"tag_value_long", tag, `{"Key": "k", "Value": "` + strings.Repeat("v", 257) + `"}`, "$.run_job_flow.Tags[0].Value"},
		{"too_many_tags", tag, tag + strings.Repeat(`,{"Key": "x"}`, 46), "$.run_job_flow.Tags"},
		{"scaling_reversed", limits, `"MaximumCapacityUnits": 1`, "$.run_job_flow.ManagedScalingPolicy.ComputeLimits.MinimumCapacityUnits"},
		{"scaling_core_above_all", `"MaximumCoreCapacityUnits": 2`, `"MaximumCoreCapacityUnits": 7`, "$.run_job_flow.ManagedScalingPolicy.ComputeLimits.MaximumCoreCapacityUnits"},
		{"scaling_negative", `"MaximumOnDemandCapacityUnits": 3`, `"MaximumOnDemandCapacityUnits": -1`, "$.run_job_flow.ManagedScalingPolicy.ComputeLimits.MaximumOnDemandCapacityUnits"},
		{"scaling_without_top", limits + ",", "", "$.run_job_flow.ManagedScalingPolicy.ComputeLimits.MaximumCapacityUnits"},
		{"scaling_fleet_units_for_groups", `"Instances",`, `"InstanceFleetUnits",`, "$.run_job_flow.ManagedScalingPolicy.ComputeLimits.UnitType"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problems := awsemr.ParseTemplate(json.RawMessage(changed(t, example(t), tt.from, tt.to)), "exploration")
			if got != nil {
				t.Error("a template with a problem was given")
			}
			paths := map[string]bool{}
			for _, p := range problems {
				paths[p.Path] = true
			}
			if !paths[tt.path] {
				t.Errorf("no problem at %s in %v", tt.path, problems)
			}
		})
	}
}

func TestParseTemplateRefusesWhatIsNoObject(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"", "null", "[]", "3", "{", `{"Instances": null}`, "{}"} {
		if got, problems := awsemr.ParseTemplate(json.RawMessage(raw), "exploration"); got != nil || len(problems) == 0 {
			t.Errorf("%q was accepted", raw)
		}
	}
}

func TestParseTemplateReportsEveryProblemAtOnce(t *testing.T) {
	t.Parallel()
	raw := `{"Instances": {"KeepJobFlowAliveWhenNoSteps": false}, "ReleaseLabel": "x", "Nope": 1}`
	_, problems := awsemr.ParseTemplate(json.RawMessage(raw), "ex<ploration")
	var got []string
	for _, p := range problems {
		got = append(got, p.Path)
	}
	want := []string{
		"$.run_job_flow.Nope", "$.run_job_flow.JobFlowRole", "$.run_job_flow.ServiceRole", "$.name", "$.run_job_flow.ReleaseLabel",
		"$.run_job_flow.Instances.KeepJobFlowAliveWhenNoSteps", "$.run_job_flow.Instances.InstanceGroups",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseTemplateWarnsOfSpotWhereDataLives(t *testing.T) {
	t.Parallel()
	got := parse(t, strings.ReplaceAll(example(t), "ON_DEMAND", "SPOT")).Warnings
	if len(got) != 2 || !strings.HasPrefix(got[0], "$.run_job_flow.Instances.InstanceGroups[0].Market: SPOT") {
		t.Error(got)
	}
}

func TestShape(t *testing.T) {
	t.Parallel()
	const worker = `"InstanceType": "r6g.xlarge"`
	policy := example(t)[strings.Index(example(t), `"ManagedScalingPolicy"`):strings.Index(example(t), `"Tags"`)]
	for _, tt := range []struct {
		name, from, to string
		want           lifecycle.Shape
	}{
		{"scaled", label, label, lifecycle.Shape{Nodes: []lifecycle.Node{{Type: "m6g.xlarge", Min: 1, Max: 1}, {Type: "r6g.xlarge", Min: 2, Max: 6}}}},
		{"one_type", worker, `"InstanceType": "m6g.xlarge"`, lifecycle.Shape{Nodes: []lifecycle.Node{{Type: "m6g.xlarge", Min: 3, Max: 7}}}},
		{"fixed", policy, "", lifecycle.Shape{Nodes: []lifecycle.Node{{Type: "m6g.xlarge", Min: 1, Max: 1}, {Type: "r6g.xlarge", Min: 2, Max: 2}}}},
		{
			"vcpus", `"UnitType": "Instances"`, `"UnitType": "VCPU"`,
			lifecycle.Shape{Nodes: []lifecycle.Node{{Type: "m6g.xlarge", Min: 1, Max: 1}, {Type: "r6g.xlarge", Min: 1, Max: 2}}},
		},
		{
			"steps", label, label + `, "Steps": [{"Name": "s", "HadoopJarStep": {"Jar": "command-runner.jar"}}]`,
			lifecycle.Shape{HasSteps: true, Nodes: []lifecycle.Node{{Type: "m6g.xlarge", Min: 1, Max: 1}, {Type: "r6g.xlarge", Min: 2, Max: 6}}},
		},
		{
			"task_type", groups, groups + `{"InstanceRole": "TASK", "InstanceType": "c6g.xlarge", "InstanceCount": 0},`,
			lifecycle.Shape{Nodes: []lifecycle.Node{
				{Type: "c6g.xlarge", Max: 6}, {Type: "m6g.xlarge", Min: 1, Max: 1}, {Type: "r6g.xlarge", Max: 2},
			}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, parse(t, changed(t, example(t), tt.from, tt.to)).Shape()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestShapeOfFleets(t *testing.T) {
	t.Parallel()
	raw := `{"ReleaseLabel": "emr-spark-8.0.0", "ServiceRole": "s", "JobFlowRole": "j", "LogUri": "s3://b/", "Name": "exploration",
		"Instances": {"KeepJobFlowAliveWhenNoSteps": true, "InstanceFleets": [
			{"InstanceFleetType": "MASTER", "TargetOnDemandCapacity": 1, "InstanceTypeConfigs": [{"InstanceType": "m6g.xlarge"}]},
			{"InstanceFleetType": "CORE", "TargetOnDemandCapacity": 5, "InstanceTypeConfigs": [
				{"InstanceType": "r6g.xlarge"}, {"InstanceType": "r6g.2xlarge", "WeightedCapacity": 2}]}]}}`
	want := lifecycle.Shape{Nodes: []lifecycle.Node{
		{Type: "m6g.xlarge", Min: 1, Max: 1}, {Type: "r6g.2xlarge", Max: 3}, {Type: "r6g.xlarge", Max: 5},
	}}
	if diff := cmp.Diff(want, parse(t, raw).Shape()); diff != "" {
		t.Error(diff)
	}
}
