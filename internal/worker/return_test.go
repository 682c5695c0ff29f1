package worker_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"showtime/internal/job"
	"showtime/internal/worker"
)

// lostAndFound is the returning side of a queue: it notes what is given back.
type lostAndFound struct {
	given []string
	do    func(ctx context.Context) error
}

func (c *lostAndFound) Return(ctx context.Context, receipt string, after time.Duration) error {
	c.given = append(c.given, fmt.Sprint(receipt, " after ", after))
	if c.do != nil {
		return c.do(ctx)
	}
	return nil
}

// idleDesk has nothing to do.
type idleDesk struct{}

func (idleDesk) Do(context.Context, job.Job) error      { return nil }
func (idleDesk) GiveUp(context.Context, job.Job, error) {}
func (idleDesk) Idle(context.Context) (bool, error)     { return true, nil }
func (idleDesk) Tick(context.Context) error             { return nil }
func mute(_ context.Context, _, _ string)               {}
func unreadable(receives int) events.SQSMessage {
	return queued("1", "a", "?", receives)
}

func queued(id, group, body string, receives int) events.SQSMessage {
	return events.SQSMessage{
		MessageId: id, ReceiptHandle: "r" + id, Body: body, EventSource: "aws:sqs", Attributes: map[string]string{
			"MessageGroupId": group, "MessageDeduplicationId": id, "ApproximateReceiveCount": strconv.Itoa(receives), "SentTimestamp": "1700000000500",
		},
	}
}

// handBatch gives a batch to a worker and says which of its messages failed.
func handBatch(t *testing.T, w *worker.Worker, records ...events.SQSMessage) []string {
	t.Helper()
	raw, err := json.Marshal(events.SQSEvent{Records: records})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := w.Lambda(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	var failed []string
	for _, f := range answer.(events.SQSEventResponse).BatchItemFailures {
		failed = append(failed, f.ItemIdentifier)
	}
	return failed
}

func TestBatch_gives_back_early_what_failed(t *testing.T) {
	t.Parallel()
	good := queued("2", "b", readable(t), 1)
	tests := []struct {
		name    string
		records []events.SQSMessage
		want    []string
	}{
		{"done", []events.SQSMessage{good}, nil},
		{"first_time", []events.SQSMessage{unreadable(1)}, []string{"r1 after 2s"}},
		{"third_time", []events.SQSMessage{unreadable(3)}, []string{"r1 after 32s"}},
		{"last_time", []events.SQSMessage{unreadable(5)}, []string{"r1 after 0s"}},
		{"one_of_two_groups", []events.SQSMessage{unreadable(1), good}, []string{"r1 after 2s"}},
		{
			"later_ones_of_its_group_with_it",
			[]events.SQSMessage{unreadable(2), queued("3", "a", readable(t), 1)},
			[]string{"r1 after 8s", "r3 after 8s"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := &lostAndFound{}
			handBatch(t, worker.New(idleDesk{}, nil, zerolog.Nop(), mute).Returning(c), tt.records...)
			if diff := cmp.Diff(tt.want, c.given); diff != "" {
				t.Errorf("given back (-want +got):\n%s", diff)
			}
		})
	}
}

func readable(t *testing.T) string {
	t.Helper()
	body, err := job.Job{ID: "c-1", Kind: job.Status, User: "U1", Channel: "C1"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// What giving back comes to changes nothing about the answer.
func TestBatch_giving_back_is_only_a_favour(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		do   func(ctx context.Context) error
	}{
		{"refused", func(context.Context) error { return errors.New("access denied") }},
		{"panics", func(context.Context) error { panic("on purpose") }},
		{"never_answers", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var log bytes.Buffer
				begin := time.Now()
				w := worker.New(idleDesk{}, nil, zerolog.New(&log), mute).Returning(&lostAndFound{do: tt.do})
				if diff := cmp.Diff([]string{"1"}, handBatch(t, w, unreadable(1))); diff != "" {
					t.Errorf("failures (-want +got):\n%s", diff)
				}
				if took := time.Since(begin); took > 2*time.Second {
					t.Errorf("it took %s of an invocation that may be over", took)
				}
				if !strings.Contains(log.String(), "message is not given back early") {
					t.Errorf("log is %s", &log)
				}
			})
		})
	}
}

func TestBatch_without_a_queue_only_answers(t *testing.T) {
	t.Parallel()
	failed := handBatch(t, worker.New(idleDesk{}, nil, zerolog.Nop(), mute), unreadable(1))
	if diff := cmp.Diff([]string{"1"}, failed); diff != "" {
		t.Errorf("failures (-want +got):\n%s", diff)
	}
}
