package blocks

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"showtime/approval"
	"showtime/lifecycle"
)

// scene is what the state looks like to people.
type scene int

const (
	off        scene = iota
	failed           // off, because something went wrong
	repeating        // off, but the same wish launches again by itself
	confirming       // nobody knows yet whether AWS launched it
	requested        // asked of AWS
	capacity         // AWS is looking for machines
	installing       // machines are there, software is not
	ready
	stopping
	leaving // AWS is ending it, and nobody here has asked for that
)

func sceneOf(s lifecycle.State) scene {
	switch s.Phase {
	case lifecycle.Launching:
		if s.Session.Unsure {
			return confirming
		}
		return requested
	case lifecycle.Up:
		return upScene(s)
	case lifecycle.Stopping:
		return stopping
	case lifecycle.Down:
	}
	switch {
	case s.Wish != nil:
		return repeating
	case wentWrong(s.Session):
		return failed
	}
	return off
}

func upScene(s lifecycle.State) scene {
	switch {
	case s.Leaving():
		return leaving
	case s.Ready():
		return ready
	case s.Session.EMRState == "" || s.Session.EMRState == lifecycle.EMRStarting:
		return capacity
	}
	return installing
}

// title is the state as a symbol and a word, with the cluster's name.
func title(s lifecycle.State) string {
	symbol, word := "", ""
	switch sceneOf(s) {
	case off:
		symbol, word = "⚪", "OFF"
	case failed:
		symbol, word = "🔴", "FAILED"
	case repeating:
		symbol, word = "🟡", "STARTING AGAIN"
	case confirming:
		symbol, word = "🟡", "CONFIRMING"
	case requested, capacity, installing:
		symbol, word = "🟡", "STARTING"
		if s.Session.Stop != nil {
			word = "STOPPING"
		}
	case ready:
		symbol, word = "🟢", "READY"
	case stopping:
		symbol, word = "🟠", "STOPPING"
	case leaving:
		symbol, word = "🟠", "ENDING"
	}
	return symbol + " " + word + " · " + line(s.Cluster, maxTyped)
}

// standing is the state and its time in one sentence.
func standing(s lifecycle.State, now time.Time) string {
	e := s.Session
	switch sceneOf(s) {
	case off, failed:
		return lastSession(e)
	case repeating:
		return "AWS showed no cluster for the last launch, so Showtime is launching again by itself. No need to repeat it."
	case confirming:
		return "AWS gave no clear answer to the launch of " + when(e.LaunchedAt) +
			". Showtime is confirming whether it happened; no need to repeat it."
	case requested:
		return "Requested from AWS " + when(e.LaunchedAt) + ", " + ago(e.LaunchedAt, now) + "."
	case capacity:
		return "Requested " + when(e.LaunchedAt) + "; AWS is looking for capacity, " + ago(e.LaunchedAt, now) + "."
	case installing:
		return "Requested " + when(e.LaunchedAt) + "; installing the software, " + ago(e.LaunchedAt, now) + "."
	case ready:
		return "Ready since " + when(e.ReadyAt) + "."
	case stopping:
		return shutting(e)
	case leaving:
		return "AWS is ending it, and nobody here has asked for that. In a few minutes this says how it ended."
	}
	return ""
}

func shutting(e lifecycle.Session) string {
	if e.StopBegunAt.IsZero() {
		return "Shutting down. Usually a few minutes."
	}
	return "Shutting down since " + when(e.StopBegunAt) + ". Usually a few minutes."
}

func ago(t, now time.Time) string { return duration(now.Sub(t)) + " ago" }

// lastSession recalls the session before, so that a panel that is off is not empty.
func lastSession(e lifecycle.Session) string {
	if e.LaunchedAt.IsZero() {
		return "There has been no session yet."
	}
	return "Last session: " + when(e.LaunchedAt) + ", " + duration(e.EndedAt.Sub(e.LaunchedAt)) +
		", started by " + Mention(e.Starter) + "."
}

// leaseLine says until when it lives.
func leaseLine(s lifecycle.State, now time.Time) string {
	e := s.Session
	switch {
	case !stoppable(s) || e.LeaseEnd.IsZero():
		return ""
	case !e.LeaseEnd.After(now) && e.GraceUntil.IsZero():
		return "Its lease ended " + when(e.LeaseEnd) + "; it is about to be stopped."
	case !e.GraceUntil.IsZero():
		return "Its lease ended " + when(e.LeaseEnd) + "; it stops " + when(e.GraceUntil) + " by itself."
	}
	return "Stops " + when(e.LeaseEnd) + " by itself (in " + duration(e.LeaseEnd.Sub(now)) + ")."
}

