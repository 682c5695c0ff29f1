//go:build lambda

package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	emrtypes "github.com/aws/aws-sdk-go-v2/service/emr/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"showtime/internal/slacklike"
	"showtime/lifecycle"
	"showtime/test/moto"
	"showtime/test/template"
)

// The people and the place of a World.
const (
	Channel = "C0SHOW"
	Admin   = "U0ADMIN"
	Analyst = "U0ANNA"
)

// World is the whole deployment: Slack's look-alike, the gateway, the built functions with the environment that
// template.yaml's stack gives them, IAM's word on what they do, and moto's SQS, DynamoDB, SSM and EMR.
type World struct {
	Slack            *slacklike.Workspace
	Receiver, Worker *Function
	Manager          *Function // nil where the bot looks after its cluster itself
	Source           *Source
	Moto             *moto.Server
	Stack            *moto.Stack
	Proxy            *Proxy // between the functions and moto
	URL              string // of the HTTP API

	tick         json.RawMessage
	name         string // the cluster's
	installation string
}

// patience bounds a delivery of Slack's look-alike.
const patience = 20 * time.Second

// NewWorld deploys everything. more are variables of both functions, over the template's.
func NewWorld(tb testing.TB, more map[string]string) *World {
	tb.Helper()
	return NewWorldOn(tb, moto.Start(tb), "showtime", more)
}

// NewWorldOn deploys everything on a running moto, as an installation that shares nothing with others.
func NewWorldOn(tb testing.TB, server *moto.Server, name string, more map[string]string) *World {
	tb.Helper()
	return newWorld(tb, server, name, "worker", more)
}

// NewManagedWorldOn is the same with a lifecycle manager, through which the bot works.
func NewManagedWorldOn(tb testing.TB, server *moto.Server, name string) *World {
	tb.Helper()
	return newWorld(tb, server, name, "manager", nil)
}

func newWorld(tb testing.TB, server *moto.Server, name, lifecycle string, more map[string]string) *World {
	tb.Helper()
	patient := &http.Client{Timeout: patience} // these machines are busier than Lambda's
	w := &World{Slack: slacklike.New(slacklike.Options{Client: patient}), Moto: server, Proxy: NewProxy(tb, server.URL), installation: name}
	slack := httptest.NewServer(w.Slack)
	tb.Cleanup(slack.Close)
	w.Slack.SetURL(slack.URL)
	w.people()

	team, app, _, _ := w.Slack.IDs()
	w.Stack = w.Moto.Deploy(tb, name, map[string]string{
		"Installation": name, "SlackSecretPath": "/showtime/" + name, "Lifecycle": lifecycle,
		"Channels": Channel, "Admins": Admin, "Analysts": Analyst, "SlackTeamId": team, "SlackAppId": app,
	})
	w.Stack.PutSecrets(tb, w.Slack.SigningSecret(), w.Slack.Token())
	w.Receiver = w.function(tb, "Receiver", "ReceiverRole", more)
	if lifecycle == "manager" {
		more = map[string]string{"SHOWTIME_LIFECYCLE_URL": w.manage(tb)} // moto gives the API no address
	}
	w.Worker = w.function(tb, "Worker", "WorkerRole", more)
	w.connect(tb)
	return w
}

func (w *World) people() {
	_, _, bot, _ := w.Slack.IDs()
	for _, id := range []string{Admin, Analyst} {
		w.Slack.AddUser(slacklike.User{ID: id})
	}
	w.Slack.AddChannel(slacklike.Channel{ID: Channel, Members: []string{Admin, Analyst, bot}})
}

// function runs a function of the stack, with the rights of its role.
func (w *World) function(tb testing.TB, resource, role string, more map[string]string) *Function {
	tb.Helper()
	env := w.Stack.Environ(tb, resource)
	env["AWS_ENDPOINT_URL"], env["AWS_ACCESS_KEY_ID"] = w.Proxy.URL, accessKey(resource)
	if resource == "Worker" {
		env["SLACK_API_URL"] = w.Slack.APIURL()
	}
	maps.Copy(env, more)
	w.Proxy.Guard.let(accessKey(resource), w.Stack.Statements(tb, role))
	p := w.properties(tb, resource)
	seconds, ok := p["Timeout"].(int)
	if !ok {
		tb.Fatalf("%s has no timeout", resource)
	}
	name := path.Base(fmt.Sprint(p["CodeUri"]))
	return NewFunction(tb, name, Dist(tb, name), env, time.Duration(seconds)*time.Second)
}

