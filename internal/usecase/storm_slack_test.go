package usecase_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"showtime/approval"
	"showtime/internal/slackapi"
	"showtime/internal/testbed"
)

// stormSlack is a Slack that loses answers, messages and a channel.
type stormSlack struct {
	*storm
	channels map[string][]*stormMessage
	posted   int
	kind     slackapi.Kind // how the next calls fail
	times    int           // how many of them; less than 0 = until it is over
	archived bool          // the team's channel, for good
	deleted  map[int64]bool
	calm     bool
}

type stormMessage struct {
	slackapi.Message
	ts, thread string
	at         time.Time
}

// fault is how a call fails, nil when it does not.
func (s *stormSlack) fault(op, channel string) error {
	s.fate.point()
	switch {
	case !s.calm && s.times != 0:
		s.times--
		return &slackapi.Error{Op: op, Kind: s.kind}
	case s.archived && channel == testbed.Team:
		return &slackapi.Error{Op: op, Kind: slackapi.NoChannel}
	}
	return nil
}

// happens says whether a call that got this answer did something nevertheless.
func (s *stormSlack) happens(err error) bool {
	return err == nil || slackapi.IsKind(err, slackapi.Unclear) && s.r.IntN(2) == 0
}

func (s *stormSlack) Post(_ context.Context, channel string, m slackapi.Message, thread string) (string, error) {
	err := s.fault("chat.postMessage", channel)
	if slackapi.IsKind(err, slackapi.Unclear) {
		s.happened["unclear post"]++
	}
	if !s.happens(err) {
		return "", err
	}
	s.posted++
	posted := &stormMessage{Message: m, ts: fmt.Sprintf("%d.%06d", s.clock.Now().Unix(), s.posted), thread: thread, at: s.clock.Now()}
	s.channels[channel] = append(s.channels[channel], posted)
	s.fate.point()
	if err != nil {
		return "", err
	}
	return posted.ts, nil
}

func (s *stormSlack) Update(_ context.Context, channel, ts string, m slackapi.Message) error {
	err := s.fault("chat.update", channel)
	i := slices.IndexFunc(s.channels[channel], func(m *stormMessage) bool { return m.ts == ts })
	switch {
	case i < 0 && err == nil:
		return &slackapi.Error{Op: "chat.update", Kind: slackapi.Gone}
	case i >= 0 && s.happens(err):
		s.channels[channel][i].Message = m
	}
	s.fate.point()
	return err
}

func (s *stormSlack) Ephemeral(_ context.Context, channel, _ string, _ slackapi.Message, _ string) error {
	return s.fault("chat.postEphemeral", channel)
}

// Find is a question: what got no answer did nothing.
func (s *stormSlack) Find(_ context.Context, channel string, since time.Time, md slackapi.Metadata) (string, bool, error) {
	if err := s.fault("conversations.history", channel); err != nil {
		if slackapi.IsKind(err, slackapi.Unclear) {
			err = &slackapi.Error{Op: "conversations.history", Kind: slackapi.Unavailable}
		}
		return "", false, err
	}
	for _, m := range s.channels[channel] {
		if m.thread == "" && !m.at.Before(since) && m.Metadata != nil && mark(*m.Metadata) == mark(md) {
			return m.ts, true, nil
		}
	}
	return "", false, nil
}

func mark(md slackapi.Metadata) string { return md.EventType + fmt.Sprint(md.EventPayload) }

func (s *stormSlack) Permalink(_ context.Context, channel, ts string) (string, error) {
	return "https://example.slack.com/archives/" + channel + "/" + ts, s.fault("chat.getPermalink", channel)
}

func (s *stormSlack) Respond(context.Context, string, slackapi.Reply) error {
	return s.fault("response_url", "")
}

// stir breaks something, or has somebody delete a card.
func (s *stormSlack) stir() {
	switch n := s.r.IntN(12); {
	case n < 4:
		s.times = 0
		s.say("Slack is well")
	case n < 6:
		s.deleteCard()
	case n == 6 && s.r.IntN(3) == 0:
		s.archived = true
		s.happened["archived"]++
		s.say("somebody archives the channel")
	default:
		s.kind = one(s.r, []slackapi.Kind{slackapi.Unavailable, slackapi.RateLimited, slackapi.Unclear, slackapi.Unclear})
		s.times = one(s.r, []int{1, 2, 4, -1})
		s.say("Slack: %s %d times", s.kind, s.times)
	}
}

func (s *stormSlack) deleteCard() {
	g := s.state().Generation
	for channel, messages := range s.channels {
		kept := slices.DeleteFunc(slices.Clone(messages), func(m *stormMessage) bool { return m.cardOf(g) })
		s.channels[channel] = kept
		if len(kept) < len(messages) {
			s.deleted[g] = true
			s.happened["deleted card"]++
			s.say("somebody deletes the card of session %d", g)
		}
	}
}

func (m *stormMessage) cardOf(generation int64) bool {
	return m.Metadata != nil && m.Metadata.EventType == "showtime_session" && m.Metadata.EventPayload["generation"] == fmt.Sprint(generation)
}

// cards are a session's, where people can see them.
func (s *stormSlack) cards(generation int64) []*stormMessage {
	var cards []*stormMessage
	for channel, messages := range s.channels {
		for _, m := range messages {
			if m.cardOf(generation) && (!s.archived || channel != testbed.Team) {
				cards = append(cards, m)
			}
		}
	}
	return cards
}

// stormRoles knows everybody, unless Slack cannot be asked.
type stormRoles struct{ *storm }

var errNoSlack = errors.New("slack cannot be asked")

func (r stormRoles) Show(_ context.Context, user string) (approval.Person, error) {
	admin := user == testbed.Bo || user == testbed.Mia
	return approval.Person{ID: user, Analyst: user != testbed.Olli, Admin: admin}, nil
}

func (r stormRoles) Fresh(ctx context.Context, user string) (approval.Person, error) {
	if r.slack.fault("users.info", "") != nil {
		return approval.Person{}, errNoSlack
	}
	return r.Show(ctx, user)
}

func (r stormRoles) Admins(ctx context.Context) ([]approval.Person, error) {
	bo, err := r.Show(ctx, testbed.Bo)
	return []approval.Person{bo}, err
}
