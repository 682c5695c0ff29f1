package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/serve"
	"showtime/internal/wiring"
)

// serveCommand runs everything in this process until it is asked to stop.
func serveCommand(ctx context.Context, p program, args []string) int {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(p.err)
	socket := flags.Bool("socket", false, "have Slack's requests come over a connection to Slack, with SLACK_APP_TOKEN")
	if err := flags.Parse(args); err != nil || flags.NArg() != 0 {
		_, _ = fmt.Fprintln(p.err, "usage: showtime serve [--socket]")
		return exitUsage
	}
	settings, err := readServe(p.lookup, *socket)
	if err != nil {
		_, _ = fmt.Fprintln(p.err, err)
		return exitFault
	}
	log := zerolog.New(p.err).With().Timestamp().Logger().Level(settings.Worker.LogLevel)
	if err := runServe(ctx, settings, *socket, log); err != nil {
		log.Error().Err(err).Msg("serve ended")
		return exitFault
	}
	log.Info().Msg("stopped")
	return exitOK
}

// readServe reads the settings and gives everything that is wrong with them, the cluster file included.
func readServe(lookup config.Lookup, socket bool) (config.Serve, error) {
	settings, err := config.ReadServe(lookup, socket)
	errs := []error{err}
	if settings.Receiver.ClusterName != "" { // else the file cannot be read, which is said already
		if _, err := clusterfile.Load(settings.Worker.Cluster); err != nil {
			errs = append(errs, fmt.Errorf("SHOWTIME_CLUSTER: %w", err))
		}
	}
	return settings, errors.Join(errs...)
}

func runServe(ctx context.Context, settings config.Serve, socket bool, log zerolog.Logger) error {
	server, err := serve.New(ctx, serve.Options{
		Config: settings, Socket: socket, AWS: wiring.FromEnvironment, Now: time.Now, Wire: time.Now, TickEvery: time.Minute, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() {
		if err := server.Close(); err != nil {
			log.Error().Err(err).Msg("close data folder")
		}
	}()
	admin, err := listen(ctx, "SHOWTIME_ADMIN_LISTEN", settings.AdminListen)
	if err != nil {
		return err
	}
	slack, err := listen(ctx, "SHOWTIME_LISTEN", settings.Listen)
	if err != nil {
		return errors.Join(err, admin.Close())
	}
	log.Info().Str("address", slack.Addr().String()).Str("admin", admin.Addr().String()).Msg("serving")
	return server.Run(ctx, slack, admin)
}

func listen(ctx context.Context, variable, address string) (net.Listener, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return l, nil
}
