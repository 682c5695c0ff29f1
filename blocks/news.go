package blocks

import (
	"time"

	"github.com/slack-go/slack"

	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// ReadyNews tells the starter, in the thread of the card, that people can work on it.
func ReadyNews(s lifecycle.State, now time.Time) Message {
	e := s.Session
	p := newPage("ready", s.Revision, now)
	p.say("🟢 "+Mention(e.Starter)+": it is ready, after "+duration(e.ReadyAt.Sub(e.LaunchedAt))+".",
		"It stops "+when(e.LeaseEnd)+" by itself.")
	p.actions(notebookButton(s))
	return p.message()
}

// FailedNews tells the starter that the session ended in a way nobody here had wanted.
func FailedNews(s lifecycle.State, now time.Time) Message {
	p := newPage("failed", s.Revision, now)
	told := storyOf(s.Session)
	p.say("🔴 "+Mention(s.Session.Starter)+": "+told.what, "The card says more, and what to do next.")
	return p.message()
}

// WentWrong says whether the last session ended in a way nobody here had wanted.
func WentWrong(s lifecycle.State) bool {
	return !s.Live() && s.Wish == nil && wentWrong(s.Session)
}

// alertButton lets people call the admins to a failed session; nil when it did not fail.
func alertButton(s lifecycle.State) *button {
	if !wentWrong(s.Session) {
		return nil
	}
	return newButton(actionid.Alert, "Tell the admins", "posts this failure once where the admins see it", current(s))
}

// againButton starts the next session: after a failure that is trying again.
func againButton(s lifecycle.State) *button {
	if !wentWrong(s.Session) {
		return startButton(s, "Start again")
	}
	return newButton(actionid.Start, "Retry", "starts the cluster again for everybody; same as /emr start", current(s)).
		styled(slack.StylePrimary)
}

// AlertView is what the admins are told of a failed session from.
type AlertView struct {
	State    lifecycle.State
	By       string
	Admins   []string // user ids or user-group ids to mention
	Ref      string
	CardLink string // permalink of the card; may be empty
	Now      time.Time
}

// Alert tells the admins of a failed session.
func Alert(v AlertView) Message {
	s := v.State
	p := newPage("alert", s.Revision, v.Now)
	p.header(title(s))
	p.say(called(v.Admins) + Mention(v.By) + " asks you to look at a session that failed.")
	p.say(ran(s.Session))
	ending(p, s)
	p.say(total(s))
	p.note(identity(s), ref(v.Ref))
	p.actions(cardButton(s, v.CardLink))
	return p.message()
}

// Alerted says that the admins have been told.
func Alerted() Message {
	return words("The admins have been told.", "If it is urgent, talk to one of them.")
}

// AlertedAlready says that somebody else told them before.
func AlertedAlready() Message {
	return words("The admins have been told of this failure already.", "Nothing was posted again.")
}
