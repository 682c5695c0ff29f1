package awsemr

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"showtime/lifecycle"
)

// API is what is used of *emr.Client.
type API interface {
	emr.ListClustersAPIClient
	emr.DescribeClusterAPIClient
	emr.ListInstancesAPIClient
	RunJobFlow(context.Context, *emr.RunJobFlowInput, ...func(*emr.Options)) (*emr.RunJobFlowOutput, error)
	SetTerminationProtection(context.Context, *emr.SetTerminationProtectionInput, ...func(*emr.Options)) (*emr.SetTerminationProtectionOutput, error)
	TerminateJobFlows(context.Context, *emr.TerminateJobFlowsInput, ...func(*emr.Options)) (*emr.TerminateJobFlowsOutput, error)
}

var (
	_ API           = (*emr.Client)(nil)
	_ lifecycle.EMR = (*EMR)(nil)
)

// EMR does what the lifecycle asks of one cluster file in one installation.
type EMR struct {
	api          API
	template     *Template
	installation string
}

// New gives an EMR that launches from the template, as the named installation. The client brings region,
// credentials and the retries of reads; nothing that changes something is ever retried here.
func New(api API, template *Template, installation string) *EMR {
	return &EMR{api: api, template: template, installation: installation}
}

// The longest that one call may take, retries included. The launch has its own deadline from the
// lifecycle; this one only ends a call that would hang for ever.
const (
	listTimeout   = 20 * time.Second
	callTimeout   = 10 * time.Second
	launchTimeout = 20 * time.Second
	// maxPages ends a listing that never does: 500 live clusters are EMR's quota, 50 fit a page.
	maxPages = 100
)

// List gives every live cluster of the account. A listing that breaks off is an error, never a short list.
func (e *EMR) List(ctx context.Context) ([]lifecycle.Summary, error) {
	ctx, cancel := context.WithTimeout(ctx, listTimeout)
	defer cancel()
	pages := emr.NewListClustersPaginator(e.api, &emr.ListClustersInput{ClusterStates: []types.ClusterState{
		types.ClusterStateStarting, types.ClusterStateBootstrapping, types.ClusterStateRunning,
		types.ClusterStateWaiting, types.ClusterStateTerminating,
	}})
	var out []lifecycle.Summary
	for range maxPages {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list clusters: %w", meaning(err))
		}
		for _, c := range page.Clusters {
			out = append(out, summary(c.Id, c.Name, c.Status))
		}
		if !pages.HasMorePages() {
			return out, nil
		}
	}
	return nil, errors.New("list clusters: the listing has no end")
}

// Describe gives one cluster with its tags.
func (e *EMR) Describe(ctx context.Context, id string) (lifecycle.Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	out, err := e.api.DescribeCluster(ctx, &emr.DescribeClusterInput{ClusterId: &id})
	if err != nil {
		return lifecycle.Cluster{}, fmt.Errorf("describe cluster %s: %w", id, meaning(err))
	}
	if out.Cluster == nil || out.Cluster.Status == nil || aws.ToString(out.Cluster.Id) != id {
		return lifecycle.Cluster{}, fmt.Errorf("describe cluster %s: EMR's answer is not about it", id)
	}
	return cluster(out.Cluster), nil
}

// Instances gives every instance that a cluster has had. EMR tells of ended ones for 30 days, and of 2000 in all.
func (e *EMR) Instances(ctx context.Context, id string) ([]lifecycle.Instance, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	pages := emr.NewListInstancesPaginator(e.api, &emr.ListInstancesInput{ClusterId: &id})
	var out []lifecycle.Instance
	for range maxPages {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list instances of %s: %w", id, meaning(err))
		}
		out = append(out, paid(page.Instances)...)
		if !pages.HasMorePages() {
			return out, nil
		}
	}
	return nil, fmt.Errorf("list instances of %s: the listing has no end", id)
}

// paid leaves out what only was asked for: it has no machine yet, or never had one.
func paid(all []types.Instance) []lifecycle.Instance {
	var out []lifecycle.Instance
	for _, i := range all {
		if i.Status == nil || i.Status.Timeline == nil || i.Status.Timeline.CreationDateTime == nil || aws.ToString(i.Ec2InstanceId) == "" {
			continue
		}
		one := lifecycle.Instance{Type: aws.ToString(i.InstanceType), From: *i.Status.Timeline.CreationDateTime}
		if i.Status.State == types.InstanceStateTerminated {
			one.Until = aws.ToTime(i.Status.Timeline.EndDateTime)
			if one.Until.IsZero() {
				continue // ended, and EMR does not say when
			}
		}
		out = append(out, one)
	}
	return out
}

