package emrsim

const maxIDs = 10

// ids are the clusters a change is asked for.
type ids struct {
	JobFlowIds           []string //nolint:revive // EMR's own spelling
	TerminationProtected *bool
}

// chosen finds the clusters, all or none.
func (s *Sim) chosen(op string, in ids) ([]*cluster, *Error) {
	if len(in.JobFlowIds) == 0 {
		return nil, missing("jobFlowIds")
	}
	if len(in.JobFlowIds) > maxIDs {
		return nil, Invalid("At most 10 job flows may be specified.")
	}
	out := make([]*cluster, 0, len(in.JobFlowIds))
	for _, id := range in.JobFlowIds {
		c := s.find(id)
		switch {
		case c == nil:
			return nil, Invalid("Specified job flow ID does not exist.")
		case c.denied:
			return nil, Denied(op)
		}
		out = append(out, c)
	}
	return out, nil
}

// terminate ends the unprotected ones, and says so when others were protected.
func (s *Sim) terminate(in ids) (any, *Error) {
	chosen, fail := s.chosen("TerminateJobFlows", in)
	for _, c := range chosen {
		if c.protected && !c.over() {
			fail = Invalid("Could not shut down one or more job flows since they are termination protected.")
			continue
		}
		s.end(c, terminated, byUser())
	}
	return nil, fail
}

func (s *Sim) protect(in ids) (any, *Error) {
	if in.TerminationProtected == nil {
		return nil, missing("terminationProtected")
	}
	chosen, fail := s.chosen("SetTerminationProtection", in)
	for _, c := range chosen {
		if c.over() {
			return nil, Invalid("A job flow that is shutting down, or finished, may not be modified.")
		}
		c.protected = *in.TerminationProtected
	}
	return nil, fail
}
