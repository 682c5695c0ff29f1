package usecase

import (
	"context"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
)

// refusal is a no with its words. A silent one is only written to the audit.
type refusal struct {
	why    string
	words  blocks.Message
	silent bool
	alone  bool // nobody else may hear of it, however late it is said
}

// admit decides whether a job may be looked at: the right place, not too old, from somebody who may.
// What changes something is admitted only on a membership read now; when Slack cannot be asked, it is not.
func (b *Bot) admit(ctx context.Context, j job.Job) (approval.Person, *refusal) {
	if !b.inChannel(j.Channel) {
		return approval.Person{}, &refusal{
			why: "wrong-channel", words: blocks.WrongChannel(b.settings.Channels[0]), silent: j.Source == job.Phrase, alone: true,
		}
	}
	if j.Changes() && b.wire().Sub(j.At) > job.MaxAge {
		return approval.Person{}, &refusal{why: "too-old", words: blocks.TooOld()}
	}
	look := b.roles.Show
	if j.Changes() {
		look = b.roles.Fresh
	}
	who, err := look(ctx, j.User)
	if err != nil {
		b.logger(ctx).Error().Err(err).Str("ref", j.Ref).Msg("membership not known, refused")
		return approval.Person{}, &refusal{why: "membership-unknown", words: blocks.MembershipUnknown(j.Ref)}
	}
	if !who.May() {
		return who, &refusal{why: "not-allowed", words: notAllowed(who, j.User), alone: true}
	}
	return who, nil
}

// notAllowed words why somebody may not use Showtime at all.
func notAllowed(who approval.Person, user string) blocks.Message {
	if who.Barred == approval.Guest || who.Barred == approval.Foreign {
		return blocks.Guest()
	}
	return blocks.NotAllowed(user)
}

// refuse records a refusal and tells the person alone.
func (b *Bot) refuse(ctx context.Context, j job.Job, no refusal) error {
	return b.decide(ctx, j, b.refused(j, no))
}

// refused is the decision that refuses a job.
func (b *Bot) refused(j job.Job, no refusal) decision {
	d := decision{outcome: "refused", why: no.why, generation: j.Generation, request: j.Request}
	if !no.silent {
		a := b.reply(j, no.words)
		a.Alone = no.alone
		d.owed = append(d.owed, b.oweSay(j, "say", a))
	}
	return d
}
