package awsemr

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"showtime/lifecycle"
)

// Shape says how many instances of which type the cluster may have. The ranges are safe bounds: where
// several types may fill the same capacity, each is counted as if it filled all of it at most, and none
// of it at least.
func (t *Template) Shape() lifecycle.Shape {
	pool := map[string]lifecycle.Node{}
	var workers []share
	for _, g := range t.input.Instances.InstanceGroups {
		workers = t.group(pool, workers, g)
	}
	for _, f := range t.input.Instances.InstanceFleets {
		workers = fleet(pool, workers, f)
	}
	t.scale(pool, workers)
	nodes := make([]lifecycle.Node, 0, len(pool))
	for _, n := range pool {
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b lifecycle.Node) int { return strings.Compare(a.Type, b.Type) })
	return lifecycle.Shape{Nodes: nodes, HasSteps: len(t.input.Steps) > 0}
}

// share is one way to fill the capacity of core and task nodes.
type share struct {
	kind     string
	weight   int // units that one instance counts for
	core     bool
	min, max int // instances, before managed scaling
}

func (t *Template) group(pool map[string]lifecycle.Node, workers []share, g types.InstanceGroupConfig) []share {
	kind, n := aws.ToString(g.InstanceType), int(aws.ToInt32(g.InstanceCount))
	if g.InstanceRole == types.InstanceRoleTypeMaster {
		add(pool, kind, n, n)
		return workers
	}
	s := share{kind: kind, weight: 1, core: g.InstanceRole == types.InstanceRoleTypeCore, min: n, max: n}
	if p := t.input.ManagedScalingPolicy; p != nil && p.ComputeLimits.UnitType == types.ComputeLimitsUnitTypeVcpu {
		s.weight = vcpus(kind)
	}
	if p := g.AutoScalingPolicy; p != nil {
		s.min, s.max = int(*p.Constraints.MinCapacity), int(*p.Constraints.MaxCapacity)
	}
	return append(workers, s)
}

func fleet(pool map[string]lifecycle.Node, workers []share, f types.InstanceFleetConfig) []share {
	units := int(aws.ToInt32(f.TargetOnDemandCapacity) + aws.ToInt32(f.TargetSpotCapacity))
	for _, c := range f.InstanceTypeConfigs {
		kind, weight := aws.ToString(c.InstanceType), 1
		if c.WeightedCapacity != nil {
			weight = int(*c.WeightedCapacity)
		}
		s := share{kind: kind, weight: weight, core: f.InstanceFleetType == types.InstanceFleetTypeCore, max: ceil(units, weight)}
		if len(f.InstanceTypeConfigs) == 1 {
			s.min = s.max
		}
		if f.InstanceFleetType == types.InstanceFleetTypeMaster {
			add(pool, kind, s.min, s.max)
			continue
		}
		workers = append(workers, s)
	}
	return workers
}

// scale adds the workers, within the limits of managed scaling when there are any. Those count core and
// task nodes together, so workers of one type are bounded as one.
func (t *Template) scale(pool map[string]lifecycle.Node, workers []share) {
	p := t.input.ManagedScalingPolicy
	if p == nil {
		for _, s := range workers {
			add(pool, s.kind, s.min, s.max)
		}
		return
	}
	low, high := int(*p.ComputeLimits.MinimumCapacityUnits), int(*p.ComputeLimits.MaximumCapacityUnits)
	coreMax := high
	if m := p.ComputeLimits.MaximumCoreCapacityUnits; m != nil {
		coreMax = int(*m)
	}
	kinds := map[string]lifecycle.Node{}
	alone := oneKind(workers)
	for _, s := range workers {
		n := lifecycle.Node{Type: s.kind, Max: ceil(high, s.weight)}
		if alone {
			n.Min = ceil(low, s.weight)
		} else if s.core {
			n.Max = ceil(coreMax, s.weight)
		}
		old := kinds[s.kind]
		n.Min, n.Max = max(n.Min, old.Min), max(n.Max, old.Max)
		kinds[s.kind] = n
	}
	for kind, n := range kinds {
		add(pool, kind, n.Min, n.Max)
	}
}

func oneKind(workers []share) bool {
	for _, s := range workers {
		if s.kind != workers[0].kind || s.weight != workers[0].weight {
			return false
		}
	}
	return true
}

func add(pool map[string]lifecycle.Node, kind string, low, high int) {
	n := pool[kind]
	pool[kind] = lifecycle.Node{Type: kind, Min: n.Min + low, Max: n.Max + high}
}

func ceil(units, weight int) int { return (units + weight - 1) / weight }

func instanceName() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z][a-z0-9-]*\.([a-z0-9-]+)$`)
}

// vcpus is what EC2's size names mean in nearly every family; where they say nothing it is 1, so that
// the number of instances is never estimated too low.
func vcpus(kind string) int {
	m := instanceName().FindStringSubmatch(kind)
	if m == nil {
		return 1
	}
	switch m[1] {
	case "large":
		return 2
	case "xlarge":
		return 4
	}
	times, isTimes := strings.CutSuffix(m[1], "xlarge")
	if n, err := strconv.Atoi(times); isTimes && err == nil && n > 0 {
		return 4 * n
	}
	return 1
}
