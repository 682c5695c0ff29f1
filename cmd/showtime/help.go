package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"showtime/internal/config"
)

// helpCommand explains all commands and variables, or one command.
func helpCommand(_ context.Context, p program, args []string) int {
	if len(args) == 0 {
		writeOverview(p.out)
		writeVariables(p.out)
		return exitOK
	}
	for _, c := range commands() {
		if c.name == args[0] {
			_, _ = fmt.Fprintf(p.out, "showtime %s\n\n  %s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
			return exitOK
		}
	}
	_, _ = fmt.Fprintf(p.err, "showtime: %q is no command\n", args[0])
	return exitUsage
}

// writeOverview lists the commands and exit codes.
func writeOverview(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprint(t, "Showtime: self-service over one data-exploration EMR cluster, from Slack.\n\nUsage: showtime COMMAND\n\n")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(t, "  %s\t%s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
	}
	_, _ = fmt.Fprint(t, "\nExit codes: 0 done, 1 something is wrong, 2 not understood.\n")
	_ = t.Flush()
}

// writeVariables lists every variable with who reads it.
func writeVariables(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	_, _ = fmt.Fprint(t, "\nVariables (R receiver, W worker, S serve, L lifecycle, T showtime cluster):\n\n")
	for _, v := range config.Variables() {
		_, _ = fmt.Fprintf(t, "  %s\t%s\t%s\n", v.Name, readers(v), v.Meaning+remark(v))
	}
	_, _ = fmt.Fprint(t, "\nAWS_REGION, AWS_ENDPOINT_URL and the like are read by the AWS SDK as everywhere.\n")
	_ = t.Flush()
}

func readers(v config.Variable) string {
	var b strings.Builder
	for _, r := range v.ReadBy {
		b.WriteString(strings.ToUpper(string(r[:1])))
	}
	return b.String()
}

// remark says when a variable must be set, or what it is when unset.
func remark(v config.Variable) string {
	switch {
	case v.Required != "":
		return " (required: " + v.Required + ")"
	case v.Default != "":
		return " (default: " + v.Default + ")"
	}
	return ""
}
