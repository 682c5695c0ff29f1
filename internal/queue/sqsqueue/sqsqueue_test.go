package sqsqueue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"showtime/internal/queue"
)

const testURL = "https://sqs.example/1/jobs.fifo"

var errDown = errors.New("SQS is down")

// fakeSQS records what is asked of it; its channels and errors are set before use.
type fakeSQS struct {
	sent     *sqs.SendMessageInput
	asked    []*sqs.ReceiveMessageInput
	messages []types.Message // handed out one by one, then a poll waits its time in vain
	late     *types.Message  // comes to the first poll that waits, at the end of its time
	faults   int             // how many receives fail first
	settled  []string        // deletions and changes of visibility, in order
	err      error           // of everything but receiving
	attrs    map[string]string
}

func (f *fakeSQS) SendMessage(ctx context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	f.sent = in
	return &sqs.SendMessageOutput{}, errors.Join(ctx.Err(), f.err)
}

func (f *fakeSQS) GetQueueAttributes(_ context.Context, in *sqs.GetQueueAttributesInput, _ ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	f.settled = append(f.settled, "attributes of "+*in.QueueUrl)
	return &sqs.GetQueueAttributesOutput{Attributes: f.attrs}, f.err
}

func (f *fakeSQS) ReceiveMessage(ctx context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	f.asked = append(f.asked, in)
	if f.faults > 0 {
		f.faults--
		return nil, errDown
	}
	if len(f.messages) > 0 {
		m := f.messages[0]
		f.messages = f.messages[1:]
		return &sqs.ReceiveMessageOutput{Messages: []types.Message{m}}, nil
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(time.Duration(in.WaitTimeSeconds) * time.Second):
	}
	out := &sqs.ReceiveMessageOutput{}
	if f.late != nil {
		out.Messages, f.late = []types.Message{*f.late}, nil
	}
	return out, nil
}

func (f *fakeSQS) DeleteMessage(ctx context.Context, in *sqs.DeleteMessageInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error) {
	f.settled = append(f.settled, "delete "+*in.ReceiptHandle)
	return nil, errors.Join(ctx.Err(), f.err)
}

func (f *fakeSQS) ChangeMessageVisibility(ctx context.Context, in *sqs.ChangeMessageVisibilityInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityOutput, error) {
	f.settled = append(f.settled, fmt.Sprintf("hide %s for %d s", *in.ReceiptHandle, in.VisibilityTimeout))
	return nil, errors.Join(ctx.Err(), f.err)
}

func message(id string, receives string) types.Message {
	return types.Message{Body: aws.String("body " + id), ReceiptHandle: aws.String(id), Attributes: map[string]string{
		"MessageGroupId": "g", "MessageDeduplicationId": id, "ApproximateReceiveCount": receives, "SentTimestamp": "1700000000500",
	}}
}

func TestSend(t *testing.T) {
	t.Parallel()
	f := &fakeSQS{}
	s := NewSender(f, testURL)
	if err := s.Send(t.Context(), queue.Message{Body: []byte("{}"), Group: "cluster/a", DedupeID: "id"}); err != nil {
		t.Fatal(err)
	}
	got := []string{*f.sent.QueueUrl, *f.sent.MessageBody, *f.sent.MessageGroupId, *f.sent.MessageDeduplicationId}
	if diff := cmp.Diff([]string{testURL, "{}", "cluster/a", "id"}, got); diff != "" {
		t.Error(diff)
	}
	f.err = errDown
	if err := s.Send(t.Context(), queue.Message{Body: []byte("{}"), Group: "g", DedupeID: "id"}); !errors.Is(err, errDown) {
		t.Errorf("got %v, want SQS's error", err)
	}
	f.sent = nil
	if err := s.Send(t.Context(), queue.Message{Body: []byte("{}"), Group: "g"}); err == nil || f.sent != nil {
		t.Errorf("a message without an id: %v, sent %v", err, f.sent)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	f := &fakeSQS{}
	if err := NewSender(f, testURL).Check(t.Context()); err != nil || !slices.Equal(f.settled, []string{"attributes of " + testURL}) {
		t.Errorf("check: %v, %v", err, f.settled)
	}
	f.err = errDown
	if err := NewSender(f, testURL).Check(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("got %v, want SQS's error", err)
	}
}

// run consumes until the fake has nothing more, in a bubble, and gives the deliveries and the faults.
func run(t *testing.T, f *fakeSQS, result error) (got []queue.Delivery, faults []error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c := NewConsumer(f, testURL, queue.Backoff, func(err error) { faults = append(faults, err) })
		err := c.Run(ctx, 1, func(_ context.Context, d queue.Delivery) error {
			got = append(got, d)
			return result
		})
		if err != nil {
			t.Errorf("run: %v", err)
		}
	})
	return got, faults
}

