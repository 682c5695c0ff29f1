//go:build lambda

package lambda

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"showtime/test/moto"
	"showtime/test/template"
)

// Guard is IAM, which moto does not have: a function is known by its access key, and may do what its role's policies
// in the translated template allow. What it may not is refused, and fails the test.
type Guard struct {
	tb testing.TB

	mu      sync.Mutex
	refuses bool                            // without complaint
	roles   map[string][]template.Statement // by access key
	tags    map[string][]tag                // by EMR id
	used    map[string]bool
}

type tag struct{ Key, Value string }

func newGuard(tb testing.TB) *Guard {
	tb.Helper()
	return &Guard{tb: tb, roles: map[string][]template.Statement{}, tags: map[string][]tag{}, used: map[string]bool{}}
}

// accessKey is what a function signs with.
func accessKey(function string) string { return "AKIA" + strings.ToUpper(function) }

// credential is the access key of a signed request.
func credential(r *http.Request) string {
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(rest, "/")
	return key
}

// let gives a key its role's rights.
func (g *Guard) let(key string, role []template.Statement) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.roles[key] = role
}

// Expect says that something will be refused, and that the test is about it.
func (g *Guard) Expect() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.refuses = true
}

// allows says whether a request's sender may do all that it is authorised as.
func (g *Guard) allows(key string, requests []template.Request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, r := range requests {
		if !template.Allows(g.roles[key], r) {
			g.complain("IAM refuses %s %s on %s (%v)", key, r.Action, r.Resource, r.Context)
			return false
		}
		g.used[key+" "+r.Action] = true
	}
	return true
}

func (g *Guard) complain(format string, args ...any) {
	if !g.refuses {
		g.tb.Errorf(format, args...)
	}
}

// Used lists what a function has done, without what it may do and did not.
func (g *Guard) Used(function string) []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var actions []string
	for both := range maps.Keys(g.used) {
		if action, is := strings.CutPrefix(both, accessKey(function)+" "); is {
			actions = append(actions, action)
		}
	}
	slices.Sort(actions)
	return actions
}

// launched remembers what tags a cluster got.
func (g *Guard) launched(id string, body []byte) {
	var in struct{ Tags []tag }
	if json.Unmarshal(body, &in) != nil {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.tags[id] = in.Tags
}

// requests is what IAM is asked about one call.
func (g *Guard) requests(service, operation string, body []byte) []template.Request {
	switch service {
	case SQS:
		var in struct{ QueueUrl string } //nolint:revive // AWS's spelling
		_ = json.Unmarshal(body, &in)    // an empty name is refused
		return []template.Request{{Action: "sqs:" + operation, Resource: moto.ARN("sqs", path.Base(in.QueueUrl))}}
	case SSM:
		var in struct{ Name string }
		_ = json.Unmarshal(body, &in) // likewise
		return []template.Request{{Action: "ssm:" + operation, Resource: moto.ARN("ssm", "parameter"+in.Name)}}
	case Dynamo:
		return tableRequests(operation, body)
	case EMR:
		return g.clusterRequests(operation, body)
	}
	return []template.Request{{Action: service + ":" + operation, Resource: "a call that nobody here knows"}}
}

// absent is the condition under which a record of the audit is put.
const absent = "attribute_not_exists(pk)"

// item is as much of a call to DynamoDB, or of a part of a transaction, as names its table and partition.
type item struct {
	TableName                 string
	ConditionExpression       string
	Key, Item                 map[string]struct{ S string }
	ExpressionAttributeValues map[string]struct{ S string }
	TransactItems             []map[string]item
}

func tableRequests(operation string, body []byte) []template.Request {
	var in item
	_ = json.Unmarshal(body, &in) // values of other kinds than S are no keys
	if operation != "TransactWriteItems" {
		return []template.Request{in.request(operation)}
	}
	var parts []template.Request
	for _, part := range in.TransactItems { // IAM asks for each part, and for nothing else
		for kind, one := range part {
			if kind == "Put" && strings.HasPrefix(one.Item["pk"].S, "audit/") && one.ConditionExpression != absent {
				kind = "Overwrite" // IAM cannot tell, and so would allow it
			}
			action := kind + "Item"
			if kind == "ConditionCheck" {
				action = "ConditionCheckItem"
			}
			parts = append(parts, one.request(action))
		}
	}
	return parts
}

func (i item) request(action string) template.Request {
	var keys []string
	for _, key := range []string{i.Key["pk"].S, i.Item["pk"].S, i.ExpressionAttributeValues[":pk"].S} {
		if key != "" {
			keys = append(keys, key)
		}
	}
	return template.Request{
		Action: "dynamodb:" + action, Resource: moto.ARN("dynamodb", "table/"+i.TableName),
		Context: map[string][]string{"dynamodb:LeadingKeys": keys},
	}
}

// launch is as much of RunJobFlow and its like as IAM looks at.
type launch struct {
	Tags                     []tag
	ServiceRole, JobFlowRole string
	ClusterId                string   //nolint:revive // AWS's spelling
	JobFlowIds               []string //nolint:revive // AWS's spelling
}

// clusterRequests leaves out looks at other installations' clusters: IAM refuses them, and a new one of the same name
// would make this installation wait a minute. The tests of one run share an account, and their clusters are seconds old.
func (g *Guard) clusterRequests(operation string, body []byte) []template.Request {
	var in launch
	_ = json.Unmarshal(body, &in) // nothing in it is refused
	action := "elasticmapreduce:" + operation
	switch operation {
	case "RunJobFlow":
		tags := in.asked()
		return []template.Request{
			{Action: action, Resource: "*", Context: tags},
			{Action: "elasticmapreduce:AddTags", Resource: moto.ARN("elasticmapreduce", "cluster/*"), Context: tags},
			{Action: "iam:PassRole", Resource: "arn:aws:iam::123456789012:role/" + in.ServiceRole, Context: passedTo("elasticmapreduce.amazonaws.com")},
			{Action: "iam:PassRole", Resource: "arn:aws:iam::123456789012:role/" + in.JobFlowRole, Context: passedTo("ec2.amazonaws.com")},
		}
	case "ListClusters":
		return []template.Request{{Action: action, Resource: "*"}}
	}
	var all []template.Request
	for _, id := range append(in.JobFlowIds, in.ClusterId) {
		if context := g.borne(id); id != "" && (len(context) > 0 || operation != "DescribeCluster") {
			all = append(all, template.Request{Action: action, Resource: moto.ARN("elasticmapreduce", "cluster/"+id), Context: context})
		}
	}
	return all
}

func (l launch) asked() map[string][]string {
	context := map[string][]string{"aws:RequestedRegion": {"eu-central-1"}}
	for _, t := range l.Tags {
		context["aws:RequestTag/"+t.Key] = []string{t.Value}
		context["aws:TagKeys"] = append(context["aws:TagKeys"], t.Key)
	}
	return context
}

// borne are the tags that a cluster has.
func (g *Guard) borne(id string) map[string][]string {
	g.mu.Lock()
	defer g.mu.Unlock()
	context := map[string][]string{}
	for _, t := range g.tags[id] {
		context["elasticmapreduce:ResourceTag/"+t.Key] = []string{t.Value}
	}
	return context
}

func passedTo(service string) map[string][]string {
	return map[string][]string{"iam:PassedToService": {service}}
}

// denial is how AWS's services say no.
const denial = `{"__type":"AccessDeniedException","message":"not authorized"}`

func denied(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = fmt.Fprint(w, denial)
}
