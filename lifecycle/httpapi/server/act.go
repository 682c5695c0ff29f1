package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"showtime/internal/job"
	"showtime/internal/typed"
	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

// Keyed is a request that changes something.
type Keyed struct {
	Named
	Key string `header:"Idempotency-Key" maxLength:"200" pattern:"^[!-~]*$" doc:"repeating a request with its key is safe for 48 hours: nothing is done again"`
}

type startIn struct {
	Keyed
	DryRun bool `query:"dry_run" doc:"only say what would be sent to EMR, and what it would cost"`
	Body   httpapi.StartBody
}

type (
	stopIn struct {
		Keyed
		Body httpapi.StopBody
	}
	joinIn struct {
		Keyed
		Body httpapi.JoinBody
	}
	extendIn struct {
		Keyed
		Body httpapi.ExtendBody
	}
	answerOut struct {
		Status int
		Body   httpapi.Answer
	}
)

func (s *server) actRoutes(api huma.API) {
	start := operation(api, "start-cluster", http.MethodPost, clusterPath+"/start", "Start a session, or join the one there is", http.StatusAccepted)
	start.Description = "202 once the launch is recorded, 200 when there is a session already or with dry_run. " +
		"503 launch-paced records nothing under the key: repeat the request after Retry-After."
	answers(api, &start, http.StatusOK, "answered, or previewed")
	huma.Register(api, start, s.start)
	stop := operation(api, "stop-cluster", http.MethodPost, clusterPath+"/stop", "End the session of one generation", http.StatusAccepted)
	answers(api, &stop, http.StatusOK, "nothing to do")
	huma.Register(api, stop, s.stop)
	huma.Register(api, operation(api, "join-cluster", http.MethodPost, clusterPath+"/join", "Be among those who use the session", http.StatusOK), s.join)
	huma.Register(api, operation(api, "extend-lease", http.MethodPost, clusterPath+"/extend", "Move the lease's end", http.StatusOK), s.extend)
}

// answers documents another success of an operation than the one it is registered with.
func answers(api huma.API, op *huma.Operation, status int, text string) {
	schema := huma.SchemaFromType(api.OpenAPI().Components.Schemas, reflect.TypeFor[httpapi.Answer]())
	op.Responses[strconv.Itoa(status)] = &huma.Response{
		Description: text, Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
	}
}

// act is one operation in the making.
type act struct {
	what   string
	key    string // as the caller chose it; empty lets one be made up
	needed bool   // a key is needed
	behalf string
	line   string // what a person typed
	extra  bool   // it names a request or an approver
	verbs  []grant.Verb
}

// begin admits an operation and gives it its identity.
func (s *server) begin(ctx context.Context, name string, a act, generation *int64) (Member, lifecycle.Op, error) {
	who := caller(ctx)
	if a.behalf != "" || a.extra {
		a.verbs = append(a.verbs, grant.OnBehalf)
	}
	m, p := s.enter(ctx, name, a.verbs...)
	if p != nil {
		return m, lifecycle.Op{}, p
	}
	switch {
	case a.key == "" && a.needed:
		return m, lifecycle.Op{}, httpapi.NewProblem(httpapi.KeyMissing, "")
	case a.key == "":
		a.key = rand.Text()
	}
	by := who.grant.Name
	if a.behalf != "" {
		if by = a.behalf; !person(by) {
			return m, lifecycle.Op{}, httpapi.NewProblem(httpapi.InvalidRequest, "on_behalf_of must be a Slack user id")
		}
	}
	op := lifecycle.Op{ID: opID(who.grant, a.what, a.key), Generation: lifecycle.AnyGeneration, By: by, At: s.Now()}
	if generation != nil {
		op.Generation = *generation
	}
	op.Record = s.record(who, a, op, m.Settings.Name)
	return m, op, nil
}

// person says whether an id may be one of Slack's users: the only others who may stand in a tag.
func person(id string) bool { return regexp.MustCompile(`^[UW][A-Z0-9]{1,62}$`).MatchString(id) }

// opID keeps the keys of callers, and of one caller's different operations, apart.
func opID(g grant.Grant, what, key string) string { return "http:" + g.Name + ":" + what + ":" + key }

// own gives the key in an operation id back to the caller who chose it, and nothing of others'.
func own(g grant.Grant, id string) string {
	rest, mine := strings.CutPrefix(id, "http:"+g.Name+":")
	if !mine {
		return ""
	}
	_, key, _ := strings.Cut(rest, ":")
	return key
}

// Ref is the short reference of the key in an operation id, by which the bot's people know their session.
func Ref(op string) string {
	const key = 3 // after opID's "http", grant and act
	if parts := strings.SplitN(op, ":", key+1); len(parts) > key {
		op = parts[key]
	}
	return job.RefOf(op)
}

// used remembers which request a key belongs to.
type used struct {
	V    int    `json:"v"`
	Hash string `json:"hash"`
}

func usedKey(cluster, op string) lifecycle.Key { return lifecycle.DedupeKey(cluster, "request/"+op) }

