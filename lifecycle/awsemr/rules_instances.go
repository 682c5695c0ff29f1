package awsemr

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"
)

const instances = root + ".Instances"

func (c *checker) instances(in *types.JobFlowInstancesConfig) {
	if !aws.ToBool(in.KeepJobFlowAliveWhenNoSteps) {
		c.fail(instances+".KeepJobFlowAliveWhenNoSteps", "must be true, or the cluster ends after its steps")
	}
	if in.Ec2SubnetId != nil && len(in.Ec2SubnetIds) > 0 {
		c.fail(instances+".Ec2SubnetIds", "must not stand beside Ec2SubnetId")
	}
	c.legacy(in)
	switch groups, fleets := len(in.InstanceGroups) > 0, len(in.InstanceFleets) > 0; {
	case groups && fleets:
		c.fail(instances+".InstanceFleets", "must not stand beside InstanceGroups")
	case !groups && !fleets:
		c.fail(instances+".InstanceGroups", "is required, or InstanceFleets")
	}
	c.groups(in.InstanceGroups)
	c.fleets(in.InstanceFleets)
}

func (c *checker) legacy(in *types.JobFlowInstancesConfig) {
	for _, old := range []struct {
		key string
		set bool
	}{
		{"MasterInstanceType", in.MasterInstanceType != nil},
		{"SlaveInstanceType", in.SlaveInstanceType != nil},
		{"InstanceCount", in.InstanceCount != nil},
		{"HadoopVersion", in.HadoopVersion != nil},
	} {
		if old.set {
			c.fail(instances+"."+old.key, "is EMR's old form; use InstanceGroups or InstanceFleets")
		}
	}
}

func (c *checker) groups(groups []types.InstanceGroupConfig) {
	path := instances + ".InstanceGroups"
	count := map[types.InstanceRoleType]int{}
	for i, g := range groups {
		c.group(element(path, i), g)
		count[g.InstanceRole]++
	}
	if len(groups) == 0 {
		return
	}
	if count[types.InstanceRoleTypeMaster] != 1 {
		c.fail(path, "must have exactly one group with the role MASTER")
	}
	if count[types.InstanceRoleTypeCore] > 1 {
		c.fail(path, "must have at most one group with the role CORE")
	}
	if count[types.InstanceRoleTypeTask] > 48 {
		c.fail(path, "must have at most 48 groups with the role TASK")
	}
}

func (c *checker) group(path string, g types.InstanceGroupConfig) {
	least := int32(0)
	switch g.InstanceRole {
	case types.InstanceRoleTypeMaster:
		if g.InstanceCount != nil && *g.InstanceCount != 1 {
			c.fail(path+".InstanceCount", "must be 1 for the role MASTER")
		}
	case types.InstanceRoleTypeCore:
		least = 1
	case types.InstanceRoleTypeTask:
	}
	c.within(path+".InstanceCount", g.InstanceCount, least, maxInstances)
	c.instanceType(path+".InstanceType", g.InstanceType)
	if g.Market == types.MarketTypeSpot && g.InstanceRole != types.InstanceRoleTypeTask {
		c.warn(path+".Market", fmt.Sprintf("SPOT for the role %s: when AWS takes it back, the session's data is gone", g.InstanceRole))
	}
	if p := g.AutoScalingPolicy; p != nil && p.Constraints != nil {
		c.order(path+".AutoScalingPolicy.Constraints", "MinCapacity", p.Constraints.MinCapacity, "MaxCapacity", p.Constraints.MaxCapacity)
	}
	c.ebs(path+".EbsConfiguration", g.EbsConfiguration)
}

// maxInstances is far above any exploration cluster and catches a slipped finger.
const maxInstances = 1000

func (c *checker) instanceType(path string, name *string) {
	if name != nil && !instanceName().MatchString(*name) {
		c.fail(path, "must be an EC2 instance type such as m6g.xlarge")
	}
}

func (c *checker) ebs(path string, ebs *types.EbsConfiguration) {
	if ebs == nil {
		return
	}
	for i, d := range ebs.EbsBlockDeviceConfigs {
		at := element(path+".EbsBlockDeviceConfigs", i)
		c.within(at+".VolumesPerInstance", d.VolumesPerInstance, 1, 23)
		if d.VolumeSpecification != nil {
			c.within(at+".VolumeSpecification.SizeInGB", d.VolumeSpecification.SizeInGB, 1, 16384)
		}
	}
}

