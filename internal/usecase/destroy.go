package usecase

import (
	"context"
	"errors"
	"fmt"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/typed"
	"showtime/lifecycle"
)

// destroy ends the session, or asks an admin to, as the policy says.
func (b *Bot) destroy(ctx context.Context, j job.Job, who approval.Person) error {
	state, err := b.manager.State(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	reason := typed.Line(j.Reason)
	switch {
	case !state.Live() || state.Generation != j.Generation:
		return b.outOfDate(ctx, j)
	case state.Session.Stop != nil || state.Leaving():
		return b.refuse(ctx, j, refusal{why: "shutting-down", words: blocks.ShuttingDown()})
	case b.settings.ReasonRequired && reason == "":
		return b.askReason(ctx, j)
	}
	admins, err := b.roles.Admins(ctx)
	if err != nil {
		return b.adminsUnknown(ctx, j, err)
	}
	may := func(s lifecycle.State) approval.Verdict {
		return approval.MayDestroy(b.settings.Policy, who, situation(s), admins)
	}
	verdict := may(state)
	switch verdict.Kind {
	case approval.Allow:
		return b.stop(ctx, j, reason, may)
	case approval.Ask:
		return b.ask(ctx, j, approval.Destroy, reason, state)
	case approval.Refuse:
	}
	return b.mayNot(ctx, j, verdict, state)
}

// askReason answers a wish that must have a reason with the panel, where it can be given.
func (b *Bot) askReason(ctx context.Context, j job.Job) error {
	d := b.refused(j, refusal{why: "reason-required", silent: true})
	d.owed = append(d.owed, b.oweSay(j, "say", b.replyPanel(j, blocks.ReasonRequired().Text)))
	return b.decide(ctx, j, d)
}

// mayNot refuses what the rules do not let somebody do.
func (b *Bot) mayNot(ctx context.Context, j job.Job, verdict approval.Verdict, state lifecycle.State) error {
	no := refusal{why: string(verdict.Code), words: blocks.Message{Text: verdict.Sentence}}
	if verdict.Code == approval.CodeNoApprover {
		no.words = blocks.NobodyCanApprove(state.Session.LeaseEnd)
	}
	return b.refuse(ctx, j, no)
}

// adminsUnknown refuses what nobody can tell who must agree to.
func (b *Bot) adminsUnknown(ctx context.Context, j job.Job, err error) error {
	b.logger(ctx).Error().Err(err).Str("ref", j.Ref).Msg("admins not known")
	return b.refuse(ctx, j, refusal{why: "membership-unknown", words: blocks.MembershipUnknown(j.Ref)})
}

// situation is the session as the approval rules see it.
func situation(s lifecycle.State) approval.Situation {
	return approval.Situation{Starter: s.Session.Starter, Usable: !s.Session.ReadyAt.IsZero()}
}

// errChanged says that the cluster became another one while it was decided about: the job comes again.
var errChanged = errors.New("the cluster has changed meanwhile")

// stop ends the session for somebody who may do that alone: who cancels a start may, until the very
// moment it is usable.
func (b *Bot) stop(ctx context.Context, j job.Job, reason string, may func(lifecycle.State) approval.Verdict) error {
	in := lifecycle.StopInput{Op: b.op(j), Why: lifecycle.StopAsked, Reason: reason}
	var d decision
	in.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		if begun := out.Result == lifecycle.StopBegun || out.Result == lifecycle.StopNoted; begun && may(out.State).Kind != approval.Allow {
			return errChanged
		}
		d = b.stopped(j, out)
		d.typed = reason
		return b.write(tx, j, d)
	}
	out, err := b.manager.Stop(ctx, in)
	switch {
	case err != nil:
		return err
	case out.Known:
		return b.decide(ctx, j, b.stopped(j, out))
	}
	b.settle(ctx, j, d)
	return nil
}

// stopped is the decision that follows a stop's outcome.
func (b *Bot) stopped(j job.Job, out lifecycle.Outcome) decision {
	line := blocks.Stopping()
	switch {
	case out.Result == lifecycle.OutOfDate, out.Result == lifecycle.NothingToDo && !out.State.Live():
		return b.outdated(j)
	case out.Result == lifecycle.StopNoted:
		line = blocks.StopNoted()
	}
	return decision{
		allowed: true, outcome: string(out.Result), generation: out.State.Generation,
		owed: []*owed{b.oweSay(j, "say", b.replyPanel(j, line.Text))},
	}
}
