package usecase_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/queue"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
)

// TestAudit: every attempt leaves one record and one log line, and no log has what nobody may read there.
func TestAudit(t *testing.T) {
	t.Parallel()
	const purpose, reason = "purpose-nobody-logs", "reason-nobody-logs"
	b := testbed.New(t, testbed.Options{Memory: true})
	secrets := []string{purpose, reason, b.Slack.Token(), b.Slack.SigningSecret()}
	jobs := 0
	did := func(d slacklike.Delivery) {
		jobs++
		secrets = append(secrets, d.ResponseURL, trigger(t, d))
		if n := len(asked(b)); n != jobs {
			t.Errorf("after %d jobs there are %d records", jobs, n)
		}
	}
	did(b.Type(testbed.Ana, testbed.Team, "/emr"))
	did(b.Click(testbed.Ana, b.Ephemeral(testbed.Team, testbed.Ana), actionid.Start, map[string]string{actionid.Purpose: purpose}))
	did(b.Type(testbed.Olli, testbed.Team, "/emr start "+purpose))
	did(b.Type(testbed.Ana, testbed.Elsewhere, "/emr"))
	did(b.Type(testbed.Raj, testbed.Team, "How's the show?"))
	b.TickFor(10 * time.Minute)
	did(b.Click(testbed.Raj, b.Card(), actionid.Join, nil))
	end := b.Slack.Inject(slacklike.Fault{Method: slacklike.ResponseURL, Kind: slacklike.Unavailable})
	did(b.Type(testbed.Ana, testbed.Team, "/emr destroy "+reason))
	end()
	b.TickFor(3 * time.Minute)
	did(b.Click(testbed.Ana, b.Ephemeral(testbed.Team, testbed.Ana), actionid.Destroy, map[string]string{actionid.Reason: reason}))
	did(b.Click(testbed.Bo, b.RequestCard(), actionid.Approve, nil))
	did(b.Type(testbed.Mia, testbed.Team, "/emr start"))
	b.TickFor(5 * time.Minute)
	did(b.Type(testbed.Raj, testbed.Team, "/emr status"))

	lines := strings.Count(b.Log.String(), `"message":"attempt"`)
	if n := len(b.Audit()); lines != n {
		t.Errorf("%d records, %d log lines", n, lines)
	}
	for _, secret := range secrets {
		if secret != "" && strings.Contains(b.Log.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	typed := 0
	for _, a := range b.Audit() {
		if a.Typed == purpose || a.Typed == reason {
			typed++
		}
	}
	if typed != 3 {
		t.Errorf("%d records keep what was typed, want 3", typed)
	}
}

// asked are the audit records of what people asked.
func asked(b *testbed.Bed) []string {
	var ids []string
	for _, a := range b.Audit() {
		if strings.HasPrefix(a.Who, "U0") && a.What != "queued-start" {
			ids = append(ids, a.ID)
		}
	}
	return ids
}

// trigger is the trigger id in a command or click, "" where there is none.
func trigger(t *testing.T, d slacklike.Delivery) string {
	t.Helper()
	form, err := url.ParseQuery(string(d.Body))
	if err != nil {
		return ""
	}
	if id := form.Get("trigger_id"); id != "" {
		return id
	}
	var payload struct {
		Trigger string `json:"trigger_id"`
	}
	_ = json.Unmarshal([]byte(form.Get("payload")), &payload)
	return payload.Trigger
}

// TestAudit_of_redelivered_jobs: however often the queue hands a job out, and to whomever, it is one attempt.
func TestAudit_of_redelivered_jobs(t *testing.T) {
	t.Parallel()
	b := testbed.New(t, testbed.Options{Memory: true})
	b.Clock.Move(time.Second)
	for i, text := range []string{"/emr", "/emr start", "/emr status", "/emr destroy", "It's showtime!", "How's the show?"} {
		if _, err := b.Slack.Type(t.Context(), testbed.Ana, testbed.Team, text, slacklike.TypeOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, m := range b.Queue.Take() {
			for n := 1; n <= queue.MaxReceives; n++ {
				if err := b.Deliver(b.Another(), m, n); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got := len(asked(b)); got != i+1 {
			t.Errorf("after %q: %d records, want %d", text, got, i+1)
		}
	}
	ids := map[string]bool{}
	for _, a := range b.Audit() {
		if ids[a.ID] {
			t.Errorf("two records of %s", a.ID)
		}
		ids[a.ID] = true
	}
	if n := b.Seen(testbed.Team, "Yes, it is!"); n != 1 {
		t.Errorf("the joke was told %d times", n)
	}
}
