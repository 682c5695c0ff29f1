package moto

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"showtime/test/template"
)

// Stack is template.yaml as moto's CloudFormation has made it: translated by SAM, with its own names, functions,
// roles, tables and queues. moto knows neither HTTP APIs nor schedules, alarms, dashboards, filters and queries, and
// leaves them out.
type Stack struct {
	Table, QueueURL, DeadLetterURL string
	// ManagerTable is empty without a lifecycle manager.
	ManagerTable string
	// Template is the file, with the stack's parameters and names.
	Template *template.Template
	deployed *template.Template // translated
	server   *Server
}

// filledIn is what an operator must fill in; the roles are those that clusters/exploration.json names.
func filledIn() map[string]string {
	return map[string]string{
		"EmrServiceRoleArn":  "arn:aws:iam::123456789012:role/EMR_DefaultRole_V2",
		"EmrInstanceRoleArn": "arn:aws:iam::123456789012:role/EMR_EC2_Exploration",
		"Channels":           "C1", "Admins": "U1",
		"LifecycleClusters": "exploration", // moto makes a list of a value, but not of a default
	}
}

// Deploy makes a stack of template.yaml. Stacks of different names share nothing; parameters are the template's.
func (s *Server) Deploy(tb testing.TB, name string, parameters map[string]string) *Stack {
	tb.Helper()
	values := filledIn()
	maps.Copy(values, parameters)
	form := url.Values{"Action": {"CreateStack"}, "StackName": {name}, "TemplateBody": {body(tb)}, "Capabilities.member.1": {"CAPABILITY_IAM"}}
	i := 0
	for key, value := range values {
		i++
		form.Set(fmt.Sprintf("Parameters.member.%d.ParameterKey", i), key)
		form.Set(fmt.Sprintf("Parameters.member.%d.ParameterValue", i), value)
	}
	s.query(tb, "cloudformation", form, nil)
	maps.Copy(values, s.resources(tb, name))
	values["AWS::StackName"], values["AWS::Region"] = name, region
	stack := &Stack{
		Table: values["Table"], QueueURL: values["Queue"], DeadLetterURL: values["DeadLetterQueue"], ManagerTable: values["LifecycleTable"], server: s,
	}
	stack.read(tb, values)
	stack.keep(tb)
	return stack
}

// read reads the template, as it is and translated, with what exists now.
func (k *Stack) read(tb testing.TB, values map[string]string) {
	tb.Helper()
	translated, err := template.Translate()
	if err != nil {
		tb.Fatal(err)
	}
	if k.Template, err = template.Load(values); err != nil {
		tb.Fatal(err)
	}
	if k.deployed, err = template.Parse(translated, values); err != nil {
		tb.Fatal(err)
	}
}

// body is the translated template without what moto stumbles over: it has no HTTP API to name in an output, cannot
// say what an alarm's ARN is, looks for zips although it runs none, and through an event source mapping would take jobs for functions that it cannot run.
func body(tb testing.TB) string {
	tb.Helper()
	data, err := template.Translate()
	if err != nil {
		tb.Fatal(err)
	}
	var all map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		tb.Fatalf("read translated template: %v", err)
	}
	maps.DeleteFunc(template.Map(all, "Outputs"), func(_ string, o any) bool {
		text := fmt.Sprint(o)
		return strings.Contains(text, "Api") || strings.Contains(text, "Dashboard")
	})
	maps.DeleteFunc(template.Map(all, "Resources"), func(_ string, r any) bool {
		if template.Map(r)["Type"] == "AWS::Lambda::Function" {
			template.Map(r, "Properties")["Code"] = map[string]string{"ZipFile": "none"}
		}
		return slices.Contains([]any{"AWS::CloudWatch::Dashboard", "AWS::Lambda::EventSourceMapping"}, template.Map(r)["Type"])
	})
	data, err = json.Marshal(all)
	if err != nil {
		tb.Fatal(err)
	}
	return string(data)
}

