//go:build lambda

package lambda

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
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

// World is the whole deployment: Slack's look-alike, the gateway, the built receiver and worker with the
// environment that template.yaml gives them, and moto's SQS, DynamoDB, SSM and EMR.
type World struct {
	Slack            *slacklike.Workspace
	Receiver, Worker *Function
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
	patient := &http.Client{Timeout: patience} // these machines are busier than Lambda's
	w := &World{Slack: slacklike.New(slacklike.Options{Client: patient}), Moto: server, Proxy: NewProxy(tb, server.URL), installation: name}
	slack := httptest.NewServer(w.Slack)
	tb.Cleanup(slack.Close)
	w.Slack.SetURL(slack.URL)
	w.people()

	team, app, _, _ := w.Slack.IDs()
	w.Stack = w.Moto.Deploy(tb, name, map[string]string{
		"Installation": name, "SlackSecretPath": "/showtime/" + name,
		"Channels": Channel, "Admins": Admin, "Analysts": Analyst, "SlackTeamId": team, "SlackAppId": app,
	})
	w.Stack.PutSecrets(tb, w.Slack.SigningSecret(), w.Slack.Token())
	w.Receiver = w.function(tb, "Receiver", "receiver", more)
	w.Worker = w.function(tb, "Worker", "worker", more)
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

func (w *World) function(tb testing.TB, resource, name string, more map[string]string) *Function {
	tb.Helper()
	env := w.Stack.Environ(tb, resource)
	env["SLACK_API_URL"], env["AWS_ENDPOINT_URL"] = w.Slack.APIURL(), w.Proxy.URL
	maps.Copy(env, more)
	seconds, ok := w.properties(tb, resource)["Timeout"].(int)
	if !ok {
		tb.Fatalf("%s has no timeout", resource)
	}
	return NewFunction(tb, name, Dist(tb, name), env, time.Duration(seconds)*time.Second)
}

// connect lays the ways between the parts as the template's events do.
func (w *World) connect(tb testing.TB) {
	tb.Helper()
	gateway := &Gateway{Function: w.Receiver, Routes: map[string]bool{}}
	for _, event := range template.Map(w.properties(tb, "Receiver"), "Events") {
		p := template.Map(event, "Properties")
		gateway.Routes[fmt.Sprint(p["Method"], " ", p["Path"])] = true
	}
	api := httptest.NewServer(gateway)
	tb.Cleanup(api.Close)
	w.URL = api.URL
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
	if _, err := w.Worker.Invoke(tb.Context(), w.tick); err != nil {
		tb.Fatalf("tick: %v", err)
	}
}

// TryTick is a tick that may fail.
func (w *World) TryTick(ctx context.Context) error {
	_, err := w.Worker.Invoke(ctx, w.tick)
	return err
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
	_, err = w.Worker.Invoke(tb.Context(), events.CloudWatchEvent{
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
