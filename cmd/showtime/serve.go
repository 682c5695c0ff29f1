package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/serve"
	"showtime/internal/wiring"
)

// serveCommand runs everything in this process until it is asked to stop.
func serveCommand(ctx context.Context, p program, args []string) int {
	if len(args) != 0 {
		_, _ = fmt.Fprintln(p.err, "usage: showtime serve")
		return exitUsage
	}
	settings, err := config.ReadServe(p.lookup, false)
	if err != nil {
		_, _ = fmt.Fprintln(p.err, err)
		return exitFault
	}
	log := zerolog.New(p.err).With().Timestamp().Logger().Level(settings.Worker.LogLevel)
	if err := runServe(ctx, settings, log); err != nil {
		log.Error().Err(err).Msg("serve ended")
		return exitFault
	}
	return exitOK
}

func runServe(ctx context.Context, settings config.Serve, log zerolog.Logger) error {
	server, err := serve.New(ctx, serve.Options{
		Config: settings, AWS: wiring.FromEnvironment, Now: time.Now, Wire: time.Now, TickEvery: time.Minute, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() {
		if err := server.Close(); err != nil {
			log.Error().Err(err).Msg("close data folder")
		}
	}()
	var listen net.ListenConfig
	listener, err := listen.Listen(ctx, "tcp", settings.Listen)
	if err != nil {
		return fmt.Errorf("listen for Slack: %w", err)
	}
	log.Info().Str("address", listener.Addr().String()).Msg("serving")
	return server.Run(ctx, listener)
}
