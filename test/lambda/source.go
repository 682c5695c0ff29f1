//go:build lambda

package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Source is an SQS event source mapping with ReportBatchItemFailures: it takes messages from a queue,
// invokes a function with them, and deletes those that the function did.
//
// Unless it is patient it spares the test the visibility timeout: what failed is visible again at once.
type Source struct {
	Client    *sqs.Client
	QueueURL  string
	QueueARN  string
	BatchSize int32
	Function  *Function
	Patient   bool
}

// Drain hands messages over until the queue gives none, and says how many were handed over and how many
// of these failed. A message that keeps failing ends in the dead-letter queue.
func (s *Source) Drain(ctx context.Context) (delivered, failed int, err error) {
	for {
		n, bad, err := s.Once(ctx)
		delivered, failed = delivered+n, failed+bad
		if err != nil || n == 0 {
			return delivered, failed, err
		}
	}
}

// Once hands one batch over.
func (s *Source) Once(ctx context.Context) (delivered, failed int, err error) {
	batch, err := s.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &s.QueueURL, MaxNumberOfMessages: s.BatchSize,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return 0, 0, fmt.Errorf("receive: %w", err)
	}
	if len(batch.Messages) == 0 {
		return 0, 0, nil
	}
	payload, err := s.Function.Invoke(ctx, s.event(batch.Messages))
	failures, err := s.failures(batch.Messages, payload, err)
	if err != nil {
		return 0, 0, err
	}
	for _, m := range batch.Messages {
		if err := s.settle(ctx, m, slices.Contains(failures, *m.MessageId)); err != nil {
			return 0, 0, err
		}
	}
	return len(batch.Messages), len(failures), nil
}

func (s *Source) event(messages []types.Message) events.SQSEvent {
	var event events.SQSEvent
	for _, m := range messages {
		record := events.SQSMessage{
			MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes,
			MessageAttributes: map[string]events.SQSMessageAttribute{},
			EventSource:       "aws:sqs", EventSourceARN: s.QueueARN, AWSRegion: "eu-central-1",
		}
		if m.MD5OfBody != nil {
			record.Md5OfBody = *m.MD5OfBody
		}
		for name, value := range m.MessageAttributes {
			record.MessageAttributes[name] = events.SQSMessageAttribute{StringValue: value.StringValue, BinaryValue: value.BinaryValue, DataType: *value.DataType}
		}
		event.Records = append(event.Records, record)
	}
	return event
}

// failures reads the answer by Lambda's rules: a function that fails, an answer that cannot be read and
// an id that was not in the batch fail the whole batch.
func (s *Source) failures(messages []types.Message, payload []byte, invokeErr error) ([]string, error) {
	var all, some []string
	for _, m := range messages {
		all = append(all, *m.MessageId)
	}
	if _, failed := errors.AsType[*FunctionError](invokeErr); failed {
		return all, nil
	}
	if invokeErr != nil {
		return nil, invokeErr
	}
	var answer events.SQSEventResponse
	if err := json.Unmarshal(payload, &answer); err != nil {
		return all, nil //nolint:nilerr // that is Lambda's rule
	}
	for _, f := range answer.BatchItemFailures {
		if !slices.Contains(all, f.ItemIdentifier) {
			return all, nil
		}
		some = append(some, f.ItemIdentifier)
	}
	return some, nil
}

func (s *Source) settle(ctx context.Context, m types.Message, failed bool) error {
	if failed && s.Patient {
		return nil
	}
	if failed {
		_, err := s.Client.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: &s.QueueURL, ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: 0,
		})
		if err != nil {
			return fmt.Errorf("give back: %w", err)
		}
		return nil
	}
	if _, err := s.Client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &s.QueueURL, ReceiptHandle: m.ReceiptHandle}); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}
