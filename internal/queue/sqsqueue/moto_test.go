//go:build moto

package sqsqueue

import (
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"showtime/internal/queue"
	"showtime/internal/queue/queuetest"
	"showtime/internal/store/mototest"
)

type both struct {
	*Sender
	*Consumer
}

func TestContract_moto(t *testing.T) {
	t.Parallel()
	client := sqs.NewFromConfig(mototest.Start(t))
	receives := mototest.Template(t, `maxReceiveCount: (\d+)`)[0]
	hidden := mototest.Template(t, `Type: AWS::SQS::Queue\n(?:    .*\n)*?      VisibilityTimeout: (\d+)`)[0]
	if receives != strconv.Itoa(queue.MaxReceives) || hidden != strconv.Itoa(int(queue.VisibilityTimeout/time.Second)) {
		t.Errorf("the template has %s receives and %s s hidden, the code %d and %v",
			receives, hidden, queue.MaxReceives, queue.VisibilityTimeout)
	}
	create := func(t *testing.T, name string, attrs map[string]string) string {
		t.Helper()
		attrs["FifoQueue"] = "true"
		out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String(name + ".fifo"), Attributes: attrs})
		if err != nil {
			t.Fatal(err)
		}
		return *out.QueueUrl
	}
	attribute := func(t *testing.T, url string, name types.QueueAttributeName) string {
		t.Helper()
		out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
			QueueUrl: &url, AttributeNames: []types.QueueAttributeName{name},
		})
		if err != nil {
			t.Fatal(err)
		}
		return out.Attributes[string(name)]
	}
	var queues atomic.Int64
	queuetest.Run(t, false, func(t *testing.T) (queuetest.Queue, func() int) {
		t.Helper()
		name := fmt.Sprint("jobs-", queues.Add(1))
		dead := create(t, name+"-dead", map[string]string{})
		arn := attribute(t, dead, types.QueueAttributeNameQueueArn)
		url := create(t, name, map[string]string{
			"VisibilityTimeout": hidden,
			"RedrivePolicy":     fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%s}`, arn, receives),
		})
		sender := NewSender(client, url)
		if err := sender.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := func(int) time.Duration { return time.Second }
		consumer := NewConsumer(client, url, second, func(err error) { t.Errorf("fault: %v", err) })
		return both{sender, consumer}, func() int {
			n, err := strconv.Atoi(attribute(t, dead, types.QueueAttributeNameApproximateNumberOfMessages))
			if err != nil {
				t.Error(err)
			}
			return n
		}
	})
}
