package doctor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"showtime/internal/doctor"
	"showtime/lifecycle"
)

func ticked(ago time.Duration) lifecycle.Vitals {
	return lifecycle.Vitals{TickedAt: noon().Add(-ago)}
}

func TestTick(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		vitals lifecycle.Vitals
		err    error
		want   string
	}{
		{"just_now", ticked(20 * time.Second), nil, "ok: 20s ago"},
		{"clock_ahead", ticked(-5 * time.Second), nil, "ok: 0s ago"},
		{"three_minutes", ticked(3 * time.Minute), nil, "ok: 3m0s ago"},
		{"late", ticked(3*time.Minute + time.Second), nil, "warning: 3m1s ago, one a minute is due → See the runbook, No ticks"},
		{"ten_minutes", ticked(10 * time.Minute), nil, "warning: 10m0s ago"},
		{"dead", ticked(10*time.Minute + time.Second), nil, "error: 10m1s ago, one a minute is due → See the runbook, No ticks"},
		{"never", lifecycle.Vitals{}, nil, "warning: none yet → Nothing, before the first start"},
		{"unread", lifecycle.Vitals{}, failing("AccessDeniedException"), "error: AccessDeniedException → The worker's role needs dynamodb:GetItem"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.Tick(ask(tt.vitals, tt.err), noon), tt.want)
		})
	}
}

// emr answers what it was told to about listing, the last session's cluster, and one that cannot be.
type emr struct{ listing, last, none, counting error }

func (e emr) List(context.Context) ([]lifecycle.Summary, error) { return nil, e.listing }

func (e emr) Describe(_ context.Context, id string) (lifecycle.Cluster, error) {
	if id == doctor.NoSuchCluster {
		return lifecycle.Cluster{}, e.none
	}
	return lifecycle.Cluster{}, e.last
}

func (e emr) Instances(context.Context, string) ([]lifecycle.Instance, error) { return nil, e.counting }

// meant is an error as lifecycle/awsemr makes it.
func meant(word error, code string) error { return fmt.Errorf("describe: %w: %w", word, coded(code)) }

func TestEMRLooking(t *testing.T) {
	t.Parallel()
	unknown, denied := meant(lifecycle.ErrUnknownCluster, "InvalidRequestException"), meant(lifecycle.ErrDenied, "AccessDeniedException")
	last := ask(lifecycle.Vitals{EMRID: "j-LAST"}, nil)
	never := ask(lifecycle.Vitals{}, nil)
	tests := []struct {
		name string
		emr  emr
		read doctor.Vitals
		want string
	}{
		{"last_session", emr{last: nil, none: denied}, last, "ok: j-LAST"},
		{"last_session_denied", emr{last: denied, none: unknown}, last, "error: j-LAST: AccessDeniedException → Allow elasticmapreduce:DescribeCluster on clusters with Showtime's tags"},
		{"last_session_forgotten", emr{last: unknown, none: unknown}, last, "ok: an unknown one is unknown"},
		{"last_session_throttled", emr{last: meant(lifecycle.ErrThrottled, "ThrottlingException")}, last, "error: ThrottlingException"},
		{"unknown_is_unknown", emr{none: unknown}, never, "ok: an unknown one is unknown"},
		{"unknown_is_refused", emr{none: denied}, never, "not checked: Ask again once there has been a session"},
		{"unknown_is_there", emr{}, never, "not checked: a cluster that cannot be"},
		{"no_credentials", emr{none: failing("UnrecognizedClientException")}, never, "error: valid AWS credentials"},
		{"away", emr{none: errAway}, never, "error: connection refused"},
		{"record_unread", emr{none: unknown}, ask(lifecycle.Vitals{}, errAway), "ok: an unknown one is unknown"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.EMRLooking(tt.emr, tt.read), tt.want)
		})
	}
}

func TestEMRCounting(t *testing.T) {
	t.Parallel()
	unknown, denied := meant(lifecycle.ErrUnknownCluster, "InvalidRequestException"), meant(lifecycle.ErrDenied, "AccessDeniedException")
	last, never := ask(lifecycle.Vitals{EMRID: "j-LAST"}, nil), ask(lifecycle.Vitals{}, nil)
	tests := []struct {
		name string
		err  error
		read doctor.Vitals
		want string
	}{
		{"last_session", nil, last, "ok: it may count"},
		{"last_session_forgotten", unknown, last, "ok: it may count"},
		{"last_session_denied", denied, last, "warning: j-LAST: AccessDeniedException; the panel shows what the cluster file allows, not what runs → Allow elasticmapreduce:ListInstances on clusters with Showtime's tags"},
		{"last_session_throttled", meant(lifecycle.ErrThrottled, "ThrottlingException"), last, "warning: ThrottlingException"},
		{"unknown_is_unknown", unknown, never, "ok: it may count"},
		{"unknown_is_refused", denied, never, "not checked: Ask again once there has been a session"},
		{"unknown_has_none", nil, never, "not checked: says nothing about others"},
		{"record_unread", denied, ask(lifecycle.Vitals{EMRID: "j-LAST"}, errAway), "not checked"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.EMRCounting(emr{counting: tt.err}, tt.read), tt.want)
		})
	}
}

// What only a launch or an end can show is never said to be all right.
func TestEMRRights(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"allowed", nil, "ok: it may list"},
		{"denied", meant(lifecycle.ErrDenied, "AccessDeniedException"), "error: Allow elasticmapreduce:ListClusters on *"},
		{"expired", failing("ExpiredTokenException"), "error: valid AWS credentials"},
		{"away", errAway, "error: connection refused"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			checks := doctor.EMRRights(emr{listing: tt.err}, "EMR_Service", "EMR_Instance")
			for i, want := range []string{tt.want, "not checked: iam:PassRole for EMR_Service and EMR_Instance", "not checked: TerminateJobFlows"} {
				wants(t, checks[i], want)
			}
		})
	}
}

// boss is a lifecycle manager.
type boss struct {
	verbs []string
	found bool
	err   error
}

func (b boss) Verbs(context.Context) ([]string, bool, error) { return b.verbs, b.found, b.err }

func TestManagerRights(t *testing.T) {
	t.Parallel()
	most := []string{"read", "start", "stop", "join", "extend", "on-behalf"}
	tests := []struct {
		name string
		boss boss
		want string
	}{
		{"all", boss{append(most, "extend-past-cap"), true, nil}, "ok: every verb"},
		{"not_past_the_cap", boss{most, true, nil}, "warning: lacks extend-past-cap"},
		{"reads_only", boss{most[:1], true, nil}, "error: lacks start, stop, join, extend, on-behalf"},
		{"closed", boss{}, `error: does not open cluster "exploration"`},
		{"refuses", boss{err: errors.New("no valid credentials")}, "error: it refuses: no valid credentials → See that SHOWTIME_LIFECYCLE_TOKEN"},
		{"away", boss{err: fmt.Errorf("%w: %w", lifecycle.ErrAway, errAway)}, "error: it does not answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			wants(t, doctor.ManagerRights(tt.boss, "exploration"), tt.want)
		})
	}
}
