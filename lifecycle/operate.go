package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"
)

// opRecord remembers what became of an operation.
type opRecord struct {
	V          int       `json:"v"`
	Result     Result    `json:"result"`
	Generation int64     `json:"generation"`
	At         time.Time `json:"at"`
}

var (
	errKnownOp = errors.New("operation is known")
	errNoOp    = errors.New("operation has no id")
)

func (l *Local) opKey(id string) Key { return DedupeKey(l.set.Name, "op/"+id) }

// verdict decides an operation on a row: the result, and the row it leaves. It must be pure.
type verdict func(row Row, now time.Time) (Result, Row)

// operate records one operation: its result, the row it changes and what the caller must remember
// become true together. A known id changes nothing.
func (l *Local) operate(ctx context.Context, op Op, decide verdict) (Outcome, error) {
	if op.ID == "" {
		return Outcome{}, errNoOp
	}
	m, err := l.read(ctx)
	if err != nil {
		return Outcome{}, err
	}
	var out Outcome
	err = l.store.Update(ctx, func(tx Tx) error {
		var err error
		out, err = l.operateIn(tx, m, op, decide)
		return err
	})
	switch {
	case errors.Is(err, errKnownOp):
		return l.answerKnown(ctx, op)
	case errors.Is(err, ErrExists):
		if known, kerr := l.answerKnown(ctx, op); kerr == nil {
			return known, nil
		}
		return Outcome{}, err // it was the caller's own record
	case err != nil:
		return Outcome{}, fmt.Errorf("record operation: %w", err)
	}
	return out, nil
}

func (l *Local) operateIn(tx Tx, m memory, op Op, decide verdict) (Outcome, error) {
	var known opRecord
	if found, err := tx.Get(l.opKey(op.ID), &known); err != nil {
		return Outcome{}, fmt.Errorf("read operation: %w", err)
	} else if found {
		return Outcome{}, errKnownOp
	}
	before, err := l.rowIn(tx)
	if err != nil {
		return Outcome{}, err
	}
	now := l.now()
	result, after := decide(before, now)
	if !reflect.DeepEqual(before, after) {
		if err := l.putRow(tx, before, &after); err != nil {
			return Outcome{}, err
		}
	}
	record := opRecord{V: 1, Result: result, Generation: after.Generation, At: now}
	if err := tx.Insert(l.opKey(op.ID), record, now.Add(DedupeFor)); err != nil {
		return Outcome{}, fmt.Errorf("remember operation: %w", err)
	}
	m.row = after
	out := Outcome{Result: result, State: l.state(m)}
	if op.Record == nil {
		return out, nil
	}
	return out, op.Record(tx, out)
}

// known answers an operation whose result is recorded, if it is.
func (l *Local) known(ctx context.Context, op Op) (Outcome, bool, error) {
	var record opRecord
	found, err := l.store.Get(ctx, l.opKey(op.ID), &record)
	if err != nil || !found {
		return Outcome{}, false, err
	}
	state, err := l.State(ctx)
	if err != nil {
		return Outcome{}, false, err
	}
	out := Outcome{Result: record.Result, State: state, Known: true}
	// EMR's no came after the launch had been recorded.
	if s := state.Session; record.Result == Launched && s.Op == op.ID && s.End != nil && s.End.Code == EndRefused {
		out.Result, out.Refusal = Refused, refusalOf(s.End)
	}
	return out, true, nil
}

func (l *Local) answerKnown(ctx context.Context, op Op) (Outcome, error) {
	out, found, err := l.known(ctx, op)
	if err == nil && !found {
		err = errNoOp
	}
	return out, err
}

func refusalOf(e *End) *Refusal {
	r := &Refusal{Message: e.Message}
	if len(e.Details) > 0 {
		r.Code = e.Details[0].Code
	}
	return r
}

// stale says that an operation is meant for another session.
func (op Op) stale(row Row) bool {
	return op.Generation != AnyGeneration && op.Generation != row.Generation
}
