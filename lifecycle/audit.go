package lifecycle

import (
	"time"

	"github.com/rs/zerolog"
)

// Self is who acts when time demands it and nobody asked.
const Self = "showtime"

// Attempt is one audit record: somebody tried something. It is inserted in the transaction of the
// change it records and never written again.
type Attempt struct {
	V          int       `json:"v"`
	ID         string    `json:"id"` // unique; the operation or job id for what people ask
	At         time.Time `json:"at"`
	Who        string    `json:"who"`  // a person, a grant or "showtime"
	What       string    `json:"what"` // the job's kind or the tick's act
	Generation int64     `json:"generation"`
	Allowed    bool      `json:"allowed"`
	Outcome    string    `json:"outcome"`
	Why        string    `json:"why,omitempty"` // the rule or reason code, fixed words
	Ref        string    `json:"ref,omitempty"`
	Request    string    `json:"request,omitempty"`
	EMRID      string    `json:"emr_id,omitempty"`
	Typed      string    `json:"typed,omitempty"` // what a person typed; kept here, never logged
}

// Record inserts the attempt into the cluster's audit.
func (a Attempt) Record(tx Tx, cluster string) error {
	a.V = 1
	name := a.At.UTC().Format("2006-01-02T15:04:05.000000000Z") + "/" + a.ID
	return tx.Insert(AuditKey(cluster, name), a, time.Time{})
}

// Log repeats the attempt as one line, without what was typed.
func (a Attempt) Log(log *zerolog.Logger) {
	log.Info().Str("audit", a.What).Str("who", a.Who).Int64("generation", a.Generation).
		Bool("allowed", a.Allowed).Str("outcome", a.Outcome).Str("why", a.Why).Str("ref", a.Ref).
		Str("request", a.Request).Str("emr_id", a.EMRID).Time("at", a.At).Msg("attempt")
}
