package usecase

import (
	"context"
	"fmt"
	"slices"
	"time"

	"showtime/blocks"
	"showtime/internal/job"
	"showtime/lifecycle"
)

// extend moves the lease's end by one step, up to the cap; anybody who may use the cluster may do that.
func (b *Bot) extend(ctx context.Context, j job.Job) error {
	return b.operate(ctx, j, b.extended, func(op lifecycle.Op) (lifecycle.Outcome, error) {
		return b.manager.Extend(ctx, lifecycle.ExtendInput{Op: op, From: time.UnixMilli(j.LeaseEnd)})
	})
}

// extended is the decision that follows an extension's outcome.
func (b *Bot) extended(j job.Job, out lifecycle.Outcome) decision {
	line := blocks.Extended(out.State)
	switch out.Result {
	case lifecycle.Extended:
	case lifecycle.NothingToDo:
		line = blocks.ExtendedAlready(out.State)
	case lifecycle.ShuttingDown:
		return b.refused(j, refusal{why: string(out.Result), words: blocks.ShuttingDown()})
	case lifecycle.PastCap:
		return b.refused(j, refusal{why: string(out.Result), words: blocks.LeaseCap(out.State.Limits)})
	default:
		return b.outdated(j)
	}
	answer := b.reply(j, line)
	if j.Ephemeral {
		answer = b.replyPanel(j, line.Text)
	}
	return decision{
		allowed: true, outcome: string(out.Result), generation: out.State.Generation,
		owed: []*owed{b.oweSay(j, "say", answer)},
	}
}

// letEnd notes that a person agrees to the lease's end and wants no more warnings of it.
func (b *Bot) letEnd(ctx context.Context, j job.Job) error {
	state, err := b.manager.State(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	e := state.Session
	switch {
	case !state.Live() || state.Generation != j.Generation || e.LeaseEnd.UnixMilli() != j.LeaseEnd:
		return b.outOfDate(ctx, j)
	case e.Stop != nil || state.Leaving():
		return b.refuse(ctx, j, refusal{why: string(lifecycle.ShuttingDown), words: blocks.ShuttingDown()})
	}
	d := decision{allowed: true, outcome: "noted", generation: state.Generation}
	d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.LetEnd(state))))
	d.change = func(tx lifecycle.Tx) error {
		n, err := b.newsOf(tx.Get, state.Generation)
		if err != nil {
			return err
		}
		if n.LettingAt != j.LeaseEnd {
			n.LettingAt, n.LettingEnd = j.LeaseEnd, nil
		}
		if !slices.Contains(n.LettingEnd, j.User) {
			n.LettingEnd = append(n.LettingEnd, j.User)
		}
		return tx.Put(b.newsKey(), n)
	}
	return b.decide(ctx, j, d)
}
