package blocks

import (
	"strings"
	"time"

	"github.com/slack-go/slack"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// wish is a kind of request in words, each as it stands within a sentence.
type wish struct {
	title   string // what is asked for, before the cluster's name
	noun    string // what such a request is called
	kept    string // how it stands while nobody agrees
	done    string // what an approval does
	over    string // why it may come to nothing by itself
	again   string // how to ask once more
	against string // asks an admin who denies for the reason
}

func wishOf(r approval.Request) wish {
	if r.Kind == approval.MoreTime {
		return wish{
			title: "More time for", noun: "request for more time", kept: "the lease's end stays", done: "the lease's end is being moved",
			over: "the session is over, or its lease was moved", again: "if it is still needed longer, press the button for more time again",
			against: "Why it should end then",
		}
	}
	return wish{
		title: "Destroy", noun: "destroy request", kept: "the cluster keeps running", done: "the cluster is being ended",
		over: "its session is over", again: "if you still want it sooner, ask again with /emr destroy", against: "Why it should keep running",
	}
}

// begin makes words the beginning of a sentence.
func begin(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// beyond is how much longer one step past the cap makes the lease.
func beyond(s lifecycle.State, now time.Time) time.Duration {
	from := s.Session.LeaseEnd
	if now.After(from) {
		from = now
	}
	return s.ExtendedPastCap(now).Sub(from)
}

// moreTimeButton asks for one step past the lease's cap; it is nil before the cap is reached, and while
// somebody has asked already. Its words hold for anybody when others see the message too.
func moreTimeButton(v PanelView) *button {
	s := v.State
	if !s.AtCap(v.Now) || v.MoreTime != nil {
		return nil
	}
	by := duration(beyond(s, v.Now))
	meaning := "moves the lease's end by " + by + dearer(s, beyond(s, v.Now)) + ", past its limit of " + duration(s.Limits.Max)
	who, yes := moreTimeDecider(v)
	b := newButton(actionid.MoreTime, by+" more", meaning+", if an admin agrees", leaseValue(s)).
		asking(confirm{"Past the lease's limit?", "This " + meaning + ". " + who, yes, "Back"})
	b.Confirm.Style = slack.StylePrimary // nothing is lost by a yes
	return b
}

// moreTimeDecider says who decides about the viewer's wish for more time, and what a yes does.
func moreTimeDecider(v PanelView) (who, yes string) {
	alone := v.Policy == approval.ByAdmin || v.Policy == approval.NoneNeed // an admin may extend alone
	switch {
	case alone && v.Public:
		return "An admin is asked, and the lease's end stays until one agrees; from an admin, it moves at once.", "Go on"
	case alone && v.Viewer.Admin:
		return "It moves at once: nobody else has to agree.", "Extend"
	}
	return decider(v.Policy) + " Until then the lease's end stays.", "Send request"
}

// moreTimeInput asks why it is needed longer, where nothing else asks for a reason.
func moreTimeInput(p *page, required bool) {
	element := slack.NewPlainTextInputBlockElement(plain("Why it is needed longer"), actionid.Reason).WithMaxLength(maxTyped)
	p.input("reason", needed("Reason for more time", required), "Shown to the admins.", element, !required)
}

// needed marks an input's label when it may not stay empty.
func needed(label string, required bool) string {
	if required {
		return label + " (required)"
	}
	return label
}

// ApprovedInVain tells why an approved wish for more time changed nothing.
func ApprovedInVain(r approval.Request, s lifecycle.State) Message {
	return words("Request "+requestID(r)+" was approved.", undone(r), byItself(liveEnd(r, s)))
}

// undone says why what was approved changed nothing, empty where it did.
func undone(r approval.Request) string {
	switch r.Undone {
	case approval.TooLate:
		return "It came too late and changed nothing: " + wishOf(r).over + "."
	case approval.Forbidden:
		return "It changed nothing: the lifecycle manager does not let Showtime do this. Whoever runs it can add what is missing to Showtime's grant."
	}
	return ""
}

// liveEnd is when the lease ends the session that a request is about, zero when something else does or has.
func liveEnd(r approval.Request, s lifecycle.State) time.Time {
	if s.Generation != r.Generation || !s.Live() || s.Session.Stop != nil {
		return time.Time{}
	}
	return lastEnd(s)
}
