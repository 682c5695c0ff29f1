package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/serve"
	"showtime/internal/wiring"
	"showtime/lifecycle/httpapi/grant"
)

// lifecycleCommand runs the lifecycle manager until it is asked to stop.
func lifecycleCommand(ctx context.Context, p program, args []string) int {
	flags := flag.NewFlagSet("lifecycle", flag.ContinueOnError)
	flags.SetOutput(p.err)
	dir := flags.String("clusters", "", "folder of cluster files; before SHOWTIME_CLUSTERS")
	if err := flags.Parse(args); err != nil || flags.NArg() != 0 {
		_, _ = fmt.Fprintln(p.err, "usage: showtime lifecycle [--clusters DIR]")
		return exitUsage
	}
	settings, err := config.ReadLifecycle(func(name string) (string, bool) {
		if name == "SHOWTIME_CLUSTERS" && *dir != "" {
			return *dir, true
		}
		return p.lookup(name)
	})
	if err != nil {
		_, _ = fmt.Fprintln(p.err, err)
		return exitFault
	}
	log := zerolog.New(p.err).With().Timestamp().Str("process", "lifecycle").Logger().Level(settings.LogLevel)
	if err := runLifecycle(ctx, settings, log); err != nil {
		log.Error().Err(err).Msg("lifecycle manager ended")
		return exitFault
	}
	log.Info().Msg("stopped")
	return exitOK
}

func runLifecycle(ctx context.Context, settings config.Lifecycle, log zerolog.Logger) (err error) {
	m, err := serve.NewManager(ctx, serve.ManagerOptions{
		Config: settings, AWS: wiring.FromEnvironment, Now: time.Now,
		TickEvery: time.Minute, ReloadEvery: 10 * time.Second, Log: log,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	admin, err := listen(ctx, "SHOWTIME_ADMIN_LISTEN", settings.AdminListen)
	if err != nil {
		return err
	}
	api, err := listen(ctx, "SHOWTIME_LISTEN", settings.Listen)
	if err != nil {
		return errors.Join(err, admin.Close())
	}
	log.Info().Str("address", api.Addr().String()).Str("admin", admin.Addr().String()).Msg("managing")
	return m.Run(ctx, api, admin)
}

// tokenCommand makes a token and the row of the grants file that it belongs to.
func tokenCommand(_ context.Context, p program, args []string) int {
	flags := flag.NewFlagSet("token", flag.ContinueOnError)
	flags.SetOutput(p.err)
	name := flags.String("name", "", "name of the grant: who acts, in tags and in the audit")
	clusters := flags.String("clusters", "", "names of clusters, comma-separated, or *")
	verbs := flags.String("verbs", string(grant.Read), "what may be done, comma-separated")
	expires := flags.Duration("expires", 0, "how long it is valid; 0 is for ever")
	if len(args) == 0 || args[0] != "new" || flags.Parse(args[1:]) != nil || flags.NArg() != 0 {
		_, _ = fmt.Fprintln(p.err, "usage: showtime token new --name NAME --clusters A,B --verbs V,W [--expires 720h]")
		return exitUsage
	}
	token, hash := grant.NewToken()
	row := grant.Row{Name: *name, TokenSHA256: hash, Clusters: strings.Split(*clusters, ",")}
	for v := range strings.SplitSeq(*verbs, ",") {
		row.Verbs = append(row.Verbs, grant.Verb(v))
	}
	if *expires != 0 {
		row.Expires = time.Now().Add(*expires).UTC().Truncate(time.Second)
	}
	file, err := json.MarshalIndent(map[string][]grant.Row{"grants": {row}}, "", "  ")
	if err == nil {
		_, err = grant.Parse(file)
	}
	if err != nil {
		_, _ = fmt.Fprintln(p.err, err)
		return exitUsage
	}
	_, _ = fmt.Fprintf(p.err, "The token, shown this once: %s\nThe grants file, or its row to add:\n", token)
	_, _ = fmt.Fprintln(p.out, string(file))
	return exitOK
}
