package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// tagLag is how much older than a launch a cluster must be for a denied look at its tags to prove
// that it is none of that launch's.
const tagLag = time.Minute

// sight is what one listing, and the few questions it raised, say about the cluster.
type sight struct {
	set      Settings
	listedAt time.Time
	lastTick time.Time
	listed   map[string]Summary // live, of our name or recorded
	asked    map[string]Cluster // described just now
	failed   map[string]error   // describing failed
	tags     map[string]tags    // of the listed
	recorded string             // the recorded id when it looked
	blind    []string           // of our name, since the launch, and cannot be described
	newer    []string           // seen before in a newer generation
	missed   int                // listings in a row that did not show the recorded one
}

// look asks EMR about what the listing shows and nobody knows yet. since is the launch before which
// a cluster that may not be described is none of ours.
func (l *Local) look(ctx context.Context, listing Listing, m memory, since time.Time) (sight, error) {
	s := sight{
		set: l.set, listedAt: listing.BeganAt, lastTick: m.watch.TickedAt,
		listed: map[string]Summary{}, asked: map[string]Cluster{}, failed: map[string]error{}, tags: map[string]tags{},
	}
	recorded := m.row.Session.EMRID
	s.recorded = recorded
	for _, c := range listing.Clusters {
		if (c.Name == l.set.Name || c.ID == recorded && recorded != "") && !Ended(c.State) {
			s.listed[c.ID] = c
		}
	}
	for _, id := range sortedIDs(s.listed) {
		known, cached := m.watch.Tags[id]
		if cached {
			s.tags[id] = known
		}
		if !cached || id == recorded && (!m.row.live() || s.mustAsk(m.row)) {
			l.ask(ctx, &s, id, since)
		}
	}
	if _, listed := s.listed[recorded]; recorded != "" && !listed && m.row.live() {
		l.ask(ctx, &s, recorded, since)
	}
	if m.watch.ListedAt.Before(listing.BeganAt) { // the same listing is no second sighting
		s.newer = m.watch.Newer
	}
	s.countMissed(m)
	return s, s.faults()
}

func sortedIDs(listed map[string]Summary) []string {
	ids := make([]string, 0, len(listed))
	for id := range listed {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// mustAsk says whether the listing leaves something open about the recorded cluster.
func (s sight) mustAsk(row Row) bool {
	r := row.Session
	seen := s.listed[r.EMRID]
	return row.Phase == Stopping || r.Trouble != "" || seen.State != r.EMRState ||
		r.MasterDNS == "" && seen.State != EMRStarting
}

func (l *Local) ask(ctx context.Context, s *sight, id string, since time.Time) {
	var c Cluster
	err := l.patience.ask(describeCluster, func() (err error) {
		c, err = l.emr.Describe(ctx, id)
		return err
	})
	summary, listed := s.listed[id]
	if err == nil {
		s.asked[id] = c
		if listed {
			s.tags[id] = l.tagged(c)
		}
		return
	}
	s.failed[id] = err
	switch _, cached := s.tags[id]; {
	case !listed || cached:
	case errors.Is(err, ErrDenied) && summary.CreatedAt.Before(since.Add(-tagLag)):
		s.tags[id] = tags{}
	default:
		s.blind = append(s.blind, id)
	}
}

// countMissed counts the listings in a row that do not show the recorded cluster. Listings that
// began within EMR's lag after the launch prove nothing.
func (s *sight) countMissed(m memory) {
	r := m.row.Session
	if _, listed := s.listed[r.EMRID]; listed || !m.row.live() || !s.lagOver(m.row) {
		return
	}
	if m.watch.MissedID == r.EMRID {
		s.missed = m.watch.Missed
	}
	if m.watch.ListedAt.Before(s.listedAt) {
		s.missed++
	}
}

// faults are the failed questions that somebody must hear of; a denial is an answer, and one that was not
// asked has not failed.
func (s sight) faults() error {
	var all []error
	for id, err := range s.failed {
		if !errors.Is(err, ErrDenied) && !errors.Is(err, ErrUnknownCluster) && !errors.Is(err, errHeld) {
			all = append(all, fmt.Errorf("describe cluster %s: %w", id, err))
		}
	}
	return errors.Join(all...)
}

// ours gives the live clusters of ours, the oldest first.
func (s sight) ours() []Summary {
	var all []Summary
	for id, c := range s.listed {
		if t := s.tags[id]; t.Ours && t.Generation > 0 {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Summary) int {
		if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return all
}

// others are the live clusters of ours that are not the recorded one, unreadable generations included.
func (s sight) others(row Row) []string {
	var ids []string
	for _, id := range sortedIDs(s.listed) {
		if c, asked := s.asked[id]; asked && Ended(c.State) {
			continue // the listing was late
		}
		if s.tags[id].Ours && id != row.cluster() {
			ids = append(ids, id)
		}
	}
	return ids
}

// clean says whether nothing stands in the way of a launch.
func (s sight) clean(row Row) bool { return len(s.blind) == 0 && len(s.others(row)) == 0 }

// orphans are live ones of ours that no session knows, of the row's generation or an older one.
func (s sight) orphans(row Row) []string {
	var ids []string
	for _, c := range s.ours() {
		g := s.tags[c.ID].Generation
		candidate := row.Phase == Launching && g == row.Generation
		if c.ID != row.cluster() && g <= row.Generation && !candidate {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// watch is what this sight leaves for the next.
func (s sight) watch(m memory, tickedAt time.Time) watch {
	w := watch{
		TickedAt: tickedAt, ListedAt: s.listedAt, Others: s.others(m.row), Blind: s.blind,
		Tags: s.lasting(m.row), MissedID: s.recorded, Missed: s.missed,
	}
	for _, id := range w.Others {
		if s.tags[id].Generation > m.row.Generation {
			w.Newer = append(w.Newer, id)
		}
	}
	return w
}

// lasting are the tags that need not be asked for again. That it is not ours lasts only for a cluster
// that was there well before the row's launch: a new one's tags may not be readable yet.
func (s sight) lasting(row Row) map[string]tags {
	kept := maps.Clone(s.tags)
	maps.DeleteFunc(kept, func(id string, t tags) bool {
		return !t.Ours && !s.listed[id].CreatedAt.Before(row.Session.LaunchedAt.Add(-tagLag))
	})
	return kept
}
