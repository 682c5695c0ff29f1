// Package queue holds what both queues share: the message, its delivery, and the rules of redelivery.
// internal/queue/sqsqueue is the queue in AWS, internal/queue/embedded the one in a file; neither is
// imported here, so that the receiver links only the one it uses.
package queue

import (
	"errors"
	"time"
)

// MaxReceives is how often a message is handed out before it goes to the dead-letter queue. The
// template's maxReceiveCount is the same number.
const MaxReceives = 5

// VisibilityTimeout is how long a handed-out message stays hidden before it is handed out again; the
// template's VisibilityTimeout is the same.
const VisibilityTimeout = 6 * HandleTimeout

// HandleTimeout is how long one handling may take, the time out of the worker's Lambda function.
const HandleTimeout = 60 * time.Second

// DedupeFor is how long a queue remembers a deduplication id, SQS's five minutes.
const DedupeFor = 5 * time.Minute

// MaxBody is the largest body a queue takes, in bytes: what SQS takes at least, attributes included.
const MaxBody = 250 * 1024

// Message is what is sent. Messages of one group are handled one at a time, in the order of sending.
type Message struct {
	Body  []byte
	Group string
	// DedupeID makes sending it again within DedupeFor change nothing.
	DedupeID string
}

// Check says whether every queue would take the message.
func (m Message) Check() error {
	switch {
	case len(m.Body) == 0:
		return errors.New("check message: empty body")
	case len(m.Body) > MaxBody:
		return errors.New("check message: body is too large")
	case !validID(m.Group):
		return errors.New("check message: group is not 1 to 128 printable ASCII characters")
	case !validID(m.DedupeID):
		return errors.New("check message: deduplication id is not 1 to 128 printable ASCII characters")
	}
	return nil
}

// validID holds SQS's rule for group and deduplication ids.
func validID(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for _, c := range []byte(s) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// Delivery is one handing-out of a message.
type Delivery struct {
	Body     []byte
	Group    string
	DedupeID string
	Receives int // how often it has been handed out, this time included
	SentAt   time.Time
}

// Last says whether the message goes to the dead-letter queue when this delivery fails.
func Last(d Delivery) bool { return d.Receives >= MaxReceives }

// Spent says that the message was in hand for the last time when its process died. It is handed out once
// more, by a queue that can tell, so that its person hears of it; what it asks is not tried again.
func Spent(d Delivery) bool { return d.Receives > MaxReceives }

// Backoff is how long a message waits after its delivery failed for the nth time: 2 s, 8 s, 32 s, then
// 2 min. All of them together stay well below the age at which a job is refused.
func Backoff(receives int) time.Duration {
	const first, most = 2 * time.Second, 2 * time.Minute
	if receives >= 4 {
		return most
	}
	return first << (2 * max(receives-1, 0))
}
