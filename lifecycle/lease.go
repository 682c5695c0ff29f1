package lifecycle

import (
	"context"
	"time"
)

// lateTick is how long nobody may have looked before a lease end is announced and not enforced.
const lateTick = 10 * time.Minute

// Extend moves the lease's end by a step, up to the cap.
func (l *Local) Extend(ctx context.Context, in ExtendInput) (Outcome, error) {
	return l.operate(ctx, in.Op, func(row Row, now time.Time) (Result, Row) { return extendOn(in, l.set.Lease, row, now) })
}

// extendOn decides an extension on a row. A step that would pass the cap ends at the cap.
func extendOn(in ExtendInput, lease LeaseConfig, row Row, now time.Time) (Result, Row) {
	by := in.Step
	if by == 0 {
		by = lease.Step
	}
	switch {
	case in.stale(row) || !row.live():
		return OutOfDate, row
	case !row.joinable():
		return ShuttingDown, row
	case by < 0:
		return BadLength, row
	}
	s := &row.Session
	from, limit := s.LeaseEnd, s.LaunchedAt.Add(lease.Max)
	if now.After(from) { // in its grace
		from = now
	}
	end := from.Add(by)
	if !in.PastCap && end.After(limit) {
		end = limit
	}
	if !end.After(s.LeaseEnd) || !end.After(now) {
		return PastCap, row
	}
	s.LeaseEnd, s.GraceUntil = end, time.Time{}
	return Extended, row
}

// leaseStep enforces the lease's end. When nobody has looked for long, the end is announced first.
func leaseStep(row Row, s sight, now time.Time) step {
	lease := row.Session
	if now.Before(lease.LeaseEnd) || now.Before(lease.GraceUntil) {
		return step{}
	}
	looked := s.lastTick
	if lease.LaunchedAt.After(looked) {
		looked = lease.LaunchedAt
	}
	if lease.GraceUntil.IsZero() && now.Sub(looked) > lateTick {
		row.Session.GraceUntil = now.Add(s.set.Lease.Grace)
		return step{what: "lease-end-announced", alarm: AlarmLateLease, row: row}
	}
	row = row.stopping(Stop{By: Self, Why: StopLeaseEnd, At: now})
	return step{what: "lease-end", why: string(StopLeaseEnd), outcome: string(StopBegun), row: row}
}
