package usecase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"showtime/approval"
	"showtime/lifecycle"
)

// Tick does what time demands of the conversation: requests that expired or lost their session, whatever
// is owed and unclaimed, drawings, and the news of the session. The cluster itself is the lifecycle's to
// look after, before this.
func (b *Bot) Tick(ctx context.Context) error {
	return errors.Join(b.tidyRequests(ctx), b.payOwed(ctx), b.drawAll(ctx), b.announce(ctx))
}

// announce tells the session's people what they must hear by now, in the thread of its card.
func (b *Bot) announce(ctx context.Context) error {
	state, err := b.manager.State(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	return b.tellNews(ctx, state)
}

// tidyRequests closes requests whose time or session is over, and forgets long decided ones.
// The cluster is looked at after they were listed: no request can be about a session later than that.
func (b *Bot) tidyRequests(ctx context.Context) error {
	records, err := b.store.List(ctx, b.live(requestPrefix))
	if err != nil {
		return fmt.Errorf("list requests: %w", err)
	}
	state, err := b.manager.State(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	var errs []error
	for _, r := range records {
		var req approval.Request
		if err := json.Unmarshal(r.Value, &req); err != nil {
			errs = append(errs, fmt.Errorf("read request %s: %w", r.Key.Name, err))
			continue
		}
		switch {
		case req.V > newestVersion: // a newer build's to look after
		case req.State != approval.Open && b.now().Sub(req.DecidedAt) > keepDecided:
			errs = append(errs, b.store.Update(ctx, func(tx lifecycle.Tx) error { return tx.Delete(r.Key) }))
		case req.State == approval.Open:
			errs = append(errs, b.closeRequest(ctx, req.ID, state), b.remind(ctx, req, state))
		}
	}
	return errors.Join(errs...)
}

// closeRequest ends an open request that has expired or is no longer needed, and tells its person.
func (b *Bot) closeRequest(ctx context.Context, id string, state lifecycle.State) error {
	var attempt lifecycle.Attempt
	var told *owed
	err := b.store.Update(ctx, func(tx lifecycle.Tx) error {
		told = nil
		var req approval.Request
		found, err := tx.Get(b.requestKey(id), &req)
		if err != nil || !found || req.V > newestVersion {
			return err
		}
		next, closed := b.ended(req, state)
		if !closed {
			return nil
		}
		attempt = lifecycle.Attempt{
			ID: id + "-closed", At: b.now(), Who: lifecycle.Self, What: "close-request",
			Generation: req.Generation, Allowed: true, Outcome: string(next.State), Request: id,
		}
		told = b.oweTelling(next, state)
		return errors.Join(tx.Put(b.requestKey(id), next), attempt.Record(tx, b.cluster), b.writeOwed(tx, []*owed{told}))
	})
	if err != nil || told == nil {
		return err
	}
	attempt.Log(b.logger(ctx))
	b.pay(ctx, told)
	return nil
}

// ended closes an open request whose session or time is over, and says whether it did.
func (b *Bot) ended(req approval.Request, s lifecycle.State) (approval.Request, bool) {
	if !req.Concerns(s) {
		return approval.Drop(req, b.now())
	}
	return approval.Expire(req, b.now())
}

// oweTelling owes the requester the news that nobody decided.
func (b *Bot) oweTelling(req approval.Request, state lifecycle.State) *owed {
	o := &owed{V: recordVersion, ID: req.ID + "-closed", Ref: req.ID, Until: b.now().Add(owedFor)}
	o.Claim.take(b.token(), b.now())
	o.Say = new(b.tell(req, state))
	return o
}
