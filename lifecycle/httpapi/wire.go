package httpapi

import (
	"encoding/json"
	"time"

	"showtime/lifecycle"
)

// The headers that mean something here.
const (
	KeyHeader = "Idempotency-Key"
	// MaxBody is how many bytes a request's body may have.
	MaxBody = 16 << 10
)

// What a cluster is meant to be.
const (
	DesiredUp   = "up"
	DesiredDown = "down"
)

// Cluster is one cluster: what it is meant to be, what it is, and what follows from it.
type Cluster struct {
	V          int                `json:"v" doc:"version of the record"`
	Name       string             `json:"name" doc:"name of the cluster"`
	Desired    string             `json:"desired" enum:"up,down" doc:"what it is meant to be"`
	Phase      lifecycle.Phase    `json:"phase" enum:"DOWN,LAUNCHING,UP,STOPPING" doc:"where it stands"`
	Ready      bool               `json:"ready" doc:"whether it can be worked on"`
	Generation int64              `json:"generation" doc:"number of the session, one more with every launch; 0 before the first"`
	Revision   int64              `json:"revision" doc:"grows with every change; what events?after= takes"`
	Session    *lifecycle.Session `json:"session,omitempty" doc:"the session or, when DOWN, the last one; durations in nanoseconds"`
	Wish       *lifecycle.Wish    `json:"wish,omitempty" doc:"a launch that was given up and is repeated by itself"`
	Notebook   string             `json:"notebook_url,omitempty" doc:"where to work, once ready"`
	Lease      Lease              `json:"lease" doc:"the bounds of a session's life"`
	Cost       Cost               `json:"cost" doc:"an estimate from the configured rates"`
	ListedAt   time.Time          `json:"listed_at,omitzero" doc:"when the last look at EMR began"`
	Launches   []string           `json:"launches,omitempty" doc:"how long the last launches took until ready, oldest first"`
	StartWarn  string             `json:"start_warn,omitempty" doc:"after this long a session that is not ready is called slow"`
	StartLimit string             `json:"start_timeout,omitempty" doc:"after this long a session that is not ready is stopped"`
	Findings   []string           `json:"findings,omitempty" doc:"choices in the cluster file that may be meant, each with its JSON path"`
}

// Lease is the bounds of a session's life, as durations such as 4h0m0s.
type Lease struct {
	Default string   `json:"default" doc:"length of a session that asks for none"`
	Max     string   `json:"max" doc:"longest life; beyond it extend-past-cap is needed"`
	Step    string   `json:"step" doc:"how far an extension goes that names no hours"`
	Grace   string   `json:"grace" doc:"how long an announced end waits"`
	Warn    []string `json:"warn,omitempty" doc:"how long before the end people are warned"`
}

// Cost is an estimate; ranges, because clusters scale.
type Cost struct {
	Configured bool     `json:"configured" doc:"whether the cluster file has rates"`
	Known      bool     `json:"known" doc:"whether every instance type has a rate"`
	Unknown    []string `json:"unknown,omitempty" doc:"instance types without a rate"`
	Currency   string   `json:"currency,omitempty"`
	AsOf       string   `json:"as_of,omitempty" doc:"date of the rates"`
	SoFarMin   float64  `json:"so_far_min"`
	SoFarMax   float64  `json:"so_far_max"`
	PerHourMin float64  `json:"per_hour_min"`
	PerHourMax float64  `json:"per_hour_max"`
	PerHourNow float64  `json:"per_hour_now,omitempty" doc:"of the instances that run, if they were counted within ten minutes"`
	AtMost     float64  `json:"at_most" doc:"upper bound at the lease's end, grace included"`
}

// Refusal is EMR's own no to a launch.
type Refusal struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// Answer says what became of an operation.
type Answer struct {
	Result  lifecycle.Result `json:"result" doc:"what became of it"`
	Known   bool             `json:"known,omitempty" doc:"the key was known: nothing was done again, and the result is what it was then"`
	Cluster Cluster          `json:"cluster"`
	Preview *Preview         `json:"preview,omitempty" doc:"with dry_run: nothing was done, and result is what a start would become as far as the record says"`
}