// stopLine says who ended it and why, while that is under way.
func stopLine(e lifecycle.Session) string {
	if e.Stop == nil {
		return ""
	}
	switch e.Stop.Why {
	case lifecycle.StopLeaseEnd:
		return "Its lease ended " + when(e.LeaseEnd) + ", as agreed at the start."
	case lifecycle.StopStartTimeout:
		return "It did not become ready in time, so Showtime is ending it (start timeout)."
	case lifecycle.StopAsked:
	}
	return "Stop asked by " + Mention(e.Stop.By) + " " + when(e.Stop.At) + approvedBy(*e.Stop) + "."
}

func approvedBy(stop lifecycle.Stop) string {
	out := ""
	if stop.Request != "" {
		out += " (request " + foreign(stop.Request) + ")"
	}
	if stop.Approver != "" {
		out += ", approved by " + Mention(stop.Approver)
	}
	return out
}

// pendingStop says that a stop waits for the launch to be understood.
func pendingStop(s lifecycle.State) string {
	if s.Phase != lifecycle.Launching || s.Session.Stop == nil {
		return ""
	}
	return "It is ended as soon as AWS shows it; until then there is nothing to end."
}

func peopleLine(e lifecycle.Session) string {
	if len(e.Using) == 0 {
		return ""
	}
	return "Using it: " + mentions(e.Using) + "."
}

// costLine says what it has cost, what it costs per hour, and what it can cost at most.
func costLine(s lifecycle.State) string {
	c := s.Cost
	switch {
	case !c.Configured:
		return "Cost: no rates are configured, so there is no estimate."
	case !c.Known:
		return "Cost: no estimate, because no rate is configured for " + typesOf(c.Unknown) + rateDate(c) + "."
	case !s.Live():
		return "Cost: " + perHour(c) + " while it runs" + rateDate(c) + "."
	}
	return "Cost: " + money(c.SoFarMin, c.SoFarMax, c.Currency) + " so far · " + perHourNow(c) +
		" · at most " + money(c.AtMost, c.AtMost, c.Currency) + rateDate(c) + "."
}

func perHour(c lifecycle.Cost) string {
	return money(c.PerHourMin, c.PerHourMax, c.Currency) + " per hour"
}

// perHourNow is what runs, where it was counted, else what may run.
func perHourNow(c lifecycle.Cost) string {
	if c.PerHourNow > 0 {
		return money(c.PerHourNow, c.PerHourNow, c.Currency) + " per hour"
	}
	return perHour(c)
}

// nodesLine says what runs, as it was counted.
func nodesLine(s lifecycle.State, now time.Time) string {
	c := s.Counted(now)
	if c == nil || len(c.Running) == 0 {
		return ""
	}
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(c.Running)) {
		parts = append(parts, strconv.Itoa(c.Running[kind])+" × "+foreign(kind))
	}
	return "Running: " + strings.Join(parts, ", ") + ", counted " + when(c.At) + "."
}

func rateDate(c lifecycle.Cost) string {
	if c.AsOf == "" {
		return " (estimate)"
	}
	return " (estimate, rates as of " + foreign(c.AsOf) + ")"
}

func typesOf(types []string) string {
	if len(types) == 0 {
		return "a type in use"
	}
	return escapeWithin(line(strings.Join(types, ", "), maxForeign), maxEscaped)
}

// troubleLine says why nothing can be done at the moment.
func troubleLine(e lifecycle.Session) string {
	switch e.Trouble {
	case "":
		return ""
	case lifecycle.TroubleTags:
		return "⚠ Attention: the cluster in AWS does not carry Showtime's tags, so Showtime does not touch it. " +
			"It may still run and cost money; the admins must look at it."
	}
	return "⚠ Attention: Showtime cannot act on it at the moment (" + foreign(e.Trouble) + "). The admins must look at it."
}

func overdueLine(e lifecycle.Session) string {
	if !e.StopOverdue {
		return ""
	}
	return "⚠ Attention: AWS has not ended it after more than 20 minutes. It may still cost money; Showtime keeps trying."
}

// openLine says that a request waits for an admin.
func openLine(r *approval.Request) string {
	if r == nil || r.State != approval.Open {
		return ""
	}
	return begin(wishOf(*r).noun) + " " + requestID(*r) + " by " + Mention(r.By) + " of " + when(r.At) +
		" waits for an admin; it expires " + when(r.ExpiresAt) + "."
}
