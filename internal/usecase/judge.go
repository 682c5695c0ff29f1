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
		switch {
		case err != nil:
			return fmt.Errorf("read request: %w", err)
		case req.V > recordVersion:
			return lifecycle.ErrNewer
		case !found || req.Generation != j.Generation:
			d = b.outdated(j)
		default:
			d = b.judged(j, req, who, state)
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
func stillWanted(req approval.Request, s lifecycle.State) bool {
	return s.Generation == req.Generation && (s.Phase == lifecycle.Launching || s.Phase == lifecycle.Up)
}

// judged applies the rules to an open request, or tells the loser of a race who won.
func (b *Bot) judged(j job.Job, req approval.Request, who approval.Person, state lifecycle.State) decision {
	d := decision{generation: req.Generation, request: req.ID}
	next, verdict := approval.Decide(req, who, j.Kind == job.Approve, b.settings.Policy, b.now())
	if verdict.Kind == approval.Allow || verdict.Code == approval.CodeExpired {
		if over, closed := b.ended(req, state); closed {
			return b.tooLate(j, over, state)
		}
	}
	if verdict.Kind != approval.Allow {
		d.outcome, d.why = "refused", string(verdict.Code)
		d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, undecided(req, verdict))))
		d.change = func(tx lifecycle.Tx) error { return b.spoil(tx, clicked(j)) }
		return d
	}
	d.allowed, d.outcome = true, string(next.State)
	d.owed = append(d.owed, b.oweSay(j, "tell", b.tell(next, state)))
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

// tooLate closes a request that expired or whose session ended before the click, and tells both people.
func (b *Bot) tooLate(j job.Job, over approval.Request, state lifecycle.State) decision {
	d := decision{outcome: "refused", why: string(over.State), generation: over.Generation, request: over.ID}
	d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.LostRace(over))), b.oweSay(j, "tell", b.tell(over, state)))
	d.change = func(tx lifecycle.Tx) error { return tx.Put(b.requestKey(over.ID), over) }
	return d
}

// tell is what the person who asked hears about the end of the request.
func (b *Bot) tell(req approval.Request, state lifecycle.State) answer {
	return answer{
		Text: blocks.RequestDecided(req, state).Text, User: req.By, Channel: req.Channel, InCard: true, Generation: req.Generation,
	}
}

// payStop does what was approved. Its operation id is the request's, so that it is done once however
// often it is tried; the act has its own audit record.
func (b *Bot) payStop(ctx context.Context, o *owed) error {
	s := o.Stop
	act := lifecycle.Attempt{
		ID: "request/" + s.Request, At: b.now(), Who: lifecycle.Self, What: "approved-destroy",
		Generation: s.Generation, Allowed: true, Ref: o.Ref, Request: s.Request,
	}
	in := lifecycle.StopInput{
		Op:  lifecycle.Op{ID: act.ID, Generation: s.Generation, By: s.By, At: act.At},
		Why: lifecycle.StopAsked, Request: s.Request, Approver: s.Approver, Reason: s.Reason,
	}
	in.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		act.Outcome = string(out.Result)
		return act.Record(tx, b.cluster)
	}
	out, err := b.manager.Stop(ctx, in)
	if err == nil && !out.Known {
		act.Log(b.logger(ctx))
	}
	return err
}
