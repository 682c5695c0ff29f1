// Package testbed puts the whole product together for tests: a look-alike Slack, the real receiver, a queue
// that is drained by hand, the real worker and use cases, and the real SDK client on a simulated EMR.
// People type and click; the test moves the clock, and says when a process dies. Nothing touches a network.
package testbed

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/rs/zerolog"

	"showtime/approval"
	"showtime/events"
	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/emrsim"
	"showtime/internal/metric"
	"showtime/internal/receiver"
	"showtime/internal/roles"
	"showtime/internal/secret"
	"showtime/internal/slacklike"
	"showtime/internal/store/boltstore"
	"showtime/internal/wiring"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi/grant"
)

// The people and places of every bed.
const (
	Ana       = "U0ANA"      // an analyst
	Raj       = "U0RAJ"      // another
	Bo        = "U0BO"       // an admin
	Mia       = "U0MIA"      // another
	Olli      = "U0OLLI"     // nobody
	Gus       = "U0GUS"      // a guest
	Analysts  = "S0ANALYSTS" // Ana and Raj
	Team      = "C0HUNT"     // where cards go
	Admins    = "C0ADMINS"
	Elsewhere = "C0RANDOM" // not allowed
)

// ClusterFile is a small valid cluster file.
const ClusterFile = `{
  "name": "exploration", "notebook_url": "https://{master}:9443",
  "lease": {"default": "4h", "max": "12h", "step": "1h", "warn": ["30m", "10m"], "grace": "30m"},
  "rates": {"as_of": "2026-11-01", "currency": "USD", "per_hour": {"m6g.xlarge": 0.19}},
  "run_job_flow": {
    "ReleaseLabel": "emr-7.14.0", "ServiceRole": "EMR_DefaultRole_V2", "JobFlowRole": "EMR_EC2_Exploration",
    "Applications": [{"Name": "Spark"}, {"Name": "JupyterHub"}],
    "Instances": {"Ec2SubnetId": "subnet-0123456789abcdef0", "KeepJobFlowAliveWhenNoSteps": true, "TerminationProtected": false,
      "InstanceGroups": [
        {"Name": "primary", "InstanceRole": "MASTER", "InstanceType": "m6g.xlarge", "InstanceCount": 1, "Market": "ON_DEMAND"},
        {"Name": "core", "InstanceRole": "CORE", "InstanceType": "m6g.xlarge", "InstanceCount": 2, "Market": "ON_DEMAND"}]}
  }
}`

// Options change a bed before it is put together.
type Options struct {
	Approval approval.Policy // default: admin
	Reason   bool            // reasons are required
	// Admins replaces Bo and Mia.
	Admins []string
	// File replaces ClusterFile.
	File string
	// Memory keeps the records in memory, where processes race as on DynamoDB, and not in a file.
	Memory bool
	// Manager puts the cluster behind a lifecycle manager, which the bot reaches over HTTP.
	Manager bool
	// Without is a verb that the bot's grant there lacks.
	Without grant.Verb
}

// Bed is the product, put together.
type Bed struct {
	T      testing.TB
	Slack  *slacklike.Workspace
	EMR    *emrsim.Sim
	Clock  *Clock
	Store  lifecycle.Store
	Queue  *Queue
	Log    *Log
	Points *Points
	wiring.Joined
	parts wiring.Parts
	pipe  *pipe
	poke  func(ctx context.Context) // the tick of a lifecycle manager, if there is one
}

// New puts a bed together; it is taken apart with the test.
func New(tb testing.TB, o Options) *Bed {
	tb.Helper()
	b := &Bed{T: tb, Clock: NewClock(), Queue: &Queue{}, Log: &Log{}, Points: &Points{}}
	quiet := func(string) {}
	b.poke = func(context.Context) {}
	b.pipe = &pipe{handlers: map[string]http.Handler{}, point: quiet}
	b.openSlack()
	b.openStore(o)
	b.EMR = emrsim.New(emrsim.Options{Now: b.Clock.Now, NewID: ids(), Timing: emrsim.LikeEMR()})
	b.pipe.handlers[emrURL] = b.EMR
	b.join(o)
	return b
}

// Another is one more worker process, which shares only the store with the first.
func (b *Bed) Another() wiring.Joined {
	b.T.Helper()
	return b.With(func(*wiring.Parts) {})
}

