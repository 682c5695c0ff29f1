package blocks

import (
	"showtime/lifecycle"
)

// story is what an ending means to people: what happened, and its usual cause or what to do.
type story struct {
	what, cause string
	wrong       bool // not what anybody here had wanted
}

// storyOf explains an ending by its code. EMR's message is shown beside it, never read.
func storyOf(e lifecycle.Session) story {
	if e.End == nil {
		return story{what: "How it ended is not known.", wrong: true}
	}
	if e.Stop != nil && e.Stop.Why == lifecycle.StopStartTimeout {
		return story{"It did not become ready in time (start timeout), so Showtime ended it.", "AWS had no capacity, or set-up hung.", true}
	}
	switch code := e.End.Code; code {
	case lifecycle.EndStopped:
		return story{}
	case lifecycle.EndCanceled:
		return story{what: "The start was cancelled before it was ever usable."}
	case lifecycle.EndRefused:
		return story{"AWS refused the launch; no cluster was made.", "A mistake in the cluster file, a missing permission or a quota. Trying again will not help until that is fixed.", true}
	case lifecycle.EndGivenUp:
		return story{"No cluster appeared in AWS, so the launch was given up.", "AWS did not answer, or lost the request.", true}
	case lifecycle.EndVanished:
		return story{"AWS no longer knows the cluster.", "It was removed outside Showtime, or ended long ago.", true}
	case lifecycle.EndOutside:
		return story{"It was ended outside Showtime; nobody here had asked for it.", "Somebody in the AWS console, another tool, or an auto-termination rule.", true}
	case "BOOTSTRAP_FAILURE":
		return story{"A set-up script failed on a machine (BOOTSTRAP_FAILURE).", "The install script, or its permission to read from S3.", true}
	case "VALIDATION_ERROR":
		return story{"AWS could not make a cluster from the cluster file (VALIDATION_ERROR).", "A wrong role, subnet, release or machine type, or a quota. Trying again will not help until that is fixed.", true}
	case "INSTANCE_FAILURE":
		return story{"A machine failed (INSTANCE_FAILURE).", "The primary machine was lost or shut itself down; spot machines can be taken away. Trying again may help.", true}
	case "INSTANCE_FLEET_TIMEOUT":
		return story{"AWS found no capacity in time (INSTANCE_FLEET_TIMEOUT).", "No machines of this type at the moment. Try again later.", true}
	case "INTERNAL_ERROR":
		return story{"AWS had an internal error (INTERNAL_ERROR).", "A fault or a lack of capacity on AWS's side. Trying again may help.", true}
	case "STEP_FAILURE":
		return story{"A set-up step failed (STEP_FAILURE).", "One of the steps of the cluster file; its log names the error.", true}
	case "ALL_STEPS_COMPLETED":
		return story{"It ended by itself after its last step (ALL_STEPS_COMPLETED).", "The cluster file lets it end when its steps are done.", true}
	case lifecycle.EndUnexplained:
		return story{"AWS ended it and gave no reason; nobody here had asked for it.", "A failed step, or the rule that ends an idle cluster, can look like this; the cluster's log says more.", true}
	default:
		return story{"AWS ended it (" + foreign(code) + ").", "", true}
	}
}

// wentWrong says whether the session ended in a way nobody here had wanted.
func wentWrong(e lifecycle.Session) bool {
	return !e.LaunchedAt.IsZero() && storyOf(e).wrong
}

// ending adds how the last session ended: what happened, whether it still costs, the usual cause.
func ending(p *page, s lifecycle.State) {
	e := s.Session
	if e.LaunchedAt.IsZero() {
		return
	}
	if s.Wish != nil { // what follows matters more than what was
		p.say(billing(e))
		return
	}
	told := storyOf(e)
	cause := ""
	if told.cause != "" {
		cause = "Usual cause: " + told.cause
	}
	p.say(told.what, billing(e), cause)
	if e.End == nil {
		return
	}
	p.quote("AWS says", e.End.Message, maxForeign)
	for _, d := range e.End.Details[:min(len(e.End.Details), maxDetails)] {
		p.quote("Detail", d.Code+" "+d.Message, maxForeign)
	}
}

// maxDetails is how many of EMR's error details are shown; it gives up to ten.
const maxDetails = 3

// billing says whether the session still costs money, and says that it does not only when that is known.
func billing(e lifecycle.Session) string {
	if e.End == nil || e.End.Billing {
		return "⚠ It is not known that nothing runs any more, so it may still cost money. Showtime keeps looking."
	}
	return "Nothing is running; no further cost."
}
