package lifecycle

import (
	"context"
	"slices"
	"time"
)

// A start goes on only with a listing that began this recently.
const listingFresh = 2 * time.Minute

// Start launches the cluster, or joins the session there is.
func (l *Local) Start(ctx context.Context, in StartInput) (Outcome, error) {
	if in.ID == "" {
		return Outcome{}, errNoOp
	}
	if out, known, err := l.known(ctx, in.Op); err != nil || known {
		return out, err
	}
	m, err := l.read(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if m.row.V > rowVersion {
		return Outcome{}, ErrNewer
	}
	result, _ := l.startOn(in, m.row.settled(), l.now())
	if result != Launched {
		return l.operate(ctx, in.Op, l.startWithout(in, Unclean))
	}
	listedAt, clean := l.listed(ctx, m)
	if !clean {
		return l.operate(ctx, in.Op, l.startWithout(in, Unclean))
	}
	wait, err := l.takeSlot(ctx)
	if err != nil {
		return Outcome{}, err
	}
	if wait > 0 {
		return Outcome{Result: Paced, State: l.state(m), RetryAfter: wait}, nil
	}
	return l.startNow(ctx, in, listedAt)
}

// startNow records LAUNCHING and, as the writer of it, launches.
func (l *Local) startNow(ctx context.Context, in StartInput, listedAt time.Time) (Outcome, error) {
	out, err := l.operate(ctx, in.Op, func(row Row, now time.Time) (Result, Row) {
		result, after := l.startOn(in, row, now)
		if result == Launched && !fresh(listedAt, now) {
			return Unclean, row
		}
		return result, after
	})
	if err != nil || out.Known || out.Result != Launched {
		return out, err
	}
	return l.launch(ctx, out)
}

// fresh says whether a listing is recent. One from the future was dated by a wrong clock and may be old.
func fresh(listedAt, now time.Time) bool { return now.Sub(listedAt).Abs() <= listingFresh }

// startWithout decides a start that may join but has no leave to launch.
func (l *Local) startWithout(in StartInput, instead Result) verdict {
	return func(row Row, now time.Time) (Result, Row) {
		result, after := l.startOn(in, row, now)
		if result == Launched {
			return instead, row
		}
		return result, after
	}
}

// startOn decides a start on a row.
func (l *Local) startOn(in StartInput, row Row, now time.Time) (Result, Row) {
	switch stale := in.stale(row); {
	case row.joinable():
		return Joined, row.with(in.By)
	case stale:
		return OutOfDate, row
	case row.live():
		return ShuttingDown, row
	}
	length := in.Length
	if length == 0 {
		length = l.set.Lease.Default
	}
	if length <= 0 || length > l.set.Lease.Max {
		return BadLength, row
	}
	w := Wish{Op: in.ID, By: in.By, Purpose: in.Purpose, Length: length, Using: []string{in.By}, Since: now}
	if row.Wish != nil { // whoever waited for the launch that was given up gets this one
		w.Using = merged(w.Using, row.Wish.Using)
	}
	return Launched, row.launching(w, now)
}

// joinable says whether a person can join: there is a session and nobody is ending it.
func (r Row) joinable() bool {
	return (r.Phase == Launching || r.Phase == Up) && r.Session.Stop == nil && !r.Leaving()
}

// Leaving says whether EMR is ending a session that nobody here ends: it failed, or somebody outside ended it.
// Which of them is known when it is over.
func (r Row) Leaving() bool { return r.Phase == Up && r.Session.EMRState == EMRTerminating }

// with adds a person to those using the session.
func (r Row) with(person string) Row {
	r.Session.Using = merged(r.Session.Using, []string{person})
	return r
}

func merged(people, more []string) []string {
	people = slices.Clone(people)
	for _, p := range more {
		if p != "" && !slices.Contains(people, p) {
			people = append(people, p)
		}
	}
	return people
}

// launching is the row of a new session that fulfils a wish.
func (r Row) launching(w Wish, now time.Time) Row {
	r.Phase, r.Wish = Launching, nil
	r.Generation++
	r.Session = Session{
		Generation: r.Generation, Op: w.Op, Starter: w.By, Purpose: w.Purpose, Length: w.Length, Using: merged(nil, w.Using),
		LaunchedAt: now, Attempt: w.Attempts + 1, Since: w.Since, LeaseEnd: now.Add(w.Length),
	}
	return r
}

// listed says when a listing began that shows no live cluster of ours but the recorded one. It makes
// one unless a recent one says so already.
func (l *Local) listed(ctx context.Context, m memory) (time.Time, bool) {
	if fresh(m.watch.ListedAt, l.now()) && m.watch.clean() {
		return m.watch.ListedAt, true
	}
	listing, err := takeListing(ctx, l.emr, l.now, l.patience.insist) // a person waits for it
	if err != nil {
		l.log.Warn().Err(err).Msg("start without a listing is refused")
		return time.Time{}, false
	}
	s, err := l.look(ctx, listing, m, l.now())
	if err != nil {
		l.log.Warn().Err(err).Msg("look at EMR")
	}
	w := s.watch(m, m.watch.TickedAt)
	w.Newer = m.watch.Newer // two ticks must see one of a newer generation, and this is none
	if err := l.remember(ctx, w); err != nil {
		l.log.Warn().Err(err).Msg("remember listing")
	}
	return listing.BeganAt, s.clean(m.row)
}

// Join adds a person to those using the session.
func (l *Local) Join(ctx context.Context, in JoinInput) (Outcome, error) {
	return l.operate(ctx, in.Op, func(row Row, _ time.Time) (Result, Row) {
		switch {
		case in.stale(row) || !row.live():
			return OutOfDate, row
		case !row.joinable():
			return ShuttingDown, row
		case slices.Contains(row.Session.Using, in.By):
			return NothingToDo, row
		}
		return Joined, row.with(in.By)
	})
}
