//go:build lambda

package lambda_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"showtime/internal/queue"
	"showtime/test/lambda"
	"showtime/test/moto"
)

// A message that is never done stands in the dead-letter queue in the end; the good ones of other groups do not wait for it.
func TestSourceDeletesWhatWasDoneAndGivesUpOnWhatWasNot(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	stack := server.Deploy(t, "source", nil)
	client := sqs.NewFromConfig(server.Config())
	for group, body := range map[string]string{"a": "bad", "b": "good", "c": "good"} {
		if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: &stack.QueueURL, MessageBody: &body, MessageGroupId: &group, MessageDeduplicationId: &group}); err != nil {
			t.Fatal(err)
		}
	}
	source := &lambda.Source{Client: client, QueueURL: stack.QueueURL, BatchSize: 1, Function: newSample(t, 10*time.Second)}
	delivered, failed, err := source.Drain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if failed != queue.MaxReceives || delivered != failed+2 {
		t.Errorf("delivered %d, failed %d: want %d failures and 2 more", delivered, failed, queue.MaxReceives)
	}
	dead, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &stack.DeadLetterURL, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameApproximateNumberOfMessages},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := dead.Attributes["ApproximateNumberOfMessages"]; got != "1" {
		t.Errorf("dead letters: got %s, want 1", got)
	}
}
