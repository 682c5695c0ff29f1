package usecase_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"showtime/approval"
	"showtime/blocks"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// check lists what does not hold.
func (p *play) check() []string {
	s := p.State()
	bad := append(twins(p.Bed), p.checkAudit()...)
	live := 0
	if s.Phase == lifecycle.Up || s.Phase == lifecycle.Stopping {
		live = 1
	}
	if p.Live() != live || s.Phase == lifecycle.Stopping || s.Phase == lifecycle.Launching {
		bad = append(bad, fmt.Sprintf("the record says %s, EMR has %d live clusters", s.Phase, p.Live()))
	}
	if n := p.Owed(); n > 0 {
		bad = append(bad, fmt.Sprintf("%d things are owed", n))
	}
	bad = append(bad, p.checkCards(s)...)
	return append(bad, p.checkRequests()...)
}

func (p *play) checkAudit() []string {
	var bad []string
	records := map[string]int{}
	for _, a := range p.Audit() {
		if records[a.ID]++; records[a.ID] == 2 {
			bad = append(bad, "two audit records of "+a.ID)
		}
	}
	for id := range p.delivered {
		if records[id] != 1 {
			bad = append(bad, fmt.Sprintf("%d audit records of job %s", records[id], id))
		}
	}
	return bad
}

// checkCards: every session has one card, the latest shows what is recorded, and no other looks alive.
func (p *play) checkCards(s lifecycle.State) []string {
	var bad []string
	cards := map[string][]slacklike.Message{}
	for _, m := range p.Slack.Messages(testbed.Team, "") {
		if strings.Contains(string(m.Metadata), "showtime_session") {
			cards[string(m.Metadata)] = append(cards[string(m.Metadata)], m)
		}
	}
	for g := int64(1); g <= s.Generation; g++ {
		mark := ""
		for candidate := range cards {
			if strings.Contains(candidate, fmt.Sprintf(`"generation":"%d"`, g)) {
				mark = candidate
			}
		}
		of := cards[mark]
		deleted := false
		for d := range p.deleted {
			deleted = deleted || strings.Contains(d, "showtime_session") && strings.Contains(d, fmt.Sprintf(`"generation":"%d"`, g))
		}
		gone := deleted && (g < s.Generation || !s.Live())
		switch {
		case len(of) != 1 && (len(of) != 0 || !gone):
			bad = append(bad, fmt.Sprintf("%d cards of session %d", len(of), g))
		case len(of) == 1 && g < s.Generation && strings.Contains(of[0].Text, "Destroy"):
			bad = append(bad, "the card of an earlier session looks alive:\n"+of[0].Text)
		case len(of) == 1 && g == s.Generation:
			bad = append(bad, p.differs(of[0], s)...)
		}
	}
	return bad
}

// differs compares the latest card with a fresh drawing, but for what time alone has changed.
func (p *play) differs(card slacklike.Message, s lifecycle.State) []string {
	view := blocks.CardView{State: s, Policy: p.policy, Ref: job.RefOf(s.Session.Op), Now: p.Clock.Now()}
	for _, req := range p.Requests() {
		switch open := req.State == approval.Open && req.Generation == s.Generation; {
		case open && req.Kind == approval.MoreTime:
			view.MoreTime = &req
		case open:
			view.Open = &req
		}
	}
	aged := regexp.MustCompile(`minute \d+|\(in [^)]*\)|≈ \S+ so far|counted <[^>]*>|at most ≈ \S+ \(|As of [^>]*>|as of [^>]*>`)
	want, got := aged.ReplaceAllString(blocks.Card(view).Text, "…"), aged.ReplaceAllString(card.Text, "…")
	if want == got {
		return nil
	}
	return []string{"the card shows:\n" + got + "\nand not:\n" + want}
}

func (p *play) checkRequests() []string {
	var bad []string
	for _, req := range p.Requests() {
		mark := `"` + req.ID + `"`
		var of []slacklike.Message
		for _, m := range p.seenIn(testbed.Admins) {
			if strings.Contains(string(m.Metadata), mark) {
				of = append(of, m)
			}
		}
		deleted := slices.ContainsFunc(slices.Collect(keys(p.deleted)), func(d string) bool { return strings.Contains(d, mark) })
		if n := p.notices(req.ID); n > 1 {
			bad = append(bad, fmt.Sprintf("%d notices of request %s", n, req.ID))
		}
		word := map[approval.RequestState]string{approval.Open: "DECISION NEEDED"}[req.State]
		if word == "" {
			word = strings.ToUpper(string(req.State))
		}
		switch {
		case len(of) == 0 && deleted:
		case len(of) != 1:
			bad = append(bad, fmt.Sprintf("%d cards of request %s", len(of), req.ID))
		case !strings.Contains(of[0].Text, word):
			bad = append(bad, fmt.Sprintf("request %s is %s, its card says:\n%s", req.ID, req.State, of[0].Text))
		}
	}
	return bad
}

// notices counts how often the people using the cluster are told of a request.
func (p *play) notices(request string) int {
	n := 0
	for _, m := range p.seenIn(testbed.Team) {
		if md := string(m.Metadata); strings.Contains(md, "showtime_notice") && strings.Contains(md, `"`+request+`"`) {
			n++
		}
	}
	return n
}

func (p *play) seenIn(channel string) []slacklike.Message { return p.Slack.Messages(channel, "") }

func keys(m map[string]bool) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
