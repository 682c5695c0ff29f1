package usecase

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"fmt"
	"time"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
	"showtime/lifecycle"
)

const requestPrefix = "request/"

// keepDecided is how long a decided request is kept, so that a late click hears who decided and when.
const keepDecided = 48 * time.Hour

// openPointer names the one request of its kind that may be open.
type openPointer struct {
	V  int    `json:"v"`
	ID string `json:"id"`
}

func (b *Bot) requestKey(id string) lifecycle.Key {
	return lifecycle.LiveKey(b.cluster, requestPrefix+id)
}

func (b *Bot) openKey(kind approval.RequestKind) lifecycle.Key {
	if kind == approval.MoreTime {
		return lifecycle.LiveKey(b.cluster, "open-more-time")
	}
	return lifecycle.LiveKey(b.cluster, "open-request")
}

// requestID makes the short id people read from the job's id, so that a repeated job makes the same one.
func requestID(kind approval.RequestKind, jobID string) string {
	prefix := "D-"
	if kind == approval.MoreTime {
		prefix = "M-"
	}
	sum := sha256.Sum256([]byte(jobID))
	return prefix + base32.StdEncoding.EncodeToString(sum[:5])[:6]
}

// ask turns somebody's confirmed wish into a request for an admin; only one of its kind can be open. One that means
// nothing any more stands in nobody's way: the tick closes it.
func (b *Bot) ask(ctx context.Context, j job.Job, kind approval.RequestKind, reason string, state lifecycle.State) error {
	now := b.now()
	req := approval.Request{
		V: recordVersion, ID: requestID(kind, j.ID), Kind: kind, State: approval.Open, Generation: j.Generation, By: j.User, Reason: reason,
		At: now, ExpiresAt: now.Add(b.settings.RequestExpires), Channel: j.Channel,
	}
	if kind == approval.MoreTime {
		req.V, req.LeaseEnd = moreTimeVersion, time.UnixMilli(j.LeaseEnd)
	}
	var d decision
	err := b.store.Update(ctx, func(tx lifecycle.Tx) error {
		open, err := b.openIn(tx, kind, req.Generation)
		if err != nil {
			return err
		}
		if open != nil && open.Concerns(state) {
			d = decision{outcome: "refused", why: "request-open", generation: j.Generation, request: open.ID}
			d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.RequestOpen(*open))))
			return b.write(tx, j, d)
		}
		d = decision{allowed: true, outcome: "requested", generation: j.Generation, request: req.ID, typed: reason}
		d.owed = append(d.owed, b.oweSay(j, "say", b.replyPanel(j, blocks.RequestSent(req).Text)))
		d.change = func(tx lifecycle.Tx) error { return b.openUp(tx, req) }
		return b.write(tx, j, d)
	})
	if err != nil {
		return err
	}
	b.settle(ctx, j, d)
	return nil
}

// openUp records a new open request, and that its card is wanted.
func (b *Bot) openUp(tx lifecycle.Tx, req approval.Request) error {
	if err := tx.Insert(b.requestKey(req.ID), req, time.Time{}); err != nil {
		return fmt.Errorf("record request: %w", err)
	}
	if err := tx.Put(b.openKey(req.Kind), openPointer{V: recordVersion, ID: req.ID}); err != nil {
		return fmt.Errorf("record open request: %w", err)
	}
	card := post{V: req.V, Request: req.ID, Generation: req.Generation}
	if err := tx.Put(b.postKey(card), card); err != nil || req.Kind != approval.Destroy {
		return err
	}
	notice := card // for those who would lose the cluster
	notice.Notice = true
	return tx.Put(b.postKey(notice), notice)
}

// getter is what a transaction and the store have in common.
type getter func(key lifecycle.Key, into any) (bool, error)

// openIn gives the request of a kind that is open for a session, read in a transaction for a change.
func (b *Bot) openIn(tx lifecycle.Tx, kind approval.RequestKind, generation int64) (*approval.Request, error) {
	req, err := b.open(tx.Get, kind, generation)
	if req != nil && req.V > newestVersion {
		return nil, lifecycle.ErrNewer
	}
	return req, err
}

// requests are those that are open for a session, one of a kind.
type requests struct{ destroy, moreTime *approval.Request }

// openRequests gives the requests that are open for the session, read outside of any transaction.
func (b *Bot) openRequests(ctx context.Context, s lifecycle.State) (r requests, err error) {
	if r.destroy, err = b.openRequest(ctx, approval.Destroy, s); err != nil {
		return r, err
	}
	r.moreTime, err = b.openRequest(ctx, approval.MoreTime, s)
	return r, err
}

func (b *Bot) openRequest(ctx context.Context, kind approval.RequestKind, s lifecycle.State) (*approval.Request, error) {
	req, err := b.open(func(key lifecycle.Key, into any) (bool, error) { return b.store.Get(ctx, key, into) }, kind, s.Generation)
	if req == nil || !req.Concerns(s) {
		return nil, err
	}
	return req, nil
}

func (b *Bot) open(get getter, kind approval.RequestKind, generation int64) (*approval.Request, error) {
	var p openPointer
	found, err := get(b.openKey(kind), &p)
	if err != nil || !found {
		return nil, err
	}
	var req approval.Request
	found, err = get(b.requestKey(p.ID), &req)
	if err != nil || !found || req.State != approval.Open || req.Generation != generation || !b.now().Before(req.ExpiresAt) {
		return nil, err
	}
	return &req, nil
}
