package demo

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"
)

const startBlocks = `[
	{"type":"input","block_id":"i","label":{"type":"plain_text","text":"Purpose"},"element":{"type":"plain_text_input","action_id":"purpose"}},
	{"type":"actions","block_id":"a","elements":[{"type":"button","action_id":"start","text":{"type":"plain_text","text":"Start"},"value":"v"}]}]`

func TestTypedCommandReachesTheAppAsItsPerson(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if got := s.ask(t, "type", request{Person: Raj, Channel: TeamChannel, Text: "/emr start 4"}); got != "" {
		t.Fatalf("typing said %q", got)
	}
	form := s.app.last()
	got := []string{form.Get("command"), form.Get("text"), form.Get("user_id"), form.Get("channel_id")}
	if want := "/emr start 4 " + Raj + " " + TeamChannel; strings.Join(got, " ") != want {
		t.Errorf("delivered %q, want %q", got, want)
	}
}

func TestTypedMessageStandsInItsThread(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	parent := s.post(t, TeamChannel, "card", "")
	if got := s.ask(t, "type", request{Person: Ana, Channel: TeamChannel, Text: "<b>thanks</b>", Thread: parent}); got != "" {
		t.Fatalf("typing said %q", got)
	}
	messages := s.slack.Messages(TeamChannel, Ana)
	last := messages[len(messages)-1]
	if last.ThreadTS != parent || last.Text != "&lt;b&gt;thanks&lt;/b&gt;" || last.User != Ana {
		t.Errorf("posted %+v", last)
	}
}

func TestClickCarriesButtonAndInputs(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ts := s.post(t, TeamChannel, "panel", startBlocks)
	said := s.ask(t, "click", request{
		Person: Ana, Channel: TeamChannel, TS: ts, Action: "start", Block: "a", Values: map[string]string{"purpose": "Case 4711"},
	})
	if said != "" {
		t.Fatalf("the click said %q", said)
	}
	var payload struct {
		User    struct{ ID string }
		Actions []struct {
			Action string `json:"action_id"`
			Value  string
		}
		State struct {
			Values map[string]map[string]struct{ Value string }
		}
	}
	if err := json.Unmarshal([]byte(s.app.last().Get("payload")), &payload); err != nil {
		t.Fatal(err)
	}
	if payload.User.ID != Ana || payload.Actions[0].Action != "start" || payload.Actions[0].Value != "v" ||
		payload.State.Values["i"]["purpose"].Value != "Case 4711" {
		t.Errorf("delivered %+v", payload)
	}
}

func TestWhatCannotBeIsSaidInWords(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ts := s.post(t, TeamChannel, "panel", startBlocks)
	admins := s.post(t, AdminChannel, "request", startBlocks)
	tests := []struct {
		name, act string
		request   request
		want      string
	}{
		{"type_as_nobody", "type", request{Person: "U0EVIL", Channel: TeamChannel, Text: "hi"}, "nobody can be"},
		{"type_as_the_bot", "type", request{Person: "U0BOT", Channel: TeamChannel, Text: "hi"}, "nobody can be"},
		{"type_where_one_is_not", "type", request{Person: Olli, Channel: AdminChannel, Text: "hi"}, "not in channel"},
		{"type_nothing", "type", request{Person: Ana, Channel: TeamChannel, Text: " "}, "nothing was typed"},
		{"command_in_a_thread", "type", request{Person: Ana, Channel: TeamChannel, Text: "/emr", Thread: ts}, "not supported in threads"},
		{"click_as_nobody", "click", request{Person: "", Channel: TeamChannel, TS: ts, Action: "start"}, "nobody can be"},
		{"click_unseen_message", "click", request{Person: Olli, Channel: AdminChannel, TS: admins, Action: "start"}, "sees no message"},
		{"click_missing_button", "click", request{Person: Ana, Channel: TeamChannel, TS: ts, Action: "other"}, "no button"},
		{"fill_missing_input", "click", request{Person: Ana, Channel: TeamChannel, TS: ts, Action: "start", Values: map[string]string{"x": "y"}}, "no input"},
		{"read_as_nobody", "read", request{Person: "U0EVIL"}, "nobody can be"},
		{"clock_backwards", "clock", request{Minutes: -1}, "1 to 1440"},
		{"clock_not_at_all", "clock", request{}, "1 to 1440"},
		{"clock_too_far", "clock", request{Minutes: maxMinutes + 1}, "1 to 1440"},
		{"no_such_scenario", "scenario", request{Scenario: "flood"}, "no such scenario"},
		{"no_such_switch", "switch", request{Switch: "sun"}, "no such switch"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := s.ask(t, tt.act, tt.request); !strings.Contains(got, tt.want) {
				t.Errorf("said %q, want %q in it", got, tt.want)
			}
		})
	}
}

