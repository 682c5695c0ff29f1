package metric_test

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/metric"
)

func at() time.Time { return time.UnixMilli(1700000000123) }

// The lines are what CloudWatch Logs takes for figures.
func TestEMF(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      metric.Name
		operation string
		value     float64
		want      string
	}{
		{metric.AckTime, "", 12.5, `{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Showtime","Dimensions":[["function"]],` +
			`"Metrics":[{"Name":"AckTime","Unit":"Milliseconds"}]}]},"function":"fn","AckTime":12.5}`},
		{metric.EMRCalls, "ListClusters", 1, `{"_aws":{"Timestamp":1700000000123,"CloudWatchMetrics":[{"Namespace":"Showtime",` +
			`"Dimensions":[["function"],["function","operation"]],"Metrics":[{"Name":"EMRCalls","Unit":"Count"}]}]},"function":"fn","operation":"ListClusters","EMRCalls":1}`},
		{metric.AckTime, "", math.NaN(), ""},
		{"Unheard", "", 1, ""},
	}
	for _, tt := range tests {
		var log bytes.Buffer
		metric.EMF(&log, "fn", at)(tt.name, tt.operation, tt.value)
		if diff := cmp.Diff(tt.want, strings.TrimSuffix(log.String(), "\n")); diff != "" {
			t.Errorf("%s %v (-want +got):\n%s", tt.name, tt.value, diff)
		}
	}
}

// CloudWatch wants each dimension and each figure as a field of the line.
func TestEMF_lines_hold_what_they_name(t *testing.T) {
	t.Parallel()
	for _, m := range metric.All() {
		var log bytes.Buffer
		operation := ""
		if m.ByOperation {
			operation = "op"
		}
		metric.EMF(&log, "fn", at)(m.Name, operation, 3)
		var fields map[string]any
		if err := json.Unmarshal(log.Bytes(), &fields); err != nil {
			t.Fatal(err)
		}
		if fields[string(m.Name)] != 3.0 || fields["function"] != "fn" || m.ByOperation != (fields["operation"] == "op") {
			t.Errorf("%s: %s", m.Name, &log)
		}
	}
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	r := metric.NewRegistry()
	for _, ms := range []float64{5, 6, 2500, 700000} {
		r.Record(metric.AckTime, "", ms)
	}
	r.Record(metric.EMRCalls, "RunJobFlow", 1)
	r.Record(metric.EMRCalls, "ListClusters", 1)
	r.Record(metric.EMRCalls, "ListClusters", 1)
	r.Record(metric.Sessions, "", 1)
	r.Record(metric.Sessions, "", 0)
	r.Record("Unheard", "", 1)
	var p metric.Page
	r.Write(&p)
	want := `# HELP showtime_ack_seconds Time until a request of Slack's had its answer.
# TYPE showtime_ack_seconds histogram
showtime_ack_seconds_bucket{le="0.005"} 1
showtime_ack_seconds_bucket{le="0.01"} 2
showtime_ack_seconds_bucket{le="0.025"} 2
showtime_ack_seconds_bucket{le="0.05"} 2
showtime_ack_seconds_bucket{le="0.1"} 2
showtime_ack_seconds_bucket{le="0.25"} 2
showtime_ack_seconds_bucket{le="0.5"} 2
showtime_ack_seconds_bucket{le="1"} 2
showtime_ack_seconds_bucket{le="2"} 2
showtime_ack_seconds_bucket{le="3"} 3
showtime_ack_seconds_bucket{le="10"} 3
showtime_ack_seconds_bucket{le="30"} 3
showtime_ack_seconds_bucket{le="60"} 3
showtime_ack_seconds_bucket{le="300"} 3
showtime_ack_seconds_bucket{le="600"} 3
showtime_ack_seconds_bucket{le="+Inf"} 4
showtime_ack_seconds_sum 702.511
showtime_ack_seconds_count 4
# HELP showtime_emr_calls_total Calls of EMR's API, repeated ones too.
# TYPE showtime_emr_calls_total counter
showtime_emr_calls_total{operation="ListClusters"} 2
showtime_emr_calls_total{operation="RunJobFlow"} 1
# HELP showtime_sessions Sessions that are launching, up or stopping.
# TYPE showtime_sessions gauge
showtime_sessions 0
`
	if diff := cmp.Diff(want, p.String()); diff != "" {
		t.Errorf("page (-want +got):\n%s", diff)
	}
}

func TestRegistry_takes_many_at_once(t *testing.T) {
	t.Parallel()
	r := metric.NewRegistry()
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 100 {
				r.Record(metric.SlackErrors, "chat.update", 1)
				r.Write(&metric.Page{})
			}
		})
	}
	wg.Wait()
	var p metric.Page
	if r.Write(&p); !strings.Contains(p.String(), `{operation="chat.update"} 400`) {
		t.Errorf("page is\n%s", p.String())
	}
}