// StartBody is the body of a start. Nothing in it can change what is launched.
type StartBody struct {
	Hours      float64 `json:"hours,omitempty" minimum:"0" maximum:"8760" doc:"length of the lease; the configured default without it"`
	Purpose    string  `json:"purpose,omitempty" maxLength:"800" doc:"one line for people; 200 characters of it are kept"`
	OnBehalfOf string  `json:"on_behalf_of,omitempty" maxLength:"64" doc:"the person it is for; needs the verb on-behalf"`
	Generation *int64  `json:"generation,omitempty" minimum:"0" doc:"start only if the last session has this generation"`
}

// StopBody is the body of a stop.
type StopBody struct {
	Generation int64  `json:"generation" minimum:"1" doc:"the session that is meant"`
	Reason     string `json:"reason,omitempty" maxLength:"800" doc:"one line for people"`
	OnBehalfOf string `json:"on_behalf_of,omitempty" maxLength:"64" doc:"the person it is for; needs the verb on-behalf"`
	Request    string `json:"request,omitempty" maxLength:"64" doc:"the approval request behind it; needs the verb on-behalf"`
	Approver   string `json:"approver,omitempty" maxLength:"64" doc:"who granted it; needs the verb on-behalf"`
}

// JoinBody is the body of a join.
type JoinBody struct {
	Generation *int64 `json:"generation,omitempty" minimum:"1" doc:"the session that is meant; whichever there is without it"`
	OnBehalfOf string `json:"on_behalf_of,omitempty" maxLength:"64" doc:"the person it is for; needs the verb on-behalf"`
}

// ExtendBody is the body of an extension.
type ExtendBody struct {
	Generation *int64    `json:"generation,omitempty" minimum:"1" doc:"the session that is meant; whichever there is without it"`
	Hours      float64   `json:"hours,omitempty" minimum:"0" maximum:"8760" doc:"how far; the configured step without it"`
	From       time.Time `json:"from,omitzero" required:"false" doc:"the lease's end that is to be moved; if it has been moved since, nothing is done"`
	PastCap    bool      `json:"past_cap,omitempty" doc:"beyond the cap; needs the verb extend-past-cap"`
	OnBehalfOf string    `json:"on_behalf_of,omitempty" maxLength:"64" doc:"the person it is for; needs the verb on-behalf"`
	Request    string    `json:"request,omitempty" maxLength:"64" doc:"the approval request behind it; needs the verb on-behalf"`
	Approver   string    `json:"approver,omitempty" maxLength:"64" doc:"who granted it; needs the verb on-behalf"`
}

// List is every cluster that the caller may see.
type List struct {
	Clusters []Entry `json:"clusters"`
}

// Entry is one cluster of a list. A cluster that cannot be read keeps its place, without a state.
type Entry struct {
	Name    string   `json:"name"`
	Verbs   []string `json:"verbs" doc:"what the caller may do with it"`
	Cluster *Cluster `json:"cluster,omitempty" doc:"its state; absent without the verb read, or when it cannot be read at the moment"`
}

// History is the sessions that have ended, newest first.
type History struct {
	Sessions []Cluster `json:"sessions"`
}

// Events is what has changed since a revision: at most one event, for changes in between are not kept.
type Events struct {
	Events []Event `json:"events"`
	Next   int64   `json:"next" doc:"what to ask after next"`
}

// Event is the cluster as a revision left it.
type Event struct {
	Revision int64   `json:"revision"`
	Cluster  Cluster `json:"cluster"`
}

// Preview is what a start would send to EMR, and what it would cost.
type Preview struct {
	Generation int64           `json:"generation" doc:"the generation it would have"`
	RunJobFlow json.RawMessage `json:"run_job_flow" doc:"the body of the request to EMR"`
	Cost       Cost            `json:"cost" doc:"at_most is for the hours asked for, grace included"`
	Findings   []string        `json:"findings,omitempty"`
}
