package receiver_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/job"
	"showtime/internal/metric"
	"showtime/internal/receiver"
)

// Each request leaves one line of one shape; what was answered in time also leaves its time.
func TestOneLineEach(t *testing.T) {
	t.Parallel()
	ref := job.RefOf(job.TriggerID(job.Click, "13.14.trigger"))
	line := func(outcome string, status int, more map[string]any) map[string]any {
		out := map[string]any{"level": "info", "message": "request", "outcome": outcome, "status": float64(status), "ms": 250.0}
		maps.Copy(out, more)
		return out
	}
	clicked := map[string]any{"ref": ref, "kind": "start", "source": "click", "user": "U1", "channel": "C1"}
	lost := map[string]any{"level": "error", "error": "queue is down"}
	maps.Copy(lost, clicked)
	tests := []struct {
		name, path, body string
		down             bool
		want             map[string]any
		acks             int
	}{
		{"queued", "/slack/interactions", click(clickJSON), false, line("queued", 200, clicked), 1},
		{"not_queued", "/slack/interactions", click(clickJSON), true, line("not-queued", 503, lost), 1},
		{"answered", "/slack/commands", command("help"), false, line("answered", 200, map[string]any{"kind": "help", "user": "U1"}), 1},
		{"ignored", "/slack/interactions", click(`{"type":"martian"}`), false, line("ignored", 200, map[string]any{"why": "other-type"}), 1},
		{"malformed", "/slack/commands", "", false, line("turned-away", 400, map[string]any{"why": "malformed"}), 0},
		{"no_path", "/", "", false, line("turned-away", 404, map[string]any{"why": "unknown-path"}), 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var figures []string
			var h *house
			h = build(t, func(c *receiver.Config) {
				c.Now = func() time.Time { h.now = h.now.Add(125 * time.Millisecond); return h.now }
				c.Record = func(name metric.Name, _ string, v float64) { figures = append(figures, fmt.Sprint(name, " ", v)) }
			})
			if tt.down {
				h.queue.err = errors.New("queue is down")
			}
			began := h.now
			h.post(tt.path, tt.body)
			var got map[string]any
			if err := json.Unmarshal(h.log.Bytes(), &got); err != nil {
				t.Fatalf("%v in\n%s", err, h.log)
			}
			ms := float64(h.now.Sub(began).Milliseconds() - 125)
			tt.want["ms"] = ms
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
			if want := slices.Repeat([]string{fmt.Sprint("AckTime ", ms)}, tt.acks); !slices.Equal(figures, want) {
				t.Errorf("figures are %q, want %q", figures, want)
			}
		})
	}
}
