package slacklike_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"showtime/internal/slacklike"
)

// try posts "hi" and gives the status and Retry-After, or why there is no answer.
func (r *rig) try(ctx context.Context) string {
	form := url.Values{"token": {r.Token()}, "channel": {"CSHOW"}, "text": {"hi"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.APIURL()+"chat.postMessage", strings.NewReader(form.Encode()))
	if err != nil {
		return err.Error()
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := r.client.Do(req)
	if err != nil {
		return "broke"
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	return strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", resp.Header.Get("Retry-After")))
}

func TestFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		fault slacklike.Fault
		want  []string // of three posts
		said  int      // messages that stand there afterwards
	}{
		{"reset_once", slacklike.Fault{Kind: slacklike.Reset, Times: 1}, []string{"broke", "200", "200"}, 2},
		{"lost_reply", slacklike.Fault{Kind: slacklike.LostReply, Times: 2}, []string{"broke", "broke", "200"}, 3},
		{"unavailable", slacklike.Fault{Kind: slacklike.Unavailable}, []string{"503", "503", "503"}, 0},
		{"limited", slacklike.Fault{Kind: slacklike.Limited, RetryAfter: 30 * time.Second, Times: 1}, []string{"429 30", "200", "200"}, 2},
		{"limited_without_header", slacklike.Fault{Kind: slacklike.Limited, Times: 1}, []string{"429", "200", "200"}, 2},
		{"this_method", slacklike.Fault{Method: "chat.postMessage", Kind: slacklike.Unavailable, Times: 1}, []string{"503", "200", "200"}, 2},
		{"other_method", slacklike.Fault{Method: "chat.update", Kind: slacklike.Unavailable}, []string{"200", "200", "200"}, 3},
		{"refusal", slacklike.Fault{Kind: slacklike.Refusal, Error: "invalid_blocks", Times: 1}, []string{"200", "200", "200"}, 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			end := r.Inject(test.fault)
			var got []string
			for range 3 {
				got = append(got, r.try(t.Context()))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if said := len(r.Messages("CSHOW", "")); said != test.said {
				t.Errorf("%d messages stand there, want %d", said, test.said)
			}
			end()
			end()
			if got := r.try(t.Context()); got != "200" {
				t.Errorf("cleared, yet %s", got)
			}
			if calls := len(r.Calls("chat.postMessage")); calls != 4 {
				t.Errorf("%d calls were recorded", calls)
			}
		})
	}
}

func TestHangEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	end := r.Inject(slacklike.Fault{Kind: slacklike.Hang, Times: 1})
	done := make(chan string)
	go func() { done <- r.try(context.WithoutCancel(t.Context())) }()
	select {
	case got := <-done:
		t.Fatalf("it did not hang: %s", got)
	case <-time.After(50 * time.Millisecond):
	}
	end() // though its one time is used up
	if got := <-done; got != "broke" {
		t.Errorf("answered %s", got)
	}
}

func TestLostReplyIsRecorded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.Inject(slacklike.Fault{Kind: slacklike.LostReply, Times: 1})
	r.try(t.Context())
	calls := r.Calls("chat.postMessage")
	if len(calls) != 1 || !calls[0].Lost || calls[0].Error != "" || calls[0].Args.Get("text") != "hi" {
		t.Errorf("recorded %+v", calls)
	}
	calls[0].Args.Set("text", "changed")
	if r.Calls("")[0].Args.Get("text") != "hi" {
		t.Error("a caller can change what was recorded")
	}
}

func TestWatch(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	changes, cancel := r.Watch()
	ts := r.say(t, map[string]string{"text": "one"})
	r.call(t, "chat.update", map[string]string{"channel": "CSHOW", "ts": ts, "text": "two"})
	r.call(t, "chat.postEphemeral", map[string]string{"channel": "CSHOW", "user": "UANA", "text": "panel"})
	if !r.DeleteMessage("CSHOW", ts) || r.DeleteMessage("CSHOW", ts) {
		t.Error("a message is deleted once")
	}
	r.AddUser(slacklike.User{ID: "UNEW"})
	cancel()
	cancel()
	r.say(t, map[string]string{"text": "unseen"})
	var got []string
	for c := range changes {
		got = append(got, string(c.Kind)+c.User)
	}
	if diff := cmp.Diff([]string{"posted", "updated", "postedUANA", "deleted", "peopleUNEW"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestASlowWatcherBlocksNobody(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	changes, cancel := r.Watch()
	defer cancel()
	for range 100 {
		r.AddUser(slacklike.User{ID: "UNEW"})
	}
	if len(changes) != 64 {
		t.Errorf("%d changes wait", len(changes))
	}
}

func TestSnapshotsAreCopies(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.say(t, map[string]string{"text": "one", "blocks": panel})
	m := r.Messages("CSHOW", "UANA")[0]
	m.Blocks[0] = 'x'
	c := r.Channels()
	c[0].Members[0] = "UEVIL"
	if r.Messages("CSHOW", "UANA")[0].Blocks[0] == 'x' || r.Channels()[0].Members[0] == "UEVIL" {
		t.Error("a caller can change the workspace through a snapshot")
	}
}

func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			r.try(t.Context())
			_, _ = r.Type(t.Context(), "UANA", "CSHOW", "hi", slacklike.TypeOptions{})
			r.Messages("CSHOW", "")
			r.Inject(slacklike.Fault{Kind: slacklike.Unavailable})()
		})
	}
	all.Wait()
	seen := map[string]bool{}
	for _, m := range r.Messages("CSHOW", "") {
		if seen[m.TS] {
			t.Errorf("two messages have ts %s", m.TS)
		}
		seen[m.TS] = true
	}
}
