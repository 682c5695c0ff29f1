package blocks

import (
	"slices"
	"strconv"
	"time"

	"showtime/lifecycle"
)

// HistoryView is what the list of ended sessions is drawn from.
type HistoryView struct {
	Cluster  string
	Sessions []lifecycle.State // newest first
	Days     int               // how far back it goes; 0 = the last sessions
	More     bool              // there are older ones that are not in Sessions
	Now      time.Time
}

// maxHistory is how many sessions fit into one message and its fallback.
const maxHistory = 15

// History draws the ended sessions for one person, the newest first.
func History(v HistoryView) Message {
	p := newPage("history", int64(len(v.Sessions)), v.Now)
	span := "Last sessions"
	if v.Days > 0 {
		span = "Sessions of the last " + count(v.Days, "day", "days")
	}
	p.header(span + " · " + line(v.Cluster, maxTyped))
	if len(v.Sessions) == 0 {
		p.say("There was none.")
		return p.message()
	}
	p.say(sum(v))
	var rows [][]string
	for _, s := range v.Sessions[:min(len(v.Sessions), maxHistory)] {
		rows = append(rows, historyRow(s))
	}
	p.table([]string{"Session", "Started", "Ran", "Cost", "By", "How it ended"}, rows)
	if rest := len(v.Sessions) - maxHistory; rest > 0 {
		p.note("The " + count(rest, "oldest is", "oldest are") + " left out here and counted above.")
	} else if v.More {
		p.note("Older ones: /emr history and a number of days, such as 30d.")
	}
	return p.message()
}

// sum is how many sessions there were, how long they ran and what they cost, as far as that is known.
func sum(v HistoryView) string {
	var ran time.Duration
	var low, high float64
	unknown := 0
	currency := ""
	for _, s := range v.Sessions {
		ran += s.Session.EndedAt.Sub(s.Session.LaunchedAt)
		c := s.Cost
		if !c.Configured || !c.Known || currency != "" && c.Currency != currency {
			unknown++
			continue
		}
		low, high, currency = low+c.SoFarMin, high+c.SoFarMax, c.Currency
	}
	out := count(len(v.Sessions), "session", "sessions") + " · " + duration(ran)
	if currency != "" {
		out += " · " + money(low, high, currency) + " (estimate)"
	}
	if unknown > 0 {
		out += " · no estimate for " + strconv.Itoa(unknown)
	}
	return out
}

// historyRow is one session: which, when, how long, how much, who, how it ended.
func historyRow(s lifecycle.State) []string {
	e := s.Session
	cost := "no estimate"
	if c := s.Cost; c.Configured && c.Known {
		cost = money(c.SoFarMin, c.SoFarMax, c.Currency)
	}
	return []string{
		strconv.FormatInt(e.Generation, 10), when(e.LaunchedAt), duration(e.EndedAt.Sub(e.LaunchedAt)), cost, Mention(e.Starter), howEnded(e) + grantors(e),
	}
}

// grantors are the admins who agreed to more time than the lease's cap.
func grantors(e lifecycle.Session) string {
	var ids []string
	for _, x := range e.Extensions {
		if x.Approver != "" && !slices.Contains(ids, x.Approver) {
			ids = append(ids, x.Approver)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return ", more time granted by " + mentions(ids)
}

// howEnded is the end of a session in a few words.
func howEnded(e lifecycle.Session) string {
	code := ""
	if e.End != nil {
		code = e.End.Code
	}
	switch {
	case e.Stop != nil && e.Stop.Why == lifecycle.StopStartTimeout:
		return "FAILED (start timeout)"
	case code == lifecycle.EndCanceled:
		return "cancelled"
	case storyOf(e).wrong:
		return "FAILED (" + foreign(code) + ")"
	case e.Stop != nil && e.Stop.Why == lifecycle.StopLeaseEnd:
		return "lease end"
	case e.Stop != nil:
		return "ended by " + Mention(e.Stop.By)
	}
	return "ended"
}
