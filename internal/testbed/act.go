package testbed

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"showtime/approval"
	"showtime/internal/queue"
	"showtime/internal/slacklike"
	"showtime/internal/wiring"
	"showtime/lifecycle"
)

// Type has a person type something, and everything that follows done. It gives the answer in the ack.
func (b *Bed) Type(user, channel, text string) slacklike.Delivery {
	b.T.Helper()
	b.Clock.Move(time.Second) // nobody does two things at once
	d, err := b.Slack.Type(b.T.Context(), user, channel, text, slacklike.TypeOptions{})
	if err != nil {
		b.T.Fatalf("%s types %q: %v", user, text, err)
	}
	b.Drain()
	return d
}

// Click has a person click a button on a message and everything that follows done.
func (b *Bed) Click(user string, m slacklike.Message, action string, values map[string]string) slacklike.Delivery {
	b.T.Helper()
	b.Clock.Move(time.Second)
	d, err := b.Slack.Click(b.T.Context(), user, m.Channel, m.TS, action, slacklike.ClickOptions{Values: values})
	if err != nil {
		b.T.Fatalf("%s clicks %s: %v", user, action, err)
	}
	b.Drain()
	return d
}

// Drain does the queued jobs, as often as the queue would hand them out.
func (b *Bed) Drain() {
	b.T.Helper()
	for _, m := range b.Queue.Take() {
		for n := 1; n <= queue.MaxReceives; n++ {
			if b.Deliver(b.Joined, m, n) == nil {
				break
			}
		}
	}
}

// Deliver hands a message out to a worker for the nth time.
func (b *Bed) Deliver(to wiring.Joined, m queue.Message, n int) error {
	return to.Worker.Deliver(b.T.Context(), queue.Delivery{
		Body: m.Body, Group: m.Group, DedupeID: m.DedupeID, Receives: n, SentAt: b.Clock.Now(),
	})
}

// Tick moves the clock a minute and ticks; a fault fails the test.
func (b *Bed) Tick() {
	b.T.Helper()
	b.Clock.Move(time.Minute)
	b.poke(b.T.Context())
	if err := b.Worker.Tick(b.T.Context()); err != nil {
		b.T.Fatalf("tick: %v", err)
	}
}

// TickFor ticks every minute for a while; faults are the simulation's business.
func (b *Bed) TickFor(d time.Duration) {
	for end := b.Clock.Now().Add(d); b.Clock.Now().Before(end); {
		b.Clock.Move(time.Minute)
		b.poke(b.T.Context())
		_ = b.Worker.Tick(b.T.Context())
	}
}

// State is what the lifecycle says now.
func (b *Bed) State() lifecycle.State {
	b.T.Helper()
	s, err := b.Manager.State(b.T.Context())
	if err != nil {
		b.T.Fatalf("state: %v", err)
	}
	return s
}

// Last is the newest message a person sees in a channel; it must exist.
func (b *Bed) Last(channel, user string) slacklike.Message {
	b.T.Helper()
	seen := b.Slack.Messages(channel, user)
	if len(seen) == 0 {
		b.T.Fatalf("%s sees nothing in %s", user, channel)
	}
	return seen[len(seen)-1]
}

// Ephemeral is the newest message in a channel that only this person sees.
func (b *Bed) Ephemeral(channel, user string) slacklike.Message {
	b.T.Helper()
	return b.find(channel, user, "ephemeral message", func(m slacklike.Message) bool { return m.Reader == user })
}

// Card is the newest card of a session.
func (b *Bed) Card() slacklike.Message {
	b.T.Helper()
	return b.find(Team, "", "card", func(m slacklike.Message) bool { return m.Reader == "" && marked(m, "showtime_session") })
}

// RequestCard is the newest card of a request.
func (b *Bed) RequestCard() slacklike.Message {
	b.T.Helper()
	return b.find(Admins, "", "request card", func(m slacklike.Message) bool { return marked(m, "showtime_request") })
}

// Cards counts the cards of sessions in the team's channel.
func (b *Bed) Cards() int {
	n := 0
	for _, m := range b.Slack.Messages(Team, "") {
		if marked(m, "showtime_session") {
			n++
		}
	}
	return n
}

func (b *Bed) find(channel, user, what string, is func(slacklike.Message) bool) slacklike.Message {
	b.T.Helper()
	seen := b.Slack.Messages(channel, user)
	for _, m := range slices.Backward(seen) {
		if is(m) {
			return m
		}
	}
	b.T.Fatalf("no %s in %s", what, channel)
	return slacklike.Message{}
}

func marked(m slacklike.Message, event string) bool {
	return strings.Contains(string(m.Metadata), event)
}

// Audit reads the whole audit, oldest first.
func (b *Bed) Audit() []lifecycle.Attempt {
	b.T.Helper()
	records, err := b.Store.List(b.T.Context(), lifecycle.Query{Partition: lifecycle.AuditKey("exploration", "").Partition})
	if err != nil {
		b.T.Fatalf("read audit: %v", err)
	}
	attempts := make([]lifecycle.Attempt, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Value, &attempts[i]); err != nil {
			b.T.Fatalf("read audit record: %v", err)
		}
	}
	return attempts
}

// Attempts are the audit records of one person.
func (b *Bed) Attempts(who string) []lifecycle.Attempt {
	var of []lifecycle.Attempt
	for _, a := range b.Audit() {
		if a.Who == who {
			of = append(of, a)
		}
	}
	return of
}

// Live counts the clusters that EMR has running, whoever started them.
func (b *Bed) Live() int {
	n := 0
	for _, c := range b.EMR.Clusters() {
		if !lifecycle.Ended(c.State) {
			n++
		}
	}
	return n
}

// LiveOf counts the live clusters of one session.
func (b *Bed) LiveOf(generation int64) int {
	n := 0
	for _, c := range b.EMR.Clusters() {
		if !lifecycle.Ended(c.State) && c.Tags[lifecycle.TagGeneration] == strconv.FormatInt(generation, 10) {
			n++
		}
	}
	return n
}

// Owed counts what is still owed to people and to the cluster.
func (b *Bed) Owed() int {
	b.T.Helper()
	return len(b.live("owed/"))
}

// live reads the records of the cluster whose names begin so.
func (b *Bed) live(prefix string) []lifecycle.Record {
	b.T.Helper()
	key := lifecycle.LiveKey("exploration", prefix)
	records, err := b.Store.List(b.T.Context(), lifecycle.Query{Partition: key.Partition, From: prefix, To: prefix + "~"})
	if err != nil {
		b.T.Fatalf("list %s: %v", prefix, err)
	}
	return records
}

// Seen counts the messages of a channel, whoever may see them, whose text has this in it.
func (b *Bed) Seen(channel, text string) int {
	n := 0
	for _, m := range b.Slack.Messages(channel, "") {
		if strings.Contains(m.Text, text) {
			n++
		}
	}
	return n
}

// Requests reads every request that is kept.
func (b *Bed) Requests() []approval.Request {
	b.T.Helper()
	records := b.live("request/")
	requests := make([]approval.Request, len(records))
	for i, r := range records {
		if err := json.Unmarshal(r.Value, &requests[i]); err != nil {
			b.T.Fatalf("read request: %v", err)
		}
	}
	return requests
}
