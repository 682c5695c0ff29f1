package usecase

import (
	"context"
	"errors"
	"fmt"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
	"showtime/lifecycle"
)

// aboutRequest decides a job about a request, in one transaction, on the request as it is then.
func (b *Bot) aboutRequest(ctx context.Context, j job.Job, decide func(approval.Request, lifecycle.State) decision) error {
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
		case req.V > newestVersion:
			return lifecycle.ErrNewer
		case !found || req.Generation != j.Generation:
			d = b.outdated(j)
		default:
			d = decide(req, state)
		}
		return b.write(tx, j, d)
	})
	if err != nil {
		return err
	}
	b.settle(ctx, j, d)
	return nil
}

// ruled turns the rules' answer about a request into the decision so far. done says that there is nothing
// to add: the rules said no, or the request expired or lost its session before the click.
func (b *Bot) ruled(j job.Job, req approval.Request, v approval.Verdict, state lifecycle.State) (d decision, done bool) {
	d = decision{generation: req.Generation, request: req.ID}
	if v.Kind == approval.Allow || v.Code == approval.CodeExpired {
		if over, closed := b.ended(req, state); closed {
			return b.tooLate(j, over, state), true
		}
	}
	if v.Kind == approval.Allow {
		d.allowed = true
		return d, false
	}
	d.outcome, d.why = "refused", string(v.Code)
	no := b.reply(j, undecided(j.Kind, req, v))
	if j.Kind == job.Withdraw {
		no = b.replyPanel(j, no.Text)
	}
	d.owed = append(d.owed, b.oweSay(j, "say", no))
	d.change = func(tx lifecycle.Tx) error { return b.spoil(tx, clicked(j)) }
	return d, true
}

// undecided words why somebody's click on a request does not count.
func undecided(kind job.Kind, req approval.Request, v approval.Verdict) blocks.Message {
	switch {
	case v.Code == approval.CodeOwn && kind != job.StillNeed:
		return blocks.SelfApproval()
	case v.Code == approval.CodeNotAdmin:
		return blocks.NotAdmin()
	case v.Code == approval.CodeClosed:
		return blocks.LostRace(req)
	case v.Code == approval.CodeLookedAt:
		return blocks.LookedAt(req)
	}
	return blocks.Message{Text: v.Sentence}
}

// tooLate closes a request that expired or whose session ended before the click, and tells both people.
func (b *Bot) tooLate(j job.Job, over approval.Request, state lifecycle.State) decision {
	d := decision{outcome: "refused", why: string(over.State), generation: over.Generation, request: over.ID}
	d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.LostRace(over))), b.oweSay(j, "tell", b.tell(over, state)))
	d.change = func(tx lifecycle.Tx) error { return tx.Put(b.requestKey(over.ID), over) }
	return d
}

// withdraw takes a person's own request back.
func (b *Bot) withdraw(ctx context.Context, j job.Job, who approval.Person) error {
	return b.aboutRequest(ctx, j, func(req approval.Request, state lifecycle.State) decision {
		next, verdict := approval.Withdraw(req, who, b.now())
		d, done := b.ruled(j, req, verdict, state)
		if done {
			return d
		}
		d.outcome = string(next.State)
		d.owed = append(d.owed, b.oweSay(j, "say", b.replyPanel(j, blocks.RequestWithdrawn(next, state).Text)))
		d.change = func(tx lifecycle.Tx) error { return tx.Put(b.requestKey(req.ID), next) }
		return d
	})
}

// look notes that an admin is looking at a request. The card says so; nobody else is kept from deciding.
func (b *Bot) look(ctx context.Context, j job.Job, who approval.Person) error {
	return b.aboutRequest(ctx, j, func(req approval.Request, state lifecycle.State) decision {
		next, verdict := approval.Look(req, who, b.now())
		d, done := b.ruled(j, req, verdict, state)
		if done {
			return d
		}
		d.outcome = "looking"
		d.change = func(tx lifecycle.Tx) error { return tx.Put(b.requestKey(req.ID), next) }
		return d
	})
}

// need notes that somebody who uses the session still needs it, and tells those who decide.
func (b *Bot) need(ctx context.Context, j job.Job, who approval.Person) error {
	return b.aboutRequest(ctx, j, func(req approval.Request, state lifecycle.State) decision {
		next, verdict := approval.Need(req, who, state.Uses(who.ID), b.now())
		d, done := b.ruled(j, req, verdict, state)
		if done {
			return d
		}
		d.outcome = string(lifecycle.NothingToDo)
		d.change = func(tx lifecycle.Tx) error { return b.spoil(tx, clicked(j)) }
		d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.NeedNoted())))
		if len(next.NeededBy) == len(req.NeededBy) {
			return d
		}
		d.outcome = "needed"
		news := answer{Text: blocks.StillNeeded(who.ID).Text, User: who.ID, InRequest: req.ID, Generation: req.Generation, Ref: j.Ref}
		d.owed = append(d.owed, b.oweSay(j, "news", news))
		d.change = func(tx lifecycle.Tx) error {
			return errors.Join(tx.Put(b.requestKey(req.ID), next), b.spoil(tx, clicked(j)))
		}
		return d
	})
}
