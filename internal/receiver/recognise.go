package receiver

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"showtime/events"
	"showtime/interactions"
	"showtime/internal/job"
	"showtime/internal/queue"
	"showtime/slash"
)

// notConfirmed is what a person reads whose command could not be queued, or perhaps was.
const notConfirmed = "I could not confirm that this was taken. Look at `/emr status` before you try again."

// command answers a slash command. Its person sees the answer, so trouble is told in words.
func (rc *Receiver) command(w http.ResponseWriter, d delivery) {
	form, ok := readForm(d.body)
	if !ok {
		rc.turnAway(w, http.StatusBadRequest, "malformed")
		return
	}
	r, err := slash.Parse(form)
	switch {
	case err != nil:
		rc.turnAway(w, http.StatusBadRequest, "malformed")
	case r.Check:
		w.WriteHeader(http.StatusOK)
	case !rc.ours(origin{app: r.AppID, team: r.Team}):
		rc.turnAway(w, http.StatusOK, "foreign")
	case r.Answer != "":
		rc.config.Log.Info().Str("kind", r.Word).Str("user", r.User).Msg("command answered")
		ephemeral(w, r.Answer)
	default:
		r.Job.At = d.at
		if err := rc.send(d.ctx, r.Job); err != nil {
			ephemeral(w, notConfirmed)
			return
		}
		w.WriteHeader(http.StatusOK)
	}
}

// interaction answers a click.
func (rc *Receiver) interaction(w http.ResponseWriter, d delivery) {
	form, ok := readForm(d.body)
	if !ok {
		rc.turnAway(w, http.StatusBadRequest, "malformed")
		return
	}
	r, err := interactions.Parse([]byte(form.Get("payload")))
	switch {
	case err != nil:
		rc.turnAway(w, http.StatusBadRequest, "malformed")
	case !rc.ours(origin{app: r.AppID, team: r.Team, person: r.UserTeam, enterprise: r.Enterprise}):
		rc.turnAway(w, http.StatusOK, "foreign")
	case r.Ignored != "":
		rc.turnAway(w, http.StatusOK, r.Ignored)
	default:
		r.Job.At = d.at
		rc.queued(w, d.ctx, r.Job)
	}
}

// event answers the Events API.
func (rc *Receiver) event(w http.ResponseWriter, d delivery) {
	if !utf8.Valid(d.body) {
		rc.turnAway(w, http.StatusBadRequest, "malformed")
		return
	}
	r, err := rc.parser.Parse(d.body)
	switch {
	case err != nil:
		rc.turnAway(w, http.StatusBadRequest, "malformed")
	case r.Challenge != "":
		words(w, http.StatusOK, r.Challenge)
	case r.Ignored == events.NoPhrase: // people talk: it must cost nothing, whoever they are
		rc.config.Log.Debug().Msg("no phrase")
		w.WriteHeader(http.StatusOK)
	case r.Ignored == events.RateLimited:
		rc.config.Log.Warn().Msg("slack is holding events back")
		w.WriteHeader(http.StatusOK)
	case !rc.ours(origin{app: r.AppID, team: r.Team, person: r.UserTeam, enterprise: r.Enterprise}):
		rc.turnAway(w, http.StatusOK, "foreign")
	case r.Ignored != "":
		rc.turnAway(w, http.StatusOK, r.Ignored)
	default:
		rc.queued(w, d.ctx, r.Job)
	}
}

// origin is whose request it is. What the payload does not say is empty.
type origin struct{ app, team, person, enterprise string }

// ours says whether the request is for this app and workspace. With an id configured, the payload must
// have the same. The app's workspace and the person's must be the same if both are known; an organisation's
// people may bear its id instead.
func (rc *Receiver) ours(o origin) bool {
	if want := rc.config.AppID; want != "" && o.app != want {
		return false
	}
	if want := rc.config.TeamID; want != "" && o.team != want {
		return false
	}
	return o.team == "" || o.person == "" || o.person == o.team || o.person == o.enterprise
}

// queued answers with 200 once the job is safe, else with 503: then Slack sends an event again, and
// shows a click as failed.
func (rc *Receiver) queued(w http.ResponseWriter, ctx context.Context, j job.Job) { //nolint:revive // the writer comes first in HTTP
	if err := rc.send(ctx, j); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusOK)
}

// send queues a job. It goes on when the asker hangs up: what was asked stays asked.
func (rc *Receiver) send(ctx context.Context, j job.Job) error {
	log := rc.config.Log.With().Str("ref", j.Ref).Str("kind", string(j.Kind)).Str("source", string(j.Source)).Logger()
	body, err := j.Encode()
	if err == nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), queueWithin)
		defer cancel()
		err = rc.config.Queue.Send(ctx, queue.Message{Body: body, Group: j.Group(rc.config.Cluster), DedupeID: j.ID})
	}
	if err != nil {
		log.Error().Err(err).Msg("job not queued")
		return err
	}
	log.Info().Str("user", j.User).Str("channel", j.Channel).Msg("job queued")
	return nil
}

// readForm reads a form. Broken escapes, bare semicolons, invalid UTF-8 and NULs make it malformed.
func readForm(body []byte) (url.Values, bool) {
	form, err := url.ParseQuery(string(body))
	if err != nil || len(form) == 0 {
		return nil, false
	}
	for _, values := range form {
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return nil, false
			}
		}
	}
	return form, true
}
