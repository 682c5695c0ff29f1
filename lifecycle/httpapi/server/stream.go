package server

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

const (
	// heartbeat is how often a stream shows that it is alive.
	heartbeat = 15 * time.Second
	// streamFor is how long a stream lasts; its client comes back with Last-Event-ID. A grant that was taken
	// away ends with its streams after this long.
	streamFor = 10 * time.Minute
	// writeWithin is how long a client may take to read one event.
	writeWithin = 10 * time.Second
)

// streamRoute documents the stream, which the framework does not serve.
func (s *server) streamRoute(api huma.API) {
	op := operation(api, "stream-events", http.MethodGet, clusterPath+"/stream", "Server-sent events: the cluster after every change", http.StatusOK)
	op.Description = "Every event is named cluster, has the revision as its id and an Event as its data. It begins with the cluster as it is, " +
		"unless Last-Event-ID is that revision, and ends after ten minutes. Not on AWS Lambda."
	schema := huma.SchemaFromType(api.OpenAPI().Components.Schemas, reflect.TypeFor[httpapi.Event]())
	text := &huma.Schema{Type: huma.TypeString}
	op.Parameters = []*huma.Param{
		{Name: "name", In: "path", Required: true, Schema: text}, {Name: "Last-Event-ID", In: "header", Schema: text},
	}
	op.Responses["200"] = &huma.Response{
		Description: "a stream of events", Content: map[string]*huma.MediaType{"text/event-stream": {Schema: schema}},
	}
	api.OpenAPI().AddOperation(&op)
}

func (s *server) stream(w http.ResponseWriter, r *http.Request) {
	m, p := s.enter(r.Context(), r.PathValue("name"), grant.Read)
	if p != nil {
		writeProblem(w, p)
		return
	}
	known := int64(-1)
	if id, err := strconv.ParseInt(r.Header.Get("Last-Event-ID"), 10, 64); err == nil {
		known = id
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	conn := http.NewResponseController(w)
	for began := time.Now(); time.Since(began) < streamFor && r.Context().Err() == nil; {
		state, err := s.change(r.Context(), m, known, heartbeat)
		if err != nil {
			s.Log.Warn().Err(err).Msg("stream ends")
			return
		}
		_ = conn.SetWriteDeadline(time.Now().Add(writeWithin))
		text := ": still here\n\n"
		if state.Revision != known {
			known = state.Revision
			text = event(httpapi.Event{Revision: known, Cluster: m.shown(r.Context(), state)})
		}
		if _, err := w.Write([]byte(text)); err != nil || conn.Flush() != nil || s.stopping() {
			return
		}
	}
}

func (s *server) stopping() bool {
	select {
	case <-s.Done:
		return true
	default:
		return false
	}
}

// event is an event in the stream's own format.
func event(e httpapi.Event) string {
	data, err := json.Marshal(e)
	if err != nil {
		return ""
	}
	return fmt.Sprintf("id: %d\nevent: cluster\ndata: %s\n\n", e.Revision, data)
}
