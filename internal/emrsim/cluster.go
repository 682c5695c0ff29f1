package emrsim

import (
	"maps"
	"slices"
	"time"
)

// The states of a cluster.
const (
	starting      = "STARTING"
	bootstrapping = "BOOTSTRAPPING"
	running       = "RUNNING"
	waiting       = "WAITING"
	terminating   = "TERMINATING"
	terminated    = "TERMINATED"
	withErrors    = "TERMINATED_WITH_ERRORS"
)

// change is one step of a cluster's life, due at a time.
type change struct {
	at    time.Time
	state string
	why   reason
}

// reason is why a cluster ends.
type reason struct {
	code, message string
	details       []detail
}

type detail struct {
	Code    string              `json:"ErrorCode"`
	Message string              `json:"ErrorMessage"`
	Data    []map[string]string `json:"ErrorData"`
}

// cluster is one cluster; plan is what time will do to it unless something else happens first.
type cluster struct {
	id, state             string
	in                    runJobFlow
	tags                  map[string]string
	protected             bool
	created, ready, ended time.Time
	why                   reason
	plan                  []change
	denied, endless       bool
	extra                 []node
}

func (c *cluster) over() bool { return c.state == terminated || c.state == withErrors }

func (c *cluster) snapshot() Cluster {
	return Cluster{
		ID: c.id, Name: c.in.Name, State: c.state, Tags: maps.Clone(c.tags), Protected: c.protected,
		Created: c.created, Ready: c.ready, Ended: c.ended, ReasonCode: c.why.code, Reason: c.why.message,
	}
}

// advance does what is due.
func (s *Sim) advance(c *cluster, now time.Time) {
	for len(c.plan) > 0 && !c.plan[0].at.After(now) {
		next := c.plan[0]
		c.plan = c.plan[1:]
		c.state = next.state
		switch next.state {
		case waiting:
			if c.ready.IsZero() {
				c.ready = next.at
			}
		case running:
			c.ready = next.at
		case terminating, terminated, withErrors:
			c.why = next.why
		}
		if c.over() {
			c.ended = next.at
		}
		s.notice(c, next.at)
	}
}

// end replaces the plan by the cluster's end, which begins now.
func (s *Sim) end(c *cluster, state string, why reason) {
	if c.over() || c.state == terminating {
		return
	}
	now := s.o.Now()
	c.plan = s.ending(c, now, state, why)
	s.advance(c, now)
}

func (s *Sim) ending(c *cluster, at time.Time, state string, why reason) []change {
	plan := []change{{at: at, state: terminating, why: why}}
	if c.endless {
		return plan
	}
	return append(plan, change{at: at.Add(s.o.Timing.Terminate), state: state, why: why})
}

// slowBy is how many times longer than usual a slow cluster waits for its machines.
const slowBy = 10

// live gives the plan of a new cluster.
func (s *Sim) live(c *cluster, fate Fate) []change {
	boot := c.created.Add(s.o.Timing.Capacity)
	if fate == Slow {
		boot = boot.Add(slowBy * s.o.Timing.Capacity)
	}
	up := boot.Add(s.o.Timing.Bootstrap)
	switch fate {
	case NoCapacity:
		return nil
	case InvalidLater:
		return s.ending(c, c.created.Add(s.o.Timing.Capacity/3), withErrors, invalidLater())
	case BootstrapFails:
		return slices.Concat([]change{{at: boot, state: bootstrapping}}, s.ending(c, up, withErrors, bootstrapFailure()))
	case Lives, Slow:
	}
	plan := []change{{at: boot, state: bootstrapping}, {at: up, state: running}}
	done := up.Add(time.Duration(len(c.in.Steps)) * s.o.Timing.Steps)
	if !c.in.Instances.KeepJobFlowAliveWhenNoSteps {
		return append(plan, s.ending(c, done, terminated, reason{code: "ALL_STEPS_COMPLETED", message: "Steps completed"})...)
	}
	return append(plan, change{at: done, state: waiting})
}

func bootstrapFailure() reason {
	return reason{
		code: "BOOTSTRAP_FAILURE", message: "On the master instance (i-0123456789abcdef0), bootstrap action 1 returned a non-zero return code",
		details: []detail{{
			Code:    "BOOTSTRAP_FAILURE_BA_EXECUTION_FAILED",
			Message: "The bootstrap action 1 failed on the primary node with return code 1.",
			Data:    []map[string]string{{"bootstrap-action": "1", "instance-id": "i-0123456789abcdef0"}},
		}},
	}
}

func invalidLater() reason {
	return reason{
		code: "VALIDATION_ERROR", message: "The subnet configuration was invalid: No route to any external sources detected in Route Table",
		details: []detail{{
			Code: "VALIDATION_ERROR_INVALID_SUBNET", Message: "The subnet has no route to any external source.", Data: []map[string]string{},
		}},
	}
}
