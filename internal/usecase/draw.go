package usecase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
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
	for range drawAgain {
		drew, err := b.drawOnce(ctx)
		if err != nil || !drew {
			return err
		}
	}
	return nil
}

// drawOnce draws what the record says now, and says whether there was anything to draw.
func (b *Bot) drawOnce(ctx context.Context) (drew bool, err error) {
	state, err := b.manager.State(ctx)
	if err != nil {
		return false, fmt.Errorf("look at the cluster: %w", err)
	}
	posts, err := b.postsWith(ctx, state.Generation)
	if err != nil {
		return false, err
	}
	var errs []error
	for _, p := range posts {
		did, err := b.drawPost(ctx, p, state)
		drew = drew || did
		errs = append(errs, err)
	}
	return drew, errors.Join(errs...)
}

// postsWith reads every message that is kept; the latest session's card is one of them.
func (b *Bot) postsWith(ctx context.Context, generation int64) ([]post, error) {
	posts, err := b.posts(ctx)
	hasCard := func(p post) bool { return p.Request == "" && p.Generation == generation }
	if err != nil || generation == 0 || slices.ContainsFunc(posts, hasCard) {
		return posts, err
	}
	err = b.store.Update(ctx, func(tx lifecycle.Tx) error { return b.wantCard(tx, generation) })
	if err != nil {
		return nil, fmt.Errorf("want the card: %w", err)
	}
	return b.posts(ctx)
}

// drawPost draws one post, and forgets it when it will never change again and is no longer the latest.
func (b *Bot) drawPost(ctx context.Context, p post, state lifecycle.State) (drew bool, err error) {
	s, err := b.sightOf(ctx, p, state)
	if err != nil {
		return false, err
	}
	if s == nil || (s.final && p.Drawn == s.name) {
		return false, b.forget(ctx, p)
	}
	return b.showPost(ctx, p, *s)
}

// sightOf works out what a post should show; nil when there is nothing left to show.
func (b *Bot) sightOf(ctx context.Context, p post, state lifecycle.State) (*sight, error) {
	switch {
	case p.Notice:
		return b.noticeSight(ctx, p, state)
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
	open, err := b.openRequests(ctx, state)
	if err != nil {
		return nil, err
	}
	name := glance(state, b.now())
	if r := open.destroy; r != nil {
		name += "/" + r.ID + "/" + strconv.Itoa(len(r.NeededBy))
	}
	if r := open.moreTime; r != nil {
		name += "/" + r.ID
	}
	return &sight{
		name: name, channels: b.cardChannels(),
		message: message(blocks.Card(blocks.CardView{
			State: state, Open: open.destroy, MoreTime: open.moreTime, Policy: b.settings.Policy, Ref: refOf(state), Now: b.now(),
		})),
	}, nil
}

// moneyFor is how long a card's costs may stand before they alone make it be drawn again.
const moneyFor = 10 * time.Minute

// glance names what a drawing of the state shows: its revision, how the start gets on, whether its
// instances are counted and, where there are rates, the stretch of time for which its money is told.
func glance(s lifecycle.State, now time.Time) string {
	name := strconv.FormatInt(s.Revision, 10)
	if !s.Live() {
		return name
	}
	if tempo := s.Tempo(now); tempo != lifecycle.InTime {
		name += "/" + string(tempo)
	}
	if s.Counted(now) != nil {
		name += "/counted"
	}
	if s.Cost.Configured && s.Cost.Known {
		name += "@" + strconv.FormatInt(int64(now.Sub(s.Session.LaunchedAt)/moneyFor), 10)
	}
	return name
}

// receiptSight is the card of an earlier session, whose last drawing may still be owed.
func (b *Bot) receiptSight(ctx context.Context, p post) (*sight, error) {
	old, err := b.endedSession(ctx, p.Generation)
	if err != nil || old == nil {
		return nil, err
	}
	return &sight{
		name: "receipt", final: true, channels: b.cardChannels(),
		message: message(blocks.Card(blocks.CardView{
			State: *old, Policy: b.settings.Policy, Earlier: true, Ref: refOf(*old), Now: b.now(),
		})),
	}, nil
}

// requestSight is the card of a request in the admin channel.
func (b *Bot) requestSight(ctx context.Context, p post, state lifecycle.State) (*sight, error) {
	var req approval.Request
	found, err := b.store.Get(ctx, b.requestKey(p.Request), &req)
	if err != nil || !found {
		return nil, err
	}
	return &sight{
		name: requestName(req, state), channels: []string{b.settings.AdminChannel, b.settings.Channels[0]},
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

// cardFor gives the card in whose thread something about a session is said: that session's or, where
// none is kept any more, the latest; nil when there is none.
func (b *Bot) cardFor(ctx context.Context, generation int64) (*post, error) {
	posts, err := b.posts(ctx)
	if err != nil {
		return nil, err
	}
	var latest *post
	for _, p := range posts { // in the order of their generations
		if p.Request != "" || p.TS == "" {
			continue
		}
		latest = &p
		if p.Generation == generation {
			break
		}
	}
	return latest, nil
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
