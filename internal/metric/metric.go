// Package metric names the figures that Showtime keeps of itself. Whoever has one gives it to a Record and
// knows nothing of where it goes: to CloudWatch as lines of its embedded metric format, or to Prometheus.
package metric

// Name is a figure's name, as CloudWatch and the dashboard in template.yaml have it.
type Name string

// The figures.
const (
	AckTime       Name = "AckTime"
	QueueAge      Name = "QueueAge"
	JobTime       Name = "JobTime"
	JobFailures   Name = "JobFailures"
	EMRCalls      Name = "EMRCalls"
	EMRThrottles  Name = "EMRThrottles"
	SlackErrors   Name = "SlackErrors"
	Sessions      Name = "Sessions"
	EstimatedCost Name = "EstimatedCost"
)

// Kind says how values of a figure go together.
type Kind int

// The kinds.
const (
	Counter Kind = iota // values add up
	Gauge               // the last value counts
	Spread              // values are distributed
)

// The units, as CloudWatch spells them.
const (
	count        = "Count"
	milliseconds = "Milliseconds"
	seconds      = "Seconds"
	none         = "None"
)

// Metric describes a figure.
type Metric struct {
	Name Name
	Kind Kind
	Unit string // of the recorded values
	// ByOperation says that each value belongs to an operation, such as an API's method. There is no other
	// distinction: never by person, channel or cluster.
	ByOperation bool
	Prometheus  string // its name there, without the unit's suffix
	Help        string
}

// All lists the figures.
func All() []Metric {
	return []Metric{
		{AckTime, Spread, milliseconds, false, "showtime_ack", "Time until a request of Slack's had its answer."},
		{QueueAge, Spread, seconds, false, "showtime_queue_age", "Age of a job when it was first taken from the queue."},
		{JobTime, Spread, milliseconds, false, "showtime_job", "Time that doing a job took."},
		{JobFailures, Counter, count, false, "showtime_job_failures", "Deliveries of jobs that failed; the queue repeats them."},
		{EMRCalls, Counter, count, true, "showtime_emr_calls", "Calls of EMR's API, repeated ones too."},
		{EMRThrottles, Counter, count, true, "showtime_emr_throttles", "Calls that EMR refused because there were too many."},
		{SlackErrors, Counter, count, true, "showtime_slack_errors", "Calls of Slack's API that failed, repeated ones too."},
		{Sessions, Gauge, count, false, "showtime_sessions", "Sessions that are launching, up or stopping."},
		{EstimatedCost, Gauge, none, false, "showtime_estimated_cost", "What the session has cost at most so far, by the cluster file's rates and in their currency."},
	}
}

// Record takes one value of a figure, of an operation where the figure has them. It is safe for concurrent use.
type Record func(name Name, operation string, value float64)

// Discard takes everything and keeps nothing.
func Discard(Name, string, float64) {}

// named finds a figure.
func named(name Name) (Metric, bool) {
	for _, m := range All() {
		if m.Name == name {
			return m, true
		}
	}
	return Metric{}, false
}
