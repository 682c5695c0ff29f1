package demo

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"showtime/lifecycle"
)

// tab is one open page.
type tab struct {
	t     *testing.T
	lines *bufio.Reader
	room  room
	seen  map[messageKey]messageView
	back  struct {
		Clusters []Cluster
		Audit    []lifecycle.Attempt
		Switches []switchView
		Ahead    int64
		Trouble  bool
	}
}

func (s *stage) open(t *testing.T, person string) *tab {
	t.Helper()
	resp, err := http.DefaultClient.Do(s.request(t, http.MethodGet, "/page/events?person="+person, "", nil))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	if got := resp.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("content type %q", got)
	}
	return &tab{t: t, lines: bufio.NewReader(resp.Body), seen: map[messageKey]messageView{}}
}

// until takes events until the page shows what is wanted; the test's own time limit ends a vain wait.
func (b *tab) until(done func() bool) {
	b.t.Helper()
	for !done() {
		line, err := b.lines.ReadString('\n')
		if err != nil {
			b.t.Fatal(err)
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok {
			continue
		}
		var p patch
		if err := json.Unmarshal([]byte(data), &p); err != nil {
			b.t.Fatal(err)
		}
		b.apply(p)
	}
}

func (b *tab) apply(p patch) {
	b.t.Helper()
	for into, data := range map[any]json.RawMessage{&b.room: p.Room, &b.back: p.Behind} {
		if data != nil {
			if err := json.Unmarshal(data, into); err != nil {
				b.t.Fatal(err)
			}
		}
	}
	for _, m := range p.Messages {
		b.seen[messageKey{m.Channel, m.TS}] = m
	}
	for _, k := range p.Gone {
		delete(b.seen, k)
	}
}

func (b *tab) shows(text string) func() bool {
	return func() bool {
		for _, m := range b.seen {
			if m.Text == text {
				return true
			}
		}
		return false
	}
}

func TestPageFollowsEditsAndDeletions(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ts := s.post(t, TeamChannel, "starting", startBlocks)
	page := s.open(t, "ana")
	page.until(page.shows("starting"))
	if m := page.seen[messageKey{TeamChannel, ts}]; m.Edited || len(m.Blocks) == 0 {
		t.Errorf("shown as %+v, want its blocks and no edit", m)
	}
	s.api(t, "chat.update", url.Values{"channel": {TeamChannel}, "ts": {ts}, "text": {"ready"}})
	page.until(page.shows("ready"))
	if m := page.seen[messageKey{TeamChannel, ts}]; !m.Edited || len(m.Blocks) != 0 {
		t.Errorf("shown as %+v, want an edit without blocks", m)
	}
	s.slack.DeleteMessage(TeamChannel, ts)
	page.until(func() bool { return len(page.seen) == 0 })
}

func TestPageShowsWhatItsPersonSees(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.api(t, "chat.postEphemeral", url.Values{"channel": {TeamChannel}, "user": {Ana}, "text": {"for ana"}})
	s.post(t, AdminChannel, "for admins", "")
	s.post(t, TeamChannel, "for everybody", "")
	tests := []struct {
		name         string
		me           string
		channels     []string
		want, unseen []string
	}{
		{"ana", Ana, []string{TeamChannel}, []string{"for ana", "for everybody"}, []string{"for admins"}},
		{"raj", Raj, []string{TeamChannel}, []string{"for everybody"}, []string{"for ana", "for admins"}},
		{"mia", Mia, []string{TeamChannel, AdminChannel}, []string{"for admins", "for everybody"}, []string{"for ana"}},
		{"olli", Olli, []string{TeamChannel}, []string{"for everybody"}, []string{"for ana", "for admins"}},
		{"nobody_is_ana", Ana, []string{TeamChannel}, []string{"for ana"}, []string{"for admins"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			page := s.open(t, tt.name)
			page.until(page.shows("for everybody"))
			var channels []string
			for _, c := range page.room.Channels {
				channels = append(channels, c.ID)
			}
			if page.room.Me != tt.me || !slices.Equal(channels, tt.channels) {
				t.Errorf("is %s in %v, want %s in %v", page.room.Me, channels, tt.me, tt.channels)
			}
			for _, text := range tt.want {
				if !page.shows(text)() {
					t.Errorf("%q is missing", text)
				}
			}
			for _, text := range tt.unseen {
				if page.shows(text)() {
					t.Errorf("%q is shown", text)
				}
			}
		})
	}
}

func TestReadingIsRememberedForEachPerson(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	first := s.post(t, TeamChannel, "one", "")
	second := s.post(t, TeamChannel, "two", "")
	for _, ts := range []string{second, first} { // an older mark does not undo a newer one
		if said := s.ask(t, "read", request{Person: Ana, Channel: TeamChannel, TS: ts}); said != "" {
			t.Fatalf("reading said %q", said)
		}
	}
	for person, want := range map[string]string{"ana": second, "raj": ""} {
		page := s.open(t, person)
		page.until(page.shows("two"))
		if got := page.room.Channels[0].Read; got != want {
			t.Errorf("%s has read up to %q, want %q", person, got, want)
		}
	}
}

func TestPanelFollowsWhatStandsBehind(t *testing.T) {
	t.Parallel()
	s := newStage(t, Switch{ID: "lag", Name: "Lag", Help: "Late.", On: func() bool { return true }})
	page := s.open(t, "ana")
	page.until(func() bool { return len(page.back.Switches) == 1 })
	if got, want := page.back.Switches[0], (switchView{"lag", "Lag", "Late.", true}); got != want {
		t.Errorf("switch is %+v, want %+v", got, want)
	}
	s.scene.show(Scene{Clusters: []Cluster{{ID: "j-1", State: "WAITING"}}, Audit: []lifecycle.Attempt{{What: "start"}}}, nil)
	page.until(func() bool { return len(page.back.Clusters) == 1 && len(page.back.Audit) == 1 })
	s.scene.show(Scene{}, errors.New("out of sight"))
	page.until(func() bool { return page.back.Trouble })
	if said := s.ask(t, "clock", request{Minutes: 2}); said != "" {
		t.Fatal(said)
	}
	page.until(func() bool { return page.back.Ahead == 120_000 })
}

func TestMessagesStandAtTheTimeOfTheDemo(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	before := s.post(t, TeamChannel, "before", "")
	s.ask(t, "clock", request{Minutes: 60})
	after := s.post(t, TeamChannel, "after", "")
	page := s.open(t, "ana")
	page.until(page.shows("after"))
	gap := page.seen[messageKey{TeamChannel, after}].At.Sub(page.seen[messageKey{TeamChannel, before}].At)
	if gap.Minutes() < 59.9 || gap.Minutes() > 61 {
		t.Errorf("the messages stand %v apart, want the hour that passed between them", gap)
	}
}

func TestNothingNewSendsNothing(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.post(t, TeamChannel, "one", "")
	page := &stream{server: s.Server, person: Ana}
	if p, err := page.next(t.Context()); err != nil || !p.Fresh || p.empty() {
		t.Fatalf("first patch %+v, %v", p, err)
	}
	if p, err := page.next(t.Context()); err != nil || p.Fresh || !p.empty() {
		t.Fatalf("second patch %+v, %v", p, err)
	}
}

func TestOpenPageOutlivesTheLimitOfRequests(t *testing.T) {
	t.Parallel()
	const limit = 50 * time.Millisecond
	s := newStageWithin(t, limit)
	page := s.open(t, "ana")
	for begun := time.Now(); time.Since(begun) < 4*limit; {
		text := strconv.FormatInt(time.Since(begun).Nanoseconds(), 10)
		s.post(t, TeamChannel, text, "")
		page.until(page.shows(text))
	}
}

func TestCloseLetsGoOfOpenPages(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	page := s.open(t, "ana")
	page.until(func() bool { return page.room.Me == Ana })
	s.Close()
	s.Close()
	if _, err := io.Copy(io.Discard, page.lines); err != nil {
		t.Errorf("the page ended with %v, want an orderly end", err)
	}
}

func TestClosedPagesAreForgotten(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, forget := s.watch()
	forget()
	s.nudge()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.watchers) != 0 {
		t.Errorf("%d watchers are left", len(s.watchers))
	}
}

func TestMissingOptionsAreRefused(t *testing.T) {
	t.Parallel()
	if _, err := New(Options{}); err == nil {
		t.Error("a page without anything behind it was made")
	}
}
