package blocks

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Slack's limits, in characters, and ours where we are stricter.
const (
	// https://docs.slack.dev/reference/methods/chat.update: longer text is refused with msg_too_long.
	maxText = 4000
	// https://docs.slack.dev/reference/block-kit/blocks/header-block
	maxHeader = 150
	// https://docs.slack.dev/reference/block-kit/blocks/section-block
	maxSection = 3000
	// https://docs.slack.dev/reference/block-kit/block-elements/button-element: 75 fit, about 30 are shown.
	maxButton = 30
	// https://docs.slack.dev/reference/block-kit/block-elements/button-element
	maxURL = 3000
	// https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object
	maxConfirmTitle  = 100
	maxConfirmText   = 300
	maxConfirmButton = 30
	// https://docs.slack.dev/reference/block-kit/composition-objects/option-object
	maxOption = 75
	// https://docs.slack.dev/reference/block-kit/block-elements/plain-text-input-element takes 3000; we take 200.
	maxTyped = 200
	// A word from AWS can be long; the log has all of it.
	maxForeign = 300
	// Names, ids, codes and dates that others chose: longer ones are nothing but mischief.
	maxName = 80
	// The fallback's share of one typed text after escaping, so that hostile text cannot push out the facts.
	maxEscaped = 400
	// How many people are named before the rest is counted; those who must hear of something are mentioned, so many more.
	maxPeople = 20
	maxCalled = 100
)

// truncate cuts to a number of characters and marks the cut.
func truncate(s string, limit int) string {
	if len(s) <= limit || utf8.RuneCountInString(s) <= limit {
		return s
	}
	n := 0
	for i := range s {
		if n == limit-1 {
			return s[:i] + "…"
		}
		n++
	}
	return s
}

// escape makes text safe inside mrkdwn: no mention, link or date token survives.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func escape(s string) string {
	if !strings.ContainsAny(s, "&<>") {
		return s
	}
	s = strings.ReplaceAll(s, "&", "&amp;")
	s = strings.ReplaceAll(s, "<", "&lt;")
	return strings.ReplaceAll(s, ">", "&gt;")
}

// escapeWithin escapes and keeps the result within a number of characters, never cutting an escape in two.
func escapeWithin(s string, limit int) string {
	full := escape(s)
	if utf8.RuneCountInString(full) <= limit {
		return full
	}
	var out strings.Builder
	n := 0
	for _, r := range s {
		part := escape(string(r))
		n += utf8.RuneCountInString(part)
		if n > limit-1 {
			break
		}
		out.WriteString(part)
	}
	return out.String() + "…"
}

// foreign makes a name, id, code or date that came from outside fit into a sentence in mrkdwn.
func foreign(s string) string { return escapeWithin(line(s, maxName), maxName) }

// unescape gives what was escaped.
func unescape(s string) string {
	return strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

// line makes one clean line of text that came from outside. Whoever stored it has cleaned it already;
// a card must not depend on that.
func line(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
			return -1
		}
		return r
	}, s)
	return truncate(strings.Join(strings.Fields(s), " "), limit)
}
