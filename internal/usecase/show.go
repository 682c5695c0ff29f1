package usecase

import (
	"context"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/typed"
	"showtime/lifecycle"
)

// show answers the jobs that only look: panel, status, typed destroy, a button nobody knows.
func (b *Bot) show(ctx context.Context, j job.Job) error {
	a := b.replyScreen(j, panel, "")
	d := decision{allowed: true, outcome: "shown", generation: j.Generation}
	switch j.Kind { //nolint:exhaustive // decideJob sends only these four here
	case job.Status:
		a.Screen = status
	case job.AskDestroy:
		a.Screen, a.Reason = offer, typed.Line(j.Reason)
		d.typed = a.Reason
	case job.Outdated:
		return b.outOfDate(ctx, j)
	}
	if j.Source == job.Phrase && j.Kind == job.Status {
		a = b.replyInThread(j, blocks.Message{})
		a.Screen = status
	}
	d.owed = append(d.owed, b.oweSay(j, "show", a))
	return b.decide(ctx, j, d)
}

// outOfDate answers a button that belongs to something that is no more, and has what it stood on redrawn.
func (b *Bot) outOfDate(ctx context.Context, j job.Job) error {
	d := b.outdated(j)
	return b.decide(ctx, j, d)
}

// outdated is the decision about a button that is out of date.
func (b *Bot) outdated(j job.Job) decision {
	d := decision{outcome: "out-of-date", why: "out-of-date", generation: j.Generation, request: j.Request}
	if j.Ephemeral {
		d.owed = append(d.owed, b.oweSay(j, "show", b.replyScreen(j, panel, blocks.OutOfDate().Text)))
		return d
	}
	d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.OutOfDate())))
	d.change = func(tx lifecycle.Tx) error { return b.spoil(tx, j) }
	return d
}

// panelView is what the record says now, for one person.
func (b *Bot) panelView(ctx context.Context, a answer) (blocks.PanelView, error) {
	state, err := b.manager.State(ctx)
	if err != nil {
		return blocks.PanelView{}, err
	}
	who, unknown := b.roles.Show(ctx, a.User)
	if unknown != nil {
		who = approval.Person{ID: a.User}
	}
	open, err := b.openRequest(ctx, state)
	if err != nil {
		return blocks.PanelView{}, err
	}
	return blocks.PanelView{
		State: state, Viewer: who, Policy: b.settings.Policy, ReasonRequired: b.settings.ReasonRequired, Open: open,
		Notice: a.Text, Reason: a.Reason, Public: a.Public, RolesUnknown: unknown != nil,
		CardLink: b.cardLink(ctx, state.Generation), Now: b.now(),
	}, nil
}
