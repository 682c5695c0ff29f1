package template_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/job"
	"showtime/internal/metric"
	"showtime/internal/queue"
	"showtime/internal/receiver"
	"showtime/internal/wiring"
	"showtime/internal/worker"
	"showtime/lifecycle"
	"showtime/lifecycle/awsemr"
	"showtime/test/template"
)

// series is one metric that the template asks CloudWatch for.
type series struct {
	name       string
	dimensions map[string]string
}

// A metric that nobody emits, or under another dimension, is an empty widget and an alarm that never fires.
func TestTemplateAsksForFiguresThatAreEmitted(t *testing.T) {
	t.Parallel()
	var asked []series
	for _, tpl := range []*template.Template{load(t), loadWith(t, withManager())} {
		asked = append(asked, slices.Concat(watched(t, tpl), drawn(t, tpl))...)
	}
	seen := map[string]bool{}
	for _, s := range asked {
		seen[s.name] = true
		if err := emitted(s); err != nil {
			t.Errorf("%s %v: %v", s.name, s.dimensions, err)
		}
	}
	for _, m := range metric.All() {
		if !seen[string(m.Name)] {
			t.Errorf("%s is emitted, and looked at nowhere", m.Name)
		}
	}
}

// emitted holds a series against the line that the code writes for it.
func emitted(s series) error {
	i := slices.IndexFunc(metric.All(), func(m metric.Metric) bool { return string(m.Name) == s.name })
	if i < 0 {
		return errors.New("no such figure")
	}
	operation, byOperation := s.dimensions[metric.Operation]
	if _, ok := s.dimensions[metric.Function]; !ok || len(s.dimensions) > 2 || len(s.dimensions) == 2 && !byOperation {
		return errors.New("no such dimensions")
	}
	if byOperation && !metric.All()[i].ByOperation {
		return errors.New("it has no operations")
	}
	if _, known := reflect.TypeFor[awsemr.API]().MethodByName(operation); byOperation && strings.HasPrefix(s.name, "EMR") && !known {
		return errors.New("EMR is never asked for that")
	}
	if from := emitters(s.name); !slices.Contains(from, s.dimensions[metric.Function]) {
		return fmt.Errorf("it comes from %v", from)
	}
	return nil
}

// emitters are the functions that write a figure.
func emitters(name string) []string {
	switch {
	case name == string(metric.AckTime):
		return []string{"Receiver"}
	case strings.HasPrefix(name, "EMR"):
		return []string{"Worker", "Manager"}
	}
	return []string{"Worker"}
}

// watched are the figures of the alarms.
func watched(t *testing.T, tpl *template.Template) (all []series) {
	t.Helper()
	for _, name := range tpl.Resources("AWS::CloudWatch::Alarm") {
		p := properties(t, tpl, name)
		if p["Namespace"] != metric.Namespace {
			continue
		}
		s := series{fmt.Sprint(p["MetricName"]), map[string]string{}}
		for _, d := range list(p["Dimensions"]) {
			s.dimensions[fmt.Sprint(template.Map(d)["Name"])] = fmt.Sprint(template.Map(d)["Value"])
		}
		all = append(all, s)
	}
	return all
}

// drawn are the figures of the dashboards, with CloudWatch's two abbreviations: "." is the same as in the row
// above, "..." all that stood before what follows.
func drawn(t *testing.T, tpl *template.Template) (all []series) {
	t.Helper()
	var widgets []any
	for _, name := range tpl.Resources("AWS::CloudWatch::Dashboard") {
		widgets = append(widgets, list(decode(t, []byte(fmt.Sprint(properties(t, tpl, name)["DashboardBody"])))["widgets"])...)
	}
	for _, w := range widgets {
		var above []string
		for _, row := range list(template.Map(w, "properties")["metrics"]) {
			above = unabridged(above, list(row))
			if above[0] != metric.Namespace {
				continue
			}
			s := series{above[1], map[string]string{}}
			for pair := range slices.Chunk(above[2:], 2) {
				s.dimensions[pair[0]] = pair[1]
			}
			all = append(all, s)
		}
	}
	return all
}

