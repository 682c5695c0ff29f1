package usecase_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"time"

	"showtime/lifecycle"
)

// fate ends the process at one of its calls, as kill -9 would.
type fate struct{ left int }

func (f *fate) point() {
	if f.left == 0 {
		return
	}
	if f.left--; f.left == 0 {
		runtime.Goexit()
	}
}

// mortalStore is a store at whose transactions the process may die.
type mortalStore struct {
	lifecycle.Store
	fate *fate
}

func (m mortalStore) Update(ctx context.Context, fn func(lifecycle.Tx) error) error {
	m.fate.point()
	err := m.Store.Update(ctx, fn)
	m.fate.point()
	return err
}

// stormEMR is an EMR whose clusters go from state to state as chance has it, skipping some.
type stormEMR struct {
	*storm
	clusters []*stormCluster
	launched map[int64]int  // how often each session was
	faults   map[string]int // how many of the next calls fail
	late     time.Duration  // how old what a listing shows is
	calm     bool
}

// stormCluster is a cluster, and the states it was in.
type stormCluster struct {
	lifecycle.Cluster
	was []stood
}

type stood struct {
	at    time.Time
	state string
}

var errStorm = errors.New("EMR broke")

func (e *stormEMR) fails(op string) bool {
	e.fate.point()
	if e.calm || e.faults[op] == 0 {
		return false
	}
	e.faults[op]--
	return true
}

// as gives the state a listing shows: "" for none yet.
func (c *stormCluster) as(of time.Time) string {
	state := ""
	for _, s := range c.was {
		if !s.at.After(of) {
			state = s.state
		}
	}
	return state
}

func (e *stormEMR) List(context.Context) ([]lifecycle.Summary, error) {
	if e.fails("list") {
		return nil, lifecycle.ErrThrottled
	}
	late := e.late
	if e.calm {
		late = 0
	}
	var out []lifecycle.Summary
	for _, c := range e.clusters {
		if state := c.as(e.clock.Now().Add(-late)); state != "" && !lifecycle.Ended(state) {
			seen := c.Summary
			seen.State = state
			out = append(out, seen)
		}
	}
	e.fate.point()
	return out, nil
}

func (e *stormEMR) Describe(_ context.Context, id string) (lifecycle.Cluster, error) {
	if e.fails("describe") {
		return lifecycle.Cluster{}, lifecycle.ErrThrottled
	}
	if c := e.find(id); c != nil {
		return c.Cluster, nil
	}
	return lifecycle.Cluster{}, lifecycle.ErrUnknownCluster
}

// Instances are three for every cluster, once it has had machines.
func (e *stormEMR) Instances(_ context.Context, id string) ([]lifecycle.Instance, error) {
	if e.fails("describe") {
		return nil, lifecycle.ErrThrottled
	}
	c := e.find(id)
	if c == nil || c.ReadyAt.IsZero() {
		return nil, nil
	}
	return slices.Repeat([]lifecycle.Instance{{Type: "m6g.xlarge", From: c.CreatedAt, Until: c.EndedAt}}, 3), nil
}

func (e *stormEMR) find(id string) *stormCluster {
	for _, c := range e.clusters {
		if c.ID == id {
			return c
		}
	}
	return nil
}

func (e *stormEMR) Launch(_ context.Context, l lifecycle.Launch) (string, error) {
	e.launched[l.Generation]++
	switch {
	case e.fails("refuse"):
		return "", &lifecycle.Refusal{Code: "ValidationException", Message: "no such subnet"}
	case e.fails("launch"):
		return "", errStorm
	}
	c := &stormCluster{Cluster: lifecycle.Cluster{
		Summary: lifecycle.Summary{ID: fmt.Sprintf("j-STORM%03d", len(e.clusters)), Name: e.set.Name, CreatedAt: e.clock.Now()},
		Tags: map[string]string{
			lifecycle.TagInstallation: "test", lifecycle.TagCluster: e.set.Name,
			lifecycle.TagGeneration: strconv.FormatInt(l.Generation, 10), lifecycle.TagRequester: l.Requester,
		},
		Protected: e.r.IntN(4) == 0,
	}}
	e.clusters = append(e.clusters, c)
	e.become(c, lifecycle.EMRStarting)
	e.fate.point()
	if e.fails("reply") {
		return "", errStorm
	}
	return c.ID, nil
}

