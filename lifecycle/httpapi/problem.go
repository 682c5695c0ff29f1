package httpapi

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"showtime/lifecycle"
)

// Problem is an RFC 9457 problem. Type never changes for the same cause; Detail is for people.
type Problem struct {
	Type   string `json:"type" doc:"what went wrong, as a stable name" example:"urn:showtime:problem:generation-mismatch"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	// Result, Known, Cluster and Refusal say what became of an operation that was decided.
	Result     lifecycle.Result `json:"result,omitempty"`
	Known      bool             `json:"known,omitempty"`
	Cluster    *Cluster         `json:"cluster,omitempty" doc:"the cluster as it is"`
	Refusal    *Refusal         `json:"refusal,omitempty" doc:"EMR's own words"`
	RetryAfter int              `json:"retry_after_seconds,omitempty" doc:"as the header Retry-After"`
	Errors     []FieldProblem   `json:"errors,omitempty" doc:"what is wrong with the request"`
}

// FieldProblem is one thing that is wrong with a request. It never repeats a value.
type FieldProblem struct {
	Location string `json:"location,omitempty"`
	Message  string `json:"message"`
}

// Kind is the last part of a problem's type.
type Kind string

// The kinds of problems.
const (
	Unauthorized   Kind = "unauthorized"
	Forbidden      Kind = "forbidden"
	NotFound       Kind = "not-found"
	RateLimited    Kind = "rate-limited"
	InvalidRequest Kind = "invalid-request"
	TooLarge       Kind = "too-large"
	KeyMissing     Kind = "idempotency-key-missing"
	KeyReused      Kind = "idempotency-key-reused"
	Mismatch       Kind = "generation-mismatch"
	ShuttingDown   Kind = "shutting-down"
	LaunchPaced    Kind = "launch-paced"
	NotClean       Kind = "unclean"
	PastCap        Kind = "past-cap"
	LaunchRefused  Kind = "launch-refused"
	BadLength      Kind = "bad-length"
	NewerRecord    Kind = "newer-record"
	Unavailable    Kind = "unavailable"
	Internal       Kind = "internal"
	Other          Kind = "http"
)

const typePrefix = "urn:showtime:problem:"

// Of says whether the problem is of a kind.
func (p *Problem) Of(k Kind) bool { return p.Type == typePrefix+string(k) }

// about is the status and the title of a kind.
func (k Kind) about() (status int, title string) {
	switch k {
	case Unauthorized:
		return http.StatusUnauthorized, "no valid credentials"
	case Forbidden:
		return http.StatusForbidden, "the grant does not allow this"
	case NotFound:
		return http.StatusNotFound, "there is no such thing for you"
	case RateLimited:
		return http.StatusTooManyRequests, "too many requests"
	case InvalidRequest:
		return http.StatusUnprocessableEntity, "the request is not valid"
	case TooLarge:
		return http.StatusRequestEntityTooLarge, "the request is too large"
	case KeyMissing:
		return http.StatusBadRequest, "the header Idempotency-Key is missing"
	case KeyReused:
		return http.StatusUnprocessableEntity, "the Idempotency-Key belongs to another request"
	case Mismatch:
		return http.StatusConflict, "meant for another session"
	case ShuttingDown:
		return http.StatusConflict, "the cluster is shutting down"
	case LaunchPaced:
		return http.StatusServiceUnavailable, "queued behind other launches; nothing was recorded"
	case NotClean:
		return http.StatusConflict, "EMR shows another cluster of ours, or cannot be asked"
	case PastCap:
		return http.StatusConflict, "the lease's cap is reached"
	case LaunchRefused:
		return http.StatusBadGateway, "EMR refused the launch"
	case BadLength:
		return http.StatusUnprocessableEntity, "the length is out of bounds"
	case NewerRecord:
		return http.StatusServiceUnavailable, "the cluster's record was written by a newer version"
	case Unavailable:
		return http.StatusServiceUnavailable, "cannot be done at the moment; the outcome is unknown"
	default:
		return http.StatusInternalServerError, "something is wrong here"
	}
}

// NewProblem makes a problem of a kind.
func NewProblem(k Kind, detail string) *Problem {
	status, title := k.about()
	return &Problem{Type: typePrefix + string(k), Title: title, Status: status, Detail: detail}
}

// After says when to try again, at the earliest.
func (p *Problem) After(d time.Duration) *Problem {
	p.RetryAfter = max(1, int((d+time.Second-1)/time.Second))
	return p
}

func (p *Problem) Error() string {
	parts := []string{p.Title}
	if p.Detail != "" {
		parts = append(parts, p.Detail)
	}
	for _, e := range p.Errors {
		parts = append(parts, e.Location+" "+e.Message)
	}
	return strings.Join(parts, ": ")
}

// GetStatus is the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders are the headers that go with it.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	return h
}

// ContentType is the media type of problems.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// FromOutcome is the problem of an operation that was refused; nil when it was not.
func FromOutcome(o lifecycle.Outcome, c Cluster) *Problem {
	kinds := map[lifecycle.Result]Kind{
		lifecycle.OutOfDate: Mismatch, lifecycle.ShuttingDown: ShuttingDown, lifecycle.Paced: LaunchPaced, lifecycle.Unclean: NotClean,
		lifecycle.PastCap: PastCap, lifecycle.Refused: LaunchRefused, lifecycle.BadLength: BadLength,
	}
	k, refused := kinds[o.Result]
	if !refused {
		return nil
	}
	p := NewProblem(k, "")
	p.Result, p.Known, p.Cluster = o.Result, o.Known, &c
	if o.Refusal != nil {
		p.Refusal = &Refusal{Code: o.Refusal.Code, Message: o.Refusal.Message}
	}
	if o.RetryAfter > 0 {
		return p.After(o.RetryAfter)
	}
	return p
}
