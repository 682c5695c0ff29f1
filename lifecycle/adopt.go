package lifecycle

import "time"

// adopted is the row of a launch whose cluster is known. A stop that was noted begins now.
func (r Row) adopted(id string, now time.Time) Row {
	r.Phase = Up
	r.Session.EMRID, r.Session.Unsure = id, false
	if noted := r.Session.Stop; noted != nil {
		r = r.stopping(*noted)
		r.Session.StopBegunAt = now
	}
	return r
}

// replaced is the row whose session is a cluster of a newer generation than it knew.
func (r Row) replaced(c Summary, s sight, now time.Time) Row {
	t := s.tags[c.ID]
	launched := c.CreatedAt
	if launched.IsZero() || launched.After(now) {
		launched = now
	}
	r.Phase, r.Generation, r.Wish = Up, t.Generation, nil
	r.Session = Session{
		Generation: t.Generation, Starter: t.Requester, Using: merged(nil, []string{t.Requester}), Length: s.set.Lease.Default,
		LaunchedAt: launched, Since: launched, Attempt: 1, EMRID: c.ID, LeaseEnd: launched.Add(s.set.Lease.Default),
	}
	if r.Session.LeaseEnd.Before(now.Add(s.set.Lease.Grace)) {
		r.Session.GraceUntil, r.Session.GraceWhy = now.Add(s.set.Lease.Grace), GraceLate
	}
	return r
}
