package usecase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/typed"
	"showtime/lifecycle"
)

// moreTime moves the lease's end by one step past its cap, or asks an admin to, as the rules say.
func (b *Bot) moreTime(ctx context.Context, j job.Job, who approval.Person) error {
	state, err := b.manager.State(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	reason := typed.Line(j.Reason)
	switch {
	case !state.Live() || state.Generation != j.Generation:
		return b.outOfDate(ctx, j)
	case state.Session.Stop != nil:
		return b.decide(ctx, j, b.extended(j, lifecycle.Outcome{Result: lifecycle.ShuttingDown, State: state}))
	case state.Session.LeaseEnd.UnixMilli() != j.LeaseEnd:
		return b.decide(ctx, j, b.extended(j, lifecycle.Outcome{Result: lifecycle.NothingToDo, State: state}))
	case !state.AtCap(b.now()): // the cluster file has changed since the button was drawn
		return b.outOfDate(ctx, j)
	case b.settings.ReasonRequired && reason == "":
		return b.askReason(ctx, j)
	}
	admins, err := b.roles.Admins(ctx)
	if err != nil {
		return b.adminsUnknown(ctx, j, err)
	}
	verdict := approval.MayPassCap(b.settings.Policy, who, admins)
	switch verdict.Kind {
	case approval.Allow:
		return b.extendPastCap(ctx, j, reason)
	case approval.Ask:
		return b.ask(ctx, j, approval.MoreTime, reason, state)
	case approval.Refuse:
	}
	return b.mayNot(ctx, j, verdict, state)
}

// extendPastCap moves the lease's end for an admin who may do that alone.
func (b *Bot) extendPastCap(ctx context.Context, j job.Job, reason string) error {
	follow := func(j job.Job, out lifecycle.Outcome) decision {
		d := b.extended(j, out)
		d.typed = reason
		return d
	}
	return b.operate(ctx, j, follow, func(op lifecycle.Op) (lifecycle.Outcome, error) {
		return b.manager.Extend(ctx, lifecycle.ExtendInput{Op: op, From: time.UnixMilli(j.LeaseEnd), PastCap: true})
	})
}

// owedMoreTime is an approved extension past the cap that must still be told to the lifecycle.
type owedMoreTime struct {
	Request  string `json:"request"`
	By       string `json:"by"`
	Approver string `json:"approver"`
	// Generation and LeaseEnd pin the act to what the request was about.
	Generation int64     `json:"generation"`
	LeaseEnd   time.Time `json:"lease_end"`
}

// payMoreTime does what was approved, once, like payStop. Where it cannot be done, both people hear so.
func (b *Bot) payMoreTime(ctx context.Context, o *owed) error {
	m := o.MoreTime
	act := b.approved("approved-more-time", m.Request, m.Generation, o.Ref)
	in := lifecycle.ExtendInput{
		Op:   lifecycle.Op{ID: act.ID, Generation: m.Generation, By: m.By, At: act.At},
		From: m.LeaseEnd, PastCap: true, Request: m.Request, Approver: m.Approver,
	}
	var told []*owed
	in.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) (err error) {
		act.Outcome = string(out.Result)
		why := approval.TooLate
		if out.Result == lifecycle.Extended {
			why = ""
		}
		told, err = b.recordMoreTime(tx, o, act, why, out.State)
		return err
	}
	out, err := b.manager.Extend(ctx, in)
	if errors.Is(err, lifecycle.ErrForbidden) {
		act.Outcome = "refused"
		err = b.store.Update(ctx, func(tx lifecycle.Tx) (err error) {
			told, err = b.recordMoreTime(tx, o, act, approval.Forbidden, lifecycle.State{})
			return err
		})
	}
	if err != nil || out.Known {
		return err
	}
	act.Log(b.logger(ctx))
	for _, debt := range told {
		b.pay(ctx, debt)
	}
	return nil
}

// recordMoreTime records the act and, where it changed nothing, why: on the request, and as owed to its people.
func (b *Bot) recordMoreTime(tx lifecycle.Tx, o *owed, act lifecycle.Attempt, why approval.Undone, s lifecycle.State) (told []*owed, err error) {
	return told, b.recordAct(tx, act, func() error {
		var req approval.Request
		found, err := tx.Get(b.requestKey(act.Request), &req)
		if err != nil || !found || why == "" {
			return err
		}
		req.Undone = why
		told = b.oweInVain(o, req, s)
		return errors.Join(tx.Put(b.requestKey(req.ID), req), b.writeOwed(tx, told))
	})
}

// oweInVain owes the news that an approval changed nothing, to who asked and to who agreed.
func (b *Bot) oweInVain(o *owed, req approval.Request, s lifecycle.State) []*owed {
	news := answer{Text: blocks.ApprovedInVain(req, s).Text, User: req.By, Channel: req.Channel, Generation: req.Generation, Ref: o.Ref}
	asked, agreed := news, news
	asked.InCard, agreed.InRequest = true, req.ID
	return []*owed{b.oweNext(o, "-asked", asked), b.oweNext(o, "-agreed", agreed)}
}

// oweNext owes words that follow from another debt.
func (b *Bot) oweNext(o *owed, part string, a answer) *owed {
	next := &owed{V: recordVersion, ID: o.ID + part, Ref: o.Ref, Until: b.now().Add(owedFor), Say: &a}
	next.Claim.take(b.token(), b.now())
	return next
}

// approved is the audit record of an approved request's act. Its id, the request's, is the operation's too.
func (b *Bot) approved(what, request string, generation int64, ref string) lifecycle.Attempt {
	return lifecycle.Attempt{
		ID: "request/" + request, At: b.now(), Who: lifecycle.Self, What: what,
		Generation: generation, Allowed: true, Ref: ref, Request: request,
	}
}

// recordAct records an act and what follows from it, once: a lifecycle manager's answer that was lost comes
// again with the repeated act.
func (b *Bot) recordAct(tx lifecycle.Tx, act lifecycle.Attempt, follow func() error) error {
	key, done := lifecycle.DedupeKey(b.cluster, "act/"+act.ID), false
	found, err := tx.Get(key, &done)
	if err != nil || found {
		return err
	}
	return errors.Join(tx.Insert(key, true, act.At.Add(lifecycle.DedupeFor)), act.Record(tx, b.cluster), follow())
}
