package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/internal/worker"
)

func TestLambda_events(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, event string
		did         []string // nil = refused
	}{
		{"tick", `{"v":1,"kind":"tick"}`, []string{"poke", "tick"}},
		{
			"emr", `{"version":"0","source":"aws.emr","detail-type":"EMR Cluster State Change","detail":{"state":"TERMINATED","clusterId":"j-1"}}`,
			[]string{"poke", "tick"},
		},
		{"newer_tick", `{"v":2,"kind":"tick"}`, nil},
		{"tick_without_version", `{"kind":"tick"}`, nil},
		{"other_kind", `{"v":1,"kind":"tock"}`, nil},
		{"other_emr_event", `{"source":"aws.emr","detail-type":"EMR Step Status Change"}`, nil},
		{"other_source", `{"source":"aws.ec2","detail-type":"EMR Cluster State Change"}`, nil},
		{"empty_batch", `{"Records":[]}`, nil},
		{"empty", `{}`, nil},
		{"no_object", `[1]`, nil},
		{"no_json", `tick`, nil},
		{"batch_of_nonsense", `{"Records":[5]}`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			_, err := worker.New(d, poker{d: d}, zerolog.Nop(), mute).Lambda(t.Context(), json.RawMessage(tt.event))
			if (err == nil) != (tt.did != nil) {
				t.Errorf("Lambda = %v", err)
			}
			if diff := cmp.Diff(tt.did, d.did); diff != "" {
				t.Errorf("did (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLambda_tells_that_a_tick_failed(t *testing.T) {
	t.Parallel()
	d := &desk{tick: func(context.Context) error { return errBad }}
	if _, err := worker.New(d, nil, zerolog.Nop(), mute).Lambda(t.Context(), json.RawMessage(`{"v":1,"kind":"tick"}`)); !errors.Is(err, errBad) {
		t.Errorf("Lambda = %v", err)
	}
}

func TestBatch(t *testing.T) {
	t.Parallel()
	foreign := queued("1", "a", string(slip(t, "one")), 1)
	foreign.EventSource = "aws:sns"
	tests := []struct {
		name    string
		records []events.SQSMessage
		failed  []string
		did     []string
	}{
		{
			"all_done",
			[]events.SQSMessage{queued("1", "a", string(slip(t, "one")), 1), queued("2", "a", string(slip(t, "two")), 1)},
			nil,
			[]string{"do one", "do two"},
		},
		{
			"after_a_failure_the_group_waits",
			[]events.SQSMessage{
				queued("1", "a", string(slip(t, "bad")), 1), queued("2", "b", string(slip(t, "two")), 1),
				queued("3", "a", string(slip(t, "three")), 1), queued("4", "b", string(slip(t, "four")), 1),
			},
			[]string{"1", "3"},
			[]string{"do bad", "do two", "do four"},
		},
		{
			"before_a_failure_it_is_done",
			[]events.SQSMessage{queued("1", "a", string(slip(t, "one")), 1), queued("2", "a", string(slip(t, "bad")), 1)},
			[]string{"2"},
			[]string{"do one", "do bad"},
		},
		{
			"last_time",
			[]events.SQSMessage{queued("1", "a", string(slip(t, "bad")), queue.MaxReceives)},
			[]string{"1"},
			[]string{"do bad", "give up bad: bad luck"},
		},
		{"not_of_sqs", []events.SQSMessage{foreign}, []string{"1"}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &desk{do: func(_ context.Context, j job.Job) error {
				if j.ID == "bad" {
					return errBad
				}
				return nil
			}}
			failed := handBatch(t, worker.New(d, nil, zerolog.Nop(), mute), tt.records...)
			if diff := cmp.Diff(tt.failed, failed); diff != "" {
				t.Errorf("failures (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.did, d.did); diff != "" {
				t.Errorf("did (-want +got):\n%s", diff)
			}
		})
	}
}

// TestBatch_without_a_count: a person is rather told twice than never.
func TestBatch_without_a_count(t *testing.T) {
	t.Parallel()
	m := queued("1", "a", string(slip(t, "bad")), 1)
	delete(m.Attributes, "ApproximateReceiveCount")
	delete(m.Attributes, "SentTimestamp")
	d := &desk{do: func(context.Context, job.Job) error { return errBad }}
	handBatch(t, worker.New(d, nil, zerolog.Nop(), mute), m)
	if diff := cmp.Diff([]string{"do bad", "give up bad: bad luck"}, d.did); diff != "" {
		t.Errorf("did (-want +got):\n%s", diff)
	}
}

// TestBatch_answers_an_empty_list where nothing failed: null would be taken for a failure of all.
func TestBatch_answers_an_empty_list(t *testing.T) {
	t.Parallel()
	raw, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{queued("1", "a", string(slip(t, "one")), 1)}})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := worker.New(&desk{}, nil, zerolog.Nop(), mute).Lambda(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(answer)
	if err != nil || string(body) != `{"batchItemFailures":[]}` {
		t.Errorf("answer %s, %v", body, err)
	}
}
