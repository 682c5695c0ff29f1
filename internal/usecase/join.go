package usecase

import (
	"context"

	"showtime/blocks"
	"showtime/internal/job"
	"showtime/lifecycle"
)

// join adds the person to those who use the session.
func (b *Bot) join(ctx context.Context, j job.Job) error {
	in := lifecycle.JoinInput{Op: b.op(j)}
	var d decision
	in.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		d = b.joined(j, out)
		return b.write(tx, j, d)
	}
	out, err := b.manager.Join(ctx, in)
	switch {
	case err != nil:
		return err
	case out.Known: // the lifecycle knows it, and so do we unless a crash came between
		return b.decide(ctx, j, b.joined(j, out))
	}
	b.settle(ctx, j, d)
	return nil
}

// joined is the decision that follows a join's outcome.
func (b *Bot) joined(j job.Job, out lifecycle.Outcome) decision {
	line := blocks.JoinedSession()
	switch out.Result {
	case lifecycle.Joined:
	case lifecycle.NothingToDo:
		line = blocks.AlreadyUsing()
	case lifecycle.ShuttingDown:
		return b.refused(j, refusal{why: string(out.Result), words: blocks.ShuttingDown()})
	default:
		return b.outdated(j)
	}
	return decision{
		allowed: true, outcome: string(out.Result), generation: out.State.Generation,
		owed: []*owed{b.oweSay(j, "say", b.replyPanel(j, line.Text))},
	}
}
