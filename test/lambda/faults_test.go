//go:build lambda

package lambda_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/slacklike"
	"showtime/test/lambda"
	"showtime/test/moto"
)

// typedText is what people type; no log may have it.
const typedText = "zebra-purpose"

// quickly keeps the SDK from spending minutes on trying again what the test makes fail.
func quickly() map[string]string { return map[string]string{"AWS_MAX_ATTEMPTS": "1"} }

// The whole story with one service failing, in one way, at each of its moments.
func TestFaults(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	tests := []struct {
		name, service string
		aws           lambda.FaultKind
		slack         slacklike.FaultKind
	}{
		{"sqs_down", lambda.SQS, lambda.Refused, ""},
		{"sqs_throttled", lambda.SQS, lambda.Throttled, ""},
		{"sqs_slow", lambda.SQS, lambda.Slow, ""},
		{"sqs_loses_replies", lambda.SQS, lambda.LostReply, ""},
		{"dynamodb_down", lambda.Dynamo, lambda.Broken, ""},
		{"dynamodb_throttled", lambda.Dynamo, lambda.Throttled, ""},
		{"dynamodb_slow", lambda.Dynamo, lambda.Slow, ""},
		{"dynamodb_loses_replies", lambda.Dynamo, lambda.LostReply, ""},
		{"emr_down", lambda.EMR, lambda.Unavailable, ""},
		{"emr_throttled", lambda.EMR, lambda.Throttled, ""},
		{"emr_slow", lambda.EMR, lambda.Slow, ""},
		{"emr_loses_replies", lambda.EMR, lambda.LostReply, ""},
		{"ssm_down", lambda.SSM, lambda.Refused, ""},
		{"ssm_throttled", lambda.SSM, lambda.Throttled, ""},
		{"ssm_slow", lambda.SSM, lambda.Slow, ""},
		{"ssm_loses_replies", lambda.SSM, lambda.LostReply, ""},
		{"slack_down", "", "", slacklike.Unavailable},
		{"slack_throttled", "", "", slacklike.Limited},
		{"slack_hangs", "", "", slacklike.Hang},
		{"slack_loses_replies", "", "", slacklike.LostReply},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, server, tt.name)
			s.fail = func() func() int { return s.Proxy.Fail(tt.service, tt.aws) }
			if tt.slack != "" {
				s.fail = func() func() int { return s.failSlack(tt.slack) }
			}
			switch {
			case tt.service == lambda.SSM:
				s.before = func() { s.Receiver.Kill(); s.Worker.Kill() } // they read their secrets again
			case tt.service == lambda.EMR && tt.aws == lambda.Throttled:
				s.before = s.Worker.Kill // a new process asks at once
			}
			s.tell(t)
		})
	}
	t.Run("queue_down_in_words", func(t *testing.T) { queueDown(t, server) })
	t.Run("revoked_token", func(t *testing.T) { revoked(t, server) })
}

// What cannot be queued is said: a command is answered in words, a click gets 503. And a job that failed
// comes back long before the queue's visibility timeout, because the worker gives it back.
func queueDown(t *testing.T, server *moto.Server) {
	t.Helper()
	t.Parallel()
	s := newStory(t, server, "queue-down")
	panel(t, s.World, lambda.Analyst)
	end := s.Proxy.Fail(lambda.SQS, lambda.Refused)
	d := s.ask(t, lambda.Analyst, "/emr start 2 "+typedText, "")
	if accepted(t, d); !strings.Contains(string(d.Answer), "not confirmed") && !strings.Contains(string(d.Answer), "/emr status") {
		t.Errorf("the command's answer does not say what to do: %s", d.Answer)
	}
	if d := s.ask(t, lambda.Analyst, "", actionid.Start); d.Status != http.StatusServiceUnavailable {
		t.Errorf("the click got %d, want 503", d.Status)
	}
	end()
	end = s.Proxy.Fail(lambda.Dynamo, lambda.Broken)
	accepted(t, s.ask(t, lambda.Analyst, "", actionid.Start))
	s.Source.Patient = true
	if _, failed, err := s.Source.Once(t.Context()); failed != 1 || err != nil {
		t.Fatalf("%d jobs failed, %v: want 1", failed, err)
	}
	end()
	begin := time.Now()
	for delivered := 0; delivered == 0; {
		var err error
		if delivered, _, err = s.Source.Once(t.Context()); err != nil {
			t.Fatal(err)
		}
		if time.Since(begin) > time.Minute {
			t.Fatal("the job is still hidden after a minute")
		}
	}
	s.Recover(t)
	if n := len(s.Live(t)); n != 1 {
		t.Errorf("%d clusters, want 1", n)
	}
	s.check(t)
}

// A revoked token starts nothing and is told; the rotated one is picked up from SSM.
func revoked(t *testing.T, server *moto.Server) {
	t.Helper()
	t.Parallel()
	s := newStory(t, server, "revoked")
	s.Slack.RevokeToken()
	old := s.Slack.Token()
	accepted(t, s.ask(t, lambda.Analyst, "/emr start 2 "+typedText, ""))
	s.Settle(t)
	if n := len(s.Live(t)); n != 0 {
		t.Errorf("%d clusters for somebody unknown", n)
	}
	if !strings.Contains(s.Worker.Log(), `"alarm":"slack-auth"`) {
		t.Error("no alarm was raised")
	}
	s.Stack.PutSecrets(t, s.Slack.SigningSecret(), s.Slack.RotateToken())
	s.Worker.Kill() // a warm one keeps the old token for up to five minutes
	accepted(t, s.ask(t, lambda.Analyst, "/emr start 2 "+typedText, ""))
	s.Recover(t)
	if n := len(s.Live(t)); n != 1 {
		t.Errorf("%d clusters with the new token, want 1", n)
	}
	if strings.Contains(s.Worker.Log(), old) {
		t.Error("the logs have the old token")
	}
	s.check(t)
}

