package doctor

import (
	"context"
	"errors"
	"strings"

	"showtime/internal/slackapi"
	"showtime/lifecycle"
)

// cause is what lies behind an error, as far as it decides what to do.
type cause int

const (
	other cause = iota
	slow
	denied
	missing
	unproven // AWS does not know who asks
)

// causeOf sorts an error. AWS's errors carry a code; which package made them is of no interest here.
func causeOf(err error) cause {
	code := codeOf(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return slow
	case errors.Is(err, lifecycle.ErrDenied), strings.Contains(code, "AccessDenied"):
		return denied
	case strings.Contains(code, "NotFound"), strings.Contains(code, "NonExistent"), strings.Contains(code, "DoesNotExist"):
		return missing
	}
	switch code {
	case "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException", "InvalidSignatureException",
		"SignatureDoesNotMatch", "MissingAuthenticationToken", "MissingAuthenticationTokenException", "IncompleteSignatureException":
		return unproven
	}
	return other
}

// codeOf is AWS's or Slack's code for an error, "" when there is none.
func codeOf(err error) string {
	if coded, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err); ok {
		return coded.ErrorCode()
	}
	if e, ok := errors.AsType[*slackapi.Error](err); ok {
		return e.Code
	}
	return ""
}

// because says in a few words why something was not read.
func because(err error) string {
	if causeOf(err) == slow {
		return "no answer in time"
	}
	if code := codeOf(err); code != "" {
		return code
	}
	return err.Error()
}

// remedy says what to do when AWS refused or was not reached.
func remedy(err error, action, thing string) string {
	switch causeOf(err) {
	case denied:
		return "Allow " + action + " on " + thing + "; template.yaml has the statement."
	case missing:
		return "Make " + thing + ", or correct its name and AWS_REGION."
	case unproven:
		return "Give this process valid AWS credentials."
	case slow, other:
	}
	return "See that AWS can be reached from here, with credentials and AWS_REGION; then try again."
}