func TestClickThatTheAppDidNotTakeIsSaid(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	ts := s.post(t, TeamChannel, "panel", startBlocks)
	s.app.answer(http.StatusServiceUnavailable)
	got := s.ask(t, "click", request{Person: Ana, Channel: TeamChannel, TS: ts, Action: "start"})
	if got != errUnreached.Error() {
		t.Errorf("said %q, want %q", got, errUnreached)
	}
}

func TestUnreadableRequestsAreRefused(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for name, body := range map[string]string{
		"no_json": "person=U0ANA", "another_type": `{"minutes":"ten"}`, "too_large": `{"text":"` + strings.Repeat("x", maxBody) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if status, _, _ := do(t, s.request(t, http.MethodPost, "/page/type", body, nil)); status != http.StatusBadRequest {
				t.Errorf("got %d, want 400", status)
			}
		})
	}
}

func TestEveryMinuteThatPassesIsTicked(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	if got := s.ask(t, "clock", request{Minutes: 60}); got != "" {
		t.Fatalf("moving the clock said %q", got)
	}
	ticks := s.ticks()
	if len(ticks) != 60 || s.clock.Ahead() != time.Hour {
		t.Fatalf("%d ticks, %v ahead; want 60 and an hour", len(ticks), s.clock.Ahead())
	}
	for i := 1; i < len(ticks); i++ {
		if step := ticks[i].Sub(ticks[i-1]); step < time.Minute || step > 2*time.Minute {
			t.Errorf("tick %d came %v after the one before, want about a minute", i, step)
		}
	}
}

func TestScenariosArePlayed(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	lost := errors.New("the plot is lost")
	s.o.Scenarios = []Scenario{
		{ID: "quiet", Name: "Quiet", Play: func(ctx context.Context, minute func(context.Context)) error {
			minute(ctx)
			minute(ctx)
			return nil
		}},
		{ID: "lost", Play: func(context.Context, func(context.Context)) error { return lost }},
	}
	if said := s.ask(t, "scenario", request{Scenario: "quiet"}); said != "" || len(s.ticks()) != 2 || s.clock.Ahead() != 2*time.Minute {
		t.Errorf("said %q, %d ticks, %v ahead", said, len(s.ticks()), s.clock.Ahead())
	}
	if said := s.ask(t, "scenario", request{Scenario: "lost"}); said != lost.Error() {
		t.Errorf("said %q, want %q", said, lost)
	}
}

func TestSwitchesAreTurned(t *testing.T) {
	t.Parallel()
	on := false
	stuck := errors.New("it is stuck")
	s := newStage(t,
		Switch{ID: "slack", On: func() bool { return on }, Set: func(_ context.Context, to bool) error { on = to; return nil }},
		Switch{ID: "stuck", On: func() bool { return false }, Set: func(context.Context, bool) error { return stuck }},
	)
	for _, want := range []bool{true, false} {
		if said := s.ask(t, "switch", request{Switch: "slack", On: want}); said != "" || on != want {
			t.Errorf("said %q and it is %v, want %v", said, on, want)
		}
	}
	if said := s.ask(t, "switch", request{Switch: "stuck", On: true}); said != stuck.Error() {
		t.Errorf("said %q, want %q", said, stuck)
	}
}
