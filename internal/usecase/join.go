package usecase

import (
	"context"

	"showtime/blocks"
	"showtime/internal/job"
	"showtime/lifecycle"
)

// join adds the person to those who use the session.
func (b *Bot) join(ctx context.Context, j job.Job) error {
	return b.operate(ctx, j, b.joined, func(op lifecycle.Op) (lifecycle.Outcome, error) {
		return b.manager.Join(ctx, lifecycle.JoinInput{Op: op})
	})
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
