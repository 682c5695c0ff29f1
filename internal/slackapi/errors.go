package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

// Kind says what a caller can do about an error.
type Kind string

// The kinds of errors.
const (
	// Gone means that the message or response_url is no more: post anew, or tell the person elsewhere.
	Gone Kind = "gone"
	// NoChannel means that the bot cannot write to or read the channel: use another one.
	NoChannel Kind = "no-channel"
	// Blocks means that Slack does not take the content, even as plain text. It is a bug of ours and was alarmed.
	Blocks Kind = "blocks"
	// Auth means that Slack does not take the token or that it lacks a scope. It was alarmed.
	Auth Kind = "auth"
	// RateLimited means that nothing happened and that Slack wants to be asked again after RetryAfter.
	RateLimited Kind = "rate-limited"
	// Unclear means that the call was sent and no answer came: it may have happened.
	Unclear Kind = "unclear"
	// Unavailable means that Slack was not reached, or did not answer a question: nothing happened.
	Unavailable Kind = "unavailable"
	// Refused means any other answer of Slack's: nothing happened.
	Refused Kind = "refused"
)

// NoToken is the code of a call for which there was no token.
const NoToken = "no token"

// Error is a call that failed.
type Error struct {
	Kind       Kind
	Op         string        // the method, or "response_url"
	Code       string        // Slack's error code or a word like it; "" when there was no answer
	RetryAfter time.Duration // of RateLimited; 0 when Slack did not say
	cause      error         // a context's or token source's error, never one that may hold a URL
}

// Error is the method, Slack's code and the kind, without anything secret.
func (e *Error) Error() string {
	words := []string{e.Op}
	if e.Code != "" {
		words = append(words, e.Code)
	}
	if e.cause != nil {
		words = append(words, e.cause.Error())
	}
	return fmt.Sprintf("call slack: %s (%s)", strings.Join(words, ": "), e.Kind)
}

// Unwrap gives the context's or token source's error behind it, if any.
func (e *Error) Unwrap() error { return e.cause }

// IsKind says whether an error is one of this kind.
func IsKind(err error, kind Kind) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == kind
}

// kindOf sorts Slack's error codes (https://docs.slack.dev/reference/methods/chat.postMessage and its neighbours).
func kindOf(code string) Kind {
	switch code {
	case "message_not_found", "cant_update_message", "edit_window_closed", "block_mismatch", "update_failed",
		"streaming_state_conflict", "is_inactive", "thread_not_found", "cannot_reply_to_message":
		return Gone
	case "channel_not_found", "not_in_channel", "is_archived", "channel_is_archived", "user_not_in_channel",
		"no_permission", "ekm_access_denied", "messages_tab_disabled":
		return NoChannel
	case "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "invalid_payload":
		return Blocks
	case "token_revoked", "token_expired", "invalid_auth", "not_authed", "account_inactive", "missing_scope",
		"not_allowed_token_type", "team_access_not_granted", "org_login_required":
		return Auth
	case "ratelimited", "rate_limited":
		return RateLimited
	case "internal_error", "fatal_error", "service_unavailable", "request_timeout":
		return Unclear
	}
	if strings.HasPrefix(code, "restricted_action") {
		return NoChannel
	}
	return Refused
}

// stale says whether a fresh token might help.
func stale(code string) bool {
	switch code {
	case "token_revoked", "token_expired", "invalid_auth", "not_authed", "account_inactive":
		return true
	default:
		return false
	}
}

// classify makes an Error of what slack-go or net/http reported. sent says whether the request left
// this machine.
func classify(op string, err error, sent bool) *Error {
	var (
		answered slack.SlackErrorResponse
		limited  *slack.RateLimitedError
		status   slack.StatusCodeError
	)
	switch {
	case errors.As(err, &answered):
		return &Error{Op: op, Kind: kindOf(answered.Err), Code: safeCode(answered.Err)}
	case errors.As(err, &limited):
		return &Error{Op: op, Kind: RateLimited, Code: "ratelimited", RetryAfter: limited.RetryAfter}
	case errors.As(err, &status):
		return statusError(op, status.Code)
	case !sent:
		return &Error{Op: op, Kind: Unavailable, Code: "not reached", cause: contextCause(err)}
	}
	return &Error{Op: op, Kind: Unclear, Code: broken(err), cause: contextCause(err)}
}

// statusError makes an Error of an HTTP status that brought no answer of Slack's.
func statusError(op string, status int) *Error {
	e := &Error{Op: op, Kind: Refused, Code: fmt.Sprintf("http %d", status)}
	switch {
	case status == http.StatusTooManyRequests:
		e.Kind = RateLimited
	case status >= http.StatusInternalServerError:
		e.Kind = Unclear
	}
	return e
}

// broken says in a word why no answer could be read.
func broken(err error) string {
	var (
		timeout interface{ Timeout() bool }
		syntax  *json.SyntaxError
		types   *json.UnmarshalTypeError
	)
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case errors.As(err, &syntax), errors.As(err, &types):
		return "unreadable answer"
	default:
		return "connection broke"
	}
}

// contextCause keeps only what callers may look for; net/http's own errors hold the URL.
func contextCause(err error) error {
	for _, known := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return known
		}
	}
	return nil
}

// safeCode keeps an error code that looks like one: it ends up in logs.
func safeCode(code string) string {
	odd := func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("_.:", r)
	}
	if len(code) > 64 || strings.ContainsFunc(code, odd) {
		return "unknown_error"
	}
	return code
}
