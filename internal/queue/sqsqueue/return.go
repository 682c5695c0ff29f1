package sqsqueue

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// ReturnAPI is what giving a message back needs of SQS.
type ReturnAPI interface {
	ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, opts ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error)
}

var _ ReturnAPI = (*sqs.Client)(nil)

// Returner gives back messages of one queue that somebody else received, such as Lambda.
type Returner struct {
	client ReturnAPI
	url    string
}

// NewReturner makes a Returner for the queue with this URL.
func NewReturner(client ReturnAPI, url string) *Returner { return &Returner{client, url} }

// Return makes a received message visible again after a while, rounded up to whole seconds.
func (r *Returner) Return(ctx context.Context, receipt string, after time.Duration) error {
	_, err := r.client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
		QueueUrl: &r.url, ReceiptHandle: &receipt, VisibilityTimeout: seconds(after),
	})
	if err != nil {
		return fmt.Errorf("give message back: %w", err)
	}
	return nil
}
