// Package events turns a request of the Events API into an intent: a challenge to echo, a job made by
// a message that is one of the phrases, or nothing.
package events

import (
	"encoding/json"
	"errors"

	"showtime/internal/job"
)

// maxChallenge bounds the challenge that is echoed; Slack's have about fifty characters.
const maxChallenge = 256

// ErrMalformed says that a body cannot have come from the Events API.
var ErrMalformed = errors.New("parse event: not an event")

// Request is an event. Challenge, if given, is the whole answer. Otherwise Ignored says in a fixed
// word why there is nothing to do; without it, Job is to be queued.
type Request struct {
	AppID    string
	Team     string // the workspace the app got the event for
	UserTeam string // the workspace of the message's author, as far as the event says
	// Enterprise is the organisation; some events give it as the author's workspace.
	Enterprise string

	Challenge string
	Ignored   string
	Job       job.Job
}

// The words of Ignored.
const (
	NoPhrase    = "no-phrase"    // a message that is not a phrase, or nobody's new message
	OtherEvent  = "other-event"  // an event nobody subscribed to, or an empty one
	RateLimited = "rate-limited" // Slack holds events back
)

type envelope struct {
	Type           string          `json:"type"`
	Challenge      string          `json:"challenge"`
	AppID          string          `json:"api_app_id"`
	TeamID         string          `json:"team_id"`
	ContextTeam    string          `json:"context_team_id"`
	EnterpriseID   string          `json:"enterprise_id"`
	ContextOrg     string          `json:"context_enterprise_id"`
	EventID        string          `json:"event_id"`
	Authorizations []authorization `json:"authorizations"`
	Event          *message        `json:"event"`
}

type authorization struct {
	Enterprise string `json:"enterprise_id"`
	TeamID     string `json:"team_id"`
	UserID     string `json:"user_id"`
	IsBot      bool   `json:"is_bot"`
}

type message struct {
	Type        string          `json:"type"`
	Subtype     string          `json:"subtype"`
	User        string          `json:"user"`
	Team        string          `json:"team"`
	UserTeam    string          `json:"user_team"`
	Channel     string          `json:"channel"`
	Text        string          `json:"text"`
	TS          string          `json:"ts"`
	ThreadTS    string          `json:"thread_ts"`
	BotID       string          `json:"bot_id"`
	AppID       string          `json:"app_id"`
	Hidden      bool            `json:"hidden"`
	BotProfile  json.RawMessage `json:"bot_profile"`
	Edited      json.RawMessage `json:"edited"`
	Replacement json.RawMessage `json:"message"` // what some edits and replies carry instead of a text
}

// Parser knows the phrases.
type Parser struct {
	kinds   map[string]phrase
	longest int // bytes of the longest normalised phrase
}

// Parse reads the body of an Events API request. Its only error is ErrMalformed.
func (p *Parser) Parse(body []byte) (Request, error) {
	var e envelope
	if err := decode(body, &e); err != nil || e.Type == "" {
		return Request{}, ErrMalformed
	}
	switch e.Type {
	case "url_verification":
		if e.Challenge == "" || len(e.Challenge) > maxChallenge {
			return Request{}, ErrMalformed
		}
		return Request{Challenge: e.Challenge}, nil
	case "app_rate_limited":
		return Request{AppID: e.AppID, Team: e.TeamID, Ignored: RateLimited}, nil
	case "event_callback":
		return p.callback(&e), nil
	default:
		return Request{AppID: e.AppID, Team: e.team(), Ignored: OtherEvent}, nil
	}
}

func (p *Parser) callback(e *envelope) Request {
	r := Request{AppID: e.AppID, Team: e.team(), Enterprise: e.enterprise()}
	m := e.Event
	if m == nil || m.Type != "message" {
		r.Ignored = OtherEvent
		return r
	}
	r.UserTeam = m.UserTeam
	if r.UserTeam == "" {
		r.UserTeam = m.Team
	}
	kind := p.kind(m.Text)
	at, ok := job.TimeOf(m.TS)
	if kind == "" || !ok || !e.spoken() {
		r.Ignored = NoPhrase
		return r
	}
	id := job.MessageID(m.Channel, m.TS)
	r.Job = job.Job{
		V: job.Version, ID: id, Ref: job.RefOf(id), Kind: kind, Source: job.Phrase, At: at, EventID: e.EventID,
		User: m.User, Team: r.UserTeam, Enterprise: r.Enterprise, Channel: m.Channel,
		MessageTS: m.TS, ThreadTS: m.ThreadTS, Generation: job.AnyGeneration,
	}
	return r
}

// team is the workspace the app got the event for; in a shared channel, team_id is the other one.
func (e *envelope) team() string {
	switch {
	case e.ContextTeam != "":
		return e.ContextTeam
	case len(e.Authorizations) > 0 && e.Authorizations[0].TeamID != "":
		return e.Authorizations[0].TeamID
	default:
		return e.TeamID
	}
}

func (e *envelope) enterprise() string {
	switch {
	case e.ContextOrg != "":
		return e.ContextOrg
	case len(e.Authorizations) > 0 && e.Authorizations[0].Enterprise != "":
		return e.Authorizations[0].Enterprise
	default:
		return e.EnterpriseID
	}
}

// spoken says whether the event is a person's new message: no edit, no notice, no bot, above all not ourselves.
func (e *envelope) spoken() bool {
	m := e.Event
	if m.Subtype != "" && m.Subtype != "file_share" {
		return false
	}
	if m.Hidden || present(m.Edited) || present(m.Replacement) {
		return false
	}
	if m.BotID != "" || present(m.BotProfile) || m.AppID != "" && m.AppID == e.AppID {
		return false
	}
	for _, a := range e.Authorizations {
		if a.IsBot && a.UserID == m.User {
			return false
		}
	}
	return job.IsSlackID(m.User) && job.IsSlackID(m.Channel)
}

func present(raw json.RawMessage) bool { return len(raw) > 0 && string(raw) != "null" }

// decode reads JSON and lets fields of an unexpected type stay empty: what is needed is checked by its user.
func decode(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) && mismatch.Field != "" {
		return nil
	}
	return err
}
