package usecase

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/slackapi"
	"showtime/lifecycle"
)

// newsFor is how long news are worth telling; after it the card alone tells them.
const newsFor = time.Hour

// The kinds of bulletins.
const (
	newsReady  = "ready"
	newsFailed = "failed"
	newsWarn   = "warn"
	newsGrace  = "grace"
)

// news is what has been told of one session in the thread of its card, so that each word is said once.
type news struct {
	V          int      `json:"v"`
	Generation int64    `json:"generation"`
	Told       []string `json:"told,omitempty"`
	// LettingEnd are the people who let it end at the lease end LettingAt and want no more warnings of it.
	LettingEnd []string `json:"letting_end,omitempty"`
	LettingAt  int64    `json:"letting_at,omitempty"` // Unix milliseconds
}

// bulletin is one word for the thread of a session's card, drawn when it is said.
type bulletin struct {
	Kind       string   `json:"kind"`
	Generation int64    `json:"generation"`
	LeaseEnd   int64    `json:"lease_end,omitempty"` // of warnings: when it has moved, they are not said any more
	People     []string `json:"people,omitempty"`
}

func (b *Bot) newsKey() lifecycle.Key { return lifecycle.LiveKey(b.cluster, "news") }

// newsOf reads what has been told of a session.
func (b *Bot) newsOf(get getter, generation int64) (news, error) {
	var n news
	if _, err := get(b.newsKey(), &n); err != nil {
		return n, fmt.Errorf("read news: %w", err)
	}
	switch {
	case n.V > newestVersion:
		return n, lifecycle.ErrNewer
	case n.Generation != generation:
		n = news{Generation: generation}
	}
	n.V = recordVersion
	return n, nil
}

// tellNews owes what the session's people must hear and have not heard, and tries it at once.
func (b *Bot) tellNews(ctx context.Context, state lifecycle.State) error {
	get := func(key lifecycle.Key, into any) (bool, error) { return b.store.Get(ctx, key, into) }
	n, err := b.newsOf(get, state.Generation)
	if err != nil {
		return err
	}
	if _, marks := n.due(state, b.now()); len(marks) == 0 {
		return nil
	}
	var debt *owed
	err = b.store.Update(ctx, func(tx lifecycle.Tx) error {
		debt = nil
		n, err := b.newsOf(tx.Get, state.Generation)
		if err != nil {
			return err
		}
		word, marks := n.due(state, b.now())
		if len(marks) == 0 {
			return nil
		}
		n.Told = append(n.Told, marks...)
		if err := tx.Put(b.newsKey(), n); err != nil || word == nil {
			return err
		}
		debt = b.oweNews(*word, marks[len(marks)-1])
		return b.writeOwed(tx, []*owed{debt})
	})
	if err != nil || debt == nil {
		return err
	}
	b.pay(ctx, debt)
	return nil
}

func (b *Bot) oweNews(word bulletin, mark string) *owed {
	id := "news-" + strconv.FormatInt(word.Generation, 10) + "-" + mark
	o := &owed{V: recordVersion, ID: id, Ref: id, Until: b.now().Add(newsFor), News: &word}
	o.Claim.take(b.token(), b.now())
	return o
}

// due is the one word that is due now, and the marks that are told with it. Of several warnings that are
// due at once only one is said; where nobody wants to hear it, its mark stands alone.
func (n news) due(s lifecycle.State, now time.Time) (*bulletin, []string) {
	e := s.Session
	word := bulletin{Generation: s.Generation}
	recent := func(t time.Time) bool { return !t.IsZero() && now.Sub(t) < newsFor }
	switch {
	case blocks.WentWrong(s) && recent(e.EndedAt) && n.untold(newsFailed):
		word.Kind = newsFailed
		return &word, []string{newsFailed}
	case s.Ready() && recent(e.ReadyAt) && n.untold(newsReady):
		word.Kind = newsReady
		return &word, []string{newsReady}
	}
	word.LeaseEnd = e.LeaseEnd.UnixMilli()
	kind, marks := leaseMarks(s, now)
	marks = slices.DeleteFunc(marks, func(mark string) bool { return !n.untold(mark) })
	if len(marks) == 0 {
		return nil, nil
	}
	word.Kind, word.People = kind, n.listeners(e)
	if len(word.People) == 0 {
		return nil, marks
	}
	return &word, marks
}

