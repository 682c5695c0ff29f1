package usecase

import (
	"context"
	"fmt"

	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/slackapi"
	"showtime/lifecycle"
)

// newsAlert marks that the admins have been told of a session's failure.
const newsAlert = "alert"

// alert tells the admins of a failed session, once.
func (b *Bot) alert(ctx context.Context, j job.Job) error {
	state, err := b.manager.State(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	if state.Generation != j.Generation || !blocks.WentWrong(state) {
		return b.outOfDate(ctx, j)
	}
	var d decision
	err = b.store.Update(ctx, func(tx lifecycle.Tx) error {
		n, err := b.newsOf(tx.Get, state.Generation)
		if err != nil {
			return err
		}
		if !n.untold(newsAlert) {
			d = b.refused(j, refusal{why: "told-already", words: blocks.AlertedAlready()})
			return b.write(tx, j, d)
		}
		n.Told = append(n.Told, newsAlert)
		d = decision{allowed: true, outcome: "alerted", generation: state.Generation}
		d.owed = append(d.owed,
			b.oweSay(j, "alert", answer{Screen: failure, User: j.User, Channel: b.settings.AdminChannel, Public: true, Generation: state.Generation}),
			b.oweSay(j, "say", b.reply(j, blocks.Alerted())))
		d.change = func(tx lifecycle.Tx) error { return tx.Put(b.newsKey(), n) }
		return b.write(tx, j, d)
	})
	if err != nil {
		return err
	}
	b.settle(ctx, j, d)
	return nil
}

// renderFailure draws what the admins are told. A failure that a new session has followed is history by then.
func (b *Bot) renderFailure(ctx context.Context, a answer) (slackapi.Message, error) {
	state, err := b.manager.State(ctx)
	if err != nil {
		return slackapi.Message{}, fmt.Errorf("look at the cluster: %w", err)
	}
	if state.Generation != a.Generation {
		old, err := b.endedSession(ctx, a.Generation)
		if err != nil || old == nil {
			return slackapi.Message{}, errorOrLater(err)
		}
		state = *old
	}
	return message(blocks.Alert(blocks.AlertView{
		State: state, By: a.User, Admins: b.settings.Admins, Ref: refOf(state),
		CardLink: b.cardLink(ctx, a.Generation), Now: b.now(),
	})), nil
}

func errorOrLater(err error) error {
	if err == nil {
		return errLater
	}
	return err
}

// refOf is the reference of the job that asked for a session, under which the log has it.
func refOf(s lifecycle.State) string {
	if s.Session.Op == "" {
		return ""
	}
	return job.RefOf(s.Session.Op)
}
