// Package server is the routes of the lifecycle manager: one http.Handler, the same in a process and in a
// Lambda function. It decides who may ask, hands the rest to a lifecycle.Manager, and puts it into words.
package server

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/rs/zerolog"

	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

// Member is one cluster of the manager.
type Member struct {
	Settings lifecycle.Settings
	Findings []string
	Manager  lifecycle.Manager
	// Store is where the manager records; what requests their keys belong to is kept beside it.
	Store lifecycle.Store
	// Preview gives the body of the request that a launch would send to EMR.
	Preview func(ctx context.Context, l lifecycle.Launch) (json.RawMessage, error)
}

// Fleet is the clusters of the manager, as they are at the moment.
type Fleet interface {
	Names() []string // sorted
	Find(name string) (Member, bool)
}

// Options are all that a server needs.
type Options struct {
	Fleet Fleet
	// Caller finds the grant of a request's caller.
	Caller func(r *http.Request) (grant.Grant, bool)
	Limit  grant.Limit
	Now    func() time.Time
	Log    zerolog.Logger
	// Health says what does not work: a fixed word, or nothing.
	Health func(ctx context.Context) string
	// Poll is how often a waiting request looks for a change; zero is a second.
	Poll time.Duration
	// Stream says whether events are streamed, which a Lambda function cannot do.
	Stream bool
	// Done ends every waiting request, so that the process can stop; nil is never.
	Done <-chan struct{}
}

type server struct {
	Options
	limiter *grant.Limiter
	health  health
}

// The bounds of one request.
const (
	readWithin = 8 * time.Second
	// actWithin is how long an operation may take: a launch has 20 s, and its answer 5 to be recorded.
	actWithin = 28 * time.Second
	maxWait   = 20 * time.Second
	// answerWithin is how long a request may take from here on until its answer is written.
	answerWithin = 40 * time.Second
)

// New makes the handler.
func New(o Options) (http.Handler, error) {
	if o.Poll <= 0 {
		o.Poll = time.Second
	}
	s := &server{Options: o, limiter: grant.NewLimiter(o.Limit, o.Now)}
	s.health = health{look: o.Health, now: o.Now}
	mux := http.NewServeMux()
	api := humago.New(mux, configured())
	s.readRoutes(api)
	s.actRoutes(api)
	if o.Stream {
		s.streamRoute(api)
		mux.HandleFunc("GET /v1/clusters/{name}/stream", s.stream)
	}
	document, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, fmt.Errorf("write OpenAPI document: %w", err)
	}
	outer := http.NewServeMux()
	outer.Handle("/v1/", s.guarded(mux))
	outer.HandleFunc("GET /healthz", s.healthz)
	outer.HandleFunc("GET /openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document) // a reader that is gone needs no answer
	})
	outer.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		writeProblem(w, httpapi.NewProblem(httpapi.NotFound, ""))
	})
	return outer, nil
}

// configured is huma without its pages, its schema links and its formats beside JSON.
func configured() huma.Config {
	about := &huma.Info{
		Title: "Showtime lifecycle manager", Version: "1",
		Description: "Starts, extends and ends EMR clusters that an operator has described. Nothing in a request can change what is launched. " +
			"Errors are RFC 9457 problems whose type never changes for the same cause. Clusters that a caller may not know of are not found.",
	}
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schemas.RegisterTypeAlias(reflect.TypeFor[huma.ErrorModel](), problemType())
	formats := map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	return huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0", Info: about,
			Components: &huma.Components{
				Schemas: schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{
					"token": {Type: "http", Scheme: "bearer", Description: "a process accepts tokens only; a Lambda function accepts AWS signatures only, at API Gateway"},
				},
			},
			Security: []map[string][]string{{"token": {}}},
		},
		Formats: formats, DefaultFormat: "application/json", NoFormatFallback: false,
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{problems},
	}
}

// problems turns the framework's own errors into ours.
func problems(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := httpapi.NewProblem(kindOf(m.Status), m.Detail)
	p.Status = m.Status
	for _, e := range m.Errors {
		p.Errors = append(p.Errors, httpapi.FieldProblem{Location: e.Location, Message: e.Message})
	}
	return p, nil
}

func kindOf(status int) httpapi.Kind {
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return httpapi.TooLarge
	case status == http.StatusNotFound:
		return httpapi.NotFound
	case status >= http.StatusInternalServerError:
		return httpapi.Internal
	}
	return httpapi.InvalidRequest
}

// writeProblem answers outside of the framework.
func writeProblem(w http.ResponseWriter, p *httpapi.Problem) {
	maps.Copy(w.Header(), p.GetHeaders())
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a reader that is gone needs no answer
}

// operation describes a route.
func operation(api huma.API, id, method, path, summary string, status int) huma.Operation {
	problem := huma.SchemaFromType(api.OpenAPI().Components.Schemas, problemType())
	return huma.Operation{
		OperationID: id, Method: method, Path: path, Summary: summary, DefaultStatus: status,
		MaxBodyBytes: httpapi.MaxBody, BodyReadTimeout: -1, // the guard has read the body
		Responses: map[string]*huma.Response{"default": {
			Description: "a problem",
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: problem}},
		}},
	}
}