// resources gives what a stack's resources are really called, by their names in the template, and the ARNs of
// tables and queues.
func (s *Server) resources(tb testing.TB, stack string) map[string]string {
	tb.Helper()
	var out struct {
		Resources []struct {
			LogicalResourceID  string `xml:"LogicalResourceId"`
			PhysicalResourceID string `xml:"PhysicalResourceId"`
			ResourceType       string
		} `xml:"ListStackResourcesResult>StackResourceSummaries>member"`
	}
	s.query(tb, "cloudformation", url.Values{"Action": {"ListStackResources"}, "StackName": {stack}}, &out)
	names := map[string]string{}
	for _, r := range out.Resources {
		names[r.LogicalResourceID] = r.PhysicalResourceID
		switch r.ResourceType {
		case "AWS::DynamoDB::Table":
			names[r.LogicalResourceID+".Arn"] = ARN("dynamodb", "table/"+r.PhysicalResourceID)
		case "AWS::SQS::Queue":
			names[r.LogicalResourceID+".Arn"] = ARN("sqs", path.Base(r.PhysicalResourceID))
		}
	}
	return names
}

// ARN names something of moto's account.
func ARN(service, name string) string {
	return "arn:aws:" + service + ":" + region + ":123456789012:" + name
}

// keep sets what moto's CloudFormation forgets of the tables: that records expire, and that a table can be restored.
func (k *Stack) keep(tb testing.TB) {
	tb.Helper()
	for name, table := range map[string]string{"Table": k.Table, "LifecycleTable": k.ManagerTable} {
		if table == "" {
			continue
		}
		properties, err := k.Template.Properties(name)
		if err != nil {
			tb.Fatal(err)
		}
		ttl := dynamodb.UpdateTimeToLiveInput{TableName: &table, TimeToLiveSpecification: &dynamotypes.TimeToLiveSpecification{}}
		convert(tb, properties["TimeToLiveSpecification"], ttl.TimeToLiveSpecification)
		restore := dynamodb.UpdateContinuousBackupsInput{TableName: &table, PointInTimeRecoverySpecification: &dynamotypes.PointInTimeRecoverySpecification{}}
		convert(tb, properties["PointInTimeRecoverySpecification"], restore.PointInTimeRecoverySpecification)
		client := dynamodb.NewFromConfig(k.server.Config())
		if _, err := client.UpdateTimeToLive(tb.Context(), &ttl); err != nil {
			tb.Fatalf("set time to live: %v", err)
		}
		if _, err := client.UpdateContinuousBackups(tb.Context(), &restore); err != nil {
			tb.Fatalf("set point-in-time recovery: %v", err)
		}
	}
}

// convert takes properties as they are: CloudFormation's names are the API's, and so the SDK's.
func convert(tb testing.TB, from, into any) {
	tb.Helper()
	data, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		tb.Fatalf("convert properties: %v", err)
	}
}

// Environ gives what the stack's function has in its environment, moto instead of AWS included.
func (k *Stack) Environ(tb testing.TB, function string) map[string]string {
	tb.Helper()
	var out struct {
		Environment struct{ Variables map[string]string }
	}
	answer, err := k.server.ask(tb.Context(), "lambda", http.MethodGet, "/2015-03-31/functions/"+k.Name(tb, function)+"/configuration", "application/json", nil)
	if err == nil {
		err = json.Unmarshal(answer, &out)
	}
	if err != nil || len(out.Environment.Variables) == 0 {
		tb.Fatalf("read the environment of %s: %v, %s", function, err, answer)
	}
	maps.Copy(out.Environment.Variables, k.server.Environ())
	return out.Environment.Variables
}

// Statements gives what a role of the stack may and may not do. moto keeps the policies, and asks for none.
func (k *Stack) Statements(tb testing.TB, role string) []template.Statement {
	tb.Helper()
	all, err := k.deployed.Statements(role)
	if err != nil {
		tb.Fatal(err)
	}
	return all
}

// Name is what a resource is really called.
func (k *Stack) Name(tb testing.TB, resource string) string {
	tb.Helper()
	name, err := k.Template.Resolve(template.Call{Fn: "Ref", Arg: resource})
	if err != nil {
		tb.Fatal(err)
	}
	return fmt.Sprint(name)
}

// PutSecrets stores Slack's two secrets where the functions look for them.
func (k *Stack) PutSecrets(tb testing.TB, signingSecret, botToken string) {
	tb.Helper()
	path := k.Environ(tb, "Receiver")["SLACK_SECRET_PATH"]
	client := ssm.NewFromConfig(k.server.Config())
	for name, value := range map[string]string{"signing-secret": signingSecret, "bot-token": botToken} {
		_, err := client.PutParameter(tb.Context(), &ssm.PutParameterInput{
			Name: aws.String(path + "/" + name), Value: aws.String(value),
			Type: ssmtypes.ParameterTypeSecureString, Overwrite: aws.Bool(true),
		})
		if err != nil {
			tb.Fatalf("put secret: %v", err)
		}
	}
}
