//go:build bench

package serve_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"showtime/internal/queue"
	"showtime/internal/queue/embedded"
	"showtime/internal/slacklike"
	"showtime/internal/store/boltstore"
	"showtime/internal/testbed"
	"showtime/lifecycle"
	"showtime/test/serve"
)

// The load, and the limit of its slowest hundredth.
const (
	perSecond = 2000
	loadFor   = 10 * time.Second
	people    = 500
	senders   = 256 // requests that may be under way at once
	ackLimit  = 50 * time.Millisecond
)

// TestMeasureServe sends signed `/emr status` from many people at a fixed rate, whether or not the answers
// keep up, and times each from the moment it was due. serve is a process of its own; this process, which
// sends and plays a Slack that answers at once, shares the machine's cores with it. At the end serve is
// killed, and every acknowledged request must be found in its files, done or queued.
func TestMeasureServe(t *testing.T) {
	w := serve.New(t)
	slack := httptest.NewServer(http.HandlerFunc(fastSlack))
	defer slack.Close()
	p := w.Start(map[string]string{
		"SLACK_API_URL": slack.URL + "/api/", "SHOWTIME_ANALYSTS": "*", "LOG_LEVEL": "info", "SLACK_TEAM_ID": "", "SLACK_APP_ID": "",
		serve.TickEvery: "1m",
	})
	sent := shoot(t, requests(w, p.URL, slack.URL))
	done := p.Metric("showtime_jobs_done_total")
	p.Kill()

	names := newNamer(t, w.Slack.SigningSecret())
	kept := keptIDs(t, w)
	var acked, lost int
	var took []time.Duration
	for _, s := range sent {
		took = append(took, s.took)
		if s.status != http.StatusOK || s.answer != "" {
			continue
		}
		acked++
		if !kept[names.name(t, "/slack/commands", s.header, s.body)] {
			lost++
		}
	}
	slices.Sort(took)
	p50, p99, most := took[len(took)/2], took[len(took)*99/100], took[len(took)-1]
	t.Logf("serve: %d requests at %d/s, %d acknowledged, %d lost; ack p50 %v, p99 %v, max %v; %.0f jobs done meanwhile",
		len(sent), perSecond, acked, lost, p50.Round(time.Microsecond), p99.Round(time.Microsecond), most.Round(time.Microsecond), done)
	if lost > 0 || acked < len(sent) || p99 > ackLimit {
		t.Errorf("limits: all acknowledged, none lost, p99 %v", ackLimit)
	}
}

// fastSlack knows everybody and takes everything.
func fastSlack(rw http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	rw.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(rw, `{"ok":true,"team_id":"T1","user":{"id":%q,"team_id":"T1"},"users":[]}`, r.FormValue("user"))
}

// shot is one request and what became of it.
type shot struct {
	url    string
	header http.Header
	body   []byte
	status int
	answer string
	took   time.Duration // from when it was due
}

// requests makes the load; each has a trigger id of its own.
func requests(w *serve.World, app, slack string) []*shot {
	shots := make([]*shot, int(loadFor.Seconds())*perSecond)
	for i := range shots {
		user := fmt.Sprintf("U%04d", i%people)
		s := &shot{url: app + "/slack/commands", header: http.Header{}, body: []byte(url.Values{
			"command": {"/emr"}, "text": {"status"}, "user_id": {user}, "user_name": {"somebody"}, "channel_id": {testbed.Team},
			"channel_name": {"threat-hunting"}, "team_id": {"T1"}, "team_domain": {"show"}, "api_app_id": {"A1"},
			"trigger_id":   {fmt.Sprintf("%d.1.load", i)},
			"response_url": {fmt.Sprintf("%s/response/%d", slack, i)},
		}.Encode())}
		at := strconv.FormatInt(time.Now().Unix(), 10)
		s.header.Set("Content-Type", "application/x-www-form-urlencoded")
		s.header.Set("X-Slack-Request-Timestamp", at)
		s.header.Set("X-Slack-Signature", slacklike.Sign(w.Slack.SigningSecret(), at, s.body))
		shots[i] = s
	}
	return shots
}

// shoot sends each request when it is due.
func shoot(t *testing.T, shots []*shot) []*shot {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: senders}, Timeout: 3 * time.Second} // Slack's patience
	type due struct {
		*shot
		at time.Time
	}
	queue := make(chan due, len(shots))
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for d := range queue {
				d.fire(t, client)
				d.took = time.Since(d.at)
			}
		})
	}
	began := time.Now()
	for i, s := range shots {
		at := began.Add(time.Duration(i) * time.Second / perSecond)
		if wait := time.Until(at); wait > 0 {
			<-time.After(wait)
		}
		queue <- due{s, at}
	}
	close(queue)
	wg.Wait()
	return shots
}

func (s *shot) fire(t *testing.T, client *http.Client) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(string(s.body)))
	if err != nil {
		s.answer = err.Error()
		return
	}
	req.Header = s.header
	resp, err := client.Do(req)
	if err != nil {
		s.answer = err.Error()
		return
	}
	data, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	s.status, s.answer = resp.StatusCode, string(data)
}

// keptIDs are the ids of the jobs that the files of a killed process hold: done, with an audit record, or queued.
func keptIDs(t *testing.T, w *serve.World) map[string]bool {
	t.Helper()
	kept := map[string]bool{}
	q, err := embedded.Open(w.Data, time.Now, queue.Backoff)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close() //nolint:errcheck // only read
	held, err := q.Held(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range held {
		kept[h.DedupeID] = true
	}
	store, err := boltstore.Open(w.Data, w.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close() //nolint:errcheck // only read
	for _, r := range list(t, store, lifecycle.Query{Partition: lifecycle.AuditKey("exploration", "").Partition}) {
		var a lifecycle.Attempt
		if err := json.Unmarshal(r.Value, &a); err != nil {
			t.Fatal(err)
		}
		kept[a.ID] = true
	}
	return kept
}
