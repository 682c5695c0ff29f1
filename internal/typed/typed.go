// Package typed cleans what a person typed before anything else sees it: text becomes one harmless
// line, and a length of time becomes a duration.
package typed

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxRunes is how many characters of a typed text are kept.
const MaxRunes = 200

// cutMark ends a text that was longer, so that its reader can see that it was.
const cutMark = '…'

// Line makes one clean line of at most MaxRunes characters: whitespace of every kind becomes single
// spaces, and control, bidi, zero-width and malformed characters are removed. Cleaning twice changes
// nothing. The result is still what somebody chose to type: whoever shows it must escape it.
func Line(s string) string {
	var line []rune
	gap := false
	for len(s) > 0 && len(line) <= MaxRunes {
		r, size := utf8.DecodeRuneInString(s)
		malformed := r == utf8.RuneError && size == 1
		s = s[size:]
		switch {
		case unicode.IsSpace(r):
			gap = len(line) > 0
		case malformed, invisible(r):
		default:
			if gap {
				line = append(line, ' ')
			}
			line, gap = append(line, r), false
		}
	}
	if len(line) > MaxRunes {
		line = append([]rune(strings.TrimRight(string(line[:MaxRunes-1]), " ")), cutMark)
	}
	return string(line)
}

// invisible says whether a character shows nothing or changes how its neighbours are shown. Variation
// selectors and joiners are among them: an emoji may lose its colour, but no text can hide another.
func invisible(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point,
		unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}
