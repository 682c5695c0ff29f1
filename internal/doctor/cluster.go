package doctor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"showtime/lifecycle"
)

// Vitals reads what the record says of a cluster.
type Vitals func(ctx context.Context) (lifecycle.Vitals, error)

// How old the last tick may be: one a minute is due, and after ten a lease's end is no longer enforced unannounced.
const (
	tickDoubtful = 3 * time.Minute
	tickBad      = 10 * time.Minute
)

// Tick tells when somebody last looked after the cluster. The clock is that of leases.
func Tick(read Vitals, now func() time.Time) Check {
	const name = "tick"
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		v, err := read(ctx)
		if err != nil {
			return []Finding{bad(name, "the record cannot be read: "+because(err), "The worker's role needs dynamodb:GetItem on its partitions of the table; else see what is found about the table or the data folder.")}
		}
		return []Finding{ticked(name, v.TickedAt, now())}
	}}
}

func ticked(name string, at, now time.Time) Finding {
	const do = "See the runbook, No ticks: while there is none no lease ends, and a cluster may run on and cost."
	if at.IsZero() {
		return doubtful(name, "there has been none yet", "Nothing, before the first start. Else: "+do)
	}
	age := max(0, now.Sub(at).Round(time.Second)) // another machine's clock may be ahead
	what := fmt.Sprintf("the last was %s ago, one a minute is due", age)
	switch {
	case age > tickBad:
		return bad(name, what, do)
	case age > tickDoubtful:
		return doubtful(name, what, do)
	}
	return good(name, what)
}

// EMR is what is asked of EMR: reads only.
type EMR interface {
	List(ctx context.Context) ([]lifecycle.Summary, error)
	Describe(ctx context.Context, id string) (lifecycle.Cluster, error)
	Instances(ctx context.Context, id string) ([]lifecycle.Instance, error)
}

// NoSuchCluster is an id that EMR never gives: it is too long.
const NoSuchCluster = "j-SHOWTIMEDOCTORASKS"

// EMRRights tells what reads show of the rights on EMR. What changes something is listed as not checked. Passed
// are the roles that a launch passes.
func EMRRights(emr EMR, passed ...string) []Check {
	const listing = "EMR listing"
	return []Check{
		{Name: listing, Run: func(ctx context.Context) []Finding {
			if _, err := emr.List(ctx); err != nil {
				return []Finding{bad(listing, "elasticmapreduce:ListClusters: "+because(err), remedy(err, "elasticmapreduce:ListClusters", "*"))}
			}
			return []Finding{good(listing, "it may list clusters")}
		}},
		Unchecked("EMR launch", "elasticmapreduce:RunJobFlow and AddTags with Showtime's tags, iam:PassRole for "+strings.Join(passed, " and ")+", and whether these are there",
			"Only a launch shows it: docs/verify-on-aws.md, step 5."),
		Unchecked("EMR end", "elasticmapreduce:SetTerminationProtection and TerminateJobFlows on clusters with Showtime's tags", "docs/verify-on-aws.md, step 3, asks IAM."),
	}
}

// EMRLooking tells whether one cluster's clusters may be looked at.
func EMRLooking(emr EMR, read Vitals) Check {
	return Check{Name: "EMR looking", Run: func(ctx context.Context) []Finding { return []Finding{looking(ctx, emr, read)} }}
}

