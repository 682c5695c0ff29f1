package serve_test

import (
	"strings"
	"testing"
	"time"

	"showtime/internal/emrsim"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/test/serve"
)

// starts has a person type a start, which must be acknowledged.
func starts(t *testing.T, w *serve.World, user string) {
	t.Helper()
	d, err := w.Slack.Type(t.Context(), user, testbed.Team, "/emr start 2 "+serve.Typed, slacklike.TypeOptions{})
	if err != nil || d.Status != 200 {
		t.Fatalf("%s types a start: status %d, %v %v", user, d.Status, d.Err, err)
	}
}

// readyIn ticks until the card says READY. What was asked is done first: a clock that runs on in the middle
// of it would let its claims lapse, as no real clock does.
func readyIn(t *testing.T, w *serve.World, p *serve.Process, minutes int) {
	t.Helper()
	p.Idle()
	ticksTillReady(t, w, p, minutes)
}

// ticksTillReady ticks until the card says READY.
func ticksTillReady(t *testing.T, w *serve.World, p *serve.Process, minutes int) {
	t.Helper()
	for range minutes {
		if strings.Contains(w.Card(), "READY") {
			return
		}
		p.Ticked()
	}
	t.Fatalf("not ready after %d minutes:\n%s\n%s", minutes, w.Card(), p.Log)
}

func stopped(t *testing.T, p *serve.Process) {
	t.Helper()
	p.Terminate()
	if code := p.Wait(); code != 0 {
		t.Errorf("exit code %d:\n%s", code, p.Log)
	}
}

// A revoked token: the person still hears of it through the response_url, nothing starts, an alarm is
// raised, and a process with a good token works again.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Start(nil)
	w.Slack.RevokeToken()
	starts(t, w, testbed.Ana)
	serve.Until(t, "words", func() bool { return w.Sees(testbed.Ana, "Slack could not be asked who may do this") })
	p.Idle()
	if !strings.Contains(p.Log.String(), `"alarm":"slack-auth"`) {
		t.Errorf("no alarm in the log:\n%s", p.Log)
	}
	if w.Live() != 0 {
		t.Error("a cluster was started for somebody unknown")
	}
	stopped(t, p)
	w.Slack.RotateToken()
	p = w.Start(nil)
	starts(t, w, testbed.Ana)
	p.Idle() // else time would move under a job in hand
	readyIn(t, w, p, 15)
	stopped(t, p)
}

// Slack's Web API is down: nothing is decided on a guess, and the words come when it is back.
func TestSlackDown(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Start(nil)
	up := w.Slack.Inject(slacklike.Fault{Kind: slacklike.Unavailable})
	starts(t, w, testbed.Ana)
	p.Idle()
	if w.Live() != 0 {
		t.Error("a cluster was started for somebody unknown")
	}
	up()
	for range 10 {
		p.Ticked()
	}
	if !w.Sees(testbed.Ana, "Slack could not be asked who may do this") {
		t.Errorf("the words are forgotten:\n%s", p.Log)
	}
	stopped(t, p)
}

// The reply to the card's post is lost: it is looked for and adopted, not posted again.
func TestSlackLosesReply(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Start(nil)
	w.Slack.Inject(slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.LostReply, Times: 1})
	starts(t, w, testbed.Ana)
	p.Idle() // else time would move under a job in hand
	readyIn(t, w, p, 15)
	if n := len(w.Cards()); n != 1 {
		t.Errorf("%d cards", n)
	}
	stopped(t, p)
}

// What EMR may do to a launch, what the people read at once, and that the truth is drawn in the end.
func TestEMRFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		fault    emrsim.Fault
		launches int // calls of RunJobFlow until it is ready
	}{
		{"lost_reply", emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true}, 1},
		{"acts_and_fails", emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Broken(), Acts: true}, 1},
		{"throttled_launch", emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Throttled()}, 2},
		{"down_at_launch", emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Broken()}, 2},
		{"describing_throttled", emrsim.Fault{Op: "DescribeCluster", Times: 5, Err: emrsim.Throttled()}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := serve.New(t)
			p := w.Start(nil)
			w.EMR.Inject(tt.fault)
			starts(t, w, testbed.Ana)
			p.Idle()
			serve.Until(t, "CONFIRMING or STARTING on the card", func() bool {
				return strings.Contains(w.Card(), "CONFIRMING") || strings.Contains(w.Card(), "STARTING")
			})
			readyIn(t, w, p, 30)
			if got := w.EMR.Calls("RunJobFlow"); got != tt.launches {
				t.Errorf("RunJobFlow was called %d times, want %d", got, tt.launches)
			}
			if n := w.Live(); n != 1 {
				t.Errorf("%d live clusters", n)
			}
			stopped(t, p)
		})
	}
}

// EMR is down altogether: the person hears no in words, the log says that ticks fail, and it works again.
func TestEMRDown(t *testing.T) {
	t.Parallel()
	w := serve.New(t)
	p := w.Start(nil)
	w.Move(5 * time.Minute) // the listing of the first tick is too old to start on
	w.EMR.Inject(emrsim.Fault{Times: 1 << 30, Err: emrsim.Broken()})
	starts(t, w, testbed.Ana)
	p.Idle()
	serve.Until(t, "words", func() bool { return w.Sees(testbed.Ana, "Nothing was started: AWS") })
	if n := len(w.EMR.Clusters()); n != 0 {
		t.Errorf("%d clusters were made", n)
	}
	serve.Until(t, "failing ticks", func() bool { return p.Metric("showtime_ticks_failed_total") > 0 })
	if !strings.Contains(p.Log.String(), "tick not done") {
		t.Errorf("the log does not say that ticks fail:\n%s", p.Log)
	}
	w.EMR.Forgive()
	starts(t, w, testbed.Raj)
	p.Idle() // else time would move under a job in hand
	readyIn(t, w, p, 15)
	stopped(t, p)
}
