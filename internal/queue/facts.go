package queue

import "time"

// Facts are how a queue of SQS is set up, as far as jobs depend on it.
type Facts struct {
	FIFO        bool
	Visibility  time.Duration
	MaxReceives int    // 0 = nothing is ever put aside
	DeadLetters string // ARN of the queue for what is put aside
}