// story is a world, in which something fails now and then.
type story struct {
	*lambda.World
	fail     func() func() int
	before   func()
	triggers []string
	struck   int
}

func newStory(t *testing.T, server *moto.Server, name string) *story {
	t.Helper()
	s := &story{World: lambda.NewWorldOn(t, server, strings.ReplaceAll(name, "_", "-"), quickly()), before: func() {}}
	s.Tick(t)
	return s
}

// failSlack lets Slack's API fail; a hanging call hangs for a moment only.
func (s *story) failSlack(kind slacklike.FaultKind) func() int {
	calls := len(s.Slack.Calls(""))
	end := s.Slack.Inject(slacklike.Fault{Kind: kind, RetryAfter: time.Second})
	if kind == slacklike.Hang {
		time.AfterFunc(time.Second, end)
	}
	return func() int {
		end()
		return len(s.Slack.Calls("")) - calls
	}
}

// tell plays start, request and approval, each first with the fault and then, if it was refused, without.
func (s *story) tell(t *testing.T) {
	t.Helper()
	s.moment(t, lambda.Analyst, "/emr start 2 "+typedText, "", 1)
	panel(t, s.World, lambda.Analyst)
	s.moment(t, lambda.Analyst, "", actionid.Destroy, 1)
	s.moment(t, lambda.Admin, "", actionid.Approve, 0)
	if s.struck == 0 {
		t.Error("nothing ever failed: this proves nothing")
	}
	s.check(t)
}

// moment has a person ask for something while the fault lasts, and then looks for what becomes of it.
func (s *story) moment(t *testing.T, user, text, action string, live int) {
	t.Helper()
	s.before()
	end := s.fail()
	d := s.ask(t, user, text, action)
	if d.Status != http.StatusOK && d.Status != http.StatusServiceUnavailable {
		t.Errorf("Slack got %d %s %v", d.Status, d.Answer, d.Err)
	}
	_, _, _ = s.Source.Once(t.Context()) // it may fail
	_ = s.TryTick(t.Context())
	s.struck += end()
	s.before() // or they would leave AWS alone for a while
	s.Recover(t)
	if !s.reached(t, action, live) {
		accepted(t, s.ask(t, user, text, action))
		s.Recover(t)
	}
	if !s.reached(t, action, live) {
		t.Fatalf("%s%s: %d clusters, the row is %s", text, action, len(s.Live(t)), s.Row(t).Phase)
	}
}

// ask types or clicks. A button that is gone was heard.
func (s *story) ask(t *testing.T, user, text, action string) slacklike.Delivery {
	t.Helper()
	var d slacklike.Delivery
	var err error
	if text != "" {
		d, err = s.Slack.Type(t.Context(), user, lambda.Channel, text, slacklike.TypeOptions{})
	} else {
		d, err = s.Slack.Click(t.Context(), user, lambda.Channel, find(t, s.World, user, action), action, slacklike.ClickOptions{})
	}
	if err != nil {
		t.Fatal(err)
	}
	if form, err := url.ParseQuery(string(d.Body)); err == nil && form.Get("trigger_id") != "" {
		s.triggers = append(s.triggers, form.Get("trigger_id"))
	}
	return d
}

// reached says whether what was asked for has come.
func (s *story) reached(t *testing.T, action string, live int) bool {
	t.Helper()
	if action == actionid.Destroy {
		return slices.ContainsFunc(s.Slack.Messages(lambda.Channel, lambda.Admin), func(m slacklike.Message) bool {
			return strings.Contains(string(m.Blocks), `"`+actionid.Approve+`"`)
		})
	}
	return len(s.Live(t)) == live
}

// check holds the promises against what is left.
func (s *story) check(t *testing.T) {
	t.Helper()
	audit := s.Audit(t)
	for _, id := range s.Proxy.Jobs() {
		if audit[id] != 1 {
			t.Errorf("job %s has %d audit records", id, audit[id])
		}
	}
	if live, most := s.Proxy.Clusters(); most > 1 || live != len(s.Live(t)) {
		t.Errorf("%d clusters lived at once, %d are left", most, live)
	}
	for _, r := range s.Owed(t) {
		t.Errorf("still owed: %s", r.Value)
	}
	if lie := s.CardIsTrue(t); lie != "" {
		t.Error(lie)
	}
	if n := s.Waiting(t, s.Stack.QueueURL) + s.Waiting(t, s.Stack.DeadLetterURL); n != 0 {
		t.Errorf("%d jobs are left in the queues", n)
	}
	noSecrets(t, s.World)
	for _, words := range append(s.triggers, typedText) {
		if strings.Contains(s.Receiver.Log()+s.Worker.Log(), words) {
			t.Errorf("the logs have %q", words)
		}
	}
}