// leaseMarks are the marks of what people must have heard of the lease's end by now.
func leaseMarks(s lifecycle.State, now time.Time) (kind string, marks []string) {
	e := s.Session
	if !s.Endable(s.Generation) || e.Stop != nil {
		return "", nil
	}
	end := "-" + strconv.FormatInt(e.LeaseEnd.UnixMilli(), 10)
	if now.Before(e.GraceUntil) && !now.Before(e.LeaseEnd) {
		return newsGrace, []string{newsGrace + end}
	}
	if !now.Before(e.LeaseEnd) {
		return "", nil
	}
	agreed := e.LaunchedAt // a warning time that had passed when this end was agreed warns of nothing
	if len(e.Extensions) > 0 {
		agreed = e.Extensions[len(e.Extensions)-1].At
	}
	for _, before := range s.Limits.Warn {
		if at := e.LeaseEnd.Add(-before); at.After(agreed) && !now.Before(at) {
			marks = append(marks, newsWarn+end+"-"+before.String())
		}
	}
	return newsWarn, marks
}

func (n news) untold(mark string) bool { return !slices.Contains(n.Told, mark) }

// listeners are the people using the session who did not say that they let it end.
func (n news) listeners(e lifecycle.Session) []string {
	if n.LettingAt != e.LeaseEnd.UnixMilli() {
		return e.Using
	}
	return slices.DeleteFunc(slices.Clone(e.Using), func(p string) bool { return slices.Contains(n.LettingEnd, p) })
}

// payNews says a bulletin in the thread of the session's card, unless it is no longer true.
func (b *Bot) payNews(ctx context.Context, o *owed) error {
	state, err := b.manager.State(ctx)
	if err != nil {
		return fmt.Errorf("look at the cluster: %w", err)
	}
	open, err := b.openRequest(ctx, approval.MoreTime, state)
	if err != nil {
		return err
	}
	m, still := b.wordNews(*o.News, state, open)
	if !still || o.Begun {
		return nil
	}
	c, err := b.cardFor(ctx, o.News.Generation)
	if err != nil {
		return err
	}
	if c == nil {
		return errLater
	}
	if err := b.begin(ctx, o); err != nil {
		return err
	}
	_, err = b.poster.Post(ctx, c.Channel, m, c.TS)
	if lost(err) { // somebody deleted the card: it is posted anew, and then this is said there
		return errors.Join(err, b.store.Update(ctx, func(tx lifecycle.Tx) error { return b.spoil(tx, *c) }))
	}
	return unlessUnclear(err)
}

// wordNews words a bulletin from what is recorded now, and says whether it still holds.
func (b *Bot) wordNews(word bulletin, s lifecycle.State, moreTime *approval.Request) (slackapi.Message, bool) {
	e := s.Session
	live := s.Endable(s.Generation) && e.Stop == nil
	same := word.LeaseEnd == e.LeaseEnd.UnixMilli()
	view := blocks.LeaseView{
		State: s, People: word.People, MoreTime: moreTime, Policy: b.settings.Policy, ReasonRequired: b.settings.ReasonRequired, Now: b.now(),
	}
	switch {
	case s.Generation != word.Generation:
	case word.Kind == newsFailed && blocks.WentWrong(s):
		return message(blocks.FailedNews(s, b.now())), true
	case word.Kind == newsReady && s.Ready():
		return message(blocks.ReadyNews(s, b.now())), true
	case word.Kind == newsWarn && live && same && b.now().Before(e.LeaseEnd):
		return message(blocks.LeaseWarning(view)), true
	case word.Kind == newsGrace && live && same && b.now().Before(e.GraceUntil):
		return message(blocks.GraceNotice(view)), true
	}
	return slackapi.Message{}, false
}
