// Package serve is the whole product in one process: the receiver over HTTP, the queue, the worker and
// the tick on a timer. Store and queue are files in one folder, unless the settings name a table and a queue.
package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/metric"
	"showtime/internal/queue"
	"showtime/internal/receiver"
	"showtime/internal/secret"
	"showtime/internal/socket"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// Options are all that a Server needs.
type Options struct {
	Config config.Serve
	// Socket has Slack's requests come over a connection to Slack, and none over HTTP.
	Socket bool
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
	Slack   http.Handler // Slack's paths and /healthz; with a socket, /healthz alone
	Admin   http.Handler // /metrics, for the operator
	socket  *socket.Client
	counts  *counts
	figures *metric.Registry
	dead    int // jobs put aside when the last tick looked
	closers []io.Closer
}

// New opens what is durable and joins everything. Close it when done, also after a Run.
func New(ctx context.Context, o Options) (*Server, error) {
	s := &Server{options: o, counts: newCounts(o.Wire), figures: metric.NewRegistry()}
	admin := http.NewServeMux()
	admin.HandleFunc("GET /metrics", s.metrics)
	s.Admin = admin
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
		Config: c.Worker, File: file, Store: s.Store, EMR: wiring.EMR(a, file, c.Worker.Installation, s.figures.Record),
		BotToken: wiring.Secret(a, c.Worker.BotToken, c.Worker.SecretPath, secret.BotToken, s.options.Wire),
		AWS:      a, Sign: wiring.Sign(a, s.options.Wire),
		Now: s.options.Now, Wire: s.options.Wire, Log: log.With().Str("process", "worker").Logger(),
		DrawEvery: wiring.DrawEvery, Record: s.figures.Record,
	})
	if err != nil {
		return err
	}
	return s.receive(a, log)
}

// receive makes the way in for Slack's requests.
func (s *Server) receive(a aws.Config, log zerolog.Logger) error {
	c := s.options.Config.Receiver
	phrases, err := events.ReadPhrases(c.Phrases)
	if err != nil {
		return fmt.Errorf("read phrases: %w", err)
	}
	desk := receiver.Config{
		Queue: s.Queue, QueueHealth: s.Queue.Check, StoreHealth: s.checkStore, Phrases: phrases, Cluster: c.ClusterName,
		TeamID: c.TeamID, AppID: c.AppID, Log: log.With().Str("process", "receiver").Logger(), Now: s.options.Wire, Record: s.figures.Record,
	}
	if s.options.Socket {
		return s.connect(a, desk)
	}
	signing := secret.StaticSigning(c.SigningSecrets)
	if c.SecretPath != "" {
		signing = secret.NewSigning(wiring.Secret(a, "", c.SecretPath, secret.SigningSecret, s.options.Wire))
	}
	desk.Secrets = signing
	s.Slack, err = receiver.New(desk)
	return err
}

// connect makes the connection that Slack's requests come by, and answers over HTTP about our health alone.
func (s *Server) connect(a aws.Config, c receiver.Config) error {
	desk, err := receiver.NewDesk(c)
	if err != nil {
		return err
	}
	settings := s.options.Config
	token := wiring.Secret(a, settings.AppToken, settings.Worker.SecretPath, secret.AppToken, s.options.Wire)
	name := "SLACK_APP_TOKEN"
	if path := settings.Worker.SecretPath; path != "" {
		name = "SLACK_SECRET_PATH: " + path + "/" + secret.AppToken
	}
	s.socket = socket.New(socket.Options{
		URL: settings.Worker.APIURL, Token: token.Get, Refresh: token.Refresh, TokenName: name, Desk: desk, Log: c.Log, Now: s.options.Wire,
	})
	c.SocketHealth = s.socket.Check
	s.Slack = receiver.Health(c)
	return nil
}

// checkStore says whether the store can be read, by a record that never is.
func (s *Server) checkStore(ctx context.Context) error {
	_, err := s.Store.Get(ctx, lifecycle.LiveKey(s.options.Config.Receiver.ClusterName, "health"), &struct{}{})
	return err
}

// Tick looks at EMR and at what time demands, now.
func (s *Server) Tick(ctx context.Context) error {
	err := s.Joined.Worker.Tick(ctx)
	s.counts.tick(err)
	return err
}

// Close gives the files back. It is for after Run, or instead of it.
func (s *Server) Close() error {
	var errs []error
	for _, c := range s.closers {
		errs = append(errs, c.Close())
	}
	s.closers = nil
	return errors.Join(errs...)
}
