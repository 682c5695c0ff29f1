//go:build moto

package moto_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"showtime/test/moto"
)

func TestStackIsWhatTheTemplateSays(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	stack := server.Deploy(t, "one", map[string]string{"Channels": "C1", "Admins": "U1"})

	queue, err := sqs.NewFromConfig(server.Config()).GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &stack.QueueURL, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := queue.Attributes["VisibilityTimeout"]; got != "360" {
		t.Errorf("visibility timeout: got %s, want 360", got)
	}
	if got := queue.Attributes["RedrivePolicy"]; got == "" {
		t.Error("the queue has no dead-letter queue")
	}
	table, err := dynamodb.NewFromConfig(server.Config()).DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &stack.Table})
	if err != nil {
		t.Fatal(err)
	}
	if got := len(table.Table.KeySchema); got != 2 {
		t.Errorf("keys: got %d, want 2", got)
	}
	if got := stack.Environ(t, "Receiver")["SHOWTIME_QUEUE_URL"]; got != stack.QueueURL {
		t.Errorf("the receiver's queue: got %q, want %q", got, stack.QueueURL)
	}
}

func TestStacksShareNothingAndResetForgets(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	one, two := server.Deploy(t, "one", nil), server.Deploy(t, "two", nil)
	if one.QueueURL == two.QueueURL || one.Table == two.Table {
		t.Errorf("two stacks share %q or %q", one.QueueURL, one.Table)
	}
	server.Reset(t)
	queues, err := sqs.NewFromConfig(server.Config()).ListQueues(t.Context(), &sqs.ListQueuesInput{})
	if err != nil {
		t.Fatal(err)
	}
	if len(queues.QueueUrls) != 0 {
		t.Errorf("after a reset there are %v", queues.QueueUrls)
	}
}
