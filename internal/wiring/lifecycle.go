package wiring

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/lambdahttp"
	"showtime/internal/manager"
	"showtime/internal/metric"
	"showtime/lifecycle/httpapi/grant"
	"showtime/lifecycle/httpapi/server"
)

// lambdaLimit is how many requests a caller may make of one instance of the function.
const lambdaLimit = 20

// LambdaLifecycle makes the lifecycle manager of a Lambda function. Who asks is what API Gateway has verified,
// and nothing else.
func LambdaLifecycle(ctx context.Context, c config.Lifecycle, read AWS, now func() time.Time, log zerolog.Logger, record metric.Record) (func(context.Context, json.RawMessage) (any, error), error) {
	a, err := read(ctx)
	if err != nil {
		return nil, err
	}
	store := Table(a, c.Table, now)
	grants, err := manager.NewGrants(c.Grants, now, log)
	if err != nil {
		return nil, fmt.Errorf("SHOWTIME_GRANTS: %w", err)
	}
	fleet, err := manager.New(manager.Options{
		Dir: c.Clusters, Installation: c.Installation, Store: store, Now: now, Log: log, Alarm: Alarm(log),
		Connect: func(f clusterfile.File) manager.EMR { return EMR(a, f, c.Installation, record) },
	})
	if err != nil {
		return nil, fmt.Errorf("SHOWTIME_CLUSTERS: %w", err)
	}
	api, err := server.New(server.Options{
		Fleet: fleet, Caller: grants.Verified(lambdahttp.Principal), Limit: grant.Limit{Burst: 2 * lambdaLimit, PerSecond: lambdaLimit},
		Now: now, Log: log,
	})
	if err != nil {
		return nil, err
	}
	return manager.Lambda(api, Counted(log, fleet.Tick)), nil
}

// Counted writes a line, at whatever level is logged, when a tick was done: CloudWatch counts these lines, because
// the function's invocations are requests as well.
func Counted(log zerolog.Logger, tick func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		if err := tick(ctx); err != nil {
			return err
		}
		log.Log().Msg("tick")
		return nil
	}
}
