package usecase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"showtime/internal/job"
	"showtime/lifecycle"
)

const owedPrefix = "owed/"

// owed is something a recorded decision still demands: exactly one of its parts is set.
type owed struct {
	V     int       `json:"v"`
	ID    string    `json:"id"`
	Ref   string    `json:"ref"`
	Claim claim     `json:"claim"`
	Until time.Time `json:"until"` // then it is given up, loudly
	Say   *answer   `json:"say,omitempty"`
	Stop  *owedStop `json:"stop,omitempty"`
	// MoreTime is an approved extension past the lease's cap.
	MoreTime *owedMoreTime `json:"more_time,omitempty"`
	Start    *owedStart    `json:"start,omitempty"`
	News     *bulletin     `json:"news,omitempty"`
	// Begun means that an attempt was made to say it to others and that nobody knows what came of it.
	Begun bool `json:"begun,omitempty"`
}

// owedFor is how long words and acts are owed; after it they would only confuse.
const owedFor = 24 * time.Hour

func (b *Bot) owedKey(id string) lifecycle.Key { return lifecycle.LiveKey(b.cluster, owedPrefix+id) }

// owe makes a debt of a job, claimed by this process until it is paid or the tick takes over.
func (b *Bot) owe(j job.Job, part string) *owed {
	o := &owed{V: recordVersion, ID: j.ID + "-" + part, Ref: j.Ref, Until: b.now().Add(owedFor)}
	o.Claim.take(b.token(), b.now())
	return o
}

// errLater says that a debt cannot be paid yet, which is no fault.
var errLater = errors.New("not yet")

// pay pays a debt that this process has claimed, and forgets it; on a fault it is left to the tick. It
// ends with the claim, because then somebody else may be at it.
func (b *Bot) pay(ctx context.Context, o *owed) {
	left := o.Claim.left(b.now())
	if left <= 0 {
		return
	}
	trying, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	err := b.try(trying, o)
	settled := err == nil
	if !settled && b.now().After(o.Until) {
		b.alarm(ctx, "owed-given-up", o.ID)
		settled = true
	}
	if err != nil && !errors.Is(err, errLater) {
		b.logger(ctx).Warn().Err(err).Str("owed", o.ID).Str("ref", o.Ref).Int("tries", o.Claim.Tries).Msg("owed thing not paid")
	}
	if err := b.release(ctx, o, settled, err); err != nil {
		b.logger(ctx).Warn().Err(err).Str("owed", o.ID).Msg("claim not released; it will lapse")
	}
}

// try does the one thing that is owed.
func (b *Bot) try(ctx context.Context, o *owed) error {
	switch {
	case o.Say != nil:
		return b.paySay(ctx, o)
	case o.Stop != nil:
		return b.payStop(ctx, o)
	case o.MoreTime != nil:
		return b.payMoreTime(ctx, o)
	case o.Start != nil:
		return b.payStart(ctx, o)
	case o.News != nil:
		return b.payNews(ctx, o)
	}
	return nil
}

// paySay says what is owed. What others see is noted before it is said: when nobody lived to tell what
// came of it, it counts as said, because a second time would be worse.
func (b *Bot) paySay(ctx context.Context, o *owed) error {
	switch {
	case !o.Say.shared():
		return b.say(ctx, *o.Say)
	case o.Begun:
		return nil
	}
	if err := b.begin(ctx, o); err != nil {
		return err
	}
	return b.say(ctx, *o.Say)
}

// begin notes that a word for others is about to be said.
func (b *Bot) begin(ctx context.Context, o *owed) error {
	return b.store.Update(ctx, func(tx lifecycle.Tx) error {
		var stored owed
		found, err := tx.Get(b.owedKey(o.ID), &stored)
		if err != nil {
			return err
		}
		if !found || !stored.Claim.mine(o.Claim.Token) {
			return errLater
		}
		stored.Begun = true
		return tx.Put(b.owedKey(o.ID), stored)
	})
}

// release forgets a settled debt, or frees its claim for a later tick: the next one where only time is wanting.
func (b *Bot) release(ctx context.Context, o *owed, settled bool, cause error) error {
	return b.store.Update(ctx, func(tx lifecycle.Tx) error {
		var stored owed
		found, err := tx.Get(b.owedKey(o.ID), &stored)
		if err != nil || !found || !stored.Claim.mine(o.Claim.Token) {
			return err
		}
		if settled {
			return tx.Delete(b.owedKey(o.ID))
		}
		stored.Begun = false
		stored.Claim.failed(b.now())
		if errors.Is(cause, errLater) {
			stored.Claim.done()
		}
		return tx.Put(b.owedKey(o.ID), stored)
	})
}

// payOwed claims and pays every debt whose claim has lapsed.
func (b *Bot) payOwed(ctx context.Context) error {
	records, err := b.store.List(ctx, b.live(owedPrefix))
	if err != nil {
		return fmt.Errorf("list what is owed: %w", err)
	}
	for _, r := range records {
		b.payByKey(ctx, r.Key)
	}
	return nil
}

// payByKey claims a debt and pays it, unless somebody else has paid or claimed it.
func (b *Bot) payByKey(ctx context.Context, key lifecycle.Key) {
	token := b.token()
	var taken *owed
	err := b.store.Update(ctx, func(tx lifecycle.Tx) error {
		taken = nil
		var o owed
		found, err := tx.Get(key, &o)
		if err != nil || !found || o.V > newestVersion || !o.Claim.free(b.now()) {
			return err
		}
		o.Claim.take(token, b.now())
		taken = &o
		return tx.Put(key, o)
	})
	switch {
	case err != nil:
		b.logger(ctx).Warn().Err(err).Str("owed", key.Name).Msg("owed thing not claimed")
	case taken != nil:
		b.pay(ctx, taken)
	}
}

// live selects this cluster's records that a tick reads, by the start of their names.
func (b *Bot) live(prefix string) lifecycle.Query {
	from := lifecycle.LiveKey(b.cluster, prefix)
	return lifecycle.Query{Partition: from.Partition, From: prefix, To: prefix + "~"}
}
