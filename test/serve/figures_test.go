package serve_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/emrsim"
	"showtime/internal/metric"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/test/serve"
)

// Every figure there is can be seen after a session began with one throttled call and one that Slack refused.
func TestFigures(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Start(nil)
	w.EMR.Inject(emrsim.Fault{Op: "ListClusters", Times: 1, Err: emrsim.Throttled()})
	w.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.Refusal, Error: "internal_error", Times: 1})
	starts(t, w, testbed.Ana)
	p.Idle()
	readyIn(t, w, p, 15)
	w.Move(time.Minute)
	page := func() string { _, body := p.Get(p.Admin + "/metrics"); return body }
	for _, m := range metric.All() {
		if m.Name == metric.JobFailures { // none failed; the worker's own test sees it
			continue
		}
		serve.Until(t, m.Prometheus, func() bool { return strings.Contains(page(), "\n"+m.Prometheus) })
	}
	for _, sample := range []string{
		`showtime_emr_calls_total{operation="RunJobFlow"} 1`, `showtime_emr_throttles_total{operation="ListClusters"} 1`,
		`showtime_slack_errors_total{operation="chat.postMessage"} 1`, "showtime_sessions 1", `showtime_ack_seconds_bucket{le="+Inf"} `,
	} {
		if got := page(); !strings.Contains(got, "\n"+sample) {
			t.Errorf("no %s in\n%s", sample, got)
		}
	}
	stopped(t, p)
}
