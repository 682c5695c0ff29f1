package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxSteps bounds the steps of one poke; the next tick goes on.
const maxSteps = 8

// Poke looks at EMR now and does what is due. It carries no orders, and may be repeated at will.
func (l *Local) Poke(ctx context.Context) error {
	listing, err := TakeListing(ctx, l.emr, l.patience)
	if err != nil {
		return errors.Join(Fault(err), l.PokeBlind(ctx))
	}
	return l.PokeWith(ctx, listing)
}

// Fault is a listing's error, nil where EMR was left alone on purpose: nothing has failed then.
func Fault(err error) error {
	if errors.Is(err, errHeld) {
		return nil
	}
	return err
}

// PokeBlind does what time alone demands while EMR cannot be listed: a lease ends nevertheless. An
// empty sight proves nothing, so no launch is adopted, given up or repeated, and the watch stays as it was.
func (l *Local) PokeBlind(ctx context.Context) error {
	m, err := l.remembered(ctx)
	if err != nil {
		return err
	}
	l.raise(ctx, m.alarms.Unsaid)
	s, faults := l.look(ctx, Listing{}, m, m.row.Session.LaunchedAt)
	if m.row, err = l.steps(ctx, m.row, s); err != nil {
		return errors.Join(faults, err)
	}
	return errors.Join(faults, l.ends(ctx, m.row, s), l.ticked(ctx))
}

// remembered reads what a poke starts from, unless a newer build wrote it.
func (l *Local) remembered(ctx context.Context) (memory, error) {
	m, err := l.read(ctx)
	if err == nil && m.row.V > rowVersion {
		err = ErrNewer
	}
	m.row = m.row.settled()
	return m, err
}

// PokeWith does what is due by a listing that was taken just now, before anything else is read.
func (l *Local) PokeWith(ctx context.Context, listing Listing) error {
	m, err := l.remembered(ctx)
	if err != nil {
		return err
	}
	l.raise(ctx, m.alarms.Unsaid)
	s, faults := l.look(ctx, listing, m, m.row.Session.LaunchedAt)
	if m.row, err = l.steps(ctx, m.row, s); err != nil {
		return errors.Join(faults, err)
	}
	faults = errors.Join(faults, l.ends(ctx, m.row, s))
	return errors.Join(faults, l.remember(ctx, s.watch(m, l.now())))
}

// steps takes one step after the other until nothing is due.
func (l *Local) steps(ctx context.Context, row Row, s sight) (Row, error) {
	for range maxSteps {
		st := next(row, s, l.now())
		if st.none() {
			return row, nil
		}
		if st.what == relaunchStep {
			return l.relaunch(ctx, row, s)
		}
		var err error
		if row, err = l.take(ctx, again(s, st.what)); err != nil {
			return row, err
		}
	}
	return row, nil
}

// again decides a step afresh on the row as it is when it is recorded.
func again(s sight, what string) func(Row, time.Time) (step, bool) {
	return func(row Row, now time.Time) (step, bool) {
		st := next(row, s, now)
		return st, st.what == what
	}
}

// relaunch repeats a launch that was given up, if there is a slot; the writer of LAUNCHING launches.
func (l *Local) relaunch(ctx context.Context, row Row, s sight) (Row, error) {
	wait, err := l.takeSlot(ctx)
	if err != nil || wait > 0 {
		return row, err
	}
	wrote := false
	decide := again(s, relaunchStep)
	row, err = l.take(ctx, func(row Row, now time.Time) (step, bool) {
		st, ok := decide(row, now)
		wrote = ok
		return st, ok
	})
	if err != nil || !wrote {
		return row, err
	}
	out, err := l.launch(ctx, Outcome{Result: Launched, State: State{Row: row}})
	return out.State.Row, err
}

// take records a step if it is still due, with its audit, and gives the row as it then is.
func (l *Local) take(ctx context.Context, due func(Row, time.Time) (step, bool)) (Row, error) {
	var row Row
	var st step
	var a Attempt
	taken := false
	err := l.store.Update(ctx, func(tx Tx) error {
		before, err := l.rowIn(tx)
		if err != nil {
			return err
		}
		row, taken = before, false
		now := l.now()
		if st, taken = due(before, now); !taken {
			return nil
		}
		row = st.row
		a, err = l.takeIn(tx, before, &row, st, now)
		return err
	})
	if err != nil {
		return row, fmt.Errorf("record step: %w", err)
	}
	if taken {
		l.tell(ctx, st, a)
	}
	return row, nil
}

func (l *Local) takeIn(tx Tx, before Row, row *Row, st step, now time.Time) (Attempt, error) {
	if st.closed != nil {
		if err := l.putHistory(tx, *st.closed); err != nil {
			return Attempt{}, err
		}
	}
	if err := l.putRow(tx, before, row); err != nil {
		return Attempt{}, err
	}
	if st.took > 0 {
		if err := l.putLaunch(tx, st.took); err != nil {
			return Attempt{}, err
		}
	}
	if st.quiet {
		return Attempt{}, nil
	}
	st.row = *row
	a := l.attempt(st, now)
	if st.alarm != "" {
		if err := l.alarmIn(tx, a.ID, l.unsaid(st)); err != nil {
			return Attempt{}, err
		}
	}
	return a, a.Record(tx, l.set.Name)
}

// putLaunch remembers how long a launch took, for the next one's estimate.
func (l *Local) putLaunch(tx Tx, took time.Duration) error {
	var past launches
	if _, err := tx.Get(l.key(launchesRecord), &past); err != nil {
		return fmt.Errorf("read launch durations: %w", err)
	}
	past.V, past.Took = 1, append(past.Took, took)
	past.Took = past.Took[max(0, len(past.Took)-keepLaunches):]
	return tx.Put(l.key(launchesRecord), past)
}

// attempt is the audit record of a step nobody asked for.
func (l *Local) attempt(st step, now time.Time) Attempt {
	outcome := st.outcome
	if outcome == "" {
		outcome = st.what
	}
	return Attempt{
		ID: fmt.Sprintf("%s-%d-%d", st.what, st.row.Generation, st.row.Revision), At: now, Who: Self, What: st.what,
		Generation: st.row.Generation, Allowed: true, Outcome: outcome, Why: st.why, EMRID: st.row.Session.EMRID,
		Ref: l.ref(st.row.Session.Op),
	}
}

// tell repeats a recorded step in the log and to the operators.
func (l *Local) tell(ctx context.Context, st step, a Attempt) {
	if a.ID != "" {
		a.Log(&l.log)
	}
	if st.alarm != "" {
		l.raise(ctx, map[string]unsaid{a.ID: l.unsaid(st)})
	}
}

// unsaid is the alarm that a step demands.
func (l *Local) unsaid(st step) unsaid {
	return unsaid{Kind: st.alarm, Detail: fmt.Sprintf("%s session %d: %s", l.set.Name, st.row.Generation, st.what)}
}

// ends asks for the end of whatever must not run: the stopping one, and orphans. That a mere look is held
// back keeps nothing from ending.
func (l *Local) ends(ctx context.Context, row Row, s sight) error {
	var faults []error
	if failed := s.failed[row.Session.EMRID]; row.Phase == Stopping && (failed == nil || errors.Is(failed, errHeld)) {
		var seen *Cluster
		if c, asked := s.asked[row.Session.EMRID]; asked {
			seen = &c
		}
		faults = append(faults, l.end(ctx, row, seen))
	}
	for _, id := range s.orphans(row) {
		faults = append(faults, l.endOrphan(ctx, row, id))
	}
	return errors.Join(faults...)
}
