package socket_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"showtime/internal/job"
	"showtime/internal/slacklike"
)

// What comes by the socket is the job that it would be over HTTP, and the person sees the same answer.
func TestWhatIsTyped(t *testing.T) {
	t.Parallel()
	w := open(t)
	if d, seen := w.typed("/emr start 4h"); d.Status != 200 || seen != "" {
		t.Errorf("start: status %d, %q", d.Status, seen)
	}
	if d, seen := w.typed("/emr help"); d.Status != 200 || !strings.Contains(seen, "/emr status") {
		t.Errorf("help: status %d, %q", d.Status, seen)
	}
	if d, _ := w.typed("It's showtime!"); d.Status != 200 {
		t.Errorf("phrase: status %d", d.Status)
	}
	if d, _ := w.typed("hello"); d.Status != 200 {
		t.Errorf("no phrase: status %d", d.Status)
	}
	jobs := w.queue.jobs(t)
	if len(jobs) != 2 || jobs[0].Kind != job.Start || jobs[0].Source != job.Command || jobs[1].Source != job.Phrase {
		t.Errorf("jobs = %+v", jobs)
	}
}

// The same payloads give the ids that HTTP gives, so what comes again is the same job; and the age of a job
// counts from Slack's time, of a command from when it came.
func TestIDsAndTimes(t *testing.T) {
	t.Parallel()
	w := open(t)
	began := w.now()
	tests := []struct {
		name, kind, payload, id string
		at                      time.Time
	}{
		{"command", "slash_commands", command("start"), job.TriggerID(job.Command, "13.14.trigger"), time.Time{}},
		{"click", "interactive", click("1531420617.500000"), job.TriggerID(job.Click, "15.16.trigger"), time.Unix(1531420617, 5e8)},
		{"phrase", "events_api", said("It's showtime!"), "phrase-C1-1531420610.000005", time.Unix(1531420610, 5000)},
	}
	for i, tt := range tests {
		for range 2 {
			w.push("env-"+tt.name, tt.kind, tt.payload)
			w.await(`"outcome":"queued"`)
		}
		jobs := w.queue.jobs(t)[2*i:]
		if len(jobs) != 2 || jobs[0].ID != tt.id || jobs[1].ID != tt.id {
			t.Errorf("%s: jobs %+v, want twice %s", tt.name, jobs, tt.id)
		}
		if at := jobs[0].At; !tt.at.IsZero() && !at.Equal(tt.at) || tt.at.IsZero() && (at.Before(began) || at.After(w.now())) {
			t.Errorf("%s: time is %v", tt.name, at)
		}
	}
}

// No receipt before the job is safe.
func TestReceiptComesAfterTheQueue(t *testing.T) {
	t.Parallel()
	w := open(t)
	came, release := w.queue.hold()
	w.push("env-1", "events_api", said("It's showtime!"))
	<-came
	if got := w.settled(); len(got) != 0 {
		t.Errorf("receipts before the job is queued: %q", got)
	}
	release()
	w.await(`"outcome":"queued"`)
	w.acked("env-1")
}

func TestQueueDown(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.queue.set(true)
	w.push("env-click", "interactive", click("1531420617.500000"))
	w.await("not-queued")
	w.push("env-event", "events_api", said("It's showtime!"))
	w.await("not-queued")
	if got := w.settled(); len(got) != 0 {
		t.Errorf("receipts without a job: %q", got)
	}
	if d, seen := w.typed("/emr start"); d.Status != 200 || !strings.Contains(seen, "could not confirm") {
		t.Errorf("command: status %d, %q", d.Status, seen)
	}
	w.queue.set(false)
	w.push("env-again", "events_api", said("It's showtime!")) // Slack's second try, under another envelope
	w.await(`"outcome":"queued"`)
	w.acked("env-again")
	if jobs := w.queue.jobs(t); len(jobs) != 1 || jobs[0].ID != "phrase-C1-1531420610.000005" {
		t.Errorf("jobs = %+v", jobs)
	}
}

func TestAckedAndIgnored(t *testing.T) {
	t.Parallel()
	foreign := strings.NewReplacer(`"T1"`, `"T2"`)
	tests := []struct{ name, kind, payload, why string }{
		{"command_of_another_team", "slash_commands", foreign.Replace(command("start")), "foreign"},
		{"command_of_another_app", "slash_commands", strings.ReplaceAll(command("start"), "A1", "A2"), "foreign"},
		{"click_of_another_team", "interactive", foreign.Replace(click("1531420617.500000")), "foreign"},
		{"phrase_of_another_team", "events_api", foreign.Replace(said("It's showtime!")), "foreign"},
		{"modal", "interactive", `{"type":"view_submission","team":{"id":"T1"},"api_app_id":"A1"}`, "other-type"},
		{"other_event", "events_api", `{"type":"event_callback","context_team_id":"T1","api_app_id":"A1","event":{"type":"x"}}`, "other-event"},
		{"unknown_envelope", "teleport", `{"x":1}`, "other-type"},
	}
	w := open(t)
	for _, tt := range tests {
		w.push("env-"+tt.name, tt.kind, tt.payload)
		if line := w.await(`"message":"request"`); !strings.Contains(line, `"why":"`+tt.why+`"`) {
			t.Errorf("%s: %s", tt.name, line)
		}
		w.acked("env-" + tt.name)
	}
	if jobs := w.queue.jobs(t); len(jobs) != 0 {
		t.Errorf("jobs = %+v", jobs)
	}
}

