package usecase_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"showtime/internal/actionid"
	"showtime/internal/emrsim"
	"showtime/internal/job"
	"showtime/internal/slacklike"
	"showtime/internal/testbed"
	"showtime/lifecycle"
)

// remember notes the buttons that are drawn now, for clicks that come late.
func (p *play) remember() {
	if p.r.IntN(4) != 0 {
		return
	}
	for _, m := range p.seen() {
		for _, btn := range buttonsOf(m) {
			v, err := actionid.Decode(btn.Value)
			kind := map[string]job.Kind{
				actionid.Start: job.Start, actionid.Join: job.Join, actionid.Destroy: job.Destroy, actionid.Approve: job.Approve, actionid.Deny: job.Deny,
				actionid.Claim: job.Claim, actionid.StillNeed: job.StillNeed, actionid.Withdraw: job.Withdraw,
				actionid.Extend: job.Extend, actionid.MoreTime: job.MoreTime, actionid.LetEnd: job.LetEnd,
			}[btn.ActionID]
			if err == nil && kind != "" {
				p.buttons = append(p.buttons, job.Job{
					Kind: kind, Generation: v.Generation, Request: v.Request, LeaseEnd: v.LeaseEnd, Channel: m.Channel, MessageTS: m.TS, Ephemeral: m.Ephemeral(), User: m.Reader,
				})
			}
		}
	}
}

type drawnButton struct {
	ActionID string `json:"action_id"`
	Value    string `json:"value"`
	URL      string `json:"url"`
}

func buttonsOf(m slacklike.Message) []drawnButton {
	var parts []struct {
		Elements []json.RawMessage `json:"elements"`
	}
	_ = json.Unmarshal(m.Blocks, &parts)
	var of []drawnButton
	for _, part := range parts {
		for _, raw := range part.Elements {
			var btn drawnButton
			if json.Unmarshal(raw, &btn) == nil && btn.Value != "" {
				of = append(of, btn)
			}
		}
	}
	return of
}

func (p *play) click() {
	seen := slices.DeleteFunc(p.seen(), func(m slacklike.Message) bool { return len(buttonsOf(m)) == 0 })
	if len(seen) == 0 {
		return
	}
	m := one(p.r, seen)
	if admins := p.seenIn(testbed.Admins); len(admins) > 0 && p.r.IntN(3) == 0 {
		m = admins[len(admins)-1]
	}
	if len(buttonsOf(m)) == 0 {
		return
	}
	who := m.Reader
	if who == "" {
		who = one(p.r, everybody())
	}
	if m.Channel == testbed.Admins {
		who = one(p.r, []string{testbed.Bo, testbed.Mia})
	}
	btn := one(p.r, buttonsOf(m))
	p.say("%s clicks %s on %s in %s", who, btn.ActionID, m.TS, m.Channel)
	p.Clock.Move(time.Second)
	if _, err := p.Slack.Click(p.Context(), who, m.Channel, m.TS, btn.ActionID, slacklike.ClickOptions{}); err != nil {
		p.Fatalf("click: %v", err)
	}
}

func (p *play) clickStale() {
	if len(p.buttons) == 0 {
		return
	}
	j := one(p.r, p.buttons)
	if j.User == "" {
		j.User = one(p.r, everybody())
	}
	p.Clock.Move(time.Second)
	j.ID = fmt.Sprintf("stale-%d-%d", len(p.story), p.Clock.Now().Unix())
	j = slip(p.Bed, j)
	p.say("%s clicks %s of session %d %s as it was drawn once", j.User, j.Kind, j.Generation, j.Request)
	p.pending = append(p.pending, delivery{Message: message(p.T, j), id: j.ID})
}

func (p *play) emrFault() {
	var live []string
	for _, c := range p.EMR.Clusters() {
		if !lifecycle.Ended(c.State) {
			live = append(live, c.ID)
		}
	}
	switch p.r.IntN(7) {
	case 0:
		p.say("EMR loses the reply to a launch")
		p.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Drop: true})
	case 1:
		op := one(p.r, []string{"RunJobFlow", "ListClusters", "DescribeCluster", "TerminateJobFlows"})
		p.say("EMR throttles %s", op)
		p.EMR.Inject(emrsim.Fault{Op: op, Times: 1 + p.r.IntN(2), Err: emrsim.Throttled()})
	case 2:
		p.say("EMR breaks at a launch")
		p.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Broken(), Acts: p.r.IntN(2) == 0})
	case 3:
		lag := time.Duration(p.r.IntN(240)) * time.Second
		p.say("listings lag by %v", lag)
		p.EMR.LagListings(lag)
	case 4:
		p.say("the next launch fails in its set-up")
		p.EMR.NextLaunch(emrsim.BootstrapFails)
	case 5:
		p.say("EMR refuses a launch")
		p.EMR.Inject(emrsim.Fault{Op: "RunJobFlow", Times: 1, Err: emrsim.Invalid("No such subnet")})
	default:
		if len(live) > 0 {
			id := one(p.r, live)
			p.say("somebody ends %s in the console", id)
			p.EMR.EndOutside(id)
		}
	}
}

func (p *play) slackFault() {
	if p.r.IntN(5) == 0 {
		p.deleteMessage()
		return
	}
	f := slacklike.Fault{
		Method: one(p.r, []string{"", "chat.postMessage", "chat.postMessage", "chat.update", slacklike.ResponseURL, "users.info", "conversations.history", "chat.postEphemeral"}),
		Kind:   one(p.r, []slacklike.FaultKind{slacklike.Unavailable, slacklike.Limited, slacklike.LostReply, slacklike.LostReply, slacklike.Reset}),
		Times:  1 + p.r.IntN(4),
	}
	if p.r.IntN(4) == 0 {
		f.Times = 0
	}
	p.say("Slack: %s %s %d times", f.Method, f.Kind, f.Times)
	p.faults = append(p.faults, p.Slack.Inject(f))
	if len(p.faults) > 2 || p.r.IntN(3) == 0 {
		p.calm()
	}
}

func (p *play) deleteMessage() {
	kept := slices.DeleteFunc(p.seen(), func(m slacklike.Message) bool { return len(m.Metadata) == 0 })
	if len(kept) == 0 {
		return
	}
	m := one(p.r, kept)
	p.say("somebody deletes %s", m.TS)
	p.Slack.DeleteMessage(m.Channel, m.TS)
	p.deleted[string(m.Metadata)] = true
}

func (p *play) calm() {
	for _, end := range p.faults {
		end()
	}
	p.faults = nil
}
