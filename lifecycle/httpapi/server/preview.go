package server

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"showtime/lifecycle"
	"showtime/lifecycle/httpapi"
	"showtime/lifecycle/httpapi/grant"
)

// preview says what a start would send and cost. It asks EMR nothing and records nothing.
func (s *server) preview(ctx context.Context, in *startIn) (*answerOut, error) {
	m, p := s.enter(ctx, in.Name, grant.Read)
	if p != nil {
		return nil, p
	}
	who := caller(ctx).grant.Name
	if b := in.Body.OnBehalfOf; b != "" {
		if who = b; !person(b) {
			return nil, httpapi.NewProblem(httpapi.InvalidRequest, "on_behalf_of must be a Slack user id")
		}
	}
	state, err := m.Manager.State(ctx)
	if err != nil {
		return nil, s.fault(err)
	}
	next := state.Generation + 1
	body, err := m.Preview(ctx, lifecycle.Launch{Generation: next, Requester: who})
	if err != nil {
		return nil, s.fault(fmt.Errorf("preview launch: %w", err))
	}
	length := hours(in.Body.Hours)
	if length == 0 {
		length = m.Settings.Lease.Default
	}
	now := s.Now()
	cost := lifecycle.EstimateCost(m.Settings, lifecycle.Session{LaunchedAt: now, LeaseEnd: now.Add(length)}, now)
	return &answerOut{Status: http.StatusOK, Body: httpapi.Answer{
		Result: foreseen(m.Settings.Lease, state, in.Body.Generation, length), Cluster: m.shown(ctx, state),
		Preview: &httpapi.Preview{Generation: next, RunJobFlow: body, Cost: httpapi.FromCost(cost), Findings: m.Findings},
	}}, nil
}

// foreseen is what a start would become by the record alone.
func foreseen(lease lifecycle.LeaseConfig, s lifecycle.State, generation *int64, length time.Duration) lifecycle.Result {
	switch {
	case s.Live() && (s.Phase == lifecycle.Stopping || s.Session.Stop != nil):
		return lifecycle.ShuttingDown
	case s.Live():
		return lifecycle.Joined
	case generation != nil && *generation != s.Generation:
		return lifecycle.OutOfDate
	case length <= 0 || length > lease.Max:
		return lifecycle.BadLength
	}
	return lifecycle.Launched
}
