package slash

import (
	"strings"
	"time"
	"unicode"

	"showtime/internal/job"
	"showtime/internal/typed"
)

const (
	helpText = "*Showtime* runs one EMR cluster for data exploration.\n" + commands +
		"\nNothing you type ends a cluster: `/emr destroy` answers with a button that asks you to confirm."
	usageText      = "I did not understand that. What I know:\n" + commands
	unknownCommand = "Unknown command. Showtime answers to `/emr`; try `/emr help`."
	commands       = "• `/emr` shows how the cluster is and what you can do\n" +
		"• `/emr start [hours] [purpose]` starts it, for example `/emr start 4h quarterly report`\n" +
		"• `/emr status` says how it is, until when, and what it costs\n" +
		"• `/emr destroy [reason]` asks for its end\n" +
		"• `/emr history [30d]` lists the last sessions\n" +
		"• `/emr doctor` checks the setup, for its admins\n" +
		"• `/emr help` shows this"
)

// unescape undoes the three escapes of Slack in typed text.
func unescape(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "&lt;", "<"), "&gt;", ">")
	return strings.ReplaceAll(s, "&amp;", "&")
}

// parseText reads what was typed behind the command: a job, or the word of what is answered instead.
func parseText(text string) (j job.Job, instead string) {
	word, rest := cut(visible(unescape(text)))
	switch strings.ToLower(unquote(word)) {
	case "":
		if rest != "" {
			return job.Job{}, wordUsage
		}
		return job.Job{Kind: job.Panel}, ""
	case "start":
		hours, purpose := cutHours(rest)
		return job.Job{Kind: job.Start, Hours: hours, Purpose: words(purpose)}, ""
	case "destroy":
		return job.Job{Kind: job.AskDestroy, Reason: words(rest)}, ""
	case "status":
		if rest != "" {
			return job.Job{}, wordUsage
		}
		return job.Job{Kind: job.Status}, ""
	case "history":
		return history(rest)
	case "doctor":
		if rest != "" {
			return job.Job{}, wordUsage
		}
		return job.Job{Kind: job.Doctor}, ""
	case "help":
		return job.Job{}, wordHelp
	default:
		return job.Job{}, wordUsage
	}
}

// visible drops what nobody sees, so that no invisible character makes a word another one.
func visible(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s))
}

// cut parts the first word from the rest, both trimmed.
func cut(s string) (word, rest string) {
	i := strings.IndexFunc(s, unicode.IsSpace)
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// cutHours takes the length off the front of what stands behind start: "6", "6h", "90m", "6 hours".
// It stays as typed; whether the length is possible is for the worker to say.
func cutHours(s string) (hours, rest string) {
	first, rest := cut(s)
	number := unquote(first)
	if unit, behind := cut(rest); unit != "" && isNumber(number) {
		if _, err := typed.Hours(number + " " + unit); err == nil {
			return number + " " + unit, behind
		}
	}
	if isLength(number) {
		return number, rest
	}
	return "", s
}

func isNumber(s string) bool {
	return strings.Trim(s, "0123456789.") == "" && strings.ContainsAny(s, "0123456789")
}

// isLength says whether a word was meant as a length, possible or not. A number too long for hours,
// such as a year, is the beginning of a purpose.
func isLength(s string) bool {
	if isNumber(s) {
		return len(s) <= 3
	}
	if _, err := typed.Hours(s); err == nil && s != "" {
		return true
	}
	_, err := time.ParseDuration(s)
	return err == nil
}

// words is a purpose or a reason: one clean, bounded line without the quotes around it.
func words(s string) string { return typed.Line(unquote(typed.Line(s))) }

const quotes = "\"'`“”„‘’‚«»‹›"

// unquote takes quotes off both ends.
func unquote(s string) string { return strings.TrimSpace(strings.Trim(s, quotes)) }
