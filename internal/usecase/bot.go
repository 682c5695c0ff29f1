package usecase

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/doctor"
	"showtime/internal/job"
	"showtime/internal/metric"
	"showtime/internal/slackapi"
	"showtime/lifecycle"
)

// Poster is what the use cases need of Slack's Web API.
type Poster interface {
	Post(ctx context.Context, channel string, m slackapi.Message, threadTS string) (string, error)
	Update(ctx context.Context, channel, ts string, m slackapi.Message) error
	Ephemeral(ctx context.Context, channel, user string, m slackapi.Message, threadTS string) error
	Find(ctx context.Context, channel string, since time.Time, md slackapi.Metadata) (string, bool, error)
	Permalink(ctx context.Context, channel, ts string) (string, error)
}

// Responder answers through the response_url of a command or click.
type Responder interface {
	Respond(ctx context.Context, responseURL string, r slackapi.Reply) error
}

// Roles says who somebody is.
type Roles interface {
	Show(ctx context.Context, user string) (approval.Person, error)
	Fresh(ctx context.Context, user string) (approval.Person, error)
	Admins(ctx context.Context) ([]approval.Person, error)
}

// Doctor looks at the setup.
type Doctor interface {
	Examine(ctx context.Context) doctor.Report
}

// Settings are the operator's decisions about the conversation.
type Settings struct {
	Cluster        string
	Channels       []string // where it may be used; cards go to the first
	AdminChannel   string
	Admins         []string // user and user-group ids, for mentions
	Policy         approval.Policy
	ReasonRequired bool
	RequestExpires time.Duration
	// DrawEvery is the least time between two drawings of one message; 0 = none.
	DrawEvery time.Duration
	// Schedule says when an open request is reminded of, and when EscalateTo is called.
	Schedule   approval.Schedule
	EscalateTo string
}

// Options are all that a Bot needs.
type Options struct {
	Settings Settings
	Manager  lifecycle.Manager
	Store    lifecycle.Store
	Poster   Poster
	Respond  Responder
	Roles    Roles
	Doctor   Doctor
	// Now is domain time: leases, requests, claims. Wire is Slack's time, which nobody can move.
	Now, Wire func() time.Time
	Token     func() string // random, for claims
	Log       zerolog.Logger
	Alarm     func(ctx context.Context, kind, detail string)
	Record    metric.Record // nil means that nobody wants figures
}

// Bot does the jobs and keeps the conversation true to the record.
type Bot struct {
	settings  Settings
	cluster   string
	manager   lifecycle.Manager
	store     lifecycle.Store
	poster    Poster
	responder Responder
	roles     Roles
	doctor    Doctor
	now, wire func() time.Time
	token     func() string
	log       zerolog.Logger
	alarm     func(ctx context.Context, kind, detail string)
	record    metric.Record
}

// New makes a Bot.
func New(o Options) *Bot {
	if o.Record == nil {
		o.Record = metric.Discard
	}
	return &Bot{
		settings: o.Settings, cluster: o.Settings.Cluster, manager: o.Manager, store: o.Store, poster: o.Poster,
		responder: o.Respond, roles: o.Roles, doctor: o.Doctor, now: o.Now, wire: o.Wire, token: o.Token, log: o.Log, alarm: o.Alarm,
		record: o.Record,
	}
}

// Do does one job. No error means that it is decided and recorded; an error means that it may be
// delivered again, which is always safe.
func (b *Bot) Do(ctx context.Context, j job.Job) error {
	if known, err := b.finishKnown(ctx, j); known || err != nil {
		return err
	}
	err := b.decideJob(ctx, j)
	switch {
	case errors.Is(err, lifecycle.ErrNewer):
		err = b.refuse(ctx, j, refusal{why: "newer-record", words: blocks.NewerJob(j.Ref)})
	case errors.Is(err, lifecycle.ErrForbidden):
		err = b.refuse(ctx, j, refusal{why: "manager-forbids", words: blocks.ManagerForbids(j.Ref)})
	}
	if !errors.Is(err, errKnown) && !errors.Is(err, lifecycle.ErrExists) {
		return err
	}
	known, fault := b.finishKnown(ctx, j) // another worker decided it a moment ago
	if known || fault != nil {
		return fault
	}
	return err
}

