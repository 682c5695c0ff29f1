package usecase

import (
	"context"
	"fmt"
	"time"

	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/typed"
	"showtime/lifecycle"
)

// queuedFor is how long a start that found no launch slot is tried again.
const queuedFor = 10 * time.Minute

// owedStart is a start that waits for a launch slot.
type owedStart struct {
	Job     job.Job       `json:"job"`
	Length  time.Duration `json:"length"`
	Purpose string        `json:"purpose,omitempty"`
	Until   time.Time     `json:"until"`
}

// start launches the cluster, or joins the session there is.
func (b *Bot) start(ctx context.Context, j job.Job) error {
	length, err := typed.Hours(j.Hours)
	if err != nil {
		return b.refuse(ctx, j, refusal{why: "bad-length", words: blocks.BadHours()})
	}
	in := lifecycle.StartInput{Op: b.op(j), Length: length, Purpose: typed.Line(j.Purpose)}
	var d decision
	in.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		d = b.started(j, out)
		d.typed = in.Purpose
		return b.write(tx, j, d)
	}
	out, err := b.manager.Start(ctx, in)
	switch {
	case err != nil:
		return err
	case out.Result == lifecycle.Paced:
		return b.queueStart(ctx, j, in)
	case out.Known:
		return b.decide(ctx, j, b.started(j, out))
	}
	b.settle(ctx, j, d)
	return nil
}

// op is a job as an operation on the cluster.
func (b *Bot) op(j job.Job) lifecycle.Op {
	return lifecycle.Op{ID: j.ID, Generation: j.Generation, By: j.User, At: j.At}
}

// started is the decision that follows a start's outcome.
func (b *Bot) started(j job.Job, out lifecycle.Outcome) decision {
	if out.Result == lifecycle.OutOfDate {
		return b.outdated(j)
	}
	d := decision{allowed: true, outcome: string(out.Result), generation: out.State.Generation}
	a := b.startAnswer(j, out)
	switch out.Result {
	case lifecycle.Launched, lifecycle.Refused:
		d.outcome, a.Launch = string(lifecycle.Launched), j.ID
		d.change = func(tx lifecycle.Tx) error { return b.wantCard(tx, out.State.Generation) }
	case lifecycle.Joined:
	default:
		d.allowed, d.outcome, d.why = false, "refused", string(out.Result)
	}
	d.owed = append(d.owed, b.oweSay(j, "say", a))
	return d
}

// startAnswer says what became of a start. The phrase is answered where it was said, with its joke.
func (b *Bot) startAnswer(j job.Job, out lifecycle.Outcome) answer {
	switch out.Result {
	case lifecycle.Launched, lifecycle.Joined, lifecycle.Refused:
		if j.Source == job.Phrase {
			return b.replyInThread(j, blocks.PhraseStart(out.Result == lifecycle.Joined))
		}
		line := blocks.Started()
		switch {
		case out.Result == lifecycle.Joined && out.State.Phase == lifecycle.Launching:
			line = blocks.JoinedLaunch(out.State, b.now())
		case out.Result == lifecycle.Joined:
			line = blocks.JoinedSession()
		}
		return b.replyPanel(j, line.Text)
	case lifecycle.ShuttingDown:
		return b.reply(j, blocks.ShuttingDown())
	case lifecycle.BadLength:
		return b.reply(j, blocks.BadLength(out.State.Limits))
	default:
		return b.reply(j, blocks.Unclean(j.Ref))
	}
}

// queueStart remembers a start that got no launch slot; the tick tries it again.
func (b *Bot) queueStart(ctx context.Context, j job.Job, in lifecycle.StartInput) error {
	wait := b.owe(j, "start")
	wait.Start = &owedStart{Job: j, Length: in.Length, Purpose: in.Purpose, Until: b.now().Add(queuedFor)}
	wait.Claim.done() // nothing to try before the next tick
	return b.decide(ctx, j, decision{
		allowed: true, outcome: "queued", why: "paced", generation: j.Generation, typed: in.Purpose,
		owed: []*owed{wait, b.oweSay(j, "say", b.reply(j, blocks.Queued()))},
	})
}

// payStart tries a queued start again, until it has waited too long.
func (b *Bot) payStart(ctx context.Context, o *owed) error {
	s := o.Start
	if b.now().After(s.Until) {
		return b.dropStart(ctx, o)
	}
	in := lifecycle.StartInput{Op: b.op(s.Job), Length: s.Length, Purpose: s.Purpose}
	var d decision
	in.Record = func(tx lifecycle.Tx, out lifecycle.Outcome) error {
		d = b.started(s.Job, out)
		return b.writeLater(tx, o, d)
	}
	out, err := b.manager.Start(ctx, in)
	switch {
	case err != nil:
		return err
	case out.Result == lifecycle.Paced:
		return errLater
	case out.Known:
		return nil
	}
	b.settle(ctx, s.Job, d)
	return nil
}

// dropStart gives a queued start up and says so.
func (b *Bot) dropStart(ctx context.Context, o *owed) error {
	j := o.Start.Job
	d := decision{outcome: "given-up", why: "paced", generation: j.Generation}
	d.owed = append(d.owed, b.oweSay(j, "say", b.reply(j, blocks.QueuedTooLong())))
	err := b.store.Update(ctx, func(tx lifecycle.Tx) error { return b.writeLater(tx, o, d) })
	if err != nil {
		return err
	}
	b.settle(ctx, j, d)
	return nil
}

// writeLater records what became of a job that was decided as "wait": an act of Showtime's own with its
// audit record, and the wait is over. Somebody who has taken the debt over meanwhile decides instead.
func (b *Bot) writeLater(tx lifecycle.Tx, o *owed, d decision) error {
	var stored owed
	found, err := tx.Get(b.owedKey(o.ID), &stored)
	if err != nil {
		return fmt.Errorf("read queued start: %w", err)
	}
	if !found || !stored.Claim.mine(o.Claim.Token) {
		return errKnown
	}
	for _, debt := range d.owed {
		debt.ID += "-later" // the first answer may still be owed
	}
	a := b.attempt(o.Start.Job, d)
	a.ID, a.What = a.ID+"-later", "queued-start"
	if err := a.Record(tx, b.cluster); err != nil {
		return err
	}
	if err := tx.Delete(b.owedKey(o.ID)); err != nil {
		return err
	}
	return b.writeRest(tx, d)
}
