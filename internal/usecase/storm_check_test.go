package usecase_test

import (
	"encoding/json"
	"fmt"
	"time"

	"showtime/approval"
	"showtime/lifecycle"
)

// settleWithin is more ticks than it takes every launch of a wish to be given up.
const settleWithin = 30

// settle ends the faults, and ticks until the record stands still; then on until a card is drawn again for its
// money alone, which is when it is noticed that somebody deleted it.
func (s *storm) settle() {
	s.say("the faults are over")
	s.emr.calm, s.slack.calm = true, true
	for n, more := 0, 4; n < settleWithin && more > 0; n++ {
		s.clock.Move(3 * time.Minute)
		s.emr.proceed()
		if err := s.worker.Tick(s.ctx); err != nil {
			s.say("calm tick: %v", err)
		}
		state := s.state()
		moving := state.Phase == lifecycle.Launching || state.Phase == lifecycle.Stopping || state.Wish != nil
		if !moving && s.owed() == 0 {
			more--
		}
	}
}

// check lists what does not hold.
func (s *storm) check() []string {
	var bad []string
	state := s.state()
	up := 0
	if state.Phase == lifecycle.Up {
		up = 1
	}
	if live := s.emr.live(); live != up || state.Phase == lifecycle.Launching || state.Phase == lifecycle.Stopping {
		bad = append(bad, fmt.Sprintf("the record says %s, EMR has %d live clusters", state.Phase, live))
	}
	if s.most > 1 { // listings were never so late that one could not be known of
		bad = append(bad, fmt.Sprintf("%d clusters ran at once", s.most))
	}
	for g, n := range s.emr.launched {
		if n > 1 {
			bad = append(bad, fmt.Sprintf("session %d was launched %d times", g, n))
		}
	}
	if n := s.owed(); n > 0 {
		bad = append(bad, fmt.Sprintf("%d things are owed", n))
	}
	return append(bad, s.checkCards(state)...)
}

// checkCards: no session has two cards where people can see them, and the latest one's shows what is recorded.
func (s *storm) checkCards(state lifecycle.State) []string {
	var bad []string
	for g := int64(1); g <= state.Generation; g++ {
		cards := s.slack.cards(g)
		switch {
		case len(cards) > 1:
			bad = append(bad, fmt.Sprintf("%d cards of session %d", len(cards), g))
		case g < state.Generation:
		case len(cards) == 1:
			bad = append(bad, differs(cards[0].Text, cardView(state, s.requests(), s.policy, s.clock.Now()))...)
		case state.Live() || !s.slack.deleted[g] && !s.slack.archived:
			// What is over is not drawn again, and so nobody notices that its card is gone.
			bad = append(bad, fmt.Sprintf("no card of session %d", g))
		}
	}
	return bad
}

func (s *storm) state() lifecycle.State {
	state, err := s.manager.State(s.ctx)
	if err != nil {
		panic(err) // the store in memory does not fail
	}
	return state
}

func (s *storm) owed() int { return len(s.list(lifecycle.LiveKey(s.set.Name, "owed/"))) }

func (s *storm) requests() []approval.Request {
	return decodeAll[approval.Request](s.list(lifecycle.LiveKey(s.set.Name, "request/")))
}

func (s *storm) audit() []lifecycle.Attempt {
	return decodeAll[lifecycle.Attempt](s.list(lifecycle.AuditKey(s.set.Name, "")))
}

// list reads the records whose names begin as the key's.
func (s *storm) list(from lifecycle.Key) []lifecycle.Record {
	records, err := s.store.List(s.ctx, lifecycle.Query{Partition: from.Partition, From: from.Name, To: from.Name + "~"})
	if err != nil {
		panic(err) // the store in memory does not fail
	}
	return records
}

func decodeAll[T any](records []lifecycle.Record) []T {
	all := make([]T, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Value, &all[i]); err != nil {
			panic(err) // what was written can be read
		}
	}
	return all
}
