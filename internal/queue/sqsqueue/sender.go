// Package sqsqueue is the queue in AWS: a FIFO queue of SQS. The receiver links its Sender, so nothing
// heavier than the SQS module may be imported here; the Consumer is for a process that polls.
package sqsqueue

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"showtime/internal/queue"
)

// SenderAPI is what sending needs of SQS.
type SenderAPI interface {
	SendMessage(ctx context.Context, in *sqs.SendMessageInput, opts ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput, opts ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

var _ SenderAPI = (*sqs.Client)(nil)

// Sender sends to one queue.
type Sender struct {
	client SenderAPI
	url    string
}

// NewSender gives the sender of the queue with this URL.
func NewSender(client SenderAPI, url string) *Sender { return &Sender{client, url} }

// Send sends a message. The SDK may try several times, which the deduplication id makes safe; after an error
// the message may have been queued all the same.
func (s *Sender) Send(ctx context.Context, m queue.Message) error {
	if err := m.Check(); err != nil {
		return err
	}
	_, err := s.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:               &s.url,
		MessageBody:            aws.String(string(m.Body)),
		MessageGroupId:         &m.Group,
		MessageDeduplicationId: &m.DedupeID,
	})
	if err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

// Check says whether the queue answers.
func (s *Sender) Check(ctx context.Context) error {
	_, err := s.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &s.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameQueueArn},
	})
	if err != nil {
		return fmt.Errorf("check queue: %w", err)
	}
	return nil
}
