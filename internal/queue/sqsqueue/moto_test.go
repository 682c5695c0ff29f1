//go:build moto

package sqsqueue

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"showtime/internal/queue"
	"showtime/internal/queue/queuetest"
	"showtime/test/moto"
)

type both struct {
	*Sender
	*Consumer
}

func TestContract_moto(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	client := sqs.NewFromConfig(server.Config())
	var stacks atomic.Int64
	queuetest.Run(t, false, func(t *testing.T) (queuetest.Queue, func() int) {
		t.Helper()
		stack := server.Deploy(t, fmt.Sprint("queue-", stacks.Add(1)), nil)
		sender := NewSender(client, stack.QueueURL)
		if err := sender.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		second := func(int) time.Duration { return time.Second }
		consumer := NewConsumer(client, stack.QueueURL, second, func(err error) { t.Errorf("fault: %v", err) })
		return both{sender, consumer}, func() int {
			return number(t, attributes(t, client, stack.DeadLetterURL)["ApproximateNumberOfMessages"])
		}
	})
}

func TestTemplate_agrees_with_the_code(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	attrs := attributes(t, sqs.NewFromConfig(server.Config()), server.Deploy(t, "agrees", nil).QueueURL)
	if got, want := number(t, attrs["VisibilityTimeout"]), int(queue.VisibilityTimeout/time.Second); got != want {
		t.Errorf("visibility timeout = %d s, want %d", got, want)
	}
	var redrive struct {
		MaxReceiveCount json.Number `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(attrs["RedrivePolicy"]), &redrive); err != nil {
		t.Fatal(err)
	}
	if got := number(t, redrive.MaxReceiveCount.String()); got != queue.MaxReceives {
		t.Errorf("receives = %d, want %d", got, queue.MaxReceives)
	}
}

func attributes(t *testing.T, client *sqs.Client, url string) map[string]string {
	t.Helper()
	out, err := client.GetQueueAttributes(t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Attributes
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// What template.yaml makes is read as it is meant.
func TestFacts_moto(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	stack := server.Deploy(t, "facts", nil)
	got, err := NewSender(sqs.NewFromConfig(server.Config()), stack.QueueURL).Facts(t.Context())
	if err != nil || !got.FIFO || got.Visibility != queue.VisibilityTimeout || got.MaxReceives != queue.MaxReceives || !strings.HasSuffix(got.DeadLetters, ".fifo") {
		t.Errorf("%+v, %v", got, err)
	}
}