// What makes no sense gets no receipt and no job, and does not end the connection.
func TestTurnedAway(t *testing.T) {
	t.Parallel()
	w := open(t)
	for name, frame := range map[string]string{
		"no_json":         `{"envelope_id"`,
		"array":           `[]`,
		"null":            `null`,
		"no_type":         `{"envelope_id":"x","payload":{}}`,
		"no_envelope_id":  `{"type":"events_api","payload":` + said("It's showtime!") + `}`,
		"invalid_utf8":    `{"envelope_id":"x","type":"events_api","payload":` + said("\xff") + `}`,
		"no_payload":      `{"envelope_id":"x","type":"slash_commands"}`,
		"payload_string":  `{"envelope_id":"x","type":"slash_commands","payload":"/emr start"}`,
		"nul_in_text":     `{"envelope_id":"x","type":"slash_commands","payload":` + strings.ReplaceAll(command("start"), "start", `start\u0000`) + `}`,
		"person_no_id":    `{"envelope_id":"x","type":"slash_commands","payload":` + strings.ReplaceAll(command("start"), "U1", "../x") + `}`,
		"click_null":      `{"envelope_id":"x","type":"interactive","payload":null}`,
		"click_no_time":   `{"envelope_id":"x","type":"interactive","payload":` + click("") + `}`,
		"event_no_object": `{"envelope_id":"x","type":"events_api","payload":7}`,
		"too_large":       `{"envelope_id":"x","type":"events_api","payload":` + said(strings.Repeat("x", 1<<20)) + `}`,
	} {
		w.frame(frame)
		line := w.await(`"message":"request"`, `"outcome":"turned-away"`)
		if (name == "too_large") != strings.Contains(line, "too-large") {
			t.Errorf("%s: %s", name, line)
		}
	}
	if got, jobs := w.settled(), w.queue.jobs(t); len(got) != 0 || len(jobs) != 0 || strings.Contains(w.log.String(), "socket ended") {
		t.Errorf("receipts %q, jobs %+v\n%s", got, jobs, &w.log)
	}
}

// Slack replaces connections; what is in hand is answered where it came from.
func TestDisconnectInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, reason := range []string{"warning", "refresh_requested", "link_disabled"} {
		t.Run(reason, func(t *testing.T) {
			t.Parallel()
			w := open(t)
			came, release := w.queue.hold()
			w.push("env-old", "events_api", said("It's showtime!"))
			<-came
			if err := w.slack.Disconnect(reason); err != nil {
				t.Fatal(err)
			}
			w.await("socket ended", reason)
			w.await("socket open")
			release()
			w.await(`"outcome":"queued"`)
			w.acked("env-old")
			if d, _ := w.typed("/emr status"); d.Status != 200 {
				t.Errorf("on the new connection: status %d", d.Status)
			}
		})
	}
}

// A connection that breaks while a job is queued gets its event again, as the same job.
func TestBreakInTheMiddle(t *testing.T) {
	t.Parallel()
	w := open(t)
	came, release := w.queue.hold()
	w.push("env-1", "events_api", said("It's showtime!"))
	<-came
	w.slack.Break()
	w.await("socket ended")
	w.await("socket open")
	release()
	w.await(`"outcome":"queued"`)
	w.push("env-2", "events_api", said("It's showtime!"))
	w.await(`"outcome":"queued"`)
	w.acked("env-2")
	if jobs := w.queue.jobs(t); len(jobs) != 2 || jobs[0].ID != jobs[1].ID {
		t.Errorf("jobs = %+v", jobs)
	}
}

// Connections that do not last are opened again after growing pauses; after one that lasted there is none.
func TestPauses(t *testing.T) {
	t.Parallel()
	w := open(t)
	end := func() {
		w.slack.Break()
		w.await("socket ended")
		w.await("socket open")
	}
	most := time.Second
	for range 8 {
		end()
		if got := <-w.pauses; got <= most/2-time.Millisecond || got > most {
			t.Errorf("pause is %v, want between half of it and %v", got, most)
		}
		most = min(2*most, time.Minute)
	}
	w.ahead.Add(int64(time.Hour)) // the connection is an hour old now
	end()
	if n := len(w.pauses); n != 0 {
		t.Errorf("%d pauses after a connection that lasted", n)
	}
}

