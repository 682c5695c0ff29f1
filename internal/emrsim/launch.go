package emrsim

import (
	"regexp"
	"strings"
)

// runJobFlow is what the simulation reads of a RunJobFlow request.
type runJobFlow struct {
	Name, ReleaseLabel, ServiceRole, JobFlowRole, LogUri string //nolint:revive // EMR's own spelling
	Instances                                            *struct {
		InstanceGroups                                    []group
		InstanceFleets                                    []struct{ InstanceFleetType string }
		KeepJobFlowAliveWhenNoSteps, TerminationProtected bool
	}
	Applications          []map[string]any
	Steps                 []struct{ Name, ActionOnFailure string }
	StepConcurrencyLevel  int
	AutoTerminationPolicy struct{ IdleTimeout int64 }
	Tags                  []struct{ Key, Value string }
}

type group struct {
	Name, InstanceRole, InstanceType, Market string
	InstanceCount                            int
}

func (s *Sim) run(in runJobFlow) (any, *Error) {
	if fail := invalidLaunch(in); fail != nil {
		return nil, fail
	}
	c := &cluster{
		id: s.o.NewID(), state: starting, in: in, tags: map[string]string{},
		protected: in.Instances.TerminationProtected, created: s.o.Now(),
	}
	for _, t := range in.Tags {
		c.tags[t.Key] = t.Value
	}
	c.plan = s.live(c, s.fate())
	s.clusters = append(s.clusters, c)
	s.notice(c, c.created)
	return map[string]any{
		"JobFlowId":  c.id,
		"ClusterArn": arn(c.id),
	}, nil
}

func (s *Sim) fate() Fate {
	if len(s.fates) == 0 {
		return Lives
	}
	f := s.fates[0]
	s.fates = s.fates[1:]
	return f
}

// invalidLaunch refuses what the service refuses before it creates anything.
func invalidLaunch(in runJobFlow) *Error {
	label := regexp.MustCompile(`^emr-(spark-)?\d+\.\d+\.\d+$`)
	switch {
	case in.Name == "":
		return missing("name")
	case in.Instances == nil:
		return missing("instances")
	case len(in.Name) > 256 || strings.ContainsAny(in.Name, "<>$|`"):
		return Invalid("Invalid name: it must not contain <, >, $, | or `.")
	case !label.MatchString(in.ReleaseLabel):
		return Invalid("The supplied release label is invalid: " + in.ReleaseLabel + ".")
	case in.ServiceRole == "":
		return Invalid("ServiceRole is required for creating cluster.")
	case in.JobFlowRole == "":
		return Invalid("Invalid InstanceProfile: .")
	}
	return invalidInstances(in)
}

func invalidInstances(in runJobFlow) *Error {
	groups, fleets := in.Instances.InstanceGroups, in.Instances.InstanceFleets
	masters := 0
	for _, g := range groups {
		if g.InstanceRole == "MASTER" {
			masters++
		}
	}
	for _, f := range fleets {
		if f.InstanceFleetType == "MASTER" {
			masters++
		}
	}
	switch idle := in.AutoTerminationPolicy.IdleTimeout; {
	case len(groups) > 0 && len(fleets) > 0:
		return Invalid("Instance fleets and instance groups are mutually exclusive. The EMR cluster specified in the request uses both.")
	case masters != 1:
		return Invalid("There must be exactly one MASTER instance group or fleet.")
	case idle != 0 && (idle < 60 || idle > 604800):
		return Invalid("IdleTimeout must be between 60 and 604800 seconds.")
	}
	return nil
}

func missing(member string) *Error {
	return Invalid("1 validation error detected: Value null at '" + member + "' failed to satisfy constraint: Member must not be null")
}

func arn(id string) string {
	return "arn:aws:elasticmapreduce:us-east-1:123456789012:cluster/" + id
}
