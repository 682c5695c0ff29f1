package lifecycle

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func problems(err error) []string {
	var out []string
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			if f, ok := errors.AsType[*FieldError](e); ok {
				out = append(out, f.Path)
			}
		}
	}
	return out
}

func TestParseConfigDefaults(t *testing.T) {
	t.Parallel()
	c, err := ParseConfig([]byte(`{"name":"exploration","run_job_flow":{}}`))
	if err != nil {
		t.Fatal(err)
	}
	if c.StartTimeout != 30*time.Minute || c.StartWarn != 15*time.Minute || c.Lease.Default != 4*time.Hour || c.Lease.Max != 12*time.Hour ||
		c.Lease.Step != time.Hour || c.Lease.Grace != 30*time.Minute || len(c.Lease.Warn) != 2 || c.Request.Expires != 45*time.Minute || c.Rates != nil {
		t.Errorf("defaults are %+v", c)
	}
}

func TestParseConfigProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, more, want string }{
		{"unknown_key", `"lease":{"mx":"1h"}`, "$.lease.mx"},
		{"twice", `"start_warn":"1m","start_warn":"2m"`, "$.start_warn"},
		{"wrong_case", `"Lease":{}`, "$.Lease"},
		{"wrong_type", `"lease":{"max":4}`, "$.lease.max"},
		{"null", `"lease":null`, "$.lease"},
		{"default_over_max", `"lease":{"default":"5h","max":"4h"}`, "$.lease.default"},
		{"warn_over_default", `"lease":{"default":"1h","warn":["1h"]}`, "$.lease.warn[0]"},
		{"negative", `"lease":{"grace":"-1s"}`, "$.lease.grace"},
		{"step_zero", `"lease":{"step":"0s"}`, "$.lease.step"},
		{"warn_over_timeout", `"start_timeout":"5m","start_warn":"5m"`, "$.start_warn"},
		{"placeholder", `"notebook_url":"https://{host}/"`, "$.notebook_url"},
		{"scheme", `"notebook_url":"ftp://{master}/"`, "$.notebook_url"},
		{"bad_date", `"rates":{"as_of":"soon","currency":"USD","per_hour":{}}`, "$.rates.as_of"},
		{"bad_rate", `"rates":{"as_of":"2026-11-01","currency":"USD","per_hour":{"m":-1}}`, "$.rates.per_hour.m"},
		{"infinite_rate", `"rates":{"as_of":"2026-11-01","currency":"USD","per_hour":{"m":1e999}}`, "$.rates.per_hour.m"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := ParseConfig([]byte(`{"name":"x","run_job_flow":{},` + tt.more + `}`))
			if got := problems(err); !slices.Contains(got, tt.want) {
				t.Errorf("problems at %v, want %s (%v)", got, tt.want, err)
			}
		})
	}
}

func TestParseConfigTellsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ParseConfig([]byte(`{"name":"-x","lease":{"step":"0s"},"run_job_flow":[]}`))
	if got := problems(err); !slices.Equal(got, []string{"$.name", "$.lease.step", "$.run_job_flow"}) {
		t.Errorf("problems at %v", got)
	}
}

func TestConfigName(t *testing.T) {
	t.Parallel()
	if name, err := ConfigName([]byte(`{"x":1,"name":"exploration","lease":7}`)); err != nil || name != "exploration" {
		t.Errorf("got %q, %v", name, err)
	}
	if _, err := ConfigName([]byte(`{"name":"` + strings.Repeat("a", 64) + `"}`)); err == nil {
		t.Error("a long name passed")
	}
}

func TestEstimateCost(t *testing.T) {
	t.Parallel()
	set := testSettings()
	s := Session{LaunchedAt: t0, LeaseEnd: t0.Add(4 * time.Hour), EMRID: "j-1"}
	c := EstimateCost(set, s, t0.Add(2*time.Hour))
	if !c.Known || c.PerHourMax != 1 || c.SoFarMax != 2 || c.AtMost != 4.5 {
		t.Errorf("running: %+v", c)
	}
	s.EndedAt = t0.Add(time.Hour)
	if c = EstimateCost(set, s, t0.Add(9*time.Hour)); c.SoFarMax != 1 || c.AtMost != 1 {
		t.Errorf("ended: %+v", c)
	}
	set.Shape.Nodes = append(set.Shape.Nodes, Node{Type: "r9.huge", Max: 1})
	if c = EstimateCost(set, s, t0); c.Known || !slices.Equal(c.Unknown, []string{"r9.huge"}) {
		t.Errorf("unknown type: %+v", c)
	}
	if set.Rates = nil; EstimateCost(set, s, t0).Configured {
		t.Error("configured without rates")
	}
}
