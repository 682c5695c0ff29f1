package receiver

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/metric"
)

const (
	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// unauthorized is the one body of every 401, so that it tells nothing about the reason.
const unauthorized = "unauthorized\n"

// Outcome is what became of a request, in the word that its line in the log has.
type Outcome string

// The outcomes.
const (
	Queued     Outcome = "queued"      // its job is in the queue
	NotQueued  Outcome = "not-queued"  // the queue did not confirm its job
	Answered   Outcome = "answered"    // the answer is all there is to do
	Ignored    Outcome = "ignored"     // it is Slack's, and none of ours
	TurnedAway Outcome = "turned-away" // it is not Slack's, or makes no sense
	Failed     Outcome = "failed"      // a bug
)

// Answer is how a request is answered, and what its line in the log says of it.
type Answer struct {
	Status    int    // HTTP's; 200 is Slack's receipt, with anything else it may send an event again
	Ephemeral string // words for the one person who typed a command
	Outcome   Outcome

	plain  string // the whole answer, as it stands
	allow  string // the method that would have been right
	silent bool   // a question about our health: nobody's request

	level                            zerolog.Level
	why                              string // a fixed word
	ref, kind, source, user, channel string
	err                              error
}

func answered(kind, user string) Answer {
	return Answer{Status: http.StatusOK, Outcome: Answered, level: zerolog.InfoLevel, kind: kind, user: user}
}

// Ignore is the answer to what is Slack's and none of ours; why is a fixed word.
func Ignore(why string) Answer {
	return Answer{Status: http.StatusOK, Outcome: Ignored, level: zerolog.InfoLevel, why: why}
}

// TurnAway is the answer to what is not for us; why is a fixed word.
func TurnAway(status int, why string) Answer {
	a := Answer{Status: status, Outcome: TurnedAway, level: zerolog.InfoLevel, why: why}
	if status == http.StatusUnauthorized {
		a.plain = unauthorized
	}
	return a
}

// Fault is the answer after a bug.
func Fault() Answer {
	return Answer{Status: http.StatusInternalServerError, Outcome: Failed, level: zerolog.ErrorLevel}
}

func malformed() Answer { return TurnAway(http.StatusBadRequest, "malformed") }

// Note leaves the one line that each request has in the log, with the time its answer took, and counts it.
func (d *Desk) Note(a Answer, took time.Duration) {
	if a.silent {
		return
	}
	ms := float64(took.Microseconds()) / 1000
	if a.Outcome != TurnedAway && a.level != zerolog.DebugLevel {
		d.config.Record(metric.AckTime, "", ms)
	}
	e := d.config.Log.WithLevel(a.level)
	if a.level < d.config.Log.GetLevel() {
		return
	}
	for _, f := range [...]struct{ key, value string }{
		{"ref", a.ref}, {"kind", a.kind}, {"source", a.source}, {"user", a.user}, {"channel", a.channel}, {"why", a.why},
	} {
		if f.value != "" {
			e = e.Str(f.key, f.value)
		}
	}
	e.Str("outcome", string(a.Outcome)).Int("status", a.Status).Float64("ms", ms).Err(a.err).Msg("request")
}

// write answers over HTTP.
func (a Answer) write(w http.ResponseWriter) {
	switch {
	case a.Ephemeral != "":
		ephemeral(w, a.Ephemeral)
	case a.plain != "":
		words(w, a.Status, a.plain)
	default:
		if a.allow != "" {
			w.Header().Set("Allow", a.allow)
		}
		w.WriteHeader(a.Status)
	}
}

// words answers with plain text that no browser takes for anything else.
func words(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text) // nobody is left to tell
}

// EphemeralBody is the body that answers a command with words for its person alone.
func EphemeralBody(text string) json.RawMessage {
	data, err := json.Marshal(struct {
		ResponseType string `json:"response_type"`
		Text         string `json:"text"`
	}{"ephemeral", text})
	if err != nil { // two strings cannot fail to marshal
		panic(err)
	}
	return data
}

func ephemeral(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(EphemeralBody(text)) // nobody is left to tell
}

func isType(h http.Header, want string) bool {
	got, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	return err == nil && got == want
}
