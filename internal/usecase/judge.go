package usecase

import (
	"context"
	"fmt"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
	"showtime/lifecycle"
)

// owedStop is an approved end that must still be told to the lifecycle.
type owedStop struct {
	Request  string `json:"request"`
	By       string `json:"by"`
	Approver string `json:"approver"`
	Reason   string `json:"reason,omitempty"`
	// Generation pins the act to the session the request was about.
	Generation int64 `json:"generation"`
}

// judge decides a request: the conditional write first, then the act, then the drawing.
func (b *Bot) judge(ctx context.Context, j job.Job, who approval.Person) error {
	state, err := b.manager.State(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	var d decision
	err = b.store.Update(ctx, func(tx lifecycle.Tx) error {
		var req approval.Request
		found, err := tx.Get(b.requestKey(j.Request), &req)
		if err != nil {
			return fmt.Errorf("read request: %w", err)
		}
		switch {
		case !found || req.Generation != j.Generation:
			d = b.outdated(j)
		case req.State == approval.Open && !b.stillWanted(req, state):
			d = b.noLongerNeeded(j, req)
		default:
			d = b.judged(j, req, who)
		}
		return b.write(tx, j, d)
	})
	if err != nil {
		return err
	}
	b.settle(ctx, j, d)
	return nil
}

// stillWanted says whether ending the session early still means anything.
func (b *Bot) stillWanted(req approval.Request, s lifecycle.State) bool {
	return s.Generation == req.Generation && (s.Phase == lifecycle.Launching || s.Phase == lifecycle.Up)
}

// judged applies the rules to an open request, or tells the loser of a race who won.
func (b *Bot) judged(j job.Job, req approval.Request, who approval.Person) decision {
	d := decision{generation: req.Generation, request: req.ID}
	next, verdict := approval.Decide(req, who, j.Kind == job.Approve, b.settings.Policy, b.now())
	if verdict.Kind != approval.Allow {
		d.outcome, d.why = "refused", string(verdict.Code)
		d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, undecided(req, verdict))))
		d.change = func(tx lifecycle.Tx) error { return b.spoil(tx, j) }
		return d
	}
	d.allowed, d.outcome = true, string(next.State)
	d.owed = append(d.owed, b.oweSay(j, "tell", b.tell(next)))
	if next.State == approval.Approved {
		act := b.owe(j, "stop")
		act.Stop = &owedStop{Request: req.ID, By: req.By, Approver: who.ID, Reason: req.Reason, Generation: req.Generation}
		d.owed = append([]*owed{act}, d.owed...) // the act comes before the words
	}
	d.change = func(tx lifecycle.Tx) error { return tx.Put(b.requestKey(req.ID), next) }
	return d
}

// undecided words why somebody's decision does not count.
func undecided(req approval.Request, v approval.Verdict) blocks.Message {
	switch v.Code { //nolint:exhaustive // the other codes' own sentences say it well
	case approval.CodeOwn:
		return blocks.SelfApproval()
	case approval.CodeNotAdmin:
		return blocks.NotAdmin()
	case approval.CodeClosed:
		return blocks.LostRace(req)
	default:
		return blocks.Message{Text: v.Sentence}
	}
}

// noLongerNeeded closes a request whose session ended otherwise.
func (b *Bot) noLongerNeeded(j job.Job, req approval.Request) decision {
	next, _ := approval.Drop(req, b.now())
	d := decision{outcome: string(next.State), why: "session-over", generation: req.Generation, request: req.ID}
	d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.OutOfDate())))
	d.change = func(tx lifecycle.Tx) error { return tx.Put(b.requestKey(req.ID), next) }
	return d
}

// tell is what the person who asked hears about the end of the request.
func (b *Bot) tell(req approval.Request) answer {
	return answer{
		Text: blocks.RequestDecided(req).Text, User: req.By, Channel: req.Channel, InCard: true, Generation: req.Generation,
	}
}

// payStop does what was approved. Its operation id is the request's, so that it is done once however often it is tried.
func (b *Bot) payStop(ctx context.Context, o *owed) error {
	s := o.Stop
	_, err := b.manager.Stop(ctx, lifecycle.StopInput{
		Op:  lifecycle.Op{ID: "request/" + s.Request, Generation: s.Generation, By: s.By, At: b.now()},
		Why: lifecycle.StopAsked, Request: s.Request, Approver: s.Approver, Reason: s.Reason,
	})
	return err
}