func (c *checker) fleets(fleets []types.InstanceFleetConfig) {
	path := instances + ".InstanceFleets"
	count := map[types.InstanceFleetType]int{}
	for i, f := range fleets {
		c.fleet(element(path, i), f)
		count[f.InstanceFleetType]++
	}
	if len(fleets) > 0 && count[types.InstanceFleetTypeMaster] != 1 {
		c.fail(path, "must have exactly one fleet of the type MASTER")
	}
	if count[types.InstanceFleetTypeCore] > 1 || count[types.InstanceFleetTypeTask] > 1 {
		c.fail(path, "must have at most one fleet of each type")
	}
}

func (c *checker) fleet(path string, f types.InstanceFleetConfig) {
	c.within(path+".TargetOnDemandCapacity", f.TargetOnDemandCapacity, 0, maxInstances)
	c.within(path+".TargetSpotCapacity", f.TargetSpotCapacity, 0, maxInstances)
	units := aws.ToInt32(f.TargetOnDemandCapacity) + aws.ToInt32(f.TargetSpotCapacity)
	switch {
	case f.InstanceFleetType == types.InstanceFleetTypeMaster && units != 1:
		c.fail(path+".TargetOnDemandCapacity", "must be 1 for the type MASTER, and TargetSpotCapacity absent or 0; or the reverse")
	case f.InstanceFleetType == types.InstanceFleetTypeCore && units < 1:
		c.fail(path+".TargetOnDemandCapacity", "must be at least 1 for the type CORE, together with TargetSpotCapacity")
	}
	if aws.ToInt32(f.TargetSpotCapacity) > 0 && f.InstanceFleetType != types.InstanceFleetTypeTask {
		c.warn(path+".TargetSpotCapacity", fmt.Sprintf("SPOT for the type %s: when AWS takes it back, the session's data is gone", f.InstanceFleetType))
	}
	if f.InstanceTypeConfigs != nil && len(f.InstanceTypeConfigs) == 0 {
		c.fail(path+".InstanceTypeConfigs", "must name at least one instance type")
	}
	for i, t := range f.InstanceTypeConfigs {
		at := element(path+".InstanceTypeConfigs", i)
		c.instanceType(at+".InstanceType", t.InstanceType)
		c.within(at+".WeightedCapacity", t.WeightedCapacity, 1, 999)
		c.ebs(at+".EbsConfiguration", t.EbsConfiguration)
	}
	c.spot(path+".LaunchSpecifications.SpotSpecification", f.LaunchSpecifications)
}

func (c *checker) spot(path string, spec *types.InstanceFleetProvisioningSpecifications) {
	if spec != nil && spec.SpotSpecification != nil {
		c.within(path+".TimeoutDurationMinutes", spec.SpotSpecification.TimeoutDurationMinutes, 5, 1440)
	}
}

func (c *checker) scaling(in *emr.RunJobFlowInput) {
	if in.ManagedScalingPolicy == nil || in.ManagedScalingPolicy.ComputeLimits == nil {
		return
	}
	path, l := root+".ManagedScalingPolicy.ComputeLimits", in.ManagedScalingPolicy.ComputeLimits
	c.order(path, "MinimumCapacityUnits", l.MinimumCapacityUnits, "MaximumCapacityUnits", l.MaximumCapacityUnits)
	c.within(path+".MinimumCapacityUnits", l.MinimumCapacityUnits, 1, maxUnits)
	c.within(path+".MaximumCapacityUnits", l.MaximumCapacityUnits, 1, maxUnits)
	c.order(path, "MaximumCoreCapacityUnits", l.MaximumCoreCapacityUnits, "MaximumCapacityUnits", l.MaximumCapacityUnits)
	c.order(path, "MaximumOnDemandCapacityUnits", l.MaximumOnDemandCapacityUnits, "MaximumCapacityUnits", l.MaximumCapacityUnits)
	c.within(path+".MaximumCoreCapacityUnits", l.MaximumCoreCapacityUnits, 1, maxUnits)
	fleets := in.Instances != nil && len(in.Instances.InstanceFleets) > 0
	if l.UnitType != "" && fleets != (l.UnitType == types.ComputeLimitsUnitTypeInstanceFleetUnits) {
		c.fail(path+".UnitType", "must be InstanceFleetUnits with fleets, Instances or VCPU with groups")
	}
}

// maxUnits allows the largest cluster counted in vCPUs.
const maxUnits = 100000

// order checks that the first bound, if given, is from 0 up to the second.
func (c *checker) order(path, lowKey string, low *int32, highKey string, high *int32) {
	switch {
	case low == nil:
	case *low < 0:
		c.fail(path+"."+lowKey, "must not be negative")
	case high != nil && *low > *high:
		c.fail(path+"."+lowKey, "must not be above "+highKey)
	}
}
