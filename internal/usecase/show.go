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
	a := b.replyPanel(j, "")
	d := decision{allowed: true, outcome: "shown", generation: j.Generation}
	switch j.Kind { //nolint:exhaustive // decideJob sends only these five here
	case job.Status:
		a.Screen = status
	case job.History:
		a.Screen, a.Days = past, j.Days
	case job.AskDestroy:
		a.Screen, a.Reason = offer, typed.Line(j.Reason)
		d.typed = a.Reason
	case job.Outdated:
		return b.outdatedClick(ctx, j)
	}
	if j.Source == job.Phrase && j.Kind == job.Status {
		a = b.replyInThread(j, blocks.Message{})
		a.Screen = status
	}
	d.owed = append(d.owed, b.oweSay(j, "show", a))
	return b.decide(ctx, j, d)
}

// outdatedClick answers a button that nobody knows.
func (b *Bot) outdatedClick(ctx context.Context, j job.Job) error {
	j, err := b.located(ctx, j)
	if err != nil {
		return err
	}
	return b.outOfDate(ctx, j)
}

// located gives the job of a button that nobody knows the session and request of the message it stood on.
func (b *Bot) located(ctx context.Context, j job.Job) (job.Job, error) {
	posts, err := b.posts(ctx)
	if err != nil {
		return j, err
	}
	for _, p := range posts {
		if p.Channel == j.Channel && p.TS == j.MessageTS && p.TS != "" {
			j.Generation, j.Request = p.Generation, p.Request
		}
	}
	return j, nil
}

// outOfDate answers a button that belongs to something that is no more, and has what it stood on redrawn.
func (b *Bot) outOfDate(ctx context.Context, j job.Job) error {
	return b.decide(ctx, j, b.outdated(j))
}

// outdated is the decision about a button that is out of date.
func (b *Bot) outdated(j job.Job) decision {
	d := decision{outcome: "out-of-date", why: "out-of-date", generation: j.Generation, request: j.Request}
	if j.Ephemeral {
		d.owed = append(d.owed, b.oweSay(j, "show", b.replyPanel(j, blocks.OutOfDate().Text)))
		return d
	}
	d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.OutOfDate())))
	d.change = func(tx lifecycle.Tx) error { return b.spoil(tx, clicked(j)) }
	return d
}

// viewer is who an answer is drawn for. What all see is drawn for any analyst: whether it may be shown
// was decided when it was recorded.
func (b *Bot) viewer(ctx context.Context, a answer) (who approval.Person, unknown error) {
	if a.Public {
		return approval.Person{ID: a.User, Analyst: true}, nil
	}
	who, err := b.roles.Show(ctx, a.User)
	if err != nil {
		b.logger(ctx).Warn().Err(err).Str("ref", a.Ref).Msg("membership not known, nothing shown")
		return approval.Person{ID: a.User}, err
	}
	return who, nil
}

// panelView is what the record says now, for one person.
func (b *Bot) panelView(ctx context.Context, a answer) (blocks.PanelView, error) {
	state, err := b.manager.Look(ctx)
	if err != nil {
		return blocks.PanelView{}, err
	}
	who, unknown := b.viewer(ctx, a)
	open, err := b.openRequests(ctx, state)
	if err != nil {
		return blocks.PanelView{}, err
	}
	return blocks.PanelView{
		State: state, Viewer: who, Policy: b.settings.Policy, ReasonRequired: b.settings.ReasonRequired,
		Open: open.destroy, MoreTime: open.moreTime, Notice: a.Text, Reason: a.Reason, Public: a.Public, RolesUnknown: unknown != nil,
		CardLink: b.cardLink(ctx, state.Generation), Now: b.now(),
	}, nil
}
