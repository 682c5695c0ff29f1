package lifecycle

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"slices"
	"sort"
	"strings"
	"time"
)

var (
	nameForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)
	currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)
	slackIDForm  = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,30}$`)
)

// ParseConfig reads a cluster file. Its error joins one *FieldError per problem, all of them at
// once; what is inside run_job_flow is checked by lifecycle/awsemr.
func ParseConfig(data []byte) (Config, error) {
	f := &file{}
	top := f.object("$", data, "name", "notebook_url", "start_timeout", "start_warn", "lease", "request", "rates", "run_job_flow")
	var c Config
	if top != nil {
		c = f.config(top)
	}
	return c, errors.Join(f.problems...)
}

// ConfigName reads the name alone, from a file whose other parts may be wrong.
func ConfigName(data []byte) (string, error) {
	f := &file{lenient: true}
	top := f.object("$", data)
	name := ""
	if top != nil {
		name = f.name(top)
	}
	return name, errors.Join(f.problems...)
}

func (f *file) config(top map[string]json.RawMessage) Config {
	c := Config{Name: f.name(top), NotebookURL: f.notebook(top)}
	c.StartTimeout = f.duration(top, "$", "start_timeout", 30*time.Minute)
	c.StartWarn = f.duration(top, "$", "start_warn", min(15*time.Minute, c.StartTimeout/2))
	if c.StartTimeout > 0 && c.StartWarn >= c.StartTimeout {
		f.problem("$.start_warn", "must be shorter than start_timeout")
	}
	c.Lease = f.lease(top)
	c.Request = f.request(top)
	c.Rates = f.rates(top)
	c.RunJobFlow = f.runJobFlow(top)
	return c
}

func (f *file) name(top map[string]json.RawMessage) string {
	name, given := f.text(top, "$", "name")
	switch {
	case !given && top["name"] == nil:
		f.problem("$.name", "is required")
	case given && !nameForm.MatchString(name):
		f.problem("$.name", "must be 1 to 63 of a-z, 0-9 and -, not beginning with -")
	}
	return name
}

// notebook checks the URL with a host in the place of {master}.
func (f *file) notebook(top map[string]json.RawMessage) string {
	raw, given := f.text(top, "$", "notebook_url")
	if !given || raw == "" {
		return ""
	}
	filled := strings.ReplaceAll(raw, masterPlaceholder, "primary.example")
	if strings.ContainsAny(filled, "{}") {
		f.problem("$.notebook_url", "may contain no placeholder but {master}")
		return raw
	}
	u, err := url.Parse(filled)
	switch {
	case err != nil:
		f.problem("$.notebook_url", "is not a URL")
	case u.Scheme != "http" && u.Scheme != "https":
		f.problem("$.notebook_url", "must begin with http:// or https://")
	case u.Hostname() == "" || u.User != nil:
		f.problem("$.notebook_url", "must have a host and no user")
	}
	return raw
}

// lease reads the lease; a default that would contradict what is given gives way to it.
func (f *file) lease(top map[string]json.RawMessage) LeaseConfig {
	const path = "$.lease"
	o := f.optional(top, "$", "lease", "default", "max", "step", "warn", "grace")
	l := LeaseConfig{Max: f.duration(o, path, "max", max(12*time.Hour, f.quiet(o, "default")))}
	l.Default = f.duration(o, path, "default", min(4*time.Hour, l.Max))
	l.Step = f.duration(o, path, "step", min(time.Hour, l.Max))
	l.Grace = f.zeroable(o, path, "grace", 30*time.Minute)
	l.Warn = f.durations(o, path, "warn", below(l.Default, 30*time.Minute, 10*time.Minute))
	if l.Default > l.Max {
		f.problem(path+".default", "must not be longer than max")
	}
	if l.Step > l.Max {
		f.problem(path+".step", "must not be longer than max")
	}
	f.shorter(path+".warn", l.Warn, l.Default, "default")
	return l
}

func (f *file) request(top map[string]json.RawMessage) RequestConfig {
	const path = "$.request"
	o := f.optional(top, "$", "request", "expires", "remind", "escalate_to", "escalate_after")
	r := RequestConfig{Expires: f.duration(o, path, "expires", 45*time.Minute)}
	r.Remind = f.durations(o, path, "remind", below(r.Expires, 10*time.Minute, 30*time.Minute))
	r.EscalateAfter = f.duration(o, path, "escalate_after", min(30*time.Minute, r.Expires*2/3))
	r.EscalateTo, _ = f.text(o, path, "escalate_to")
	if r.EscalateTo != "" && !slackIDForm.MatchString(r.EscalateTo) {
		f.problem(path+".escalate_to", "must be a Slack id such as U0123456789")
	}
	if r.Expires > 0 && r.EscalateAfter >= r.Expires {
		f.problem(path+".escalate_after", "must be shorter than expires")
	}
	f.shorter(path+".remind", r.Remind, r.Expires, "expires")
	return r
}

func (f *file) rates(top map[string]json.RawMessage) *Rates {
	const path = "$.rates"
	if top["rates"] == nil {
		return nil
	}
	o := f.optional(top, "$", "rates", "as_of", "currency", "per_hour")
	r := &Rates{PerHour: map[string]float64{}}
	r.AsOf, _ = f.text(o, path, "as_of")
	if _, err := time.Parse(time.DateOnly, r.AsOf); err != nil {
		f.problem(path+".as_of", "must be a date such as 2026-11-01")
	}
	r.Currency, _ = f.text(o, path, "currency")
	if !currencyForm.MatchString(r.Currency) {
		f.problem(path+".currency", "must be a currency code such as USD")
	}
	if o["per_hour"] == nil {
		f.problem(path+".per_hour", "is required")
		return r
	}
	prices := f.object(path+".per_hour", o["per_hour"], anyKey)
	for _, kind := range sortedKeys(prices) {
		r.PerHour[kind] = f.rate(path+".per_hour."+kind, prices[kind])
	}
	return r
}

func (f *file) rate(path string, raw json.RawMessage) float64 {
	var rate float64
	err := json.Unmarshal(raw, &rate)
	if err != nil || isNull(raw) || math.IsInf(rate, 0) || math.IsNaN(rate) || rate < 0 {
		f.problem(path, "must be a number, 0 or more")
	}
	return rate
}

func (f *file) runJobFlow(top map[string]json.RawMessage) json.RawMessage {
	raw := bytes.TrimSpace(top["run_job_flow"])
	switch {
	case len(raw) == 0:
		f.problem("$.run_job_flow", "is required")
	case raw[0] != '{':
		f.problem("$.run_job_flow", "must be an object")
	default:
		return slices.Clone(json.RawMessage(raw))
	}
	return nil
}

func (f *file) shorter(path string, all []time.Duration, limit time.Duration, than string) {
	for i, d := range all {
		if limit > 0 && d >= limit {
			f.problem(fmt.Sprintf("%s[%d]", path, i), "must be shorter than "+than)
		}
		if slices.Contains(all[:i], d) {
			f.problem(fmt.Sprintf("%s[%d]", path, i), "stands there twice")
		}
	}
}

func below(limit time.Duration, all ...time.Duration) []time.Duration {
	return slices.DeleteFunc(all, func(d time.Duration) bool { return d >= limit })
}

func sortedKeys(o map[string]json.RawMessage) []string {
	keys := make([]string, 0, len(o))
	for k := range o {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
