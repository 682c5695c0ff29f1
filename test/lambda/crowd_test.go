//go:build lambda

package lambda_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/slacklike"
	"showtime/lifecycle"
	"showtime/test/lambda"
	"showtime/test/moto"
)

const (
	rounds = 5
	// kills is how many processes die in a round: fewer than a message has receives.
	kills = 3
)

// Several receivers and workers at once, workers dying in the middle of what they do: no job is lost or
// done twice, there are never two clusters, and in the end the card is true and nothing is owed.
func TestManyAtOnceAndKilled(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	s := newStory(t, moto.Start(t), "crowd")
	panel(t, s.World, lambda.Analyst)
	panel(t, s.World, lambda.Admin)
	for range rounds {
		crowd(t, s, random)
		if _, _, err := s.Source.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.Worker.Kill()
		s.Pass(t, 2*time.Minute)
	}
	s.Recover(t)
	row := s.Row(t)
	if live, _ := s.Proxy.Clusters(); row.Phase == lifecycle.Up && live != 1 || row.Phase == lifecycle.Down && live != 0 {
		t.Errorf("%d clusters, the row is %s", live, row.Phase)
	}
	if n := len(s.Proxy.Jobs()); n < 2*rounds || row.Generation == 0 {
		t.Errorf("%d jobs and %d sessions: this proves nothing", n, row.Generation)
	}
	s.check(t)
	t.Logf("%d jobs, %d sessions", len(s.Proxy.Jobs()), row.Generation)
}

// crowd is one round: two people, two pollers of the queue, the tick, and somebody who kills workers.
func crowd(t *testing.T, s *story, random *rand.Rand) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var busy, people sync.WaitGroup
	for range 2 {
		busy.Go(func() {
			for ctx.Err() == nil {
				if _, _, err := s.Source.Once(t.Context()); err != nil && t.Context().Err() == nil {
					t.Errorf("poll: %v", err)
				}
			}
		})
	}
	busy.Go(func() { _ = s.TryTick(t.Context()) }) // it may be killed
	for _, user := range []string{lambda.Analyst, lambda.Admin} {
		mine := rand.New(rand.NewPCG(random.Uint64(), 0))
		people.Go(func() {
			for range 4 {
				act(t, s, user, mine.IntN(6))
			}
		})
	}
	for range kills {
		<-time.After(time.Duration(50+random.IntN(300)) * time.Millisecond)
		s.Worker.KillOne(random.IntN(8))
	}
	people.Wait()
	cancel()
	busy.Wait()
}

// act has a person do one thing.
func act(t *testing.T, s *story, user string, what int) {
	t.Helper()
	actions := []string{actionid.Start, actionid.Destroy, actionid.Approve}
	if what >= len(actions) {
		words := []string{"/emr", "/emr start 2 " + typedText, "/emr status"}[what-len(actions)]
		d, err := s.Slack.Type(t.Context(), user, lambda.Channel, words, slacklike.TypeOptions{})
		if err != nil || d.Status != http.StatusOK {
			t.Errorf("%s types: %d %v %v", user, d.Status, d.Err, err)
		}
		return
	}
	for _, m := range slices.Backward(s.Slack.Messages(lambda.Channel, user)) {
		if strings.Contains(string(m.Blocks), `"`+actions[what]+`"`) {
			d, err := s.Slack.Click(t.Context(), user, lambda.Channel, m.TS, actions[what], slacklike.ClickOptions{})
			if err == nil && d.Status != http.StatusOK { // an error says that it was just redrawn without the button
				t.Errorf("%s clicks: %d %v", user, d.Status, d.Err)
			}
			return
		}
	}
}
