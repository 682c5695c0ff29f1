package lifecycle

import (
	"context"
	"slices"
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
	s := &row.Session
	switch {
	case in.stale(row) || !row.live():
		return OutOfDate, row
	case !row.joinable():
		return ShuttingDown, row
	case by < 0:
		return BadLength, row
	case !in.From.IsZero() && in.From.UnixMilli() != s.LeaseEnd.UnixMilli(): // as exact as a button carries it
		return NothingToDo, row
	}
	end, ok := extended(*s, lease, by, in.PastCap, now)
	if !ok {
		return PastCap, row
	}
	s.LeaseEnd, s.GraceUntil, s.GraceWhy = end, time.Time{}, ""
	s.Extensions = append(slices.Clone(s.Extensions), Extension{
		By: in.By, At: now, Until: end, Request: in.Request, Approver: in.Approver,
	})
	return Extended, row
}

// extended is where a step moves the lease's end; false when the cap does not let it move.
func extended(s Session, lease LeaseConfig, by time.Duration, pastCap bool, now time.Time) (time.Time, bool) {
	from, limit := s.LeaseEnd, s.LaunchedAt.Add(lease.Max)
	if now.After(from) { // in its grace
		from = now
	}
	end := from.Add(by)
	if !pastCap && end.After(limit) {
		end = limit
	}
	return end, end.After(s.LeaseEnd) && end.After(now)
}

// leaseStep enforces the lease's end. It is announced first when nobody has looked for long, and once
// when EMR shows running steps.
func leaseStep(row Row, s sight, now time.Time) step {
	lease := row.Session
	if now.Before(lease.LeaseEnd) || now.Before(lease.GraceUntil) {
		return step{}
	}
	looked := s.lastTick
	if lease.LaunchedAt.After(looked) {
		looked = lease.LaunchedAt
	}
	if lease.GraceUntil.IsZero() {
		if now.Sub(looked) > lateTick {
			row.Session.GraceUntil, row.Session.GraceWhy = now.Add(s.set.Lease.Grace), GraceLate
			return step{what: "lease-end-announced", alarm: AlarmLateLease, row: row}
		}
		// Counted from the lease's end and not from now, because the cost's upper bound is too.
		if until := lease.LeaseEnd.Add(s.set.Lease.Grace); s.busy(row) && until.After(now) {
			row.Session.GraceUntil, row.Session.GraceWhy = until, GraceSteps
			return step{what: "lease-grace", why: string(GraceSteps), row: row}
		}
	}
	row = row.stopping(Stop{By: Self, Why: StopLeaseEnd, At: now})
	return step{what: "lease-end", why: string(StopLeaseEnd), outcome: string(StopBegun), row: row}
}

// busy says whether EMR shows steps running on the usable cluster.
func (s sight) busy(row Row) bool {
	id := row.Session.EMRID
	state := s.listed[id].State
	if c, asked := s.asked[id]; asked {
		state = c.State
	}
	return !row.Session.ReadyAt.IsZero() && state == EMRRunning
}