// With is one more worker process, some of whose parts are others.
func (b *Bed) With(change func(*wiring.Parts)) wiring.Joined {
	b.T.Helper()
	parts := b.parts
	change(&parts)
	joined, err := wiring.Join(parts)
	if err != nil {
		b.T.Fatalf("join worker: %v", err)
	}
	return joined
}

// ids counts up ids of EMR clusters.
func ids() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("j-SIM%010d", n.Add(1)) }
}

func (b *Bed) openSlack() {
	app := &http.Client{Transport: &pipe{handlers: b.pipe.handlers, point: b.pipe.point}}
	b.Slack = slacklike.New(slacklike.Options{Now: b.Clock.Now, Client: app})
	b.pipe.handlers[slackURL] = b.Slack
	b.Slack.SetURL(slackURL)
	for _, id := range []string{Ana, Raj, Bo, Mia, Olli} {
		b.Slack.AddUser(slacklike.User{ID: id})
	}
	b.Slack.AddUser(slacklike.User{ID: Gus, Restricted: true})
	b.Slack.AddGroup(slacklike.Group{ID: Analysts, Members: []string{Ana, Raj}})
	everybody := []string{Ana, Raj, Bo, Mia, Olli, Gus}
	_, _, bot, _ := b.Slack.IDs()
	b.Slack.AddChannel(slacklike.Channel{ID: Team, Name: "threat-hunting", Members: append(everybody, bot)})
	b.Slack.AddChannel(slacklike.Channel{ID: Admins, Name: "emr-admins", Private: true, Members: []string{Bo, Mia, bot}})
	b.Slack.AddChannel(slacklike.Channel{ID: Elsewhere, Name: "random", Members: append(everybody, bot)})
}

func (b *Bed) openStore(o Options) {
	if o.Memory {
		memory := NewMemory(b.Clock.Now)
		memory.between = func() { b.Points.pass("between decision and commit") }
		b.Store = watched{memory, b.Points}
		return
	}
	store, err := boltstore.Open(b.T.TempDir(), b.Clock.Now)
	if err != nil {
		b.T.Fatalf("open store: %v", err)
	}
	b.T.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.T.Errorf("close store: %v", err)
		}
	})
	b.Store = watched{store, b.Points}
}

func (b *Bed) join(o Options) {
	source := ClusterFile
	if o.File != "" {
		source = o.File
	}
	file, err := clusterfile.Parse([]byte(source))
	if err != nil {
		b.T.Fatalf("read cluster file: %v", err)
	}
	b.pipe.point = b.Points.pass
	a := aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(emrURL), HTTPClient: &http.Client{Transport: b.pipe},
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
		Retryer:     func() aws.Retryer { return aws.NopRetryer{} }, // its pauses are real time
	}
	b.parts = wiring.Parts{
		Config: b.settings(o), File: file, Store: b.Store, EMR: wiring.EMR(a, file, "test", metric.Discard), AWS: a, Record: metric.Discard, Transport: b.pipe,
		BotToken: secret.Static(b.Slack.Token()), Now: b.Clock.Now, Wire: b.Clock.Now, Log: zerolog.New(b.Log),
	}
	if o.Manager {
		b.manage(o.Without)
	}
	b.Joined = b.Another()
	team, app, _, _ := b.Slack.IDs()
	door, err := receiver.New(receiver.Config{
		Secrets: secret.StaticSigning([]string{b.Slack.SigningSecret()}), Queue: b.Queue, Phrases: events.DefaultPhrases(),
		Cluster: "exploration", TeamID: team, AppID: app, Log: zerolog.New(b.Log), Now: b.Clock.Now,
	})
	if err != nil {
		b.T.Fatalf("make receiver: %v", err)
	}
	b.pipe.handlers[appURL] = door
	b.Slack.SetApp(appURL)
}

func (b *Bed) settings(o Options) config.Worker {
	c := config.Worker{
		APIURL: b.Slack.APIURL(), BotToken: b.Slack.Token(), Installation: "test", Channels: []string{Team}, AdminChannel: Admins,
		Analysts: roles.People{Groups: []string{Analysts}}, Admins: roles.People{Users: []string{Bo, Mia}},
		Approval: approval.ByAdmin, ReasonNeeded: o.Reason,
	}
	if o.Approval != "" {
		c.Approval = o.Approval
	}
	if o.Admins != nil {
		c.Admins.Users = o.Admins
	}
	return c
}