// decideJob admits a job and hands it to its use case.
func (b *Bot) decideJob(ctx context.Context, j job.Job) error {
	who, no := b.admit(ctx, j)
	if no != nil {
		return b.refuse(ctx, j, *no)
	}
	switch j.Kind {
	case job.Panel, job.Status, job.AskDestroy, job.History, job.Outdated:
		return b.show(ctx, j)
	case job.Doctor:
		return b.examine(ctx, j, who)
	case job.Start:
		return b.start(ctx, j)
	case job.Join:
		return b.join(ctx, j)
	case job.Destroy:
		return b.destroy(ctx, j, who)
	case job.Approve, job.Deny:
		return b.judge(ctx, j, who)
	case job.Claim:
		return b.look(ctx, j, who)
	case job.StillNeed:
		return b.need(ctx, j, who)
	case job.Withdraw:
		return b.withdraw(ctx, j, who)
	case job.Extend:
		return b.extend(ctx, j)
	case job.MoreTime:
		return b.moreTime(ctx, j, who)
	case job.LetEnd:
		return b.letEnd(ctx, j)
	case job.Alert:
		return b.alert(ctx, j)
	default: // a receiver of a later build knows more buttons
		return b.outdatedClick(ctx, j)
	}
}

// finishKnown finishes what a known job's record still demands, and does nothing again. It says whether
// the job is known.
func (b *Bot) finishKnown(ctx context.Context, j job.Job) (bool, error) {
	m, err := b.known(ctx, j)
	if err != nil || m == nil {
		return false, err
	}
	for _, id := range m.Owed {
		b.payByKey(ctx, b.owedKey(id))
	}
	b.draw(ctx)
	return true, nil
}

// GiveUp tells a job's person that it could not be done, before the queue puts it aside, and raises the
// alarm. It is recorded like any other decision; if a decision was recorded after all, that one stands.
func (b *Bot) GiveUp(ctx context.Context, j job.Job, cause error) {
	b.alarm(ctx, "job-given-up", j.Ref)
	b.logger(ctx).Error().Err(cause).Str("job", string(j.Kind)).Str("ref", j.Ref).Msg("job given up")
	why, words := "failed", blocks.Failed(j.Ref)
	switch {
	case errors.Is(cause, lifecycle.ErrAway):
		why, words = "manager-away", blocks.ManagerAway(j.Ref)
	case errors.Is(cause, job.ErrNewer):
		why, words = "newer-job", blocks.NewerJob(j.Ref)
	}
	a := b.reply(j, words)
	d := decision{outcome: "given-up", why: why, generation: j.Generation, request: j.Request}
	d.owed = append(d.owed, b.oweSay(j, "say", a))
	err := b.decide(ctx, j, d)
	if err == nil || errors.Is(err, errKnown) {
		return
	}
	b.logger(ctx).Error().Err(err).Str("ref", j.Ref).Msg("giving up is not recorded")
	if err := b.say(ctx, a); err != nil { // now or never
		b.logger(ctx).Warn().Err(err).Str("ref", j.Ref).Msg("person not told")
	}
}

// inChannel says whether the channel is one where Showtime may be used.
func (b *Bot) inChannel(channel string) bool {
	return channel == b.settings.AdminChannel || slices.Contains(b.settings.Channels, channel)
}

func (b *Bot) logger(ctx context.Context) *zerolog.Logger {
	if l := zerolog.Ctx(ctx); l.GetLevel() != zerolog.Disabled {
		return l
	}
	return &b.log
}
