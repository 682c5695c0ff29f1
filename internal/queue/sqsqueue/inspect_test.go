package sqsqueue

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/queue"
)

func TestFacts(t *testing.T) {
	t.Parallel()
	const dead = "arn:aws:sqs:eu-central-1:1:dead.fifo"
	tests := []struct {
		name  string
		attrs map[string]string
		want  queue.Facts
		bad   bool
	}{
		{
			"right",
			map[string]string{"FifoQueue": "true", "VisibilityTimeout": "360", "RedrivePolicy": `{"deadLetterTargetArn":"` + dead + `","maxReceiveCount":5}`},
			queue.Facts{FIFO: true, Visibility: 6 * time.Minute, MaxReceives: 5, DeadLetters: dead},
			false,
		},
		{
			"count_in_quotes",
			map[string]string{"FifoQueue": "true", "VisibilityTimeout": "30", "RedrivePolicy": `{"deadLetterTargetArn":"` + dead + `","maxReceiveCount":"3"}`},
			queue.Facts{FIFO: true, Visibility: 30 * time.Second, MaxReceives: 3, DeadLetters: dead},
			false,
		},
		{"standard", map[string]string{"VisibilityTimeout": "30"}, queue.Facts{Visibility: 30 * time.Second}, false},
		{"broken_policy", map[string]string{"RedrivePolicy": "x"}, queue.Facts{}, true},
		{"policy_without_count", map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + dead + `"}`}, queue.Facts{DeadLetters: dead}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := NewSender(&fakeSQS{attrs: tt.attrs}, testURL).Facts(t.Context())
			if diff := cmp.Diff(tt.want, got); diff != "" || (err != nil) != tt.bad {
				t.Errorf("%v; facts (-want +got):\n%s", err, diff)
			}
		})
	}
	if _, err := NewSender(&fakeSQS{err: errDown}, testURL).Facts(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("err = %v", err)
	}
}
