package sqsqueue

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"showtime/internal/queue"
)

// Facts reads how the queue is set up.
func (s *Sender) Facts(ctx context.Context) (queue.Facts, error) {
	out, err := s.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &s.url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return queue.Facts{}, fmt.Errorf("read queue attributes: %w", err)
	}
	get := func(name types.QueueAttributeName) string { return out.Attributes[string(name)] }
	f := queue.Facts{FIFO: get(types.QueueAttributeNameFifoQueue) == "true"}
	if seconds, err := strconv.Atoi(get(types.QueueAttributeNameVisibilityTimeout)); err == nil {
		f.Visibility = time.Duration(seconds) * time.Second
	}
	policy := get(types.QueueAttributeNameRedrivePolicy)
	if policy == "" {
		return f, nil
	}
	var redrive struct {
		Target string `json:"deadLetterTargetArn"`
		// SQS gives back a number, and whoever sets it may have written a string.
		Most json.RawMessage `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(policy), &redrive); err != nil {
		return f, fmt.Errorf("read redrive policy: %w", err)
	}
	f.DeadLetters = redrive.Target
	if f.MaxReceives, err = strconv.Atoi(strings.Trim(string(redrive.Most), `"`)); err != nil {
		return f, fmt.Errorf("read redrive policy: %w", err)
	}
	return f, nil
}
