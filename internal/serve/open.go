package serve

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"showtime/internal/queue"
	"showtime/internal/queue/embedded"
	"showtime/internal/queue/sqsqueue"
	"showtime/internal/store/boltstore"
	"showtime/internal/wiring"
)

// open opens the store and the queue: files in the data folder, or the table and queue that are named.
func (s *Server) open(a aws.Config) error {
	c := s.options.Config
	if c.Worker.Table != "" {
		s.Store = wiring.Table(a, c.Worker.Table, s.options.Now)
	} else {
		store, err := boltstore.Open(c.Data, s.options.Now)
		if err != nil {
			return err
		}
		s.Store, s.closers = store, append(s.closers, store)
	}
	if c.Receiver.QueueURL != "" {
		client := sqs.NewFromConfig(a)
		s.Queue = struct {
			*sqsqueue.Sender
			*sqsqueue.Consumer
		}{
			sqsqueue.NewSender(client, c.Receiver.QueueURL),
			sqsqueue.NewConsumer(client, c.Receiver.QueueURL, queue.Backoff, func(err error) {
				s.options.Log.Warn().Err(err).Msg("queue not read")
			}),
		}
		return nil
	}
	q, err := embedded.Open(c.Data, s.options.Wire, queue.Backoff)
	if err != nil {
		return err
	}
	s.Queue, s.closers = q, append(s.closers, q)
	return nil
}
