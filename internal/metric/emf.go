package metric

import (
	"encoding/json"
	"io"
	"time"
)

// Namespace is where CloudWatch keeps the figures.
const Namespace = "Showtime"

// The dimensions, as they stand in a line beside their values.
const (
	Function  = "function"
	Operation = "operation"
)

// emf is a line of CloudWatch's embedded metric format without its value.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
type emf struct {
	AWS struct {
		Timestamp int64
		Metrics   []directive `json:"CloudWatchMetrics"`
	} `json:"_aws"`
	Function  string `json:"function"`
	Operation string `json:"operation,omitempty"`
}

type directive struct {
	Namespace  string
	Dimensions [][]string
	Metrics    []definition
}

type definition struct{ Name, Unit string }

// EMF writes each value as a line that CloudWatch Logs makes a metric of, under the function's name and,
// where there are operations, under both: so there is a sum over all operations, and one for each.
func EMF(w io.Writer, function string, now func() time.Time) Record {
	return func(name Name, operation string, value float64) {
		m, known := named(name)
		if !known {
			return
		}
		_, _ = w.Write(line(m, function, operation, value, now())) // a log that is gone needs no figures
	}
}

func line(m Metric, function, operation string, value float64, at time.Time) []byte {
	l := emf{Function: function, Operation: operation}
	l.AWS.Timestamp = at.UnixMilli()
	l.AWS.Metrics = []directive{{Namespace, dimensions(m), []definition{{string(m.Name), m.Unit}}}}
	data, err := json.Marshal(l)
	figure, fault := json.Marshal(map[Name]float64{m.Name: value})
	if err != nil || fault != nil { // a value that is no number
		return nil
	}
	data[len(data)-1] = ','
	return append(append(data, figure[1:]...), '\n')
}

// dimensions are the sets under which a figure is found.
func dimensions(m Metric) [][]string {
	if m.ByOperation {
		return [][]string{{Function}, {Function, Operation}}
	}
	return [][]string{{Function}}
}