func (e *stormEMR) Unprotect(_ context.Context, id string) error {
	if e.fails("terminate") {
		return lifecycle.ErrThrottled
	}
	e.find(id).Protected = false
	return nil
}

func (e *stormEMR) Terminate(_ context.Context, id string) error {
	c := e.find(id)
	switch {
	case e.fails("terminate"):
		return lifecycle.ErrThrottled
	case c.Protected:
		return errors.New("ValidationException: the cluster is protected")
	case !lifecycle.Ended(c.State):
		e.become(c, lifecycle.EMRTerminating)
	}
	e.fate.point()
	return nil
}

// become has a cluster take a state.
func (e *stormEMR) become(c *stormCluster, state string) {
	now := e.clock.Now()
	c.State, c.was = state, append(c.was, stood{now, state})
	switch {
	case lifecycle.Ended(state):
		c.EndedAt = now
	case state == lifecycle.EMRWaiting || state == lifecycle.EMRRunning:
		c.MasterDNS = "ip-10-0-0-1.internal"
		if c.ReadyAt.IsZero() {
			c.ReadyAt = now
		}
	}
	e.say("  %s is %s", c.ID, state)
}

// after are the states that may follow each: a look may miss any of those between.
func after(state string) []string {
	return map[string][]string{
		lifecycle.EMRStarting:      {lifecycle.EMRBootstrapping, lifecycle.EMRRunning, lifecycle.EMRWaiting, lifecycle.EMRTerminatedWithErrors},
		lifecycle.EMRBootstrapping: {lifecycle.EMRRunning, lifecycle.EMRWaiting, lifecycle.EMRTerminating, lifecycle.EMRTerminatedWithErrors},
		lifecycle.EMRRunning:       {lifecycle.EMRWaiting, lifecycle.EMRWaiting, lifecycle.EMRTerminating},
		lifecycle.EMRWaiting:       {lifecycle.EMRRunning, lifecycle.EMRRunning, lifecycle.EMRTerminating, lifecycle.EMRTerminated},
		lifecycle.EMRTerminating:   {lifecycle.EMRTerminated},
	}[state]
}

// stir moves the clusters on, or breaks something.
func (e *stormEMR) stir() {
	if e.r.IntN(3) == 0 {
		e.disturb()
		return
	}
	for _, c := range e.clusters {
		next := after(c.State)
		if len(next) == 0 {
			continue
		}
		e.become(c, one(e.r, next))
		if c.State == lifecycle.EMRTerminating || c.State == lifecycle.EMRTerminated {
			c.ReasonCode = one(e.r, []string{"USER_REQUEST", "USER_REQUEST", "ALL_STEPS_COMPLETED", ""})
		}
		if c.State == lifecycle.EMRTerminatedWithErrors {
			c.ReasonCode = one(e.r, []string{"BOOTSTRAP_FAILURE", "INTERNAL_ERROR", "VALIDATION_ERROR", "INSTANCE_FAILURE", ""})
		}
	}
}

func (e *stormEMR) disturb() {
	if e.r.IntN(3) == 0 {
		e.late = time.Duration(e.r.IntN(240)) * time.Second
		e.happened["late listing"]++
		e.say("listings are %v late", e.late)
		return
	}
	op := one(e.r, []string{"list", "describe", "launch", "reply", "reply", "refuse", "terminate"})
	e.faults[op] = 1 + e.r.IntN(3)
	e.happened["throttled"]++
	e.say("EMR fails to %s %d times", op, e.faults[op])
}

// proceed is what comes of the clusters while nothing fails.
func (e *stormEMR) proceed() {
	for _, c := range e.clusters {
		switch c.State {
		case lifecycle.EMRTerminating:
			e.become(c, lifecycle.EMRTerminated)
		case lifecycle.EMRStarting, lifecycle.EMRBootstrapping:
			e.become(c, lifecycle.EMRWaiting)
		}
	}
}

func (e *stormEMR) live() int {
	n := 0
	for _, c := range e.clusters {
		if !lifecycle.Ended(c.State) {
			n++
		}
	}
	return n
}

// running counts the clusters that nobody has asked EMR to end.
func (e *stormEMR) running() int {
	n := 0
	for _, c := range e.clusters {
		if !lifecycle.Ended(c.State) && c.State != lifecycle.EMRTerminating {
			n++
		}
	}
	return n
}
