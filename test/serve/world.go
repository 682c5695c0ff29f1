// Package serve runs `showtime serve` as a process of its own for tests, between a look-alike Slack and a
// simulated EMR that live in the test's process, so that it can be killed at any moment and started again.
package serve

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"showtime/internal/emrsim"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
)

// Typed is what people type as their purpose in these tests; it must never be seen in a log.
const Typed = "sesame-4711"

// World is what serve talks to. Everybody of the testbed is in it.
type World struct {
	TB    testing.TB
	Slack *slacklike.Workspace
	EMR   *emrsim.Sim
	Data  string // SHOWTIME_DATA

	ahead  atomic.Int64 // domain time less real time
	emrURL string
	token  string // that processes were last given
	held   atomic.Pointer[hold]

	running []*Process
}

// New makes a world. When the test ends, the logs of its processes must not hold anything secret.
func New(tb testing.TB) *World {
	tb.Helper()
	w := &World{TB: tb, Slack: slacklike.New(slacklike.Options{}), Data: tb.TempDir()}
	w.people()
	slack := httptest.NewServer(http.HandlerFunc(w.gate))
	tb.Cleanup(slack.Close)
	w.Slack.SetURL(slack.URL)
	var n atomic.Int64
	w.EMR = emrsim.New(emrsim.Options{
		Now: w.Now, NewID: func() string { return fmt.Sprintf("j-SIM%010d", n.Add(1)) }, Timing: emrsim.LikeEMR(),
	})
	emr := httptest.NewServer(w.EMR)
	tb.Cleanup(emr.Close)
	w.emrURL = emr.URL
	return w
}

// hold is a call of Slack's Web API that has to wait.
type hold struct {
	path          string
	came, release chan struct{}
}

// Hold makes the next call of a method of Slack's Web API wait for release; came is closed when it has come.
func (w *World) Hold(method string) (came <-chan struct{}, release func()) {
	h := &hold{"/api/" + method, make(chan struct{}), make(chan struct{})}
	w.held.Store(h)
	return h.came, sync.OnceFunc(func() { close(h.release) })
}

// gate is the way to the look-alike Slack.
func (w *World) gate(rw http.ResponseWriter, r *http.Request) {
	if h := w.held.Load(); h != nil && r.URL.Path == h.path && w.held.CompareAndSwap(h, nil) {
		close(h.came)
		select {
		case <-h.release:
		case <-r.Context().Done():
		}
	}
	w.Slack.ServeHTTP(rw, r)
}

func (w *World) people() {
	everybody := []string{testbed.Ana, testbed.Raj, testbed.Bo, testbed.Mia}
	for _, id := range everybody {
		w.Slack.AddUser(slacklike.User{ID: id})
	}
	w.Slack.AddGroup(slacklike.Group{ID: testbed.Analysts, Members: everybody[:2]})
	_, _, bot, _ := w.Slack.IDs()
	w.Slack.AddChannel(slacklike.Channel{ID: testbed.Team, Name: "threat-hunting", Members: append(everybody, bot)})
	w.Slack.AddChannel(slacklike.Channel{
		ID: testbed.Admins, Name: "emr-admins", Private: true, Members: []string{testbed.Bo, testbed.Mia, bot},
	})
}

// Now is domain time, the same in EMR and in the processes that were told of it.
func (w *World) Now() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) }

// Environ is what serve needs to know, and nothing of the environment of the test itself. Later
// variables replace earlier ones; an empty value takes one away.
func (w *World) Environ(more map[string]string) []string {
	team, app, _, _ := w.Slack.IDs()
	w.token = w.Slack.Token()
	env := map[string]string{
		"SLACK_SIGNING_SECRET": w.Slack.SigningSecret(), "SLACK_BOT_TOKEN": w.Slack.Token(), "SLACK_API_URL": w.Slack.APIURL(),
		"SLACK_TEAM_ID": team, "SLACK_APP_ID": app,
		"SHOWTIME_INSTALLATION": "test", "SHOWTIME_CLUSTER": testbed.ClusterFile, "SHOWTIME_CHANNELS": testbed.Team,
		"SHOWTIME_ADMIN_CHANNEL": testbed.Admins, "SHOWTIME_ANALYSTS": testbed.Analysts,
		"SHOWTIME_ADMINS": testbed.Bo + "," + testbed.Mia, "SHOWTIME_DATA": w.Data,
		"SHOWTIME_LISTEN": "127.0.0.1:0", "SHOWTIME_ADMIN_LISTEN": "127.0.0.1:0", "LOG_LEVEL": "trace",
		"AWS_ENDPOINT_URL": w.emrURL, "AWS_ENDPOINT_URL_EMR": w.emrURL, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKIDTEST", "AWS_SECRET_ACCESS_KEY": "aws-secret-key",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1", "AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
	}
	maps.Copy(env, more)
	var list []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if env[name] != "" {
			list = append(list, name+"="+env[name])
		}
	}
	return list
}

// check looks for what must not be in a log.
func (w *World) check(log string) {
	w.TB.Helper()
	for _, secret := range []string{w.token, w.Slack.AppToken(), w.Slack.SigningSecret(), Typed, "/response/", "aws-secret-key", "payload="} {
		if before, after, found := strings.Cut(log, secret); found {
			line := before[strings.LastIndexByte(before, '\n')+1:]
			rest, _, _ := strings.Cut(after, "\n")
			w.TB.Errorf("the log holds %q: %s%s%s", secret, line, secret, rest)
		}
	}
}

// Live counts the clusters that EMR has running.
func (w *World) Live() int {
	n := 0
	for _, c := range w.EMR.Clusters() {
		if c.Ended.IsZero() {
			n++
		}
	}
	return n
}

// Cards are the cards of sessions, oldest first.
func (w *World) Cards() []slacklike.Message {
	var cards []slacklike.Message
	for _, m := range w.Slack.Messages(testbed.Team, "") {
		if m.Reader == "" && strings.Contains(string(m.Metadata), "showtime_session") {
			cards = append(cards, m)
		}
	}
	return cards
}

// Card is the text of the newest card, "" when there is none.
func (w *World) Card() string {
	if cards := w.Cards(); len(cards) > 0 {
		return cards[len(cards)-1].Text
	}
	return ""
}

// Sees says whether a person sees words in the team's channel.
func (w *World) Sees(user, words string) bool {
	return slices.ContainsFunc(w.Slack.Messages(testbed.Team, user), func(m slacklike.Message) bool {
		return strings.Contains(m.Text, words)
	})
}

// patience bounds every wait; what is waited for takes milliseconds.
const patience = 30 * time.Second

// Until waits for something that can be seen.
func Until(tb testing.TB, what string, seen func() bool) {
	tb.Helper()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for !seen() {
		select {
		case <-look.C:
		case <-timeout.C:
			tb.Fatalf("waited %v in vain: %s", patience, what)
		}
	}
}
