package blocks

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/slack-go/slack"
)

// page collects a message: every part goes into the blocks and into the fallback at once, so that
// neither can say less than the other.
type page struct {
	prefix string // of every block id
	blocks []slack.Block
	text   []string
}

// newPage begins a message that a later edit may replace: Slack wants new block ids on edits, so they
// carry the revision and the time that were drawn.
func newPage(view string, revision int64, now time.Time) *page {
	return &page{prefix: view + "." + strconv.FormatInt(revision, 36) + "." + strconv.FormatInt(now.UnixMilli(), 36)}
}

// newForm begins a message with inputs: Slack keeps what people typed under the block id, so it stays
// the same for the whole session.
func newForm(view string, generation int64) *page {
	return &page{prefix: view + ".g" + strconv.FormatInt(generation, 10)}
}

func (p *page) id() string { return p.prefix + "." + strconv.Itoa(len(p.blocks)) }

// header puts the state on top.
func (p *page) header(s string) {
	s = truncate(s, maxHeader)
	block := slack.NewHeaderBlock(plain(s))
	block.BlockID = p.id()
	p.blocks = append(p.blocks, block)
	p.text = append(p.text, escape(s))
}

// say adds lines in mrkdwn; text from outside must have been escaped. Empty lines are left out.
func (p *page) say(lines ...string) {
	lines = nonEmpty(lines)
	if len(lines) == 0 {
		return
	}
	s := truncate(strings.Join(lines, "\n"), maxSection)
	block := slack.NewSectionBlock(mrkdwn(s), nil, nil)
	block.BlockID = p.id()
	p.blocks = append(p.blocks, block)
	p.text = append(p.text, s)
}

// quote adds text from outside behind a fixed label: plain text in the block, escaped in the fallback.
func (p *page) quote(label, s string, limit int) {
	if s = line(s, limit); s == "" {
		return
	}
	block := slack.NewSectionBlock(plain(label+": "+s), nil, nil)
	block.BlockID = p.id()
	p.blocks = append(p.blocks, block)
	p.text = append(p.text, label+": "+escapeWithin(s, maxEscaped))
}

// note adds small print in mrkdwn.
func (p *page) note(lines ...string) {
	lines = nonEmpty(lines)
	if len(lines) == 0 {
		return
	}
	s := truncate(strings.Join(lines, " · "), maxSection)
	p.blocks = append(p.blocks, slack.NewContextBlock(p.id(), mrkdwn(s)))
	p.text = append(p.text, s)
}

// input adds an input; name makes its block id, which survives redrawing.
func (p *page) input(name, label, hint string, element slack.BlockElement, optional bool) {
	var small *slack.TextBlockObject
	if hint != "" {
		small = plain(hint)
	}
	block := slack.NewInputBlock(p.prefix+"."+name, plain(label), small, element)
	block.Optional = optional
	p.blocks = append(p.blocks, block)
	p.text = append(p.text, "Input: "+escape(strings.TrimSpace(label+". "+hint)))
}

// actions adds the buttons, and says in the fallback what each is for.
func (p *page) actions(buttons ...*button) {
	var elements []slack.BlockElement
	var words []string
	for _, b := range buttons {
		if b == nil {
			continue
		}
		elements = append(elements, b.ButtonBlockElement)
		words = append(words, escape(b.Text.Text+" ("+b.meaning+")"))
	}
	if len(elements) == 0 {
		return
	}
	p.blocks = append(p.blocks, slack.NewActionBlock(p.id(), elements...))
	p.text = append(p.text, "Buttons: "+strings.Join(words, "; "))
}

// message ends the page. A fallback that is too long loses whole lines, so that no token is cut.
func (p *page) message() Message {
	length, kept := 0, p.text
	for i, s := range p.text {
		length += utf8.RuneCountInString(s) + 1
		if length > maxText {
			kept = p.text[:i]
			break
		}
	}
	return Message{Text: strings.Join(kept, "\n"), Blocks: p.blocks}
}

func plain(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.PlainTextType, truncate(s, maxSection), false, false)
}

// mrkdwn is verbatim: only what is written as a link or a mention becomes one.
func mrkdwn(s string) *slack.TextBlockObject {
	return slack.NewTextBlockObject(slack.MarkdownType, s, false, true)
}

func nonEmpty(lines []string) []string {
	var out []string
	for _, s := range lines {
		if s != "" {
			out = append(out, s)
		}
	}
	return out
}
