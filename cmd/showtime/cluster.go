package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"
	"time"

	"showtime/internal/config"
	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
)

// The further exit codes of showtime cluster, for scripts.
const (
	exitRefused = 3 // the manager decided against it; nothing was changed
	exitAway    = 4 // the manager does not answer; the outcome is unknown
	exitDenied  = 5 // no such cluster for this token, or not allowed
	exitPaced   = 6 // try again later; nothing was recorded
)

const clusterUsage = `usage: showtime cluster list [--json]
       showtime cluster status NAME [--json] [--wait]
       showtime cluster start NAME [--hours N] [--purpose TEXT] [--dry-run] [--wait] [--json]
       showtime cluster stop NAME --generation N [--reason TEXT] [--wait] [--json]
       showtime cluster extend NAME [--hours N] [--generation N] [--past-cap] [--json]
Flags follow the name. SHOWTIME_LIFECYCLE_URL and SHOWTIME_LIFECYCLE_TOKEN say where the manager is.
Exit codes: 0 done, 1 something is wrong, 2 not understood, 3 refused, 4 the manager does not answer,
5 no such cluster for you, or not allowed, 6 queued behind other launches: try again.
`

// errand is one use of a manager.
type errand struct {
	p       program
	client  *httpapi.Client
	name    string
	json    bool
	wait    bool
	hours   float64
	text    string
	gen     int64
	pastCap bool
	dryRun  bool
}

// clusterCommand uses a lifecycle manager.
func clusterCommand(ctx context.Context, p program, args []string) int {
	e := &errand{p: p}
	verb, ok := e.parse(args)
	if !ok {
		_, _ = io.WriteString(p.err, clusterUsage)
		return exitUsage
	}
	settings, err := config.ReadRemote(p.lookup)
	if err == nil {
		e.client, err = remote(ctx, settings, e.name)
	}
	if err == nil {
		err = e.run(ctx, verb)
	}
	return e.exit(err)
}

// parse reads the verb, the name and the flags behind them.
func (e *errand) parse(args []string) (verb string, ok bool) {
	if len(args) == 0 {
		return "", false
	}
	verb, args = args[0], args[1:]
	flags := flag.NewFlagSet("cluster "+verb, flag.ContinueOnError)
	flags.SetOutput(e.p.err)
	flags.BoolVar(&e.json, "json", false, "print JSON")
	e.gen = lifecycle.AnyGeneration
	switch verb {
	case "list":
		return verb, flags.Parse(args) == nil && flags.NArg() == 0
	case "status":
		flags.BoolVar(&e.wait, "wait", false, "wait until it is ready or down")
	case "start":
		flags.BoolVar(&e.wait, "wait", false, "wait until it is ready")
		flags.BoolVar(&e.dryRun, "dry-run", false, "only say what would be sent to EMR, and what it would cost")
		flags.Float64Var(&e.hours, "hours", 0, "length of the lease")
		flags.StringVar(&e.text, "purpose", "", "what for")
	case "stop":
		flags.BoolVar(&e.wait, "wait", false, "wait until it is down")
		flags.Int64Var(&e.gen, "generation", 0, "the session that is meant")
		flags.StringVar(&e.text, "reason", "", "why")
	case "extend":
		flags.Float64Var(&e.hours, "hours", 0, "how far")
		flags.Int64Var(&e.gen, "generation", lifecycle.AnyGeneration, "the session that is meant")
		flags.BoolVar(&e.pastCap, "past-cap", false, "beyond the cap")
	default:
		return verb, false
	}
	if len(args) == 0 || args[0] == "" || args[0][0] == '-' {
		return verb, false
	}
	e.name = args[0]
	return verb, flags.Parse(args[1:]) == nil && flags.NArg() == 0 && (verb != "stop" || e.gen > 0)
}

// remote makes the client; without a token it signs as every AWS program does.
func remote(ctx context.Context, c config.Remote, name string) (*httpapi.Client, error) {
	o := httpapi.ClientOptions{URL: c.URL, Cluster: name, Token: c.Token}
	if c.Token == "" {
		a, err := wiring.FromEnvironment(ctx)
		if err != nil {
			return nil, err
		}
		o.Sign = wiring.Sign(a, time.Now)
	}
	return httpapi.NewClient(o)
}

func (e *errand) run(ctx context.Context, verb string) error {
	op := lifecycle.Op{ID: rand.Text(), Generation: e.gen}
	length := time.Duration(e.hours * float64(time.Hour)).Round(time.Second)
	switch verb {
	case "list":
		return e.list(ctx)
	case "status":
		return e.show(ctx, lifecycle.Outcome{})
	case "start":
		if e.dryRun {
			return e.preview(ctx, length)
		}
		out, err := e.client.Start(ctx, lifecycle.StartInput{Op: op, Length: length, Purpose: e.text})
		return e.follow(ctx, out, err)
	case "stop":
		out, err := e.client.Stop(ctx, lifecycle.StopInput{Op: op, Reason: e.text})
		return e.follow(ctx, out, err)
	default:
		out, err := e.client.Extend(ctx, lifecycle.ExtendInput{Op: op, Step: length, PastCap: e.pastCap})
		return e.follow(ctx, out, err)
	}
}

