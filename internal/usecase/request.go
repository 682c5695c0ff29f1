package usecase

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"errors"
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

// openPointer names the one request that may be open.
type openPointer struct {
	V  int    `json:"v"`
	ID string `json:"id"`
}

func (b *Bot) requestKey(id string) lifecycle.Key {
	return lifecycle.LiveKey(b.cluster, requestPrefix+id)
}

func (b *Bot) openKey() lifecycle.Key { return lifecycle.LiveKey(b.cluster, "open-request") }

// requestID makes the short id people read from the job's id, so that a repeated job makes the same one.
func requestID(jobID string) string {
	sum := sha256.Sum256([]byte(jobID))
	return "D-" + base32.StdEncoding.EncodeToString(sum[:5])[:6]
}

// ask turns an analyst's confirmed wish into a request for an admin; only one can be open.
func (b *Bot) ask(ctx context.Context, j job.Job, reason string) error {
	now := b.now()
	req := approval.Request{
		V: recordVersion, ID: requestID(j.ID), State: approval.Open, Generation: j.Generation, By: j.User, Reason: reason,
		At: now, ExpiresAt: now.Add(b.settings.RequestExpires), Channel: j.Channel,
	}
	var d decision
	err := b.store.Update(ctx, func(tx lifecycle.Tx) error {
		open, err := b.openIn(tx, req.Generation)
		if err != nil {
			return err
		}
		if open != nil {
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
	if err := tx.Put(b.openKey(), openPointer{V: recordVersion, ID: req.ID}); err != nil {
		return fmt.Errorf("record open request: %w", err)
	}
	card := post{V: recordVersion, Request: req.ID, Generation: req.Generation}
	notice := card
	notice.Notice = true
	return errors.Join(tx.Put(b.postKey(card), card), tx.Put(b.postKey(notice), notice))
}

// getter is what a transaction and the store have in common.
type getter func(key lifecycle.Key, into any) (bool, error)

// openIn gives the request that is open for a session, read in a transaction for a change.
func (b *Bot) openIn(tx lifecycle.Tx, generation int64) (*approval.Request, error) {
	req, err := b.open(tx.Get, generation)
	if req != nil && req.V > recordVersion {
		return nil, lifecycle.ErrNewer
	}
	return req, err
}

// openRequest gives the request that is open for the session, read outside of any transaction.
func (b *Bot) openRequest(ctx context.Context, s lifecycle.State) (*approval.Request, error) {
	req, err := b.open(func(key lifecycle.Key, into any) (bool, error) { return b.store.Get(ctx, key, into) }, s.Generation)
	if req == nil || !stillWanted(*req, s) {
		return nil, err
	}
	return req, nil
}

func (b *Bot) open(get getter, generation int64) (*approval.Request, error) {
	var p openPointer
	found, err := get(b.openKey(), &p)
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
