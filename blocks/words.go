package blocks

import (
	"strings"
	"time"

	"showtime/approval"
	"showtime/lifecycle"
)

// words makes a plain sentence of a few; arguments from outside are escaped by who puts them in.
func words(sentences ...string) Message { return Message{Text: strings.Join(nonEmpty(sentences), " ")} }

// ref ends a sentence about a failure with the reference that is found in the logs.
func ref(r string) string {
	if r == "" {
		return ""
	}
	return "Reference: " + foreign(r)
}

// PhraseStart answers the start phrase: the joke first, then what became of it.
func PhraseStart(joined bool) Message {
	if joined {
		return words("Yes, it is!", "It is on already; you have been added to the people using it.")
	}
	return words("Yes, it is!", "The card in the channel shows how far it is.")
}

// Started says that a launch was recorded.
func Started() Message {
	return words("The cluster is starting.", "The card in the channel shows how far it is.")
}

// JoinedSession says that the person was added to the running session.
func JoinedSession() Message {
	return words("There is a session already.", "You have been added to the people using it.")
}

// JoinedLaunch says that the person was added to a session that is still starting.
func JoinedLaunch(s lifecycle.State, now time.Time) Message {
	return words("It is starting already: "+Mention(s.Session.Starter)+" started it "+ago(s.Session.LaunchedAt, now)+".",
		"You have been added to the people using it; the card in the channel shows how far it is.")
}

// AlreadyUsing says that the person is among the people using it.
func AlreadyUsing() Message { return words("You are already among the people using it.") }

// Stopping says that a stop was recorded.
func Stopping() Message {
	return words("The cluster is being ended.", "The card shows when it is off.")
}

// StopNoted says that a stop waits for the launch to be understood.
func StopNoted() Message {
	return words("The stop is noted.", "The cluster is ended as soon as AWS shows it.")
}

// ShuttingDown refuses while the session is ending.
func ShuttingDown() Message {
	return words("The cluster is shutting down.", "Nothing was changed.", "When it is off, /emr shows the Start button again.")
}

// NothingRunning answers who wants to end nothing.
func NothingRunning() Message {
	return words("There is nothing to destroy: the cluster is off.", "/emr shows how to start it.")
}

// NotAllowed refuses somebody who is neither analyst nor admin.
func NotAllowed(user string) Message {
	return words("You may not use this cluster.", "Nothing was changed.",
		"Ask its admins to add you, and give them your ID: "+foreign(user)+".")
}

// Guest refuses guests and people of other workspaces, whatever the lists say.
func Guest() Message {
	return words("Guests and people of other workspaces may not use this cluster.", "Nothing was changed.",
		"Ask a full member of this workspace.")
}

// refusal is what somebody sees instead of a screen they may not use, if they may not.
func refusal(v PanelView) (Message, bool) {
	switch {
	case v.RolesUnknown:
		return MembershipUnknown(""), true
	case v.Viewer.Barred == approval.Guest || v.Viewer.Barred == approval.Foreign:
		return Guest(), true
	case !v.Viewer.May():
		return NotAllowed(v.Viewer.ID), true
	}
	return Message{}, false
}

// WrongChannel refuses outside the allowed channels; channel is the id of the one to use.
func WrongChannel(channel string) Message {
	return words("This works only in "+channelLink(channel)+".", "Nothing was changed.", "Use /emr there.")
}

func channelLink(id string) string {
	for _, r := range id {
		if (r < 'A' || r > 'Z') && (r < '0' || r > '9') {
			return foreign(id)
		}
	}
	if id == "" {
		return "its own channel"
	}
	return "<#" + id + ">"
}

// MembershipUnknown refuses because nobody could say who may.
func MembershipUnknown(r string) Message {
	return words("Slack could not be asked who may do this, so nothing was changed.", "Try again in a minute.", ref(r))
}

// TooOld refuses what arrived too late to be acted on.
func TooOld() Message {
	return words("This arrived more than 10 minutes after you asked, so nothing was changed.", "If you still want it, ask again with /emr.")
}

// OutOfDate answers a button that belongs to something that is no more.
func OutOfDate() Message {
	return words("That button was out of date, so nothing was changed.", "This is how it stands now; /emr shows the buttons that work.")
}

// Queued says that a start waits for other launches.
func Queued() Message {
	return words("Your start is queued behind other launches.", "It is tried every minute for up to 10 minutes; no need to repeat it.")
}

// QueuedTooLong says that a queued start was given up.
func QueuedTooLong() Message {
	return words("Your start waited 10 minutes behind other launches and was given up.", "Nothing was started.", "Try again with /emr start.")
}

