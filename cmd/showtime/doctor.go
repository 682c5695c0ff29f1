package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"showtime/internal/config"
	"showtime/internal/doctor"
	"showtime/internal/wiring"
)

const doctorUsage = "usage: showtime doctor [--for serve|receiver|worker|lifecycle] [--socket] [--json]"

// doctorCommand looks at the setup of a process, whose variables are this command's too. Warnings and what cannot
// be told from here are no fault.
func doctorCommand(ctx context.Context, p program, args []string) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(p.err)
	process := flags.String("for", string(config.ServeProcess), "the process whose setup is looked at: serve, receiver, worker or lifecycle")
	socket := flags.Bool("socket", false, "serve is started with --socket")
	asJSON := flags.Bool("json", false, "one JSON document")
	if err := flags.Parse(args); err != nil || flags.NArg() != 0 {
		_, _ = fmt.Fprintln(p.err, doctorUsage)
		return exitUsage
	}
	v := visit{lookup: p.lookup, clocks: doctor.NewClocks(time.Now), socket: *socket}
	checks, known := v.checks(ctx, config.Process(*process))
	if !known || *socket && *process != string(config.ServeProcess) {
		_, _ = fmt.Fprintln(p.err, doctorUsage)
		return exitUsage
	}
	report := doctor.Examine(ctx, doctor.Within, append(checks, v.clocks.Check()))
	write := func() error { return doctor.WriteTable(p.out, report) }
	if *asJSON {
		write = func() error { return doctor.WriteJSON(p.out, *process, report) }
	}
	if err := write(); err != nil {
		_, _ = fmt.Fprintln(p.err, "showtime doctor:", err)
		return exitFault
	}
	if report.Count(doctor.Error) > 0 {
		return exitFault
	}
	return exitOK
}

// visit is one look at a setup.
type visit struct {
	lookup config.Lookup
	clocks *doctor.Clocks
	socket bool
	aws    aws.Config
}

// checks gives what there is to look at for a process, and whether there is such a process.
func (v visit) checks(ctx context.Context, process config.Process) ([]doctor.Check, bool) {
	of := map[config.Process]func() []doctor.Check{
		config.ServeProcess: v.serve, config.ReceiverProcess: v.receiver, config.WorkerProcess: v.worker, config.LifecycleProcess: v.lifecycle,
	}[process]
	if of == nil {
		return nil, false
	}
	a, err := wiring.FromEnvironment(ctx)
	v.aws = a
	checks := of()
	if err != nil {
		checks = append(checks, doctor.Problems("AWS configuration", "", "Correct AWS_PROFILE and the files it names.", err))
	}
	return checks, true
}
