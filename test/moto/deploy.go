package moto

import (
	"encoding/json"
	"fmt"
	"maps"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"showtime/test/template"
)

// Stack is what of template.yaml exists in moto.
type Stack struct {
	Table, QueueURL, DeadLetterURL string
	Template                       *template.Template
	server                         *Server
}

// Deploy makes the table and the queues of template.yaml. Stacks of different names share nothing;
// parameters are the template's.
func (s *Server) Deploy(tb testing.TB, name string, parameters map[string]string) *Stack {
	tb.Helper()
	values := map[string]string{"AWS::StackName": name, "AWS::Region": region}
	maps.Copy(values, parameters)
	stack := &Stack{Table: name + "-table", server: s}
	values["Table"] = stack.Table
	stack.createTable(tb, load(tb, values))
	stack.DeadLetterURL, values["DeadLetterQueue.Arn"] = stack.createQueue(tb, load(tb, values), "DeadLetterQueue")
	stack.QueueURL, values["Queue.Arn"] = stack.createQueue(tb, load(tb, values), "Queue")
	values["Queue"], values["DeadLetterQueue"] = stack.QueueURL, stack.DeadLetterURL
	stack.Template = load(tb, values)
	return stack
}

// Environ gives what a function of the template has in its environment, moto instead of AWS included.
func (k *Stack) Environ(tb testing.TB, function string) map[string]string {
	tb.Helper()
	env, err := k.Template.Environment(function)
	if err != nil {
		tb.Fatal(err)
	}
	maps.Copy(env, k.server.Environ())
	return env
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

func load(tb testing.TB, values map[string]string) *template.Template {
	tb.Helper()
	t, err := template.Load(values)
	if err != nil {
		tb.Fatal(err)
	}
	return t
}

func resource(tb testing.TB, t *template.Template, name string) map[string]any {
	tb.Helper()
	p, err := t.Properties(name)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// createTable takes the properties as they are: CloudFormation's names are the API's, and so the SDK's.
func (k *Stack) createTable(tb testing.TB, t *template.Template) {
	tb.Helper()
	properties := resource(tb, t, "Table")
	client := dynamodb.NewFromConfig(k.server.Config())
	var in dynamodb.CreateTableInput
	for from, into := range map[string]any{
		"AttributeDefinitions": &in.AttributeDefinitions, "KeySchema": &in.KeySchema, "BillingMode": &in.BillingMode,
	} {
		convert(tb, properties[from], into)
	}
	in.TableName = aws.String(k.Table)
	if _, err := client.CreateTable(tb.Context(), &in); err != nil {
		tb.Fatalf("create table: %v", err)
	}
	var ttl dynamotypes.TimeToLiveSpecification
	convert(tb, properties["TimeToLiveSpecification"], &ttl)
	_, err := client.UpdateTimeToLive(tb.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: in.TableName, TimeToLiveSpecification: &ttl})
	if err != nil {
		tb.Fatalf("set time to live: %v", err)
	}
	var recovery dynamotypes.PointInTimeRecoverySpecification
	convert(tb, properties["PointInTimeRecoverySpecification"], &recovery)
	_, err = client.UpdateContinuousBackups(tb.Context(), &dynamodb.UpdateContinuousBackupsInput{TableName: in.TableName, PointInTimeRecoverySpecification: &recovery})
	if err != nil {
		tb.Fatalf("set point-in-time recovery: %v", err)
	}
}

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

// createQueue makes a queue whose attributes are its properties, and gives its URL and its ARN.
func (k *Stack) createQueue(tb testing.TB, t *template.Template, name string) (url, arn string) {
	tb.Helper()
	attributes := map[string]string{}
	for key, value := range resource(tb, t, name) {
		switch v := value.(type) {
		case map[string]any:
			data, err := json.Marshal(v)
			if err != nil {
				tb.Fatal(err)
			}
			attributes[key] = string(data)
		default:
			attributes[key] = fmt.Sprint(v)
		}
	}
	queueName := attributes["QueueName"]
	delete(attributes, "QueueName")
	client := sqs.NewFromConfig(k.server.Config())
	queue, err := client.CreateQueue(tb.Context(), &sqs.CreateQueueInput{QueueName: &queueName, Attributes: attributes})
	if err != nil {
		tb.Fatalf("create queue: %v", err)
	}
	got, err := client.GetQueueAttributes(tb.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: queue.QueueUrl, AttributeNames: []sqstypes.QueueAttributeName{sqstypes.QueueAttributeNameQueueArn},
	})
	if err != nil {
		tb.Fatalf("read queue: %v", err)
	}
	return *queue.QueueUrl, got.Attributes["QueueArn"]
}
