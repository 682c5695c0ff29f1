package events

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"showtime/internal/job"
)

// Phrases are what people can say in a channel, as they would type it.
type Phrases struct {
	Start   []string `json:"start"`
	Status  []string `json:"status"`
	Destroy []string `json:"destroy"`
}

// DefaultPhrases are the phrases of an installation that sets none.
func DefaultPhrases() Phrases {
	return Phrases{
		Start:   []string{"It's showtime!"},
		Status:  []string{"How's the show?"},
		Destroy: []string{"That's a wrap!"},
	}
}

// ReadPhrases reads the JSON of SHOWTIME_PHRASES. What it does not name keeps its default; an empty
// list takes a phrase away.
func ReadPhrases(text string) (Phrases, error) {
	p := DefaultPhrases()
	if text == "" {
		return p, nil
	}
	// Decoded into a value of its own: a shorter list must not keep the end of the default one.
	var given struct{ Start, Status, Destroy *[]string }
	if err := json.Unmarshal([]byte(text), &given); err != nil {
		return Phrases{}, fmt.Errorf("read phrases: %w", err)
	}
	for _, f := range []struct{ from, to *[]string }{
		{given.Start, &p.Start},
		{given.Status, &p.Status},
		{given.Destroy, &p.Destroy},
	} {
		if f.from != nil {
			*f.to = *f.from
		}
	}
	return p, nil
}

type phrase struct {
	kind     job.Kind
	question bool // only then does a question mark at the end still say the same
}

// NewParser makes a parser for these phrases. A phrase that says nothing, or means two things, is an error.
func NewParser(phrases Phrases) (*Parser, error) {
	p := &Parser{kinds: make(map[string]phrase)}
	for _, f := range []struct {
		kind job.Kind
		list []string
	}{
		{job.Start, phrases.Start},
		{job.Status, phrases.Status},
		{job.AskDestroy, phrases.Destroy},
	} {
		for _, text := range f.list {
			words, question := normal(text)
			if words == "" {
				return nil, fmt.Errorf("read phrases: a phrase for %s has no words", f.kind)
			}
			if other, ok := p.kinds[words]; ok && other.kind != f.kind {
				return nil, fmt.Errorf("read phrases: one phrase means %s and %s", other.kind, f.kind)
			}
			p.kinds[words] = phrase{f.kind, question}
			p.longest = max(p.longest, len(words))
		}
	}
	return p, nil
}

// slack is how much longer than its phrase a message may be: emoji, emphasis, exclamation marks.
const slack = 200

// kind says which phrase a message is, "" if none. Only the whole message counts.
func (p *Parser) kind(text string) job.Kind {
	if text == "" || len(text) > 4*p.longest+slack {
		return ""
	}
	words, question := normal(text)
	found, ok := p.kinds[words]
	if !ok || question && !found.question {
		return ""
	}
	return found.kind
}

// normal reduces a text to its words: no apostrophes, emphasis, case, emoji around them or marks at
// the end. Quotes, code and anything between the words stay, so that quoting a phrase does not say it.
// Question says whether it asks.
func normal(text string) (words string, question bool) {
	text = strings.Map(drop, unescape(text))
	text = strings.Map(drop, norm.NFKC.String(text))
	fields := strings.Fields(strings.ToLower(text))
	for len(fields) > 0 && ornament(fields[0]) {
		fields = fields[1:]
	}
	for len(fields) > 0 {
		last := strings.TrimRightFunc(fields[len(fields)-1], pictorial)
		bare := strings.TrimRight(last, "!.?")
		question = question || strings.Contains(last[len(bare):], "?")
		if bare != "" && !ornament(bare) {
			fields[len(fields)-1] = bare
			break
		}
		fields = fields[:len(fields)-1]
	}
	return strings.Join(fields, " "), question
}

func unescape(s string) string {
	s = strings.ReplaceAll(strings.ReplaceAll(s, "&lt;", "<"), "&gt;", ">")
	return strings.ReplaceAll(s, "&amp;", "&")
}

// drop removes emphasis, every kind of apostrophe, and what nobody sees.
func drop(r rune) rune {
	switch r {
	case '*', '_', '~', '\'', '\u2018', '\u2019', '\u201b', '\u02bc', '\u02b9', '\u2032', '\u00b4', '\uff07':
		return -1
	}
	if unicode.In(r, unicode.Cf, unicode.Variation_Selector) {
		return -1
	}
	return r
}

// ornament says whether a word is an emoji: :tada: or the character itself.
func ornament(word string) bool {
	if len(word) > 2 && word[0] == ':' && word[len(word)-1] == ':' && strings.Trim(word, ":") != "" {
		return true
	}
	return strings.TrimFunc(word, pictorial) == ""
}

func pictorial(r rune) bool { return r > unicode.MaxASCII && unicode.IsSymbol(r) }
