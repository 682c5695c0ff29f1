package main

import (
	"context"
	"fmt"

	"showtime/internal/clusterfile"
)

// validateCommand checks a cluster file: every problem on a line of its own, with its JSON path.
func validateCommand(_ context.Context, p program, args []string) int {
	if len(args) != 1 {
		_, _ = fmt.Fprintln(p.err, "usage: showtime validate FILE")
		return exitUsage
	}
	file, err := clusterfile.Load(args[0])
	if err != nil {
		_, _ = fmt.Fprintln(p.err, err)
		return exitFault
	}
	for _, w := range file.Warnings {
		_, _ = fmt.Fprintf(p.out, "warning: %s\n", w)
	}
	_, _ = fmt.Fprintf(p.out, "%s: cluster %q is valid\n", args[0], file.Config.Name)
	return exitOK
}
