// Package wiring joins the rooms into a worker. It is used by the Lambda function, by the one process and
// by the demo, which differ only in the parts they bring.
package wiring

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/rs/zerolog"

	"showtime/approval"
	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/job"
	"showtime/internal/metric"
	"showtime/internal/roles"
	"showtime/internal/secret"
	"showtime/internal/slackapi"
	"showtime/internal/store/snapshot"
	"showtime/internal/usecase"
	"showtime/internal/worker"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
)

// Parts are what differs between the ways to run a worker.
type Parts struct {
	Config   config.Worker
	File     clusterfile.File
	Store    lifecycle.Store
	EMR      lifecycle.EMR
	BotToken *secret.Value
	// Now is domain time, Wire is Slack's.
	Now, Wire func() time.Time
	Log       zerolog.Logger
	// AWS is how the setup is looked at; it is not used where the settings name nothing of AWS.
	AWS aws.Config
	// Sign signs requests to a lifecycle manager for which there is no token.
	Sign httpapi.Sign
	// Transport carries the calls to Slack, ManagerTransport those to a lifecycle manager; nil means Go's own.
	Transport, ManagerTransport http.RoundTripper
	// DrawEvery is the least time between two drawings of one message; 0 = none.
	DrawEvery time.Duration
	Record    metric.Record
}

// DrawEvery keeps cards well within what Slack lets an app edit.
const DrawEvery = 3 * time.Second

// Joined is a worker and the parts of it that others look at.
type Joined struct {
	Worker  *worker.Worker
	Manager lifecycle.Manager
}

// Join joins the parts.
func Join(p Parts) (Joined, error) {
	alarm := Alarm(p.Log)
	slack, err := slackapi.New(slackapi.Options{
		URL: p.Config.APIURL, Token: p.BotToken.Get, Refresh: p.BotToken.Refresh, Alarm: alarm, Now: p.Wire, Transport: p.Transport,
		Failed: func(op string) { p.Record(metric.SlackErrors, op, 1) },
	})
	if err != nil {
		return Joined{}, fmt.Errorf("make slack client: %w", err)
	}
	store := snapshot.New(p.Store, p.File.Config.Name)
	m, poker, err := managerOf(p, store, alarm)
	if err != nil {
		return Joined{}, err
	}
	decided := settings(p.Config, p.File.Config)
	decided.DrawEvery = p.DrawEvery
	bot := usecase.New(usecase.Options{
		Settings: decided, Manager: m, Store: store, Poster: slack, Respond: slack,
		Roles: roles.New(roleConfig(p.Config, slack), slack, p.Wire), Doctor: examiner{p.setup()},
		Now: p.Now, Wire: p.Wire, Token: rand.Text, Log: p.Log, Alarm: alarm, Record: p.Record,
	})
	return Joined{Worker: worker.New(bot, poker, p.Log, alarm).Recording(p.Record, p.Wire), Manager: m}, nil
}

// managerOf is the lifecycle in this process, which has to be poked, or a manager elsewhere, which has a tick of its own.
func managerOf(p Parts, store lifecycle.Store, alarm func(ctx context.Context, kind, detail string)) (lifecycle.Manager, worker.Poker, error) {
	if p.Config.LifecycleURL != "" {
		client, err := httpapi.NewClient(httpapi.ClientOptions{
			URL: p.Config.LifecycleURL, Cluster: p.File.Config.Name, Token: p.Config.LifecycleToken, Sign: p.Sign,
			Store: store, OnBehalf: true, Transport: p.ManagerTransport,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("SHOWTIME_LIFECYCLE_URL: %w", err)
		}
		return client, nil, nil
	}
	local := lifecycle.NewLocal(lifecycle.Options{
		Settings: lifecycle.Settings{Config: p.File.Config, Shape: p.File.Shape}, Installation: p.Config.Installation, Store: store, EMR: p.EMR,
		Now: p.Now, Log: p.Log, Alarm: alarm, Ref: job.RefOf,
	})
	return local, local, nil
}

// Alarm raises an alarm as one log line of its own shape, which CloudWatch counts.
func Alarm(log zerolog.Logger) func(ctx context.Context, kind, detail string) {
	return func(_ context.Context, kind, detail string) {
		log.Error().Str("alarm", kind).Str("detail", detail).Msg("alarm")
	}
}

// settings are the operator's decisions as the use cases want them.
func settings(c config.Worker, f lifecycle.Config) usecase.Settings {
	return usecase.Settings{
		Cluster: f.Name, Channels: c.Channels, AdminChannel: c.AdminChannel,
		Admins: slices.Concat(c.Admins.Users, c.Admins.Groups), Policy: c.Approval, ReasonRequired: c.ReasonNeeded,
		RequestExpires: f.Request.Expires, Schedule: schedule(f.Request), EscalateTo: f.Request.EscalateTo,
	}
}

// schedule is when an open request calls for attention: nobody is called when nobody is named.
func schedule(r lifecycle.RequestConfig) approval.Schedule {
	s := approval.Schedule{Remind: r.Remind}
	if r.EscalateTo != "" {
		s.EscalateAfter = r.EscalateAfter
	}
	return s
}

// roleConfig says whose people may have roles: the configured workspace's, else the token's.
func roleConfig(c config.Worker, slack *slackapi.Client) roles.Config {
	home := func(ctx context.Context) (string, error) {
		if c.TeamID != "" {
			return c.TeamID, nil
		}
		me, err := slack.Me(ctx)
		return me.TeamID, err
	}
	return roles.Config{Analysts: c.Analysts, Admins: c.Admins, Home: home}
}