// Launch calls RunJobFlow exactly once. There is no idempotency token: a repeated call is a second cluster.
func (e *EMR) Launch(ctx context.Context, l lifecycle.Launch) (string, error) {
	if e.installation == "" || l.Generation < 1 || !requester(l.Requester) {
		return "", &lifecycle.Refusal{Code: "BadLaunch", Message: "the launch has no valid installation, generation or requester"}
	}
	ctx, cancel := context.WithTimeout(ctx, launchTimeout)
	defer cancel()
	in := e.template.input
	in.Tags = append(slices.Clone(in.Tags), e.ours(l)...)
	out, err := e.api.RunJobFlow(ctx, &in, once)
	if err != nil {
		return "", launchError(err)
	}
	if aws.ToString(out.JobFlowId) == "" {
		return "", errors.New("run job flow: EMR's answer has no cluster id")
	}
	return *out.JobFlowId, nil
}

// Unprotect lifts termination protection.
func (e *EMR) Unprotect(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := e.api.SetTerminationProtection(ctx, &emr.SetTerminationProtectionInput{
		JobFlowIds: []string{id}, TerminationProtected: aws.Bool(false),
	}, once)
	if err != nil {
		return fmt.Errorf("unprotect cluster %s: %w", id, meaning(err))
	}
	return nil
}

// Terminate asks for the end of this one cluster. EMR refuses a protected, an unknown and an ended cluster
// with the same code, so after a refusal it is asked how the cluster stands: only what is known to be over is no error.
func (e *EMR) Terminate(ctx context.Context, id string) error {
	ended, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := e.api.TerminateJobFlows(ended, &emr.TerminateJobFlowsInput{JobFlowIds: []string{id}}, once)
	if err == nil || invalid(err) && e.over(ctx, id) {
		return nil
	}
	return fmt.Errorf("terminate cluster %s: %w", id, meaning(err))
}

func (e *EMR) over(ctx context.Context, id string) bool {
	c, err := e.Describe(ctx, id)
	if err != nil {
		return errors.Is(err, lifecycle.ErrUnknownCluster)
	}
	return lifecycle.Ended(c.State)
}

// once takes the SDK's retries away, which are on by default.
func once(o *emr.Options) {
	o.Retryer = aws.NopRetryer{}
	o.RetryMaxAttempts = 1
}

// requester says whether a name may stand in a tag: a Slack user's id, or the name of a grant.
func requester(name string) bool {
	return regexp.MustCompile(`^([UW][A-Z0-9]+|[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9])?)$`).MatchString(name)
}

func (e *EMR) ours(l lifecycle.Launch) []types.Tag {
	tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
	return []types.Tag{
		tag(lifecycle.TagInstallation, e.installation),
		tag(lifecycle.TagCluster, e.template.name),
		tag(lifecycle.TagGeneration, strconv.FormatInt(l.Generation, 10)),
		tag(lifecycle.TagRequester, l.Requester),
	}
}

func summary(id, name *string, status *types.ClusterStatus) lifecycle.Summary {
	s := lifecycle.Summary{ID: aws.ToString(id), Name: aws.ToString(name)}
	if status == nil {
		return s
	}
	s.State = string(status.State)
	if status.Timeline != nil {
		s.CreatedAt = aws.ToTime(status.Timeline.CreationDateTime)
	}
	return s
}

func cluster(c *types.Cluster) lifecycle.Cluster {
	out := lifecycle.Cluster{
		Summary:   summary(c.Id, c.Name, c.Status),
		Tags:      make(map[string]string, len(c.Tags)),
		Protected: aws.ToBool(c.TerminationProtected),
		MasterDNS: aws.ToString(c.MasterPublicDnsName),
	}
	for _, t := range c.Tags {
		out.Tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	if r := c.Status.StateChangeReason; r != nil {
		out.ReasonCode, out.ReasonMessage = string(r.Code), aws.ToString(r.Message)
	}
	if t := c.Status.Timeline; t != nil {
		out.ReadyAt, out.EndedAt = aws.ToTime(t.ReadyDateTime), aws.ToTime(t.EndDateTime)
	}
	for _, d := range c.Status.ErrorDetails {
		out.Details = append(out.Details, lifecycle.ErrorDetail{Code: aws.ToString(d.ErrorCode), Message: aws.ToString(d.ErrorMessage)})
	}
	return out
}
