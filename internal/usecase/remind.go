package usecase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/slackapi"
	"showtime/lifecycle"
)

// remind marks that a request's reminder or escalation is due, and says it once: the mark and the debt
// are one transaction.
func (b *Bot) remind(ctx context.Context, listed approval.Request, state lifecycle.State) error {
	if _, call := approval.Due(listed, b.settings.Schedule, b.now()); call == (approval.Call{}) {
		return nil
	}
	var due *owed
	err := b.store.Update(ctx, func(tx lifecycle.Tx) error {
		due = nil
		var req approval.Request
		found, err := tx.Get(b.requestKey(listed.ID), &req)
		if err != nil || !found || req.V > newestVersion || !req.Concerns(state) {
			return err
		}
		next, call := approval.Due(req, b.settings.Schedule, b.now())
		if call == (approval.Call{}) {
			return nil
		}
		due = b.oweReminder(next, call)
		return errors.Join(tx.Put(b.requestKey(req.ID), next), b.writeOwed(tx, []*owed{due}))
	})
	if err != nil {
		return fmt.Errorf("mark reminder of %s: %w", listed.ID, err)
	}
	if due != nil {
		b.pay(ctx, due)
	}
	return nil
}

// oweReminder owes what is due. Its id is made of the marks, which only grow.
func (b *Bot) oweReminder(req approval.Request, call approval.Call) *owed {
	id := fmt.Sprintf("%s-reminder-%d-%t", req.ID, req.Reminded, req.Escalated)
	o := &owed{V: recordVersion, ID: id, Ref: req.ID, Until: req.ExpiresAt.Add(time.Minute)}
	o.Claim.take(b.token(), b.now())
	o.Say = &answer{Screen: reminder, InRequest: req.ID, Escalate: call.Escalate, Generation: req.Generation, Ref: req.ID}
	return o
}

// sayInRequest says something in the thread of a request's card.
func (b *Bot) sayInRequest(ctx context.Context, a answer) error {
	m := slackapi.Message{Text: a.Text}
	if a.Screen == reminder {
		text, err := b.reminderText(ctx, a)
		if err != nil || text == "" {
			return err
		}
		m.Text = text
	}
	var card post
	found, err := b.store.Get(ctx, b.postKey(post{Request: a.InRequest}), &card)
	switch {
	case err != nil:
		return fmt.Errorf("read post: %w", err)
	case !found:
		return nil // the request is forgotten
	case card.TS == "":
		return errLater
	}
	_, err = b.poster.Post(ctx, card.Channel, m, card.TS)
	if lost(err) { // somebody deleted the card: it is posted anew, and then this is said there
		return errors.Join(err, b.store.Update(ctx, func(tx lifecycle.Tx) error { return b.spoil(tx, card) }))
	}
	return unlessUnclear(err)
}

// reminderText words a reminder by what is recorded now; there is none when nobody need be reminded any more.
func (b *Bot) reminderText(ctx context.Context, a answer) (string, error) {
	state, err := b.manager.State(ctx)
	if err != nil {
		return "", fmt.Errorf("look at the cluster: %w", err)
	}
	var req approval.Request
	found, err := b.store.Get(ctx, b.requestKey(a.InRequest), &req)
	if _, over := b.ended(req, state); err != nil || !found || over || req.State != approval.Open {
		return "", err
	}
	return blocks.Reminder(blocks.ReminderView{
		Request: req, State: state, Escalate: a.Escalate, To: b.called(req, a.Escalate), Now: b.now(),
	}).Text, nil
}

// called are those whom a reminder mentions: who looks at it, else all who may decide.
func (b *Bot) called(req approval.Request, escalate bool) []string {
	switch {
	case escalate:
		return []string{b.settings.EscalateTo}
	case req.Looked(b.now()):
		return []string{req.LookedAtBy}
	}
	return slices.DeleteFunc(slices.Clone(b.settings.Admins), func(id string) bool { return id == req.By })
}