// record writes, with the operation's result, its audit and which request its key belongs to.
func (s *server) record(who asked, a act, op lifecycle.Op, cluster string) func(lifecycle.Tx, lifecycle.Outcome) error {
	return func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		attempt := lifecycle.Attempt{
			ID: op.ID, At: s.Now(), Who: who.grant.Name, What: a.what, Generation: out.State.Generation,
			Allowed: httpapi.FromOutcome(out, httpapi.Cluster{}) == nil, Outcome: string(out.Result),
			Ref: a.behalf, EMRID: out.State.Session.EMRID, Typed: a.line,
		}
		if err := attempt.Record(tx, cluster); err != nil {
			return fmt.Errorf("record attempt: %w", err)
		}
		return tx.Insert(usedKey(cluster, op.ID), used{V: 1, Hash: who.hash}, s.Now().Add(lifecycle.DedupeFor))
	}
}

func (s *server) start(ctx context.Context, in *startIn) (*answerOut, error) {
	if in.DryRun {
		return s.preview(ctx, in)
	}
	line := typed.Line(in.Body.Purpose)
	m, op, err := s.begin(ctx, in.Name, act{
		what: "start", key: in.Key, needed: true, behalf: in.Body.OnBehalfOf, line: line, verbs: []grant.Verb{grant.Start},
	}, in.Body.Generation)
	if err != nil {
		return nil, err
	}
	return s.finish(ctx, m, op, func(ctx context.Context) (lifecycle.Outcome, error) {
		return m.Manager.Start(ctx, lifecycle.StartInput{Op: op, Length: hours(in.Body.Hours), Purpose: line})
	})
}

func (s *server) stop(ctx context.Context, in *stopIn) (*answerOut, error) {
	line := typed.Line(in.Body.Reason)
	m, op, err := s.begin(ctx, in.Name, act{
		what: "stop", key: in.Key, behalf: in.Body.OnBehalfOf, extra: in.Body.Request+in.Body.Approver != "", line: line,
		verbs: []grant.Verb{grant.Stop},
	}, &in.Body.Generation)
	if err != nil {
		return nil, err
	}
	return s.finish(ctx, m, op, func(ctx context.Context) (lifecycle.Outcome, error) {
		return m.Manager.Stop(ctx, lifecycle.StopInput{
			Op: op, Why: lifecycle.StopAsked, Request: typed.Line(in.Body.Request), Approver: typed.Line(in.Body.Approver), Reason: line,
		})
	})
}

func (s *server) join(ctx context.Context, in *joinIn) (*answerOut, error) {
	m, op, err := s.begin(ctx, in.Name, act{
		what: "join", key: in.Key, behalf: in.Body.OnBehalfOf, verbs: []grant.Verb{grant.Join},
	}, in.Body.Generation)
	if err != nil {
		return nil, err
	}
	return s.finish(ctx, m, op, func(ctx context.Context) (lifecycle.Outcome, error) {
		return m.Manager.Join(ctx, lifecycle.JoinInput{Op: op})
	})
}

func (s *server) extend(ctx context.Context, in *extendIn) (*answerOut, error) {
	verbs := []grant.Verb{grant.Extend}
	if in.Body.PastCap {
		verbs = []grant.Verb{grant.ExtendPastCap}
	}
	m, op, err := s.begin(ctx, in.Name, act{
		what: "extend", key: in.Key, needed: true, behalf: in.Body.OnBehalfOf, extra: in.Body.Request+in.Body.Approver != "", verbs: verbs,
	}, in.Body.Generation)
	if err != nil {
		return nil, err
	}
	return s.finish(ctx, m, op, func(ctx context.Context) (lifecycle.Outcome, error) {
		return m.Manager.Extend(ctx, extension(op, in.Body))
	})
}

// extension is an extension as the lifecycle takes it.
func extension(op lifecycle.Op, in httpapi.ExtendBody) lifecycle.ExtendInput {
	return lifecycle.ExtendInput{
		Op: op, Step: hours(in.Hours), From: in.From, PastCap: in.PastCap, Request: typed.Line(in.Request), Approver: typed.Line(in.Approver),
	}
}

// finish does an operation to its end, whether or not its caller stays, and answers.
func (s *server) finish(ctx context.Context, m Member, op lifecycle.Op, do func(context.Context) (lifecycle.Outcome, error)) (*answerOut, error) {
	acting, cancel := context.WithTimeout(context.WithoutCancel(ctx), actWithin)
	defer cancel()
	out, err := do(acting)
	if err != nil {
		return nil, s.fault(err)
	}
	if out.Known {
		if p := s.reused(acting, m, op, caller(ctx)); p != nil {
			return nil, p
		}
	}
	c := m.shown(ctx, out.State)
	if p := httpapi.FromOutcome(out, c); p != nil {
		return nil, p
	}
	status := http.StatusOK
	if r := out.Result; r == lifecycle.Launched || r == lifecycle.StopBegun || r == lifecycle.StopNoted {
		status = http.StatusAccepted
	}
	return &answerOut{Status: status, Body: httpapi.Answer{Result: out.Result, Known: out.Known, Cluster: c}}, nil
}

// reused says whether a known key belongs to another request than this one.
func (s *server) reused(ctx context.Context, m Member, op lifecycle.Op, who asked) *httpapi.Problem {
	var u used
	found, err := m.Store.Get(ctx, usedKey(m.Settings.Name, op.ID), &u)
	switch {
	case err != nil:
		return s.fault(err)
	case found && u.Hash != who.hash:
		return httpapi.NewProblem(httpapi.KeyReused, "")
	}
	return nil
}

// hours reads hours to the second.
func hours(h float64) time.Duration {
	return time.Duration(math.Round(h*3600)) * time.Second
}