// looking describes the cluster of the last session, else one that cannot be.
func looking(ctx context.Context, emr EMR, read Vitals) Finding {
	const name, action = "EMR looking", "elasticmapreduce:DescribeCluster"
	if v, err := read(ctx); err == nil && v.EMRID != "" {
		_, err := emr.Describe(ctx, v.EMRID)
		switch {
		case err == nil:
			return good(name, "it may look at the last session's cluster "+v.EMRID)
		case causeOf(err) == denied:
			return bad(name, action+" of the last session's cluster "+v.EMRID+": "+because(err), "Allow "+action+" on clusters with Showtime's tags; template.yaml has the statement.")
		case !errors.Is(err, lifecycle.ErrUnknownCluster): // EMR forgets a cluster after two months
			return bad(name, action+": "+because(err), remedy(err, action, v.EMRID))
		}
	}
	_, err := emr.Describe(ctx, NoSuchCluster)
	switch {
	case errors.Is(err, lifecycle.ErrUnknownCluster):
		return good(name, "it may look at clusters: EMR says that an unknown one is unknown")
	case causeOf(err) == denied:
		return unknown(name, action+" of an unknown cluster is refused, as it is to whoever may look only at clusters with Showtime's tags", "Ask again once there has been a session.")
	case err == nil:
		return unknown(name, "EMR describes a cluster that cannot be", "Report it as a bug of Showtime.")
	}
	return bad(name, action+": "+because(err), remedy(err, action, "clusters"))
}

// EMRCounting tells whether the running instances of one cluster's clusters may be counted.
func EMRCounting(emr EMR, read Vitals) Check {
	return Check{Name: "EMR counting", Run: func(ctx context.Context) []Finding { return []Finding{counting(ctx, emr, read)} }}
}

// counting asks about the last session's cluster, else about one that cannot be. Nothing but the count needs it.
func counting(ctx context.Context, emr EMR, read Vitals) Finding {
	const name, action = "EMR counting", "elasticmapreduce:ListInstances"
	v, err := read(ctx)
	id, known := v.EMRID, err == nil && v.EMRID != ""
	if !known {
		id = NoSuchCluster
	}
	_, err = emr.Instances(ctx, id)
	switch {
	case err == nil && known, errors.Is(err, lifecycle.ErrUnknownCluster):
		return good(name, "it may count the instances of a cluster")
	case !known:
		return unknown(name, action+" of an unknown cluster says nothing about others", "Ask again once there has been a session.")
	}
	return doubtful(name, action+" of the last session's cluster "+id+": "+because(err)+"; the panel shows what the cluster file allows, not what runs",
		remedy(err, action, "clusters with Showtime's tags"))
}

// Manager is what is asked of a lifecycle manager: what its caller may do with the cluster, and whether the caller
// may know of it at all.
type Manager interface {
	Verbs(ctx context.Context) (verbs []string, found bool, err error)
}

// managerVerbs are what the Slack app needs; capVerb only for lengthening beyond the cap.
func managerVerbs() []string { return []string{"read", "start", "stop", "join", "extend", "on-behalf"} }

const capVerb = "extend-past-cap"

// ManagerRights tells whether the lifecycle manager can be reached, and opens the cluster for all that is needed.
func ManagerRights(m Manager, cluster string) Check {
	const name = "lifecycle manager"
	return Check{Name: name, Run: func(ctx context.Context) []Finding {
		verbs, found, err := m.Verbs(ctx)
		switch {
		case err != nil && errors.Is(err, lifecycle.ErrAway):
			return []Finding{bad(name, "it does not answer: "+because(err), "See that it runs and that SHOWTIME_LIFECYCLE_URL is its address.")}
		case err != nil:
			return []Finding{bad(name, "it refuses: "+because(err), "See that SHOWTIME_LIFECYCLE_TOKEN, or the AWS credentials, belong to a row of its grants that has not expired.")}
		case !found:
			return []Finding{bad(name, fmt.Sprintf("the grant does not open cluster %q, or there is none", cluster), "Add the cluster to the grant's row, and its file to the manager's folder.")}
		}
		return []Finding{granted(name, verbs)}
	}}
}

func granted(name string, verbs []string) Finding {
	lacks := without(managerVerbs(), verbs)
	switch {
	case len(lacks) > 0:
		return bad(name, "the grant lacks "+strings.Join(lacks, ", "), "Add these verbs to the grant's row.")
	case !slices.Contains(verbs, capVerb):
		return doubtful(name, "the grant lacks "+capVerb+": nobody can lengthen a session beyond its cap", "Add the verb to the grant's row, unless it is meant so.")
	}
	return good(name, "it answers, and the grant has every verb")
}
