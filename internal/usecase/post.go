package usecase

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"showtime/internal/job"
	"showtime/internal/slackapi"
	"showtime/lifecycle"
)

const postPrefix = "post/"

// post is a message that is kept equal to the record: a session's card, or a request's.
type post struct {
	V          int    `json:"v"`
	Generation int64  `json:"generation"`
	Request    string `json:"request,omitempty"` // the request it shows; "" for a session's card
	Notice     bool   `json:"notice,omitempty"`  // what the people using the session see of the request
	Channel    string `json:"channel,omitempty"`
	TS         string `json:"ts,omitempty"`
	Gone       string `json:"gone,omitempty"` // the ts it had before somebody deleted it
	// Drawn names what it shows. What it should show is worked out from the record; where they differ a drawing is owed.
	Drawn string `json:"drawn,omitempty"`
	// Begun is when a post began whose outcome is not known (wire time): it is looked for before it is repeated.
	Begun time.Time `json:"begun,omitzero"`
	// DrawnAt is when it was last drawn.
	DrawnAt time.Time `json:"drawn_at,omitzero"`
	Claim   claim     `json:"claim"`
}

// sight is what a post should show: a name that changes with its content, and the content.
type sight struct {
	name     string
	message  slackapi.Message
	channels []string // where it may stand, best first
	thread   string   // in whose thread; "" for none
	final    bool     // it will never change again
}

func (b *Bot) postKey(p post) lifecycle.Key {
	switch {
	case p.Notice:
		return lifecycle.LiveKey(b.cluster, postPrefix+"notice-"+p.Request)
	case p.Request != "":
		return lifecycle.LiveKey(b.cluster, postPrefix+"request-"+p.Request)
	}
	return lifecycle.LiveKey(b.cluster, fmt.Sprintf("%scard-%012d", postPrefix, p.Generation))
}

// metadata marks a post, so that it can be found again when the answer to posting it was lost.
func (b *Bot) metadata(p post) slackapi.Metadata {
	kind := "showtime_session"
	switch {
	case p.Notice:
		kind = "showtime_notice"
	case p.Request != "":
		kind = "showtime_request"
	}
	return slackapi.Metadata{EventType: kind, EventPayload: map[string]any{
		"cluster": b.cluster, "generation": fmt.Sprint(p.Generation), "request": p.Request,
	}}
}

// posts reads every message that is kept.
func (b *Bot) posts(ctx context.Context) ([]post, error) {
	records, err := b.store.List(ctx, b.live(postPrefix))
	if err != nil {
		return nil, fmt.Errorf("list posts: %w", err)
	}
	posts := make([]post, 0, len(records))
	for _, r := range records {
		var p post
		if err := json.Unmarshal(r.Value, &p); err != nil {
			return nil, fmt.Errorf("read post %s: %w", r.Key.Name, err)
		}
		posts = append(posts, p)
	}
	return posts, nil
}

// drawMargin is how much earlier than its claim a drawing ends: whoever claims the post next must not
// be overtaken by it.
const drawMargin = 10 * time.Second

// showPost makes one post show what it should, if it does not and nobody else is at it.
func (b *Bot) showPost(ctx context.Context, p post, s sight) (drew bool, err error) {
	if p.Drawn == s.name {
		return false, nil
	}
	taken, again, err := b.claimPost(ctx, p, s)
	if err != nil || taken == nil {
		return false, err
	}
	left := taken.Claim.left(b.now()) - drawMargin
	if left <= 0 { // this process stood still meanwhile
		return false, nil
	}
	s.message.Metadata = new(b.metadata(p))
	drawing, cancel := context.WithTimeout(ctx, left)
	defer cancel()
	drawErr := b.place(drawing, taken, s, again)
	if err := b.savePost(ctx, *taken, s, drawErr); err != nil {
		return false, fmt.Errorf("record drawing: %w", err)
	}
	if errors.Is(drawErr, errPostGone) {
		return b.showPost(ctx, *taken, s)
	}
	return drawErr == nil, drawErr
}

// errPostGone says that somebody deleted the message, or its channel: recorded first, then posted anew.
var errPostGone = errors.New("message is gone")

// claimPost takes a post for this process. again says that an earlier attempt to post it may have worked.
func (b *Bot) claimPost(ctx context.Context, p post, s sight) (taken *post, again bool, err error) {
	token := b.token()
	err = b.store.Update(ctx, func(tx lifecycle.Tx) error {
		taken, again = nil, false
		var stored post
		found, err := tx.Get(b.postKey(p), &stored)
		if err != nil || !found { // forgotten meanwhile
			return err
		}
		if stored.V > newestVersion || stored.Drawn == s.name || !stored.Claim.free(b.now()) || b.tooSoon(stored) {
			return nil
		}
		stored.Claim.take(token, b.now())
		if stored.TS == "" {
			again = !stored.Begun.IsZero()
			if !again {
				stored.Begun = b.wire()
			}
		}
		taken = &stored
		return tx.Put(b.postKey(p), stored)
	})
	return taken, again, err
}

