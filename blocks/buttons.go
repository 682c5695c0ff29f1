package blocks

import (
	"strings"

	"github.com/slack-go/slack"

	"showtime/approval"
	"showtime/internal/actionid"
	"showtime/lifecycle"
)

// button is a button with what the fallback says about it.
type button struct {
	*slack.ButtonBlockElement
	meaning string
}

func newButton(action, label, meaning string, v actionid.Value) *button {
	element := slack.NewButtonBlockElement(action, v.Encode(), plain(truncate(label, maxButton)))
	return &button{ButtonBlockElement: element, meaning: meaning}
}

func (b *button) styled(style slack.Style) *button {
	b.Style = style
	return b
}

// asking puts a dialog before the click. It proves nothing; it only protects from slips.
func (b *button) asking(c confirm) *button {
	dialog := slack.NewConfirmationBlockObject(
		plain(truncate(c.title, maxConfirmTitle)), plain(truncate(c.text, maxConfirmText)),
		plain(truncate(c.yes, maxConfirmButton)), plain(truncate(c.no, maxConfirmButton)))
	b.Confirm = dialog.WithStyle(slack.StyleDanger)
	return b
}

// confirm is the words of a dialog. They are plain text: Slack renders no mention and no date there.
type confirm struct{ title, text, yes, no string }

// current is what buttons of a state carry.
func current(s lifecycle.State) actionid.Value { return actionid.Value{Generation: s.Generation} }

func startButton(s lifecycle.State, label string) *button {
	return newButton(actionid.Start, label, "starts the cluster for everybody; same as /emr start", current(s)).
		styled(slack.StylePrimary)
}

func joinButton(s lifecycle.State) *button {
	return newButton(actionid.Join, "Use it too", "adds you to the people using it", current(s))
}

func statusButton(s lifecycle.State) *button {
	return newButton(actionid.Status, "Status", "shows how it stands now; same as /emr status", current(s))
}

// notebookButton is nil when there is no notebook to open. It is the primary button wherever it stands.
func notebookButton(s lifecycle.State) *button {
	if !s.Ready() || !linkable(s.Notebook) {
		return nil
	}
	b := newButton(actionid.OpenNotebook, "Open notebook", "opens "+s.Notebook, current(s))
	b.URL = s.Notebook
	return b.styled(slack.StylePrimary)
}

func cardButton(s lifecycle.State, link string) *button {
	if !linkable(link) {
		return nil
	}
	b := newButton(actionid.OpenCard, "Show card in channel", "opens "+link, current(s))
	b.URL = link
	return b
}

// linkable says whether Slack takes the link on a button.
func linkable(link string) bool {
	return len(link) <= maxURL && (strings.HasPrefix(link, "https://") || strings.HasPrefix(link, "http://"))
}

// stoppable says whether there is a session that nobody is ending, so that a wish to destroy can be recorded.
func stoppable(s lifecycle.State) bool { return s.Endable(s.Generation) && s.Session.Stop == nil }

// destroyButton is the viewer's own Destroy button, nil when there is nothing to destroy.
func destroyButton(v PanelView) *button {
	if !stoppable(v.State) || v.own(v.Open) != nil && mustAsk(v) {
		return nil
	}
	c := destroyConfirm(v)
	return newButton(actionid.Destroy, c.label, c.meaning, current(v.State)).styled(slack.StyleDanger).asking(c.confirm)
}

// own is the request if it is open and the viewer's own, nil otherwise or when others see the message too.
func (v PanelView) own(r *approval.Request) *approval.Request {
	if r == nil || v.Public || r.State != approval.Open || r.By != v.Viewer.ID {
		return nil
	}
	return r
}

// withdrawButton takes the viewer's own request back, nil when it is none of theirs.
func withdrawButton(v PanelView, r *approval.Request) *button {
	if r = v.own(r); r == nil {
		return nil
	}
	label := "Withdraw request"
	if r.Kind == approval.MoreTime {
		label += " for more time"
	}
	return newButton(actionid.Withdraw, label, "takes your request back; "+wishOf(*r).kept, requestValue(*r))
}

