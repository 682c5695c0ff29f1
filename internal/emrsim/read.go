package emrsim

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"
)

const pageSize = 50

type object = map[string]any

// list answers ListClusters: not sorted by anything but age, 50 a page, the new ones missing for the lag.
func (s *Sim) list(in struct {
	ClusterStates               []string
	CreatedAfter, CreatedBefore *float64
	Marker                      string
},
) (any, *Error) {
	states := []string{starting, bootstrapping, running, waiting, terminating, terminated, withErrors}
	for _, state := range in.ClusterStates {
		if !slices.Contains(states, state) {
			return nil, Invalid("1 validation error detected: Value '[" + state + "]' at 'clusterStates' failed to satisfy constraint")
		}
	}
	from, err := strconv.Atoi(in.Marker)
	if in.Marker != "" && (err != nil || from < 0) {
		return nil, badRequest("Marker '" + in.Marker + "' is not valid.")
	}
	found := []object{}
	for _, c := range slices.Backward(s.clusters) {
		if s.listed(c, in.ClusterStates) && between(c.created, in.CreatedAfter, in.CreatedBefore) {
			found = append(found, object{"Id": c.id, "Name": c.in.Name, "ClusterArn": arn(c.id), "Status": status(c), "NormalizedInstanceHours": 0})
		}
	}
	from = min(from, len(found))
	to := min(from+pageSize, len(found))
	out := object{"Clusters": found[from:to]}
	if to < len(found) {
		out["Marker"] = strconv.Itoa(to)
	}
	return out, nil
}

func (s *Sim) listed(c *cluster, states []string) bool {
	visible := !s.o.Now().Before(c.created.Add(s.lag))
	return visible && (len(states) == 0 || slices.Contains(states, c.state))
}

func between(t time.Time, after, before *float64) bool {
	return (after == nil || epoch(t) >= *after) && (before == nil || epoch(t) <= *before)
}

func describe(c *cluster) any {
	tags := []object{}
	for _, k := range slices.Sorted(maps.Keys(c.tags)) {
		tags = append(tags, object{"Key": k, "Value": c.tags[k]})
	}
	out := object{
		"Id": c.id, "ClusterArn": arn(c.id), "Name": c.in.Name, "Status": status(c), "Tags": tags,
		"TerminationProtected": c.protected, "AutoTerminate": !c.in.Instances.KeepJobFlowAliveWhenNoSteps,
		"ReleaseLabel": c.in.ReleaseLabel, "ServiceRole": c.in.ServiceRole, "LogUri": c.in.LogUri,
		"Applications": c.in.Applications, "InstanceCollectionType": collection(c), "NormalizedInstanceHours": 0,
	}
	if c.state != starting {
		out["MasterPublicDnsName"] = masterDNS(c)
	}
	return object{"Cluster": out}
}

func collection(c *cluster) string {
	if len(c.in.Instances.InstanceFleets) > 0 {
		return "INSTANCE_FLEET"
	}
	return "INSTANCE_GROUP"
}

// masterDNS is a private name; a primary node has none before it exists.
func masterDNS(c *cluster) string {
	sum := 0
	for _, r := range c.id {
		sum = (sum*31 + int(r)) % 65000
	}
	return fmt.Sprintf("ip-10-0-%d-%d.ec2.internal", sum/254, sum%254+1)
}

func status(c *cluster) object {
	why := object{}
	if c.why.code != "" {
		why["Code"] = c.why.code
	}
	if c.why.message != "" {
		why["Message"] = c.why.message
	}
	line := object{"CreationDateTime": epoch(c.created)}
	if !c.ready.IsZero() {
		line["ReadyDateTime"] = epoch(c.ready)
	}
	if !c.ended.IsZero() {
		line["EndDateTime"] = epoch(c.ended)
	}
	out := object{"State": c.state, "StateChangeReason": why, "Timeline": line}
	if len(c.why.details) > 0 {
		out["ErrorDetails"] = c.why.details
	}
	return out
}

func listGroups(c *cluster) any {
	out := []object{}
	for i, g := range c.in.Instances.InstanceGroups {
		out = append(out, object{
			"Id": "ig-" + strconv.Itoa(i+1), "Name": g.Name, "InstanceGroupType": g.InstanceRole, "InstanceType": g.InstanceType,
			"Market": g.Market, "RequestedInstanceCount": g.InstanceCount, "RunningInstanceCount": instancesRunning(c, g),
		})
	}
	return object{"InstanceGroups": out}
}

func instancesRunning(c *cluster, g group) int {
	if c.state == starting || c.over() {
		return 0
	}
	return g.InstanceCount
}

// node is a machine that scaling added to a cluster's last group.
type node struct{ from, until time.Time }

// Scale adds machines to a cluster's last group, or with a negative number ends the last ones that were added.
func (s *Sim) Scale(id string, by int) {
	s.with(id, func(c *cluster) {
		now := s.o.Now()
		for range by {
			c.extra = append(c.extra, node{from: now})
		}
		for i := len(c.extra) - 1; i >= 0 && by < 0; i-- {
			if c.extra[i].until.IsZero() {
				c.extra[i].until = now
				by++
			}
		}
	})
}

// listInstances answers ListInstances: the machines there are and were, a page at a time.
func listInstances(c *cluster, body []byte) any {
	var in struct{ Marker string }
	_ = json.Unmarshal(body, &in) // the caller has read it before
	all := []object{}
	if c.state != starting {
		for i, g := range c.in.Instances.InstanceGroups {
			for range g.InstanceCount {
				all = append(all, instance(c, i, len(all), node{from: c.created}))
			}
		}
		for _, n := range c.extra {
			all = append(all, instance(c, len(c.in.Instances.InstanceGroups)-1, len(all), n))
		}
	}
	from, _ := strconv.Atoi(in.Marker)
	from = max(0, min(from, len(all)))
	to := min(from+pageSize, len(all))
	out := object{"Instances": all[from:to]}
	if to < len(all) {
		out["Marker"] = strconv.Itoa(to)
	}
	return out
}

func instance(c *cluster, group, number int, n node) object {
	if n.until.IsZero() {
		n.until = c.ended
	}
	state, line := "RUNNING", object{"CreationDateTime": epoch(n.from)}
	if !n.until.IsZero() {
		state, line["EndDateTime"] = "TERMINATED", epoch(n.until)
	}
	g := c.in.Instances.InstanceGroups[group]
	return object{
		"Id": fmt.Sprintf("ci-%d", number+1), "Ec2InstanceId": fmt.Sprintf("i-%016x", number+1),
		"InstanceGroupId": "ig-" + strconv.Itoa(group+1), "InstanceType": g.InstanceType, "Market": g.Market,
		"Status": object{"State": state, "Timeline": line},
	}
}

func listSteps(c *cluster) any {
	state := "PENDING"
	switch c.state {
	case running:
		state = "RUNNING"
	case waiting:
		state = "COMPLETED"
	}
	out := []object{}
	for i, step := range c.in.Steps {
		out = append(out, object{
			"Id": "s-" + strconv.Itoa(i+1), "Name": step.Name, "ActionOnFailure": step.ActionOnFailure, "Status": object{"State": state},
		})
	}
	return object{"Steps": out}
}

func autoTermination(c *cluster) any {
	if idle := c.in.AutoTerminationPolicy.IdleTimeout; idle > 0 {
		return object{"AutoTerminationPolicy": object{"IdleTimeout": idle}}
	}
	return object{}
}

// epoch is the protocol's form of a time: seconds, with a fraction.
func epoch(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
