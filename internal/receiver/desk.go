package receiver

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/interactions"
	"showtime/internal/job"
	"showtime/internal/metric"
	"showtime/internal/queue"
	"showtime/slash"
)

// MaxBody is the largest request that is looked at, in bytes.
const MaxBody = 1 << 20

// queueWithin is how long queueing may take. With the second that reading the secret may take, it
// leaves Slack's three seconds room for the network.
const queueWithin = 1500 * time.Millisecond

// notConfirmed is what a person reads whose command could not be queued, or perhaps was.
const notConfirmed = "I could not confirm that this was taken. Look at `/emr status` before you try again."

// Sender is the queue's receiving end. Sending what was sent already changes nothing.
type Sender interface {
	Send(ctx context.Context, m queue.Message) error
}

// Desk recognises what Slack sent, queues it and says how to answer, however it came. Whoever hands
// something in has made sure that it is Slack's.
type Desk struct {
	config Config
	parser *events.Parser
}

// NewDesk makes a desk; Secrets and the healths play no part here. Its error is about the phrases.
func NewDesk(c Config) (*Desk, error) {
	parser, err := events.NewParser(c.Phrases)
	if err != nil {
		return nil, fmt.Errorf("make receiver: %w", err)
	}
	if c.Record == nil {
		c.Record = metric.Discard
	}
	return &Desk{config: c, parser: parser}, nil
}

// Command takes the form of a slash command that came at a time. Its person sees the answer, so trouble is
// told in words.
func (d *Desk) Command(ctx context.Context, form url.Values, at time.Time) Answer {
	if !sound(form) {
		return malformed()
	}
	r, err := slash.Parse(form)
	switch {
	case err != nil:
		return malformed()
	case r.Check:
		return answered("ssl-check", "")
	case !d.ours(origin{app: r.AppID, team: r.Team}):
		return Ignore("foreign")
	case r.Answer != "":
		a := answered(r.Word, r.User)
		a.Ephemeral = r.Answer
		return a
	}
	r.Job.At = at
	a := d.queued(ctx, r.Job)
	if a.Outcome == NotQueued {
		a.Status, a.Ephemeral = http.StatusOK, notConfirmed
	}
	return a
}

// Interaction takes the payload of a click. Without a time of its transport's, the payload's own counts.
func (d *Desk) Interaction(ctx context.Context, payload []byte, at time.Time) Answer {
	r, err := interactions.Parse(payload)
	switch {
	case err != nil:
		return malformed()
	case !d.ours(origin{app: r.AppID, team: r.Team, person: r.UserTeam, enterprise: r.Enterprise}):
		return Ignore("foreign")
	case r.Ignored != "":
		return Ignore(r.Ignored)
	case !at.IsZero():
		r.Job.At = at
	case r.Job.At.IsZero(): // nobody knows how old it is
		return malformed()
	}
	return d.queued(ctx, r.Job)
}

// Event takes the body of the Events API.
func (d *Desk) Event(ctx context.Context, body []byte) Answer {
	if !utf8.Valid(body) {
		return malformed()
	}
	r, err := d.parser.Parse(body)
	switch {
	case err != nil:
		return malformed()
	case r.Challenge != "":
		a := answered("challenge", "")
		a.plain = r.Challenge
		return a
	case r.Ignored == events.NoPhrase: // people talk: it must cost nothing, whoever they are
		a := Ignore(r.Ignored)
		a.level = zerolog.DebugLevel
		return a
	case r.Ignored == events.RateLimited:
		a := Ignore(r.Ignored)
		a.level = zerolog.WarnLevel
		return a
	case !d.ours(origin{app: r.AppID, team: r.Team, person: r.UserTeam, enterprise: r.Enterprise}):
		return Ignore("foreign")
	case r.Ignored != "":
		return Ignore(r.Ignored)
	}
	return d.queued(ctx, r.Job)
}

// origin is whose request it is. What the payload does not say is empty.
type origin struct{ app, team, person, enterprise string }

// ours says whether the request is for this app and workspace. With an id configured, the payload must
// have the same. The app's workspace and the person's must be the same if both are known; an organisation's
// people may bear its id instead.
func (d *Desk) ours(o origin) bool {
	if want := d.config.AppID; want != "" && o.app != want {
		return false
	}
	if want := d.config.TeamID; want != "" && o.team != want {
		return false
	}
	return o.team == "" || o.person == "" || o.person == o.team || o.person == o.enterprise
}

// queued takes a job once it is safe; else Slack sends an event again, and shows a click as failed.
func (d *Desk) queued(ctx context.Context, j job.Job) Answer {
	a := Answer{
		Status: http.StatusOK, Outcome: Queued, level: zerolog.InfoLevel,
		ref: j.Ref, kind: string(j.Kind), source: string(j.Source), user: j.User, channel: j.Channel,
	}
	if err := d.send(ctx, j); err != nil {
		a.Status, a.Outcome, a.level, a.err = http.StatusServiceUnavailable, NotQueued, zerolog.ErrorLevel, err
	}
	return a
}

// send queues a job. It goes on when the asker hangs up: what was asked stays asked.
func (d *Desk) send(ctx context.Context, j job.Job) error {
	body, err := j.Encode()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), queueWithin)
	defer cancel()
	return d.config.Queue.Send(ctx, queue.Message{Body: body, Group: j.Group(d.config.Cluster), DedupeID: j.ID})
}

// sound says whether a form holds anything, and neither invalid UTF-8 nor NULs, which Slack does not send.
func sound(form url.Values) bool {
	for _, values := range form {
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return false
			}
		}
	}
	return len(form) > 0
}
