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

// giveBackWithin is how long giving failed messages back may take; it is what a job that used all its
// time, and telling its person, leave of an invocation.
const giveBackWithin = 2 * time.Second

// Returner gives a message back to its queue, visible again after a while, before the time for which it
// was handed out is over.
type Returner interface {
	Return(ctx context.Context, receipt string, after time.Duration) error
}

// Returning gives the same worker, which also gives back early what fails in a batch of SQS messages.
// Without it such a message stays hidden for the queue's whole visibility timeout.
func (w *Worker) Returning(q Returner) *Worker {
	returning := *w
	returning.returner = q
	return &returning
}

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
	back := map[string]time.Duration{} // by group, so that a whole group is visible again at once
	var failed []events.SQSMessage
	for _, m := range in.Records {
		d := delivery(m)
		_, behind := back[d.Group]
		if !behind && m.EventSource == "aws:sqs" && w.Deliver(ctx, d) == nil {
			continue
		}
		if !behind {
			back[d.Group] = wait(d)
		}
		failed = append(failed, m)
		out.BatchItemFailures = append(out.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
	}
	w.giveBack(ctx, failed, back)
	return out, nil
}

// wait is how long a message that failed stays hidden. After its last receive SQS puts it aside as soon
// as it is visible.
func wait(d queue.Delivery) time.Duration {
	if queue.Last(d) {
		return 0
	}
	return queue.Backoff(d.Receives)
}

// giveBack makes failed messages visible before their time. It is only a favour: without it they come
// again when the visibility timeout is over.
func (w *Worker) giveBack(ctx context.Context, failed []events.SQSMessage, after map[string]time.Duration) {
	if w.returner == nil {
		return
	}
	err := guard(ctx, giveBackWithin, func(ctx context.Context) error {
		var errs []error
		for _, m := range failed {
			errs = append(errs, w.returner.Return(ctx, m.ReceiptHandle, after[m.Attributes["MessageGroupId"]]))
		}
		return errors.Join(errs...)
	})
	if err != nil {
		w.log.Warn().Err(err).Msg("message is not given back early")
	}
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
