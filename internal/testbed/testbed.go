// Package testbed puts the whole product together for tests: a look-alike Slack, the real receiver, a queue
// that is drained by hand, the real worker and use cases, and the real SDK client on a simulated EMR.
// People type and click; the test moves the clock.
package testbed

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/rs/zerolog"

	"showtime/approval"
	"showtime/events"
	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/emrsim"
	"showtime/internal/queue"
	"showtime/internal/receiver"
	"showtime/internal/roles"
	"showtime/internal/secret"
	"showtime/internal/slacklike"
	"showtime/internal/store/boltstore"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// The people and places of every bed.
const (
	Ana, Raj     = "U0ANA", "U0RAJ" // analysts
	Bo, Mia      = "U0BO", "U0MIA"  // admins
	Olli         = "U0OLLI"         // nobody
	Gus          = "U0GUS"          // a guest
	Analysts     = "S0ANALYSTS"     // Ana and Raj
	Team, Admins = "C0HUNT", "C0ADMINS"
	Elsewhere    = "C0RANDOM"
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
	// Store wraps the store, to make it fail.
	Store func(lifecycle.Store) lifecycle.Store
}

// Bed is the product, put together.
type Bed struct {
	T     testing.TB
	Slack *slacklike.Workspace
	EMR   *emrsim.Sim
	Clock *Clock
	Store lifecycle.Store
	Queue *Queue
	Log   *Log
	wiring.Joined
}

// New puts a bed together; it is taken apart with the test.
func New(t testing.TB, o Options) *Bed {
	t.Helper()
	b := &Bed{T: t, Clock: NewClock(), Queue: &Queue{}, Log: &Log{}}
	b.openSlack()
	b.openStore(o)
	sim := httptest.NewServer(nil)
	t.Cleanup(sim.Close)
	b.EMR = emrsim.New(emrsim.Options{Now: b.Clock.Now, NewID: ids(), Timing: emrsim.LikeEMR()})
	sim.Config.Handler = b.EMR
	b.join(o, sim.URL)
	return b
}

// ids counts up ids of EMR clusters.
func ids() func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprintf("j-SIM%010d", n.Add(1)) }
}

func (b *Bed) openSlack() {
	b.Slack = slacklike.New(slacklike.Options{Now: b.Clock.Now})
	web := httptest.NewServer(b.Slack)
	b.T.Cleanup(web.Close)
	b.Slack.SetURL(web.URL)
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
	store, err := boltstore.Open(b.T.TempDir(), b.Clock.Now)
	if err != nil {
		b.T.Fatalf("open store: %v", err)
	}
	b.T.Cleanup(func() {
		if err := store.Close(); err != nil {
			b.T.Errorf("close store: %v", err)
		}
	})
	b.Store = store
	if o.Store != nil {
		b.Store = o.Store(store)
	}
}

func (b *Bed) join(o Options, emrURL string) {
	file, err := clusterfile.Parse([]byte(ClusterFile))
	if err != nil {
		b.T.Fatalf("read cluster file: %v", err)
	}
	log := zerolog.New(b.Log)
	a := aws.Config{
		Region: "eu-west-1", BaseEndpoint: aws.String(emrURL),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDTEST", "test", ""),
	}
	b.Joined, err = wiring.Join(wiring.Parts{
		Config: b.settings(o), File: file, Store: b.Store, EMR: wiring.EMR(a, file, "test"),
		BotToken: secret.Static(b.Slack.Token()), Now: b.Clock.Now, Wire: b.Clock.Now, Log: log,
	})
	if err != nil {
		b.T.Fatalf("join worker: %v", err)
	}
	team, app, _, _ := b.Slack.IDs()
	door, err := receiver.New(receiver.Config{
		Secrets: secret.StaticSigning([]string{b.Slack.SigningSecret()}), Queue: b.Queue, Phrases: events.DefaultPhrases(),
		Cluster: "exploration", TeamID: team, AppID: app, Log: log, Now: b.Clock.Now,
	})
	if err != nil {
		b.T.Fatalf("make receiver: %v", err)
	}
	server := httptest.NewServer(door)
	b.T.Cleanup(server.Close)
	b.Slack.SetApp(server.URL)
}

func (b *Bed) settings(o Options) config.Worker {
	c := config.Worker{
		APIURL: b.Slack.APIURL(), Installation: "test", Channels: []string{Team}, AdminChannel: Admins,
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

// Clock is a clock that stands until it is moved.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts on a Monday morning.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)} }

// Now is the time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Move moves the time forward.
func (c *Clock) Move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Log collects what is logged.
type Log struct {
	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// String is everything logged so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Queue keeps what the receiver sends until it is drained.
type Queue struct {
	mu   sync.Mutex
	sent []queue.Message
	seen map[string]bool
	Down error // what Send answers, if not nil
}

// Send implements the receiver's Sender, deduplication included.
func (q *Queue) Send(_ context.Context, m queue.Message) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.Down != nil {
		return q.Down
	}
	if q.seen == nil {
		q.seen = map[string]bool{}
	}
	if !q.seen[m.DedupeID] {
		q.seen[m.DedupeID] = true
		q.sent = append(q.sent, m)
	}
	return nil
}

// Take empties the queue.
func (q *Queue) Take() []queue.Message {
	q.mu.Lock()
	defer q.mu.Unlock()
	sent := q.sent
	q.sent = nil
	return sent
}

// WriteClusterFile writes the cluster file into a folder of the test's and gives its path.
func WriteClusterFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "exploration.json")
	if err := os.WriteFile(path, []byte(ClusterFile), 0o600); err != nil {
		t.Fatalf("write cluster file: %v", err)
	}
	return path
}
