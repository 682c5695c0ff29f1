package sqsqueue

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"showtime/internal/queue"
)

// ConsumerAPI is what consuming needs of SQS.
type ConsumerAPI interface {
	ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, opts ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(ctx context.Context, in *sqs.DeleteMessageInput, opts ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
	ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, opts ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error)
}

var _ ConsumerAPI = (*sqs.Client)(nil)

const (
	// longPoll is how long a poll waits, and so how long a stop may have to: a poll that is broken off may
	// take a message with it, which nobody sees again for the queue's whole visibility timeout.
	longPoll     = 5 * time.Second
	pollWithin   = 3 * longPoll     // for SQS to answer one
	afterFault   = 2 * time.Second  // before asking again when SQS cannot be reached
	settleWithin = 10 * time.Second // for deleting or giving back what was handled
)

// Consumer takes messages from one queue.
type Consumer struct {
	client  ConsumerAPI
	url     string
	backoff func(receives int) time.Duration
	onFault func(error)
}

// NewConsumer gives a consumer of the queue with this URL. Faults of SQS, which it outlives, go to onFault.
func NewConsumer(client ConsumerAPI, url string, backoff func(receives int) time.Duration, onFault func(error)) *Consumer {
	return &Consumer{client, url, backoff, onFault}
}

// Run hands messages to the handler, several groups at once, until the context ends; then it waits for the
// handlings under way, whose context lives on, bounded by queue.HandleTimeout each.
//
// Messages are received one by one. In a batch, the messages behind a failing one of their group would be
// counted as received each time without being handled, and die with it.
func (c *Consumer) Run(ctx context.Context, workers int, handle func(context.Context, queue.Delivery) error) error {
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for ctx.Err() == nil {
				if err := c.poll(ctx, handle); err != nil && ctx.Err() == nil {
					c.onFault(err)
					pause(ctx, afterFault)
				}
			}
		})
	}
	wg.Wait()
	return nil
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// poll waits for one message and handles it. A stop breaks neither off.
func (c *Consumer) poll(ctx context.Context, handle func(context.Context, queue.Delivery) error) error {
	ctx = context.WithoutCancel(ctx)
	asking, cancel := context.WithTimeout(ctx, pollWithin)
	defer cancel()
	out, err := c.client.ReceiveMessage(asking, &sqs.ReceiveMessageInput{
		QueueUrl:            &c.url,
		MaxNumberOfMessages: 1,
		WaitTimeSeconds:     int32(longPoll / time.Second),
		VisibilityTimeout:   int32(queue.VisibilityTimeout / time.Second),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{
			types.MessageSystemAttributeNameMessageGroupId, types.MessageSystemAttributeNameMessageDeduplicationId,
			types.MessageSystemAttributeNameApproximateReceiveCount, types.MessageSystemAttributeNameSentTimestamp,
		},
	})
	if err != nil {
		return fmt.Errorf("receive message: %w", err)
	}
	for _, m := range out.Messages {
		if err := c.deliver(ctx, m, handle); err != nil {
			return err
		}
	}
	return nil
}

// deliver handles one message, then deletes it or lets it come again after a while.
func (c *Consumer) deliver(ctx context.Context, m types.Message, handle func(context.Context, queue.Delivery) error) error {
	d := delivery(m)
	handled := c.handle(ctx, d, handle)
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	if handled == nil {
		if _, err := c.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &c.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
			return fmt.Errorf("delete message: %w", err)
		}
		return nil
	}
	var wait time.Duration // after the last receive SQS moves it to the dead-letter queue when it becomes visible
	if !queue.Last(d) {
		wait = c.backoff(d.Receives)
	}
	_, err := c.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &c.url, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds(wait),
	})
	if err != nil {
		return fmt.Errorf("give message back: %w", err)
	}
	return nil
}

func (*Consumer) handle(ctx context.Context, d queue.Delivery, handle func(context.Context, queue.Delivery) error) error {
	ctx, cancel := context.WithTimeout(ctx, queue.HandleTimeout)
	defer cancel()
	return handle(ctx, d)
}

// seconds rounds up, because SQS knows whole seconds only.
func seconds(d time.Duration) int32 {
	return int32(min((d+time.Second-1)/time.Second, 43200)) //nolint:gosec // SQS's upper bound
}

// delivery reads what SQS says about a message. A receive count that cannot be read counts as the last one,
// so that the person is told rather than forgotten.
func delivery(m types.Message) queue.Delivery {
	receives, err := strconv.Atoi(m.Attributes[string(types.MessageSystemAttributeNameApproximateReceiveCount)])
	if err != nil {
		receives = queue.MaxReceives
	}
	d := queue.Delivery{
		Body:     []byte(aws.ToString(m.Body)),
		Group:    m.Attributes[string(types.MessageSystemAttributeNameMessageGroupId)],
		DedupeID: m.Attributes[string(types.MessageSystemAttributeNameMessageDeduplicationId)],
		Receives: receives,
	}
	if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		d.SentAt = time.UnixMilli(ms)
	}
	return d
}
