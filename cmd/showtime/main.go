// Command showtime is the tool on a person's machine: it runs the whole product in one process, checks a
// cluster file, and says what can be configured.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"showtime/internal/config"
)

func main() {
	os.Exit(realMain())
}

func realMain() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // whoever is tired of waiting ends it with a second signal
	return run(ctx, program{lookup: os.LookupEnv, out: os.Stdout, err: os.Stderr}, os.Args[1:])
}

// program is what a command may use of the world.
type program struct {
	lookup   config.Lookup
	out, err io.Writer
}

// The exit codes, the same for every command.
const (
	exitOK    = 0
	exitFault = 1 // it was tried and went wrong, or something was found wrong
	exitUsage = 2 // it was not understood, and nothing was tried
)

// command is one word after showtime.
type command struct {
	name, args, summary string
	run                 func(ctx context.Context, p program, args []string) int
}

// commands lists them in the order in which people meet them.
func commands() []command {
	return []command{
		{"demo", "[--port N] [--open] [-v]", "play the whole product on this machine: no account, no network", demoCommand},
		{"serve", "[--socket]", "run everything in this one process, against real Slack and EMR", serveCommand},
		{"lifecycle", "[--clusters DIR]", "run the lifecycle manager: clusters over HTTP, for machines and other Showtimes", lifecycleCommand},
		{"cluster", "list|start|stop|status|extend [NAME]", "use a lifecycle manager; showtime cluster alone says how", clusterCommand},
		{"token", "new --name NAME --clusters A,B --verbs V,W [--expires 720h]", "make a token and its row for the grants file", tokenCommand},
		{"doctor", "[--for serve|receiver|worker|lifecycle] [--socket] [--json]", "check a setup and say what to do about each finding", doctorCommand},
		{"validate", "FILE", "check a cluster file and print every problem with its JSON path", validateCommand},
		{"manifest", "--url https://HOST | --socket", "print the manifest of the Slack app, with your address in it", manifestCommand},
		{"audit", "[--since 24h] [--person U…] [--json]", "print who tried what, and what came of it", auditCommand},
		{"help", "[COMMAND]", "explain the commands and every variable", helpCommand},
	}
}

// run finds the command and runs it.
func run(ctx context.Context, p program, args []string) int {
	if len(args) == 0 {
		writeOverview(p.err)
		return exitUsage
	}
	name := args[0]
	if name == "-h" || name == "--help" || name == "-help" {
		name = "help"
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, p, args[1:])
		}
	}
	_, _ = fmt.Fprintf(p.err, "showtime: %q is no command; showtime help lists them\n", args[0])
	return exitUsage
}
