package lifecycle

import (
	"encoding/json"
	"time"
)

// Config is a cluster file: the operator's description of one cluster.
type Config struct {
	Name         string
	NotebookURL  string // a URL; {master} stands for the primary node's host name
	StartTimeout time.Duration
	StartWarn    time.Duration
	Lease        LeaseConfig
	Request      RequestConfig
	Rates        *Rates
	// RunJobFlow is EMR's own request, as the file has it; only lifecycle/awsemr reads it.
	RunJobFlow json.RawMessage
}

// LeaseConfig bounds how long a session may live.
type LeaseConfig struct {
	Default, Max, Step, Grace time.Duration
	Warn                      []time.Duration
}

// RequestConfig says how long a request waits and whom it calls.
type RequestConfig struct {
	Expires       time.Duration
	Remind        []time.Duration
	EscalateTo    string
	EscalateAfter time.Duration
}

// Rates are what an instance costs per hour, EMR's fee included, as of a date.
type Rates struct {
	AsOf     string // YYYY-MM-DD
	Currency string
	PerHour  map[string]float64
}

// FieldError is one problem of a cluster file, at a JSON path such as $.lease.max.
type FieldError struct{ Path, Problem string }

func (e *FieldError) Error() string { return e.Path + ": " + e.Problem }

// Settings are a cluster file and what its run_job_flow says about the cluster before it runs.
type Settings struct {
	Config
	Shape Shape
}

// masterPlaceholder stands in notebook_url for the primary node's host name.
const masterPlaceholder = "{master}"
