package usecase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"showtime/approval"
	"showtime/blocks"
	"showtime/lifecycle"
)

// drawAgain bounds how often one visit follows a record that changes while it is drawn; the tick does the rest.
const drawAgain = 3

// historyDepth is how many sessions back a receipt is still drawn.
const historyDepth = 20

// draw makes every post show what is recorded. What fails stays owed: the tick draws again.
func (b *Bot) draw(ctx context.Context) {
	if err := b.drawAll(ctx); err != nil {
		b.logger(ctx).Warn().Err(err).Msg("drawing is owed")
	}
}

func (b *Bot) drawAll(ctx context.Context) error {
	var drawn int64 = -1
	for range drawAgain {
		state, err := b.manager.State(ctx)
		if err != nil {
			return fmt.Errorf("look at the cluster: %w", err)
		}
		if state.Revision == drawn {
			return nil
		}
		if err := b.drawState(ctx, state); err != nil {
			return err
		}
		drawn = state.Revision
	}
	return nil
}

// drawState draws what the state and the requests say.
func (b *Bot) drawState(ctx context.Context, state lifecycle.State) error {
	posts, err := b.posts(ctx)
	if err != nil {
		return err
	}
	var errs []error
	hasCard := state.Generation == 0
	for _, p := range posts {
		hasCard = hasCard || (p.Request == "" && p.Generation == state.Generation)
		errs = append(errs, b.drawPost(ctx, p, state))
	}
	if !hasCard {
		errs = append(errs, b.drawPost(ctx, post{V: recordVersion, Generation: state.Generation}, state))
	}
	return errors.Join(errs...)
}

// drawPost draws one post, and forgets it when it will never change again and is no longer the latest.
func (b *Bot) drawPost(ctx context.Context, p post, state lifecycle.State) error {
	s, err := b.sightOf(ctx, p, state)
	if err != nil {
		return err
	}
	if s == nil || (s.final && p.Drawn == s.name) {
		return b.forget(ctx, p)
	}
	return b.showPost(ctx, p, *s)
}

// sightOf works out what a post should show; nil when there is nothing left to show.
func (b *Bot) sightOf(ctx context.Context, p post, state lifecycle.State) (*sight, error) {
	switch {
	case p.Request != "":
		return b.requestSight(ctx, p, state)
	case p.Generation == state.Generation:
		return b.cardSight(ctx, state)
	default:
		return b.receiptSight(ctx, p)
	}
}

// cardSight is the card of the latest session.
func (b *Bot) cardSight(ctx context.Context, state lifecycle.State) (*sight, error) {
	open, err := b.openRequest(ctx, state)
	if err != nil {
		return nil, err
	}
	name := fmt.Sprint(state.Revision)
	if open != nil {
		name += "/" + open.ID
	}
	return &sight{
		name: name, channels: b.cardChannels(),
		message: message(blocks.Card(blocks.CardView{
			State: state, Open: open, Policy: b.settings.Policy, Now: b.now(),
		})),
	}, nil
}

// receiptSight is the card of an earlier session, whose last drawing may still be owed.
func (b *Bot) receiptSight(ctx context.Context, p post) (*sight, error) {
	ended, err := b.manager.History(ctx, time.Time{}, historyDepth)
	if err != nil {
		return nil, fmt.Errorf("look at the history: %w", err)
	}
	for _, old := range ended {
		if old.Session.Generation == p.Generation {
			return &sight{
				name: "receipt", final: true, channels: b.cardChannels(),
				message: message(blocks.Card(blocks.CardView{
					State: old, Policy: b.settings.Policy, Now: b.now(),
				})),
			}, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing is known of that session any more
}

// requestSight is the card of a request in the admin channel.
func (b *Bot) requestSight(ctx context.Context, p post, state lifecycle.State) (*sight, error) {
	var req approval.Request
	found, err := b.store.Get(ctx, b.requestKey(p.Request), &req)
	if err != nil || !found {
		return nil, err
	}
	return &sight{
		name: string(req.State), channels: []string{b.settings.AdminChannel, b.settings.Channels[0]},
		message: message(blocks.RequestCard(blocks.RequestView{
			Request: req, State: state, Policy: b.settings.Policy, Admins: b.settings.Admins, Now: b.now(),
		})),
	}, nil
}

// cardChannels are where a session's card may stand: the first channel, else the admins'.
func (b *Bot) cardChannels() []string {
	return []string{b.settings.Channels[0], b.settings.AdminChannel}
}

// forget drops a post that needs no more drawing.
func (b *Bot) forget(ctx context.Context, p post) error {
	return b.store.Update(ctx, func(tx lifecycle.Tx) error { return tx.Delete(b.postKey(p)) })
}

// cardOf gives the card of a session, nil when there is none.
func (b *Bot) cardOf(ctx context.Context, generation int64) (*post, error) {
	var p post
	found, err := b.store.Get(ctx, b.postKey(post{Generation: generation}), &p)
	if err != nil || !found {
		return nil, err
	}
	return &p, nil
}

// cardLink is a link to the session's card, or "" when there is none to be had just now.
func (b *Bot) cardLink(ctx context.Context, generation int64) string {
	p, err := b.cardOf(ctx, generation)
	if err != nil || p == nil || p.TS == "" {
		return ""
	}
	link, err := b.poster.Permalink(ctx, p.Channel, p.TS)
	if err != nil {
		return ""
	}
	return link
}