// refusedError is an operation that the manager decided against.
type refusedError struct{ lifecycle.Outcome }

func (r *refusedError) Error() string {
	switch {
	case r.Refusal != nil:
		return r.Refusal.Error()
	case r.Result == lifecycle.Paced:
		return fmt.Sprintf("queued behind other launches; try again in %s", r.RetryAfter)
	}
	return "refused: " + string(r.Result)
}

// follow goes on after an operation: to what has become of the cluster, or to an error.
func (e *errand) follow(ctx context.Context, out lifecycle.Outcome, err error) error {
	if err != nil {
		return err
	}
	if httpapi.FromOutcome(out, httpapi.Cluster{}) != nil {
		return &refusedError{out}
	}
	return e.show(ctx, out)
}

// exit says on stderr what went wrong, and gives the exit code.
func (e *errand) exit(err error) int {
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintln(e.p.err, "showtime cluster:", err)
	if r, ok := errors.AsType[*refusedError](err); ok {
		if r.Result == lifecycle.Paced {
			return exitPaced
		}
		return exitRefused
	}
	p, ok := errors.AsType[*httpapi.Problem](err)
	switch {
	case errors.Is(err, lifecycle.ErrAway):
		return exitAway
	case ok && (p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden || p.Status == http.StatusNotFound):
		return exitDenied
	}
	return exitFault
}

func (e *errand) list(ctx context.Context) error {
	list, err := e.client.List(ctx)
	if err != nil || e.json {
		return errors.Join(err, e.print(list, err == nil))
	}
	t := tabwriter.NewWriter(e.p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "NAME\tDESIRED\tPHASE\tREADY\tGENERATION\tLEASE ENDS\tSTARTER\tCOST")
	for _, entry := range list.Clusters {
		if entry.Cluster == nil {
			_, _ = fmt.Fprintf(t, "%s\t?\t?\t?\t?\t?\t?\t?\n", entry.Name)
			continue
		}
		row(t, *entry.Cluster)
	}
	return t.Flush()
}

// row writes one cluster as a line of a table.
func row(w io.Writer, c httpapi.Cluster) {
	ends, starter, cost := "-", "-", "-"
	if c.Session != nil && c.Phase != lifecycle.Down {
		ends, starter = c.Session.LeaseEnd.Local().Format("2006-01-02 15:04"), c.Session.Starter
	}
	if c.Cost.Known {
		cost = fmt.Sprintf("≈ %.2f %s", c.Cost.SoFarMax, c.Cost.Currency)
	}
	_, _ = fmt.Fprintf(w, "%s\t%s\t%s\t%t\t%d\t%s\t%s\t%s\n", c.Name, c.Desired, c.Phase, c.Ready, c.Generation, ends, starter, cost)
}

// print writes JSON, if there is something to write.
func (e *errand) print(v any, there bool) error {
	if !there {
		return nil
	}
	out := json.NewEncoder(e.p.out)
	out.SetIndent("", "  ")
	return out.Encode(v)
}

// show prints the cluster, with --wait once it has settled.
func (e *errand) show(ctx context.Context, out lifecycle.Outcome) error {
	c, err := e.client.Describe(ctx)
	if err == nil && e.wait {
		c, err = e.settled(ctx, c)
	}
	if forbidden, ok := errors.AsType[*httpapi.Problem](err); ok && out.Result != "" && forbidden.Of(httpapi.Forbidden) && !e.wait {
		c, err = httpapi.FromState(out.State), nil // it may act and not look: the answer itself says how it is
	}
	if err != nil || e.json {
		return errors.Join(err, e.print(c, err == nil))
	}
	t := tabwriter.NewWriter(e.p.out, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(t, "NAME\tDESIRED\tPHASE\tREADY\tGENERATION\tLEASE ENDS\tSTARTER\tCOST")
	row(t, c)
	if err := t.Flush(); err != nil {
		return err
	}
	if c.Notebook != "" {
		_, _ = fmt.Fprintln(e.p.out, c.Notebook)
	}
	return nil
}

// waitFor is one long poll.
const waitFor = 20 * time.Second

// settled waits until the cluster is what it is meant to be, and tells of the way there on stderr.
func (e *errand) settled(ctx context.Context, c httpapi.Cluster) (httpapi.Cluster, error) {
	began, up := time.Now(), c.Desired == httpapi.DesiredUp
	for !c.Ready || c.Phase == lifecycle.Stopping {
		if c.Phase == lifecycle.Down && c.Wish == nil {
			if up {
				return c, errors.New("the session ended before it was ready")
			}
			return c, nil
		}
		word := string(c.Phase)
		if c.Session != nil && c.Session.EMRState != "" {
			word += " (EMR: " + c.Session.EMRState + ")"
		}
		_, _ = fmt.Fprintf(e.p.err, "%6s  %s\n", time.Since(began).Round(time.Second), word)
		events, err := e.client.Wait(ctx, c.Revision, waitFor)
		if err != nil {
			return c, err
		}
		for _, event := range events.Events {
			c = event.Cluster
		}
	}
	return c, nil
}

// preview prints what a start would send and cost.
func (e *errand) preview(ctx context.Context, length time.Duration) error {
	answer, err := e.client.Preview(ctx, length)
	return errors.Join(err, e.print(answer, err == nil))
}
