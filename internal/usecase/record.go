package usecase

import (
	"context"
	"errors"
	"fmt"
	"time"

	"showtime/internal/job"
	"showtime/lifecycle"
)

const (
	// recordVersion is the version of most records this build writes.
	recordVersion = 1
	// moreTimeVersion is that of records about more time: a build that knows only early ends must leave them alone.
	moreTimeVersion = 2
	// newestVersion is the newest that this build reads.
	newestVersion = moreTimeVersion
)

// decision is what was decided about a job: recorded in one transaction, then paid.
type decision struct {
	allowed    bool
	outcome    string // fixed words, for the audit
	why        string // the rule behind it, fixed words
	generation int64
	request    string
	typed      string
	owed       []*owed
	// change writes what else the decision changes.
	change func(tx lifecycle.Tx) error
}

// memory is what is kept of a job that was decided: its id is known from then on.
type memory struct {
	V       int       `json:"v"`
	Kind    job.Kind  `json:"kind"`
	Outcome string    `json:"outcome"`
	At      time.Time `json:"at"`
	Owed    []string  `json:"owed,omitempty"`
}

// errKnown says that the job had been decided before.
var errKnown = errors.New("job is known")

// known gives what is remembered of a job, by its own id or by the id of its event.
func (b *Bot) known(ctx context.Context, j job.Job) (*memory, error) {
	for _, key := range b.dedupeKeys(j) {
		var m memory
		found, err := b.store.Get(ctx, key, &m)
		if err != nil {
			return nil, fmt.Errorf("read dedupe key: %w", err)
		}
		if found {
			return &m, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing remembered is an ordinary answer
}

// dedupeKeys names what a job is recognised by.
func (b *Bot) dedupeKeys(j job.Job) []lifecycle.Key {
	keys := []lifecycle.Key{lifecycle.DedupeKey(b.cluster, "job/"+j.ID)}
	if j.EventID != "" {
		keys = append(keys, lifecycle.DedupeKey(b.cluster, "event/"+j.EventID))
	}
	return keys
}

// write puts a decision into a transaction: the dedupe keys, the audit record, what is owed, the change.
// It gives errKnown when somebody else decided the job first.
func (b *Bot) write(tx lifecycle.Tx, j job.Job, d decision) error {
	now := b.now()
	m := memory{V: recordVersion, Kind: j.Kind, Outcome: d.outcome, At: now}
	for _, o := range d.owed {
		m.Owed = append(m.Owed, o.ID)
	}
	for _, key := range b.dedupeKeys(j) {
		found, err := tx.Get(key, &memory{})
		if err != nil {
			return fmt.Errorf("read dedupe key: %w", err)
		}
		if found {
			return errKnown
		}
		if err := tx.Insert(key, m, now.Add(lifecycle.DedupeFor)); err != nil {
			return fmt.Errorf("record dedupe key: %w", err)
		}
	}
	if err := b.attempt(j, d).Record(tx, b.cluster); err != nil {
		return fmt.Errorf("record audit: %w", err)
	}
	return b.writeRest(tx, d)
}

// writeRest records what is owed after a decision, and what else it changes.
func (b *Bot) writeRest(tx lifecycle.Tx, d decision) error {
	if err := b.writeOwed(tx, d.owed); err != nil || d.change == nil {
		return err
	}
	return d.change(tx)
}

// writeOwed records debts.
func (b *Bot) writeOwed(tx lifecycle.Tx, debts []*owed) error {
	for _, o := range debts {
		if err := tx.Insert(b.owedKey(o.ID), o, time.Time{}); err != nil {
			return fmt.Errorf("record what is owed: %w", err)
		}
	}
	return nil
}

// attempt is the audit record of a decided job.
func (b *Bot) attempt(j job.Job, d decision) lifecycle.Attempt {
	return lifecycle.Attempt{
		ID: j.ID, At: b.now(), Who: j.User, What: string(j.Kind), Generation: d.generation,
		Allowed: d.allowed, Outcome: d.outcome, Why: d.why, Ref: j.Ref, Request: d.request, Typed: d.typed,
	}
}

// decide records a decision that changes nothing behind the lifecycle, logs it, and pays what it owes.
func (b *Bot) decide(ctx context.Context, j job.Job, d decision) error {
	err := b.store.Update(ctx, func(tx lifecycle.Tx) error { return b.write(tx, j, d) })
	if err != nil {
		return err
	}
	b.settle(ctx, j, d)
	return nil
}

// operate has the cluster do something, and records what follows from the outcome in the same transaction.
func (b *Bot) operate(
	ctx context.Context, j job.Job, follow func(job.Job, lifecycle.Outcome) decision, do func(lifecycle.Op) (lifecycle.Outcome, error),
) error {
	var d decision
	op := b.op(j)
	op.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		d = follow(j, out)
		return b.write(tx, j, d)
	}
	out, err := do(op)
	switch {
	case err != nil:
		return err
	case out.Known: // the lifecycle knows it, and so do we unless a crash came between
		return b.decide(ctx, j, follow(j, out))
	}
	b.settle(ctx, j, d)
	return nil
}

// settle follows a recorded decision: one log line, then the debts its recorder holds the claims of.
func (b *Bot) settle(ctx context.Context, j job.Job, d decision) {
	b.attempt(j, d).Log(b.logger(ctx))
	for _, o := range d.owed {
		b.pay(ctx, o)
	}
	b.draw(ctx)
}