func unabridged(above []string, row []any) (out []string) {
	words := template.Strings(slices.DeleteFunc(slices.Clone(row), func(v any) bool { _, options := v.(map[string]any); return options }))
	for i, word := range words {
		switch word {
		case "...":
			out = append(out, above[:len(above)-(len(words)-1)]...)
		case ".":
			out = append(out, above[i])
		default:
			out = append(out, word)
		}
	}
	if words[0] == "..." && len(words) == 1 {
		return above
	}
	return out
}

// logged are the fields of the lines that the functions and the gateway really write.
func logged(t *testing.T) map[string]bool {
	t.Helper()
	var line bytes.Buffer
	log := zerolog.New(&line).With().Str("process", "x").Logger()
	known := map[string]bool{}
	lifecycle.Attempt{}.Log(&log)
	wiring.Alarm(log)(t.Context(), "word", "detail")
	requests(t, log)
	deliveries(t, log)
	for text := range strings.Lines(line.String()) {
		for field := range decode(t, []byte(text)) {
			known[field] = true
		}
	}
	format := fmt.Sprint(template.Map(properties(t, load(t), "Api"), "AccessLogSettings")["Format"])
	for field := range decode(t, []byte(format)) {
		known[field] = true
	}
	return known
}

// broken is a queue that takes nothing.
type broken struct{}

func (broken) Send(context.Context, queue.Message) error { return errors.New("down") }

// requests leaves the receiver's line for a job that was not queued, and for one turned away.
func requests(t *testing.T, log zerolog.Logger) {
	t.Helper()
	c := receiver.Config{Queue: broken{}, Phrases: events.DefaultPhrases(), Cluster: "exploration", Log: log, Now: time.Now}
	desk, err := receiver.NewDesk(c)
	if err != nil {
		t.Fatal(err)
	}
	desk.Note(desk.Event(t.Context(), []byte(`{"type":"event_callback","event":{"type":"message","user":"U1","channel":"C1","text":"It's showtime!","ts":"1531420610.000005"}}`)), 0)
	front, err := receiver.New(c)
	if err != nil {
		t.Fatal(err)
	}
	front.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/nowhere", http.NoBody))
}

// deliveries leaves the worker's line for a job that failed.
func deliveries(t *testing.T, log zerolog.Logger) {
	t.Helper()
	body, err := job.Job{ID: "id", Ref: "ref", Kind: job.Status, User: "U1"}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	w := worker.New(failing{}, nil, log, func(context.Context, string, string) {})
	if w.Deliver(t.Context(), queue.Delivery{Body: body, Receives: 1, SentAt: time.Now()}) == nil {
		t.Error("it did not fail")
	}
}

// failing is a desk that does nothing.
type failing struct{}

func (failing) Do(context.Context, job.Job) error      { return errors.New("no") }
func (failing) GiveUp(context.Context, job.Job, error) {}
func (failing) Idle(context.Context) (bool, error)     { return true, nil }
func (failing) Tick(context.Context) error             { return nil }

// X-Ray costs, and its permission is on everything: both are there only when they were asked for.
func TestTracingIsOptional(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]bool{"PassThrough": false, "Active": true} {
		values := withManager()
		values["Tracing"] = mode
		tpl := loadWith(t, values)
		for _, role := range []string{"ReceiverRole", "WorkerRole", "LifecycleRole"} {
			traces := slices.ContainsFunc(statements(t, tpl, role), func(s template.Statement) bool {
				return slices.Contains(s.Actions, "xray:PutTraceSegments") && slices.Contains(s.Resources, "*")
			})
			if traces != want {
				t.Errorf("%s with %s: may send traces %v", role, mode, traces)
			}
		}
		globals, err := tpl.Resolve(tpl.Section("Globals")["Function"])
		if err != nil || template.Map(globals)["Tracing"] != mode {
			t.Errorf("functions trace %v, %v", template.Map(globals)["Tracing"], err)
		}
	}
	if mode := template.Map(load(t).Section("Parameters"), "Tracing")["Default"]; mode != "PassThrough" {
		t.Errorf("the default is %v", mode)
	}
}
