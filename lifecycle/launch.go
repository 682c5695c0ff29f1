package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// launchWithin is how long after the recorded launch time RunJobFlow may still be called.
	launchWithin = 20 * time.Second
	// recordWithin is how long its answer may take to be recorded, even when the caller has gone.
	recordWithin = 5 * time.Second
)

// launch calls RunJobFlow once for the LAUNCHING that the caller itself has just recorded, and
// records what came of it. Whatever cannot be recorded here is found by the tick.
func (l *Local) launch(ctx context.Context, out Outcome) (Outcome, error) {
	s := out.State.Session
	id, err := l.runJobFlow(ctx, s)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer cancel()
	var refusal *Refusal
	answered := func(row Row) Row { return row.unsure() }
	switch {
	case errors.As(err, &refusal):
		out.Result, out.Refusal = Refused, refusal
		answered = func(row Row) Row { return row.refused(refusal, l.now()) }
	case err == nil && id != "":
		answered = func(row Row) Row { return row.adopted(id, l.now()) }
	default:
		l.log.Warn().Err(err).Int64("generation", s.Generation).Msg("launch got no clear answer")
	}
	row, mine, err := l.answer(ctx, s.Generation, answered)
	if err != nil {
		l.log.Error().Err(err).Str("emr_id", id).Int64("generation", s.Generation).Msg("record launch")
		return out, nil // LAUNCHING is recorded, and the tick adopts what was launched
	}
	m := memory{row: row}
	m.watch.ListedAt, m.launches.Took = out.State.ListedAt, out.State.Launches
	out.State = l.state(m)
	l.afterLaunch(ctx, row, id, mine)
	return out, nil
}

// runJobFlow launches within the time the recorded launch leaves.
func (l *Local) runJobFlow(ctx context.Context, s Session) (string, error) {
	left := s.LaunchedAt.Add(launchWithin).Sub(l.now())
	if left <= 0 {
		return "", errors.New("too late to launch")
	}
	ctx, cancel := context.WithTimeout(ctx, min(left, launchWithin))
	defer cancel()
	return l.emr.Launch(ctx, Launch{Generation: s.Generation, Requester: s.Starter})
}

// answer records RunJobFlow's outcome, unless the session has moved on meanwhile.
func (l *Local) answer(ctx context.Context, generation int64, change func(Row) Row) (row Row, mine bool, err error) {
	err = l.store.Update(ctx, func(tx Tx) error {
		before, err := l.rowIn(tx)
		if err != nil {
			return err
		}
		row, mine = before, before.Phase == Launching && before.Generation == generation
		if !mine {
			return nil
		}
		row = change(before)
		return l.putRow(tx, before, &row)
	})
	if err != nil {
		err = fmt.Errorf("record answer to launch: %w", err)
	}
	return row, mine, err
}

// afterLaunch does what the answer demands: a noted stop, or the end of a cluster that came too late.
func (l *Local) afterLaunch(ctx context.Context, row Row, id string, mine bool) {
	var err error
	switch {
	case mine && row.Phase == Stopping:
		err = l.end(ctx, row, nil)
	case !mine && id != "" && row.cluster() != id:
		err = l.endOrphan(ctx, row, id)
	}
	if err != nil {
		l.log.Warn().Err(err).Str("emr_id", id).Msg("act after launch; the tick repeats it")
	}
}

// unsure is the row whose launch got no clear answer.
func (r Row) unsure() Row {
	r.Session.Unsure = true
	return r
}

// refused is the row after EMR's definite no.
func (r Row) refused(no *Refusal, now time.Time) Row {
	return r.down(End{Code: EndRefused, Message: no.Message, Details: []ErrorDetail{{Code: no.Code, Message: no.Message}}}, now)
}

// down is the row of a session that is over.
func (r Row) down(e End, now time.Time) Row {
	r.Phase = Down
	r.Session.EndedAt, r.Session.End = now, &e
	r.Session.Unsure, r.Session.Trouble = false, ""
	return r
}
