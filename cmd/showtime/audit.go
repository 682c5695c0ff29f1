package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"showtime/internal/adminsock"
	"showtime/internal/audit"
	"showtime/internal/config"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// auditSince is how far back is looked when nobody says.
const auditSince = 24 * time.Hour

// auditCommand prints the audit: from the table, from the process that owns the data folder, or from the
// file when nobody owns it.
func auditCommand(ctx context.Context, p program, args []string) int {
	flags := flag.NewFlagSet("audit", flag.ContinueOnError)
	flags.SetOutput(p.err)
	since := flags.Duration("since", auditSince, "how far back")
	person := flags.String("person", "", "only the attempts of this user id, grant, or showtime itself")
	asJSON := flags.Bool("json", false, "one JSON document per line")
	if err := flags.Parse(args); err != nil || flags.NArg() != 0 || *since <= 0 {
		_, _ = fmt.Fprintln(p.err, "usage: showtime audit [--since 24h] [--person U…] [--json]")
		return exitUsage
	}
	settings, err := config.ReadAudit(p.lookup)
	if err != nil {
		_, _ = fmt.Fprintln(p.err, err)
		return exitFault
	}
	attempts, err := readAudit(ctx, settings, audit.Query{Since: time.Now().Add(-*since), Person: *person})
	if err == nil && *asJSON {
		err = audit.WriteLines(p.out, attempts)
	} else if err == nil {
		err = audit.WriteTable(p.out, attempts)
	}
	if err != nil {
		_, _ = fmt.Fprintln(p.err, "showtime audit:", err)
		return exitFault
	}
	return exitOK
}

func readAudit(ctx context.Context, c config.Audit, q audit.Query) ([]lifecycle.Attempt, error) {
	if c.Table != "" {
		a, err := wiring.FromEnvironment(ctx)
		if err != nil {
			return nil, err
		}
		return audit.Read(ctx, wiring.Table(a, c.Table, time.Now), c.ClusterName, q)
	}
	attempts, err := adminsock.Audit(ctx, c.Data, c.ClusterName, q)
	if !errors.Is(err, adminsock.ErrNoOwner) {
		return attempts, err
	}
	return readAuditFile(ctx, c, q)
}

// readAuditFile reads a folder that nobody owns.
func readAuditFile(ctx context.Context, c config.Audit, q audit.Query) (attempts []lifecycle.Attempt, err error) {
	store, err := openFolder(c.Data)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	return audit.Read(ctx, store, c.ClusterName, q)
}