// connect lays the ways between the parts as the template's events do.
func (w *World) connect(tb testing.TB) {
	tb.Helper()
	w.URL = w.serve(tb, &Gateway{Function: w.Receiver}, "Receiver")
	w.Slack.SetApp(w.URL)

	triggers := template.Map(w.properties(tb, "Worker"), "Events")
	w.tick = json.RawMessage(fmt.Sprint(template.Map(triggers, "Tick", "Properties")["Input"]))
	w.name = fmt.Sprint(template.Strings(template.Map(triggers, "ClusterChanged", "Properties", "Pattern", "detail")["name"])[0])
	size, ok := template.Map(triggers, "Jobs", "Properties")["BatchSize"].(int)
	if !ok {
		tb.Fatal("the queue has no batch size")
	}
	w.Source = &Source{
		Client: sqs.NewFromConfig(w.Moto.Config()), QueueURL: w.Stack.QueueURL, Function: w.Worker,
		BatchSize: int32(min(size, 10)),
	}
}

// serve opens a gateway with the routes that the template gives a function.
func (w *World) serve(tb testing.TB, gateway *Gateway, resource string) (url string) {
	tb.Helper()
	gateway.Routes = map[string]bool{}
	for _, event := range template.Map(w.properties(tb, resource), "Events") {
		if p := template.Map(event, "Properties"); p["Path"] != nil {
			gateway.Routes[fmt.Sprint(p["Method"], " ", p["Path"])] = true
		}
	}
	api := httptest.NewServer(gateway)
	tb.Cleanup(api.Close)
	return api.URL
}

func (w *World) properties(tb testing.TB, resource string) map[string]any {
	tb.Helper()
	p, err := w.Stack.Template.Properties(resource)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// Settle has the worker do everything that is queued. It fails the test when a job fails.
func (w *World) Settle(tb testing.TB) {
	tb.Helper()
	if _, failed, err := w.Source.Drain(tb.Context()); err != nil || failed > 0 {
		tb.Fatalf("settle: %d jobs failed, %v", failed, err)
	}
}

// Tick is the minute's schedule.
func (w *World) Tick(tb testing.TB) {
	tb.Helper()
	if err := w.TryTick(tb.Context()); err != nil {
		tb.Fatalf("tick: %v", err)
	}
}

// TryTick is a tick that may fail.
func (w *World) TryTick(ctx context.Context) error { return w.poke(ctx, w.tick) }

// poke tells everybody who looks after clusters to look now.
func (w *World) poke(ctx context.Context, event any) error {
	for _, f := range []*Function{w.Manager, w.Worker} {
		if f == nil {
			continue
		}
		if _, err := f.Invoke(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// Changed is EMR's event about a cluster, as EventBridge hands it to the worker.
func (w *World) Changed(tb testing.TB, id, state string) {
	tb.Helper()
	detail, err := json.Marshal(map[string]string{
		"severity": "INFO", "stateChangeReason": `{"code":""}`, "name": w.name, "clusterId": id, "state": state, "message": "",
	})
	if err != nil {
		tb.Fatal(err)
	}
	err = w.poke(tb.Context(), events.CloudWatchEvent{
		Version: "0", ID: id + state, DetailType: "EMR Cluster State Change", Source: "aws.emr",
		Time: time.Now().UTC(), Region: "eu-central-1", Detail: detail,
	})
	if err != nil {
		tb.Fatalf("EMR event: %v", err)
	}
}

// Live are the installation's clusters that EMR runs, with their tags.
func (w *World) Live(tb testing.TB) []*emrtypes.Cluster {
	tb.Helper()
	client := emr.NewFromConfig(w.Moto.Config())
	list, err := client.ListClusters(tb.Context(), &emr.ListClustersInput{ClusterStates: []emrtypes.ClusterState{
		emrtypes.ClusterStateStarting, emrtypes.ClusterStateBootstrapping, emrtypes.ClusterStateRunning,
		emrtypes.ClusterStateWaiting, emrtypes.ClusterStateTerminating,
	}})
	if err != nil {
		tb.Fatalf("list clusters: %v", err)
	}
	var live []*emrtypes.Cluster
	for _, c := range list.Clusters {
		got, err := client.DescribeCluster(tb.Context(), &emr.DescribeClusterInput{ClusterId: c.Id})
		if err != nil {
			tb.Fatalf("describe cluster: %v", err)
		}
		if slices.ContainsFunc(got.Cluster.Tags, func(t emrtypes.Tag) bool {
			return *t.Key == lifecycle.TagInstallation && *t.Value == w.installation
		}) {
			live = append(live, got.Cluster)
		}
	}
	return live
}
