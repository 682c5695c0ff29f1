package usecase

import (
	"context"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/doctor"
	"showtime/internal/job"
	"showtime/internal/slackapi"
)

// examine has an admin see how the setup is.
func (b *Bot) examine(ctx context.Context, j job.Job, who approval.Person) error {
	if !who.Admin {
		return b.refuse(ctx, j, refusal{why: "not-admin", words: blocks.DoctorIsForAdmins()})
	}
	a := b.reply(j, blocks.Message{})
	a.Screen = checkup
	d := decision{allowed: true, outcome: "shown", generation: j.Generation}
	d.owed = append(d.owed, b.oweSay(j, "show", a))
	return b.decide(ctx, j, d)
}

// renderCheckup looks at the setup now, for one person who is an admin now.
func (b *Bot) renderCheckup(ctx context.Context, a answer) (slackapi.Message, error) {
	who, err := b.roles.Fresh(ctx, a.User)
	switch {
	case err != nil:
		return message(blocks.MembershipUnknown(a.Ref)), nil //nolint:nilerr // that is the answer
	case !who.Admin:
		return message(blocks.DoctorIsForAdmins()), nil
	}
	v := blocks.CheckupView{Cluster: b.cluster, Now: b.now()}
	for _, f := range b.doctor.Examine(ctx) {
		v.Findings = append(v.Findings, blocks.Finding{Mark: mark(f.Status), Check: f.Check, What: f.What, Do: f.Do, About: f.About})
	}
	return message(blocks.Checkup(v)), nil
}

func mark(s doctor.Status) blocks.Mark {
	switch s {
	case doctor.OK:
		return blocks.MarkOK
	case doctor.Warning:
		return blocks.MarkWarning
	case doctor.Error:
		return blocks.MarkError
	case doctor.NotChecked:
	}
	return blocks.MarkNotChecked
}
