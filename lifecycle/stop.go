package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Stop begins the end of a session, or notes it for a launch that is not adopted yet.
func (l *Local) Stop(ctx context.Context, in StopInput) (Outcome, error) {
	out, err := l.operate(ctx, in.Op, func(row Row, now time.Time) (Result, Row) { return stopOn(in, row, now) })
	if err != nil || out.Known || out.Result != StopBegun {
		return out, err
	}
	if err := l.end(ctx, out.State.Row, nil); err != nil {
		l.log.Warn().Err(err).Str("emr_id", out.State.Session.EMRID).Msg("end cluster; the tick repeats it")
	}
	return out, nil
}

// stopOn decides a stop on a row. A launch that is to be repeated is not repeated after a stop.
func stopOn(in StopInput, row Row, now time.Time) (Result, Row) {
	stop := Stop{By: in.By, Why: in.Why, At: now, Op: in.ID, Request: in.Request, Approver: in.Approver, Reason: in.Reason}
	switch {
	case in.stale(row):
		return OutOfDate, row
	case row.Phase == Up:
		return StopBegun, row.stopping(stop)
	case row.Phase == Launching && row.Session.Stop == nil:
		row.Session.Stop = &stop
		return StopNoted, row
	}
	row.Wish = nil
	return NothingToDo, row
}

// stopping is the row of a session whose end has begun.
func (r Row) stopping(s Stop) Row {
	r.Phase = Stopping
	r.Session.Stop, r.Session.StopBegunAt = &s, s.At
	return r
}

// end asks EMR to end the recorded cluster, once its tags are verified. It may be repeated at will.
// seen is EMR's word on it, if it was asked just now.
func (l *Local) end(ctx context.Context, row Row, seen *Cluster) error {
	id := row.Session.EMRID
	if seen == nil {
		c, err := l.emr.Describe(ctx, id)
		switch {
		case errors.Is(err, ErrDenied):
			return l.trouble(ctx, row)
		case err != nil:
			return fmt.Errorf("describe cluster to end it: %w", err)
		}
		seen = &c
	}
	if Ended(seen.State) {
		return nil
	}
	if t := l.tagged(*seen); !t.Ours || t.Generation != row.Session.Generation {
		return l.trouble(ctx, row)
	}
	return l.terminate(ctx, *seen)
}

// terminate lifts the protection and asks for the end of one cluster.
func (l *Local) terminate(ctx context.Context, c Cluster) error {
	if c.Protected {
		if err := l.emr.Unprotect(ctx, c.ID); err != nil {
			return fmt.Errorf("lift termination protection: %w", err)
		}
	}
	if err := l.emr.Terminate(ctx, c.ID); err != nil {
		return fmt.Errorf("terminate cluster: %w", err)
	}
	return nil
}

// trouble records that the recorded cluster does not carry our tags, and says so once.
func (l *Local) trouble(ctx context.Context, row Row) error {
	_, err := l.take(ctx, func(fresh Row, _ time.Time) (step, bool) {
		same := fresh.live() && fresh.Session.EMRID == row.Session.EMRID && fresh.Session.Trouble == ""
		fresh.Session.Trouble = TroubleTags
		return step{what: "tags", why: TroubleTags, alarm: AlarmTags, row: fresh}, same
	})
	return err
}

// endOrphan ends a live cluster of ours that no session knows, after verifying its tags afresh.
func (l *Local) endOrphan(ctx context.Context, row Row, id string) error {
	c, err := l.emr.Describe(ctx, id)
	if err != nil {
		return fmt.Errorf("describe orphan: %w", err)
	}
	if t := l.tagged(c); !t.Ours || t.Generation > row.Generation || Ended(c.State) || id == row.cluster() {
		return nil
	}
	if err := l.tellOrphan(ctx, row, id); err != nil {
		return err
	}
	return l.terminate(ctx, c)
}

// tellOrphan records and alarms an orphan the first time.
func (l *Local) tellOrphan(ctx context.Context, row Row, id string) error {
	a := l.attempt(step{what: "orphan", outcome: "ended", row: row}, l.now())
	a.ID, a.EMRID = "orphan-"+id, id
	u := unsaid{Kind: AlarmOrphan, Detail: fmt.Sprintf("%s: EMR cluster %s belongs to no session and is ended", l.set.Name, id)}
	fresh := true
	err := l.store.Update(ctx, func(tx Tx) error {
		var told bool
		key := DedupeKey(l.set.Name, "orphan/"+id)
		found, err := tx.Get(key, &told)
		if fresh = !found; err != nil || found {
			return err
		}
		if err := tx.Insert(key, true, a.At.Add(DedupeFor)); err != nil {
			return err
		}
		return errors.Join(l.alarmIn(tx, a.ID, u), a.Record(tx, l.set.Name))
	})
	switch {
	case errors.Is(err, ErrExists): // another tick tells
		return nil
	case err != nil:
		return fmt.Errorf("record orphan: %w", err)
	case fresh:
		a.Log(&l.log)
		l.raise(ctx, map[string]unsaid{a.ID: u})
	}
	return nil
}