// tooSoon says whether a message was drawn so recently that the next drawing is left to the tick.
func (b *Bot) tooSoon(p post) bool {
	since := b.now().Sub(p.DrawnAt)
	return p.TS != "" && since >= 0 && since < b.settings.DrawEvery
}

// lastCard says up to which session cards were ever wanted: a card that is forgotten is not posted again
// by somebody who looked before that.
type lastCard struct {
	V          int   `json:"v"`
	Generation int64 `json:"generation"`
}

// wantCard records that a session's card is wanted, with its start or when it is first seen, and those of the
// sessions before it that nobody saw: a launch may be given up and repeated, or a session over and the next
// one begun, before anybody looks. What happened before there was a bot is history.
func (b *Bot) wantCard(tx lifecycle.Tx, generation int64) error {
	key := lifecycle.LiveKey(b.cluster, "last-card")
	var last lastCard
	if _, err := tx.Get(key, &last); err != nil || generation <= last.Generation {
		return err
	}
	first := generation
	if last.Generation > 0 {
		first = max(last.Generation+1, generation-historyDepth)
	}
	for ; first <= generation; first++ {
		p := post{V: recordVersion, Generation: first}
		if err := tx.Put(b.postKey(p), p); err != nil {
			return err
		}
	}
	return tx.Put(key, lastCard{V: recordVersion, Generation: generation})
}

// place draws the message where it stands, or posts it. It notes in p where that is, and in p.Begun
// whether it may stand somewhere else.
func (b *Bot) place(ctx context.Context, p *post, s sight, again bool) error {
	if again {
		if s.thread != "" {
			return nil // Slack shows a bot no thread of a channel: it counts as said, a second time would be worse
		}
		if err := b.findPost(ctx, p, s); err != nil {
			return err // nothing is known better than before
		}
	}
	if p.TS == "" {
		return b.postAnew(ctx, p, s)
	}
	err := b.poster.Update(ctx, p.Channel, p.TS, s.message)
	if lost(err) {
		p.Gone, p.TS, p.Begun = p.TS, "", time.Time{}
		return errPostGone
	}
	return err
}

// findPost looks for the message that an earlier attempt may have posted.
func (b *Bot) findPost(ctx context.Context, p *post, s sight) error {
	for _, channel := range s.channels {
		ts, found, err := b.poster.Find(ctx, channel, p.Begun.Add(-time.Minute), *s.message.Metadata)
		switch {
		case slackapi.IsKind(err, slackapi.NoChannel): // nothing was posted there, and nobody sees it
		case err != nil:
			return err
		case found:
			p.Channel, p.TS = channel, ts
			return nil
		}
	}
	return nil
}

// postAnew posts the message into the first channel that takes it.
func (b *Bot) postAnew(ctx context.Context, p *post, s sight) error {
	var err error
	for _, channel := range s.channels {
		p.Channel = channel
		if p.TS, err = b.poster.Post(ctx, channel, s.message, s.thread); !slackapi.IsKind(err, slackapi.NoChannel) {
			break
		}
	}
	if s.thread != "" {
		err = unlessUnclear(err)
	}
	if !slackapi.IsKind(err, slackapi.Unclear) {
		p.Begun = time.Time{} // it is certain whether it stands there
	}
	return err
}

// savePost records where a post stands and what it shows, and frees its claim.
func (b *Bot) savePost(ctx context.Context, p post, s sight, drawErr error) error {
	return b.store.Update(ctx, func(tx lifecycle.Tx) error {
		var stored post
		found, err := tx.Get(b.postKey(p), &stored)
		if err != nil || !found || !stored.Claim.mine(p.Claim.Token) {
			return err
		}
		stored.Channel, stored.TS, stored.Gone, stored.Begun = p.Channel, p.TS, p.Gone, p.Begun
		switch {
		case drawErr == nil:
			stored.Drawn, stored.Begun, stored.DrawnAt = s.name, time.Time{}, b.now()
			stored.Claim.done()
		case errors.Is(drawErr, errPostGone):
			stored.Claim.done()
		default:
			stored.Claim.failed(b.now())
		}
		return tx.Put(b.postKey(p), stored)
	})
}

// clicked names the post that a click stood on.
func clicked(j job.Job) post {
	return post{
		Generation: j.Generation, Request: j.Request, Notice: j.Kind == job.StillNeed, Channel: j.Channel, TS: j.MessageTS,
	}
}

// spoil marks a post, while it is still the message it was, as not showing the record: it is drawn again.
// An unknown button does not say whether it stood on a request's card or on its notice; the ts does. A
// notice that was lost from sight is found again by its button.
func (b *Bot) spoil(tx lifecycle.Tx, was post) error {
	clickedNotice := was.Notice
	for _, notice := range []bool{false, was.Request != ""} {
		var p post
		was.Notice = notice
		found, err := tx.Get(b.postKey(was), &p)
		if err != nil {
			return err
		}
		if found && notice && clickedNotice && p.TS == "" && p.Drawn != "" && was.TS != p.Gone {
			p.Channel, p.TS = was.Channel, was.TS
		}
		if !found || p.TS == "" || p.TS != was.TS {
			continue
		}
		p.Drawn = ""
		return tx.Put(b.postKey(was), p)
	}
	return nil
}
