package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

const (
	clusterPath = "/v1/clusters/{name}"
	// maxHistory is how many ended sessions one answer has at most.
	maxHistory = 1000
	// readers is how many clusters of a list are read at the same time.
	readers = 8
)

// Named is the path of a request about one cluster. The framework sees exported embedded types only.
type Named struct {
	Name string `path:"name" maxLength:"256" doc:"name of the cluster"`
}

type historyIn struct {
	Named
	Since time.Time `query:"since" doc:"sessions that ended since then"`
	Limit int       `query:"limit" minimum:"0" maximum:"1000" doc:"how many at most; 0 is 1000"`
}

type clusterIn struct {
	Named
	Count bool `query:"count" doc:"count the running instances first, unless that was tried within the last minute"`
}

type eventsIn struct {
	Named
	After int64  `query:"after" minimum:"0" doc:"the revision that is known"`
	Wait  string `query:"wait" maxLength:"16" doc:"how long to wait for a change, as 20s, which is the most"`
}

type (
	listOut    struct{ Body httpapi.List }
	clusterOut struct{ Body httpapi.Cluster }
	historyOut struct{ Body httpapi.History }
	eventsOut  struct{ Body httpapi.Events }
)

func (s *server) readRoutes(api huma.API) {
	huma.Register(api, operation(api, "list-clusters", http.MethodGet, "/v1/clusters", "The clusters that the caller may see", http.StatusOK), s.list)
	huma.Register(api, operation(api, "get-cluster", http.MethodGet, clusterPath, "One cluster", http.StatusOK), s.cluster)
	huma.Register(api, operation(api, "get-history", http.MethodGet, clusterPath+"/history", "Ended sessions, newest first", http.StatusOK), s.history)
	huma.Register(api, operation(api, "get-events", http.MethodGet, clusterPath+"/events", "What has changed; waits for a change", http.StatusOK), s.events)
}

// list reads the clusters side by side: one that cannot be read keeps no other from being shown.
func (s *server) list(ctx context.Context, _ *struct{}) (*listOut, error) {
	g := caller(ctx).grant
	out := &listOut{Body: httpapi.List{Clusters: []httpapi.Entry{}}}
	for _, name := range s.Fleet.Names() {
		if g.Opens(name) {
			out.Body.Clusters = append(out.Body.Clusters, httpapi.Entry{Name: name, Verbs: verbs(g)})
		}
	}
	if !g.May(grant.Read) {
		return out, nil
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, readers)
	for i := range out.Body.Clusters {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			e := &out.Body.Clusters[i]
			if c, err := s.cluster(ctx, &clusterIn{Named: Named{Name: e.Name}}); err == nil {
				e.Cluster = &c.Body
			}
		})
	}
	wg.Wait()
	return out, nil
}

func verbs(g grant.Grant) []string {
	out := []string{}
	for _, v := range grant.Verbs() {
		if g.May(v) {
			out = append(out, string(v))
		}
	}
	return out
}

func (s *server) cluster(ctx context.Context, in *clusterIn) (*clusterOut, error) {
	m, p := s.enter(ctx, in.Name, grant.Read)
	if p != nil {
		return nil, p
	}
	read := m.Manager.State
	if in.Count {
		read = m.Manager.Look
	}
	state, err := read(ctx)
	if err != nil {
		return nil, s.fault(err)
	}
	return &clusterOut{Body: m.shown(ctx, state)}, nil
}

// shown is a state as the caller sees it.
func (m Member) shown(ctx context.Context, state lifecycle.State) httpapi.Cluster {
	c := httpapi.FromState(forCaller(caller(ctx).grant, state))
	c.Findings = m.Findings
	return c
}

func (s *server) history(ctx context.Context, in *historyIn) (*historyOut, error) {
	m, p := s.enter(ctx, in.Name, grant.Read)
	if p != nil {
		return nil, p
	}
	if in.Limit == 0 {
		in.Limit = maxHistory
	}
	states, err := m.Manager.History(ctx, in.Since, in.Limit)
	if err != nil {
		return nil, s.fault(err)
	}
	out := &historyOut{Body: httpapi.History{Sessions: []httpapi.Cluster{}}}
	for _, state := range states {
		out.Body.Sessions = append(out.Body.Sessions, httpapi.FromState(forCaller(caller(ctx).grant, state)))
	}
	return out, nil
}

// events waits until the cluster's revision has passed the one that is known.
func (s *server) events(ctx context.Context, in *eventsIn) (*eventsOut, error) {
	m, p := s.enter(ctx, in.Name, grant.Read)
	if p != nil {
		return nil, p
	}
	wait, err := waitFor(in.Wait)
	if err != nil {
		return nil, httpapi.NewProblem(httpapi.InvalidRequest, "wait must be a duration from 0s to 20s")
	}
	state, err := s.change(ctx, m, in.After, wait)
	if err != nil {
		return nil, s.fault(err)
	}
	out := &eventsOut{Body: httpapi.Events{Events: []httpapi.Event{}, Next: in.After}}
	if state.Revision != in.After {
		out.Body.Next = state.Revision
		out.Body.Events = append(out.Body.Events, httpapi.Event{Revision: state.Revision, Cluster: m.shown(ctx, state)})
	}
	return out, nil
}

func waitFor(word string) (time.Duration, error) {
	if word == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(word)
	if err == nil && (d < 0 || d > maxWait) {
		err = errors.New("out of bounds")
	}
	return d, err
}

// change waits until the revision is another one, or the time is over. A revision that went back, for the
// store was restored, is a change too.
func (s *server) change(ctx context.Context, m Member, known int64, wait time.Duration) (lifecycle.State, error) {
	poll, over := time.NewTicker(s.Poll), time.NewTimer(wait)
	defer poll.Stop()
	defer over.Stop()
	for {
		state, err := m.Manager.State(ctx)
		if err != nil || state.Revision != known {
			return state, err
		}
		select {
		case <-ctx.Done():
			return state, nil
		case <-s.Done:
			return state, nil
		case <-over.C:
			return state, nil
		case <-poll.C:
		}
	}
}

// fault is an error of the lifecycle as a problem. Its text is for the log: it may name what is inside.
func (s *server) fault(err error) *httpapi.Problem {
	s.Log.Warn().Err(err).Msg("not done")
	if errors.Is(err, lifecycle.ErrNewer) {
		return httpapi.NewProblem(httpapi.NewerRecord, "").After(time.Minute)
	}
	return httpapi.NewProblem(httpapi.Unavailable, "").After(2 * time.Second)
}

// forCaller gives the operation ids that the caller chose back as it chose them. Others' stay inside.
func forCaller(g grant.Grant, s lifecycle.State) lifecycle.State {
	s.Session.Op = own(g, s.Session.Op)
	if s.Session.Stop != nil {
		stop := *s.Session.Stop
		stop.Op = own(g, stop.Op)
		s.Session.Stop = &stop
	}
	if s.Wish != nil {
		wish := *s.Wish
		wish.Op = own(g, wish.Op)
		s.Wish = &wish
	}
	s.Session.Using = slices.Clone(s.Session.Using)
	return s
}
