package config

import (
	"slices"
	"strings"

	"github.com/rs/zerolog"

	"showtime/approval"
)

const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// maxInstallation keeps the name readable beside others; an EMR tag value may be 256 characters long.
const maxInstallation = 64

// installation reads the deployment's name. Its characters are fit for a tag value and mean nothing
// special in an IAM condition or in Slack's markup.
func (r *reader) installation() string {
	v := r.need(varInstallation, "the name of this deployment, for example analytics-prod")
	if len(v) > maxInstallation || strings.Trim(v, alphanumeric+"._-") != "" || strings.Trim(v, "._-") != v {
		r.fail(varInstallation, "must be at most 64 letters, digits, dots, dashes and underscores, with a letter or digit at both ends")
		return ""
	}
	return v
}

func (r *reader) approval() approval.Policy {
	return approval.Policy(r.choice(varApproval, string(approval.ByAdmin), string(approval.FourEyes), string(approval.NoneNeed)))
}

func (r *reader) table(required bool) string {
	v := r.get(varTable)
	switch {
	case v == "" && required:
		r.fail(varTable, "is required: the name of the DynamoDB table")
	case v != "" && (len(v) < 3 || len(v) > 255 || strings.Trim(v, alphanumeric+"._-") != ""):
		r.fail(varTable, "must be a DynamoDB table name: 3 to 255 letters, digits, dots, dashes and underscores")
		return ""
	}
	return v
}

func (r *reader) lifecycleToken(url string) string {
	v := r.get(varLifecycleToken)
	switch {
	case v != "" && r.get(varLifecycleURL) == "":
		r.fail(varLifecycleToken, "must be unset without "+varLifecycleURL)
		return ""
	case !oneWord(v):
		r.fail(varLifecycleToken, "must be one word of ASCII characters")
		return ""
	case url == "":
		return ""
	}
	return v
}

func (r *reader) logLevel() zerolog.Level {
	levels := []string{defaultLogLevel, "trace", "debug", "warn", "error", "fatal", "panic", "disabled"}
	v := strings.ToLower(r.or(varLogLevel, defaultLogLevel))
	level, err := zerolog.ParseLevel(v)
	if err != nil || !slices.Contains(levels, v) {
		r.fail(varLogLevel, "must be one of trace, debug, info, warn, error, fatal, panic, disabled")
		return zerolog.InfoLevel
	}
	return level
}
