// Package serve is the whole product in one process: the receiver over HTTP, the queue, the worker and
// the tick on a timer. Store and queue are files in one folder, unless the settings name a table and a queue.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/queue"
	"showtime/internal/receiver"
	"showtime/internal/secret"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// workers is how many jobs are done at once; jobs of one group are always done one after another.
const workers = 8

// Options are all that a Server needs.
type Options struct {
	Config config.Serve
	AWS    wiring.AWS
	// Now is domain time, Wire is Slack's.
	Now, Wire func() time.Time
	// TickEvery is how often time is looked at; a minute outside of the demo.
	TickEvery time.Duration
	Log       zerolog.Logger
}

// Transport is a queue as this process uses it.
type Transport interface {
	Send(ctx context.Context, m queue.Message) error
	Check(ctx context.Context) error
	Run(ctx context.Context, workers int, handle func(context.Context, queue.Delivery) error) error
}

// Server is the process, put together and not yet running.
type Server struct {
	options Options
	Joined  wiring.Joined
	Store   lifecycle.Store
	Queue   Transport
	Slack   http.Handler // Slack's paths and /healthz
	closers []io.Closer
}

// New opens what is durable and joins everything. Close it when done, also after a Run.
func New(ctx context.Context, o Options) (*Server, error) {
	s := &Server{options: o}
	if err := s.join(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) join(ctx context.Context) error {
	c := s.options.Config
	file, err := clusterfile.Load(c.Worker.Cluster)
	if err != nil {
		return fmt.Errorf("read cluster file: %w", err)
	}
	a, err := s.options.AWS(ctx)
	if err != nil {
		return err
	}
	if err := s.open(a); err != nil {
		return err
	}
	log := s.options.Log
	s.Joined, err = wiring.Join(wiring.Parts{
		Config: c.Worker, File: file, Store: s.Store, EMR: wiring.EMR(a, file, c.Worker.Installation),
		BotToken: wiring.Secret(a, c.Worker.BotToken, c.Worker.SecretPath, secret.BotToken, s.options.Wire),
		Now:      s.options.Now, Wire: s.options.Wire, Log: log.With().Str("process", "worker").Logger(),
	})
	if err != nil {
		return err
	}
	return s.receive(a, log)
}

// receive makes the handler for Slack's requests.
func (s *Server) receive(a aws.Config, log zerolog.Logger) error {
	c := s.options.Config.Receiver
	phrases, err := events.ReadPhrases(c.Phrases)
	if err != nil {
		return fmt.Errorf("read phrases: %w", err)
	}
	signing := secret.StaticSigning(c.SigningSecrets)
	if c.SecretPath != "" {
		signing = secret.NewSigning(wiring.Secret(a, "", c.SecretPath, secret.SigningSecret, s.options.Wire))
	}
	s.Slack, err = receiver.New(receiver.Config{
		Secrets: signing, Queue: s.Queue, QueueHealth: s.Queue.Check, Phrases: phrases, Cluster: c.ClusterName,
		TeamID: c.TeamID, AppID: c.AppID, Log: log.With().Str("process", "receiver").Logger(), Now: s.options.Wire,
	})
	return err
}

// Tick looks at EMR and at what time demands, now.
func (s *Server) Tick(ctx context.Context) error { return s.Joined.Worker.Tick(ctx) }

// Close gives the files back. It is for after Run, or instead of it.
func (s *Server) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// Run serves and works until the context ends; then it answers what it has accepted, finishes the jobs in
// hand and returns. What is queued stays queued.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	return together(ctx,
		func(ctx context.Context) error { return HTTP(ctx, listener, s.Slack) },
		s.Work,
	)
}

// Work does queued jobs and ticks until the context ends, and finishes what it has in hand.
func (s *Server) Work(ctx context.Context) error {
	return together(ctx,
		func(ctx context.Context) error { return s.Queue.Run(ctx, workers, s.Joined.Worker.Deliver) },
		s.tickAlong,
	)
}

// together runs parts until the context ends or one of them does, which ends them all.
func together(ctx context.Context, parts ...func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan error, len(parts))
	for _, part := range parts {
		go func() {
			defer stop()
			done <- part(ctx)
		}()
	}
	var errs []error
	for range parts {
		errs = append(errs, <-done)
	}
	return errors.Join(errs...)
}

// tickAlong ticks at once and then on a timer, until the context ends.
func (s *Server) tickAlong(ctx context.Context) error {
	every := time.NewTicker(s.options.TickEvery)
	defer every.Stop()
	for {
		s.tick(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-every.C:
		}
	}
}

func (s *Server) tick(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queue.HandleTimeout)
	defer cancel()
	if err := s.Tick(ctx); err != nil {
		s.options.Log.Warn().Err(err).Msg("tick not done")
	}
}