// Unclean refuses a start while AWS may have another cluster of ours.
func Unclean(r string) Message {
	return words("Nothing was started: AWS shows another live cluster of ours, or cannot be asked whether there is one.",
		"Showtime is looking into it; try again in a few minutes.", ref(r))
}

// BadHours refuses hours that are no number.
func BadHours() Message {
	return words("The length was not understood, so nothing was started.", "Give hours as a number, for example /emr start 4 and what it is for.")
}

// BadLength refuses a lease length out of bounds.
func BadLength(l lifecycle.LeaseConfig) Message {
	return words("That length is not possible, so nothing was started.",
		"A session may last up to "+duration(l.Max)+"; without a number it is "+duration(l.Default)+".")
}

// LeaseCap refuses an extension past the cap.
func LeaseCap(l lifecycle.LeaseConfig) Message {
	return words("The lease's limit of "+duration(l.Max)+" is reached, so nothing was changed.", "Past it, an admin decides.")
}

// EMRRefused says that AWS definitely launched nothing.
func EMRRefused(no lifecycle.Refusal, r string) Message {
	return words("AWS refused the launch ("+foreign(no.Code)+"); nothing is running and nothing is billed.",
		"AWS says: "+escapeWithin(line(no.Message, maxForeign), maxEscaped)+".", "The admins must correct the cluster file or its permissions.", ref(r))
}

// SelfApproval refuses the decision of the person who asked.
func SelfApproval() Message {
	return words("You asked for this, so another admin decides.", "Nothing was changed.")
}

// NotAdmin refuses the decision of somebody who is no admin.
func NotAdmin() Message {
	return words("Only an admin decides about this request.", "Nothing was changed.")
}

// DoctorIsForAdmins refuses a look at the setup to somebody who is no admin.
func DoctorIsForAdmins() Message {
	return words("Only an admin may look at the setup.", "Nothing was looked at.", "/emr status says how the cluster is.")
}

// NobodyCanApprove refuses a request that no admin but its own person could approve.
func NobodyCanApprove(leaseEnd time.Time) Message {
	return words("Nobody else can approve this: there is no other admin.", "Nothing was changed.",
		"The cluster stops at its lease end "+when(leaseEnd)+".")
}

// RequestOpen refuses a second request for the same session.
func RequestOpen(r approval.Request) Message {
	return words("A "+wishOf(r).noun+" is open already:", openLine(&r), "Nothing was changed.")
}

// LostRace tells who decided too late what had been decided, by whom and when.
func LostRace(r approval.Request) Message {
	return words("Your click changed nothing: request "+requestID(r)+" is closed already.", decided(r))
}

func requestID(r approval.Request) string { return foreign(r.ID) }

// RequestSent tells the analyst that the admins have been asked.
func RequestSent(r approval.Request) Message {
	return words("Your request "+requestID(r)+" was sent to the admins.",
		begin(wishOf(r).kept)+" until one agrees; the request expires "+when(r.ExpiresAt)+".")
}

// ReasonRequired asks for the reason of a wish to destroy, or for more time.
func ReasonRequired() Message {
	return words("A reason is required, so nothing was changed.", "Type it into the panel that /emr shows, and press the button there.")
}

// Failed says that a job could not be done, and promises nothing about what happened before.
func Failed(r string) Message {
	return words("Something failed on our side, and it is not certain what was done.",
		"Look at /emr status before trying again; the admins have been alarmed.", ref(r))
}

// ManagerAway says that the lifecycle manager cannot be reached, and promises nothing about what it did.
func ManagerAway(r string) Message {
	return words("The lifecycle manager, which looks after the cluster, does not answer right now; it is not certain what was done.",
		"What runs goes on running, and its lease is kept. Look at /emr status in a few minutes before trying again.", ref(r))
}

// ManagerForbids says that the lifecycle manager does not let Showtime do it.
func ManagerForbids(r string) Message {
	return words("The lifecycle manager, which looks after the cluster, does not let Showtime do this; nothing was changed.",
		"Whoever runs it can add what is missing to Showtime's grant.", ref(r))
}

// NothingToShow says that the lifecycle manager cannot be reached when somebody only wants to look.
func NothingToShow() Message {
	return words("The lifecycle manager, which looks after the cluster, does not answer right now, so there is nothing to show.",
		"What runs goes on running, and its lease is kept. Try again in a few minutes.")
}

// NewerJob says that an older build cannot do what a newer one accepted.
func NewerJob(r string) Message {
	return words("Showtime is being updated and could not do this; nothing was changed.", "Try again in a few minutes.", ref(r))
}
