package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/url"
	"strings"

	app "showtime"
)

// manifestCommand prints the manifest of the Slack app with the operator's address in it.
func manifestCommand(_ context.Context, p program, args []string) int {
	flags := flag.NewFlagSet("manifest", flag.ContinueOnError)
	flags.SetOutput(p.err)
	address := flags.String("url", "", "where Slack reaches Showtime, https and without /slack")
	socket := flags.Bool("socket", false, "for showtime serve --socket, which has no address")
	if err := flags.Parse(args); err != nil || flags.NArg() != 0 || (*address == "") != *socket {
		_, _ = fmt.Fprintln(p.err, "usage: showtime manifest --url https://HOST | --socket")
		return exitUsage
	}
	if *socket {
		_, _ = fmt.Fprint(p.out, app.SocketManifest())
		return exitOK
	}
	base, err := publicURL(*address)
	if err != nil {
		_, _ = fmt.Fprintln(p.err, "showtime manifest: --url", err)
		return exitUsage
	}
	_, rest, _ := strings.Cut(app.SlackManifest(), "\n") // the first line is for readers of the file
	_, _ = fmt.Fprint(p.out, strings.ReplaceAll(rest, app.ManifestURL, base))
	return exitOK
}

// publicURL checks the address that Slack is to call, and takes the slashes off its end.
func publicURL(s string) (string, error) {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "https" || u.Hostname() == "":
		return "", errors.New("must be https://HOST")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.ContainsAny(s, "# \t\"'"):
		return "", errors.New("must have no user, query or fragment")
	}
	base := strings.TrimRight(u.String(), "/")
	if strings.HasSuffix(base, "/commands") || strings.HasSuffix(base, "/slack") {
		return "", errors.New("must be the address without /slack; the paths are added to it")
	}
	return base, nil
}
