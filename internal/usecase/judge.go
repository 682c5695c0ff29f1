package usecase

import (
	"context"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/typed"
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
	return b.aboutRequest(ctx, j, func(req approval.Request, state lifecycle.State) decision {
		return b.judged(j, req, who, state)
	})
}

// judged applies the rules to an open request, or tells the loser of a race who won.
func (b *Bot) judged(j job.Job, req approval.Request, who approval.Person, state lifecycle.State) decision {
	next, verdict := approval.Decide(req, who, j.Kind == job.Approve, b.settings.Policy, b.now())
	d, done := b.ruled(j, req, verdict, state)
	if done {
		return d
	}
	if next.State == approval.Denied {
		next.Answer = typed.Line(j.Reason)
		d.typed = next.Answer
	}
	d.outcome = string(next.State)
	d.owed = append(d.owed, b.oweSay(j, "tell", b.tell(next, state)))
	if next.State == approval.Approved {
		d.owed = append([]*owed{b.oweAct(j, next)}, d.owed...) // the act comes before the words
	}
	d.change = func(tx lifecycle.Tx) error { return tx.Put(b.requestKey(req.ID), next) }
	return d
}

// oweAct owes what an approved request asked for.
func (b *Bot) oweAct(j job.Job, req approval.Request) *owed {
	if req.Kind == approval.MoreTime {
		act := b.owe(j, "more-time")
		act.MoreTime = &owedMoreTime{
			Request: req.ID, By: req.By, Approver: req.DecidedBy, Generation: req.Generation, LeaseEnd: req.LeaseEnd,
		}
		act.V = moreTimeVersion
		return act
	}
	act := b.owe(j, "stop")
	act.Stop = &owedStop{Request: req.ID, By: req.By, Approver: req.DecidedBy, Reason: req.Reason, Generation: req.Generation}
	return act
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
	act := b.approved("approved-destroy", s.Request, s.Generation, o.Ref)
	in := lifecycle.StopInput{
		Op:  lifecycle.Op{ID: act.ID, Generation: s.Generation, By: s.By, At: act.At},
		Why: lifecycle.StopAsked, Request: s.Request, Approver: s.Approver, Reason: s.Reason,
	}
	in.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		act.Outcome = string(out.Result)
		return b.recordAct(tx, act, func() error { return nil })
	}
	out, err := b.manager.Stop(ctx, in)
	if err == nil && !out.Known {
		act.Log(b.logger(ctx))
	}
	return err
}
