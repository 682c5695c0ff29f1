// Package slash turns the form of a slash command into an intent: a job to queue, or words that are
// the whole answer. It knows the command's words and texts and nothing behind them.
package slash

import (
	"errors"
	"net/url"
	"strings"

	"showtime/internal/job"
)

// Command is the one command Showtime has.
const Command = "/emr"

// ErrMalformed says that a form cannot have come from a slash command.
var ErrMalformed = errors.New("parse command: not a slash command")

// Request is a slash command: exactly one of Check, Answer and Job says what to do with it.
type Request struct {
	AppID string
	Team  string // the workspace the command was typed in

	Check  bool    // Slack's ssl_check: confirm receipt and do nothing
	Answer string  // plain text for the person alone
	Job    job.Job // to be queued; its time is for the caller to set
	User   string  // for the log; empty for a check
	Word   string  // for the log: the job's kind, or "help", "usage", "unknown-command"
}

// The words of answers that are no jobs.
const (
	wordHelp    = "help"
	wordUsage   = "usage"
	wordUnknown = "unknown-command"
)

// Parse reads the form of a slash command. Its only error is ErrMalformed.
func Parse(form url.Values) (Request, error) {
	if form.Get("ssl_check") != "" {
		return Request{Check: true}, nil
	}
	trigger, user, channel := form.Get("trigger_id"), form.Get("user_id"), form.Get("channel_id")
	if form.Get("command") == "" || trigger == "" || !job.IsSlackID(user) || !job.IsSlackID(channel) {
		return Request{}, ErrMalformed
	}
	r := Request{AppID: form.Get("api_app_id"), Team: form.Get("team_id"), User: user}
	if form.Get("command") != Command {
		r.Word, r.Answer = wordUnknown, unknownCommand
		return r, nil
	}
	j, instead := parseText(form.Get("text"))
	switch instead {
	case wordHelp:
		r.Word, r.Answer = instead, helpText
	case wordUsage:
		r.Word, r.Answer = instead, usageText
	default:
		r.Word, r.Job = string(j.Kind), address(j, form)
	}
	return r, nil
}

// address says where a job comes from and where its answer goes.
func address(j job.Job, form url.Values) job.Job {
	j.V = job.Version
	j.Source = job.Command
	j.ID = job.TriggerID(job.Command, form.Get("trigger_id"))
	j.Ref = job.RefOf(j.ID)
	j.User = form.Get("user_id")
	j.Team = form.Get("team_id")
	j.Enterprise = form.Get("enterprise_id")
	j.Channel = form.Get("channel_id")
	j.ResponseURL = strings.TrimSpace(form.Get("response_url"))
	j.Generation = job.AnyGeneration
	return j
}