// cancels says whether the viewer may end a start that nobody could use yet.
func cancels(v PanelView) bool {
	s := v.State.Session
	return s.ReadyAt.IsZero() && (v.Viewer.Admin || v.Viewer.ID == s.Starter)
}

// mustAsk says whether somebody else must agree to the viewer's Destroy.
func mustAsk(v PanelView) bool {
	return !cancels(v) && v.Policy != approval.NoneNeed && (v.Policy != approval.ByAdmin || !v.Viewer.Admin)
}

// destruction is a Destroy button in the words of somebody's rights.
type destruction struct {
	label, meaning string
	confirm        confirm
}

// destroyConfirm words the viewer's Destroy button: what will be lost, and who decides.
func destroyConfirm(v PanelView) destruction {
	s := v.State
	switch {
	case v.Public:
		return publicDestroy(s, v.Policy)
	case cancels(v):
		return destruction{
			"Cancel start", "ends the start after asking you once more; nobody has to agree",
			confirm{
				"Cancel the start?", "It is not usable yet, so nothing is lost. Nobody has to agree. " + alsoUsing(v),
				"Cancel start", "Back",
			},
		}
	case !mustAsk(v):
		return destruction{
			"Destroy", "ends the cluster for everybody after asking you once more",
			confirm{
				"Destroy the cluster?", loss(s) + " It ends at once: nobody else has to agree. This cannot be undone.",
				"Destroy", "Back",
			},
		}
	}
	return destruction{
		"Ask to destroy", "asks an admin to end the cluster, after asking you once more",
		confirm{
			"Ask to destroy the cluster?", loss(s) + " " + decider(v.Policy) + " Until then it keeps running.",
			"Send request", "Back",
		},
	}
}

func decider(p approval.Policy) string {
	if p == approval.FourEyes {
		return "An admin other than you decides."
	}
	return "An admin decides."
}

// publicDestroy words the Destroy button of a message that everybody sees, and so must hold for anybody.
func publicDestroy(s lifecycle.State, p approval.Policy) destruction {
	who := "If an admin has to agree, one is asked and it keeps running until then; otherwise it ends at once."
	switch p {
	case approval.NoneNeed:
		who = "It ends at once: nobody else has to agree."
	case approval.ByAdmin:
		who = "An admin is asked and it keeps running until then; from an admin, it ends at once."
	case approval.FourEyes:
		who = "An admin other than you is asked, and it keeps running until then."
	}
	if s.Session.ReadyAt.IsZero() && p != approval.NoneNeed {
		who += " Who started it, or an admin, cancels at once."
	}
	return destruction{
		"Destroy", "ends the cluster for everybody, or asks an admin to, after asking you once more",
		confirm{"Destroy the cluster?", loss(s) + " " + who, "Destroy", "Back"},
	}
}

// loss says what ending the session costs people.
func loss(s lifecycle.State) string {
	if s.Session.ReadyAt.IsZero() {
		return "It is still starting, so no work is lost, but " + waiting(len(s.Session.Using)) + "."
	}
	who := "Nobody is noted as using it."
	if n := len(s.Session.Using); n > 0 {
		who = count(n, "person is", "people are") + " using it."
	}
	return who + " Running jobs, HDFS and local files are lost; what is in S3 stays."
}

func waiting(n int) string {
	if n == 0 {
		return "somebody may wait for it"
	}
	return count(n, "person waits", "people wait") + " for it"
}

// alsoUsing warns who cancels that others wait too.
func alsoUsing(v PanelView) string {
	others := len(v.State.Session.Using)
	if v.State.Uses(v.Viewer.ID) {
		others--
	}
	if others < 1 {
		return "Nobody else waits for it."
	}
	return count(others, "other person waits", "other people wait") + " for it."
}
