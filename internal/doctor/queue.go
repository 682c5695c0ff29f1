package doctor

import (
	"context"
	"fmt"
	"strings"

	"showtime/internal/queue"
)

// Queue is what is asked of SQS.
type Queue interface {
	Facts(ctx context.Context) (queue.Facts, error)
}

// QueueSettings tells whether the queue is set up as jobs need it.
func QueueSettings(q Queue) Check {
	const name = "queue"
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		f, err := q.Facts(ctx)
		if err != nil {
			return []Finding{bad(name, "sqs:GetQueueAttributes: "+because(err), remedy(err, "sqs:GetQueueAttributes", "the queue of SHOWTIME_QUEUE_URL"))}
		}
		return queueFindings(name, f)
	}}
}

func queueFindings(name string, f queue.Facts) []Finding {
	var found []Finding
	if !f.FIFO {
		found = append(found, bad(name, "it is no FIFO queue, so a job may be done twice and out of order", "Name the FIFO queue in SHOWTIME_QUEUE_URL; template.yaml makes one."))
	}
	found = append(found, visibility(name, f)...)
	found = append(found, deadLetters(name, f)...)
	if found == nil {
		found = append(found, good(name, fmt.Sprintf("it is FIFO and deduplicates, hides a job for %s and puts it aside after %d tries", f.Visibility, f.MaxReceives)))
	}
	return found
}

func visibility(name string, f queue.Facts) []Finding {
	do := fmt.Sprintf("Set its visibility timeout to %d s, as template.yaml does.", int(queue.VisibilityTimeout.Seconds()))
	switch {
	case f.Visibility < queue.HandleTimeout:
		return []Finding{bad(name, fmt.Sprintf("it hides a job for %s, and the worker may take %s: jobs come again while they are being done", f.Visibility, queue.HandleTimeout), do)}
	case f.Visibility < queue.VisibilityTimeout:
		return []Finding{doubtful(name, fmt.Sprintf("it hides a job for %s; Lambda asks for six times the worker's %s", f.Visibility, queue.HandleTimeout), do)}
	}
	return nil
}

func deadLetters(name string, f queue.Facts) []Finding {
	do := fmt.Sprintf("Set its redrive policy to maxReceiveCount %d and a FIFO dead-letter queue, as template.yaml does.", queue.MaxReceives)
	var found []Finding
	switch {
	case f.MaxReceives == 0:
		return []Finding{bad(name, "it puts nothing aside, so a job that cannot be done holds up those behind it for days", do)}
	case f.MaxReceives < queue.MaxReceives:
		found = append(found, bad(name, fmt.Sprintf("it puts a job aside after %d tries, and the worker tells its person on the %dth", f.MaxReceives, queue.MaxReceives), do))
	case f.MaxReceives > queue.MaxReceives:
		found = append(found, doubtful(name, fmt.Sprintf("it tries a job %d times, and its person was told on the %dth that it failed", f.MaxReceives, queue.MaxReceives), do))
	}
	if !strings.HasSuffix(f.DeadLetters, ".fifo") {
		found = append(found, bad(name, "its dead-letter queue is no FIFO queue", do))
	}
	return found
}
