package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os/exec"
	"runtime"

	"github.com/rs/zerolog"

	"showtime/internal/playhouse"
)

// demoPort is where the page is looked for first.
const demoPort = 8787

// demoCommand plays the whole product on this machine, between a look-alike Slack and a simulated EMR.
func demoCommand(ctx context.Context, p program, args []string) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(p.err)
	port := flags.Int("port", demoPort, "port of the page; the next free one when it is taken")
	open := flags.Bool("open", false, "open the page in the browser")
	verbose := flags.Bool("v", false, "show the product's log")
	if err := flags.Parse(args); err != nil || flags.NArg() != 0 || *port < 0 || *port > 65535 {
		_, _ = fmt.Fprintln(p.err, "usage: showtime demo [--port N] [--open] [-v]")
		return exitUsage
	}
	log := zerolog.New(io.Discard)
	if *verbose {
		log = zerolog.New(p.err).With().Timestamp().Logger()
	}
	house, err := playhouse.New(ctx, playhouse.Options{Port: *port, Log: log})
	if err != nil {
		_, _ = fmt.Fprintln(p.err, "showtime demo:", err)
		return exitFault
	}
	_, _ = fmt.Fprintf(p.out, "It's showtime: %s\nNo account, no network: Slack and EMR are played here. Ctrl-C ends the show.\n", house.URL())
	if *open {
		openBrowser(ctx, p.err, house.URL())
	}
	code := exitOK
	if err := house.Run(ctx); err != nil {
		_, _ = fmt.Fprintln(p.err, "showtime demo:", err)
		code = exitFault
	}
	if err := house.Close(); err != nil {
		_, _ = fmt.Fprintln(p.err, "showtime demo:", err)
		code = exitFault
	}
	return code
}

// openBrowser asks the system to open the page; when it cannot, the printed address does as well.
func openBrowser(ctx context.Context, w io.Writer, url string) {
	name, args := "xdg-open", []string{url}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", url}
	}
	if err := exec.CommandContext(ctx, name, args...).Start(); err != nil { //nolint:gosec // a fixed program, our own address
		_, _ = fmt.Fprintln(w, "showtime demo: open the page yourself:", err)
	}
}