func TestSlackLimitsConnections(t *testing.T) {
	t.Parallel()
	w := build(t)
	w.slack.Inject(slacklike.Fault{Method: "apps.connections.open", Kind: slacklike.Limited, RetryAfter: 90 * time.Second, Times: 1})
	w.slack.Inject(slacklike.Fault{Method: "apps.connections.open", Kind: slacklike.Unavailable, Times: 1})
	w.run()
	w.await("socket open")
	if first, second := <-w.pauses, <-w.pauses; first != 90*time.Second || second > 2*time.Second {
		t.Errorf("pauses are %v and %v", first, second)
	}
}

func TestTokenIsRefused(t *testing.T) {
	t.Parallel()
	t.Run("from_the_start", func(t *testing.T) {
		t.Parallel()
		w := build(t)
		w.token.Store("xapp-wrong")
		w.run()
		err := <-w.ended
		if err == nil || !strings.HasPrefix(err.Error(), "SLACK_APP_TOKEN: ") || !strings.Contains(err.Error(), "invalid_auth") || strings.Contains(err.Error(), "xapp-wrong") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("not_for_sockets", func(t *testing.T) {
		t.Parallel()
		w := build(t)
		w.slack.Inject(slacklike.Fault{Method: "apps.connections.open", Kind: slacklike.Refusal, Error: "missing_scope"})
		w.run()
		if err := <-w.ended; err == nil || !strings.Contains(err.Error(), "connections:write") {
			t.Errorf("err = %v", err)
		}
	})
	t.Run("replaced_meanwhile", func(t *testing.T) {
		t.Parallel()
		w := open(t)
		w.slack.RotateAppToken()
		w.slack.Break()
		if err := <-w.ended; err == nil {
			t.Error("it goes on with the old token")
		}
	})
	t.Run("read_again", func(t *testing.T) {
		t.Parallel()
		w := open(t)
		w.token.Store(w.slack.RotateAppToken())
		w.slack.Break()
		w.await("socket ended")
		w.await("socket open")
	})
}

// Asked to stop, it answers what it has in hand and takes nothing more.
func TestStopFinishesWhatIsInHand(t *testing.T) {
	t.Parallel()
	w := open(t)
	came, release := w.queue.hold()
	w.push("env-1", "interactive", click("1531420617.500000"))
	<-came
	w.stop()
	if err := w.client.Check(t.Context()); err != nil {
		t.Logf("health: %v", err) // it may already know
	}
	select {
	case err := <-w.ended:
		t.Fatalf("it ended with a request in hand: %v", err)
	default:
	}
	release()
	if err := <-w.ended; err != nil {
		t.Error(err)
	}
	w.await(`"outcome":"queued"`)
	if got := w.acked("env-1"); !slices.Equal(got, []string{"env-1"}) {
		t.Errorf("receipts are %q", got)
	}
	if err := w.client.Check(t.Context()); err == nil {
		t.Error("it says that it is connected")
	}
}

// A command carries no time. What a machine finds in its buffers after a sleep is not from now.
func TestWhatCameBeforeASleepIsNotDone(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.ahead.Add(int64(time.Hour))
	w.push("env-1", "slash_commands", command("start"))
	w.await("socket ended", "too long")
	w.await("socket open")
	if got, jobs := w.settled(), w.queue.jobs(t); len(got) != 0 || len(jobs) != 0 {
		t.Errorf("receipts %q, jobs %+v", got, jobs)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	w := build(t)
	if w.client.Check(t.Context()) == nil {
		t.Error("connected before it began")
	}
	w.run()
	w.await("socket open")
	if err := w.client.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestNothingLeaksIntoLogs(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.push("env-1", "slash_commands", command("start 4h typed-text"))
	w.push("env-2", "slash_commands", command("typed-text"))
	w.push("env-3", "interactive", click("1531420617.500000"))
	w.push("env-4", "events_api", said("typed-text"))
	w.frame(`{"type":"disconnect","reason":"typed-text"}`)
	w.await("socket ended", "no known reason")
	w.await("socket open")
	w.settled()
	for _, word := range []string{w.slack.AppToken(), "typed-text", "credential", ".trigger", "/socket/"} {
		if strings.Contains(w.log.String(), word) {
			t.Errorf("log holds %q:\n%s", word, &w.log)
		}
	}
}

// A redelivery by the look-alike itself, as Slack does it.
func TestSlackDeliversAgain(t *testing.T) {
	t.Parallel()
	w := open(t)
	w.queue.set(true)
	done := make(chan error, 1)
	go func() {
		d, err := w.slack.Type(t.Context(), "U1", "C1", "It's showtime!", slacklike.TypeOptions{Retry: true})
		if d.Attempts != 2 || d.Status != 200 {
			err = errors.Join(err, d.Err, errors.New("it was not delivered twice"))
		}
		done <- err
	}()
	w.await("not-queued")
	w.queue.set(false)
	w.await(`"outcome":"queued"`)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