func TestRun_deletes_what_was_handled(t *testing.T) {
	t.Parallel()
	f := &fakeSQS{messages: []types.Message{message("1", "1"), message("2", "3")}}
	got, faults := run(t, f, nil)
	sentAt := time.UnixMilli(1700000000500)
	want := []queue.Delivery{
		{Body: []byte("body 1"), Group: "g", DedupeID: "1", Receives: 1, SentAt: sentAt},
		{Body: []byte("body 2"), Group: "g", DedupeID: "2", Receives: 3, SentAt: sentAt},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"delete 1", "delete 2"}, f.settled); diff != "" || len(faults) != 0 {
		t.Error(diff, faults)
	}
	in := f.asked[0]
	if in.MaxNumberOfMessages != 1 || in.WaitTimeSeconds != 5 || in.VisibilityTimeout != 360 {
		t.Errorf("asked for %d messages, waiting %d s, hidden for %d s", in.MaxNumberOfMessages, in.WaitTimeSeconds, in.VisibilityTimeout)
	}
}

func TestRun_gives_back_what_failed(t *testing.T) {
	t.Parallel()
	f := &fakeSQS{messages: []types.Message{message("1", "1"), message("2", "2"), message("3", "5"), message("4", "?")}}
	got, _ := run(t, f, errors.New("failed on purpose"))
	want := []string{"hide 1 for 2 s", "hide 2 for 8 s", "hide 3 for 0 s", "hide 4 for 0 s"}
	if diff := cmp.Diff(want, f.settled); diff != "" {
		t.Error(diff)
	}
	if len(got) != 4 || !queue.Last(got[3]) {
		t.Errorf("a receive count that cannot be read is not the last one: %v", got)
	}
}

func TestRun_outlives_faults(t *testing.T) {
	t.Parallel()
	f := &fakeSQS{faults: 3, messages: []types.Message{message("1", "1")}}
	begin := len(f.asked)
	got, faults := run(t, f, nil)
	if len(got) != 1 || len(faults) != 3 || begin != 0 || !errors.Is(faults[0], errDown) {
		t.Errorf("%d deliveries after faults %v", len(got), faults)
	}
	for _, result := range []error{nil, errors.New("failed on purpose")} {
		f := &fakeSQS{err: errDown, messages: []types.Message{message("1", "1")}}
		if _, faults := run(t, f, result); len(faults) != 1 || !errors.Is(faults[0], errDown) {
			t.Errorf("faults while settling: %v", faults)
		}
	}
}

func TestRun_stop_lets_the_handling_end(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := &fakeSQS{messages: []types.Message{message("1", "1"), message("2", "1")}}
		ctx, cancel := context.WithCancel(t.Context())
		c := NewConsumer(f, testURL, queue.Backoff, func(err error) { t.Errorf("fault: %v", err) })
		begin := time.Now()
		err := c.Run(ctx, 1, func(ctx context.Context, _ queue.Delivery) error {
			cancel()
			<-ctx.Done() // only the deadline ends it
			return nil
		})
		if took := time.Since(begin); err != nil || took != queue.HandleTimeout {
			t.Errorf("run: %v after %v", err, took)
		}
		if diff := cmp.Diff([]string{"delete 1"}, f.settled); diff != "" {
			t.Error(diff)
		}
	})
}

// TestRun_stop_breaks_no_poll_off: what SQS hands out to a broken poll would be hidden for minutes.
func TestRun_stop_breaks_no_poll_off(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		late := message("late", "1")
		f := &fakeSQS{late: &late}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		c := NewConsumer(f, testURL, queue.Backoff, func(err error) { t.Errorf("fault: %v", err) })
		begin := time.Now()
		err := c.Run(ctx, 1, func(context.Context, queue.Delivery) error { return nil })
		if took := time.Since(begin); err != nil || took != longPoll {
			t.Errorf("run: %v after %v, want it after the poll", err, took)
		}
		if diff := cmp.Diff([]string{"delete late"}, f.settled); diff != "" {
			t.Error(diff)
		}
	})
}
