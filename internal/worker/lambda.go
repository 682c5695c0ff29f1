package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"showtime/internal/queue"
)

// tickVersion is the version of the scheduled tick this build understands.
const tickVersion = 1

// invocation is as much of a Lambda event as tells the three kinds apart.
type invocation struct {
	Records    []json.RawMessage `json:"Records"`
	Source     string            `json:"source"`
	DetailType string            `json:"detail-type"`
	V          int               `json:"v"`
	Kind       string            `json:"kind"`
}

// Lambda handles one invocation: a batch of SQS messages, an EMR state change, or the tick.
func (w *Worker) Lambda(ctx context.Context, raw json.RawMessage) (any, error) {
	var in invocation
	if err := json.Unmarshal(raw, &in); err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	switch {
	case len(in.Records) > 0:
		return w.batch(ctx, raw)
	case in.Source == "aws.emr" && in.DetailType == "EMR Cluster State Change":
		return nil, w.Tick(ctx) // a poke carries no orders: whatever it says, EMR is asked
	case in.Kind == "tick" && in.V == tickVersion:
		return nil, w.Tick(ctx)
	}
	return nil, errors.New("event is of no known kind")
}

// batch does the records of an SQS event in their order. After a failure the later records of the same
// group are given back untouched, so that their order holds.
func (w *Worker) batch(ctx context.Context, raw json.RawMessage) (events.SQSEventResponse, error) {
	var in events.SQSEvent
	if err := json.Unmarshal(raw, &in); err != nil {
		return events.SQSEventResponse{}, fmt.Errorf("read SQS event: %w", err)
	}
	out := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	failed := map[string]bool{}
	for _, m := range in.Records {
		d := delivery(m)
		if m.EventSource != "aws:sqs" || failed[d.Group] || w.Deliver(ctx, d) != nil {
			failed[d.Group] = true
			out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return out, nil
}

// delivery is an SQS message as the queue package sees it. A count that cannot be read counts as the
// last, so that a person is rather told twice than never.
func delivery(m events.SQSMessage) queue.Delivery {
	receives, err := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	if err != nil {
		receives = queue.MaxReceives
	}
	sent, err := strconv.ParseInt(m.Attributes["SentTimestamp"], 10, 64)
	if err != nil {
		sent = 0
	}
	return queue.Delivery{
		Body: []byte(m.Body), Group: m.Attributes["MessageGroupId"],
		DedupeID: m.Attributes["MessageDeduplicationId"], Receives: receives, SentAt: time.UnixMilli(sent),
	}
}
