package slacklike

import (
	"encoding/json"
	"fmt"
	"slices"
	"unicode/utf8"
)

// Slack's limits, in characters unless they count things (https://docs.slack.dev/reference/block-kit).
const (
	maxBlocks   = 50
	maxBlockID  = 255
	maxText     = 3000
	maxField    = 2000
	maxFields   = 10
	maxHeader   = 150
	maxContext  = 10
	maxActions  = 25
	maxRows     = 100
	maxCells    = 20
	maxLabel    = 2000
	maxAlt      = 2000
	maxURL      = 3000
	maxActionID = 255
	maxMarkdown = 12000
)

// Problem is one reason why Slack would refuse a message. Pointer is the JSON pointer into the
// blocks, "" for the message's text.
type Problem struct {
	Pointer, Message string
}

// String is the problem in one line.
func (p Problem) String() string { return p.Pointer + ": " + p.Message }

// Validate gives every reason why Slack would refuse a message with these blocks (JSON array, may be
// nil) and this fallback text, whether it is posted or used as an update.
func Validate(blocks json.RawMessage, text string) []Problem {
	problems := CheckBlocks(blocks)
	if tooLong(text, MaxUpdateText) {
		problems = append(problems, Problem{Message: fmt.Sprintf("text is longer than %d characters", MaxUpdateText)})
	}
	if text == "" && len(decodeBlocks(blocks)) == 0 {
		problems = append(problems, Problem{Message: "no text"})
	}
	return problems
}

// CheckBlocks gives every reason why Slack would refuse these blocks in a message. Unknown fields are
// tolerated; unknown types are not.
func CheckBlocks(blocks json.RawMessage) []Problem {
	if len(blocks) == 0 {
		return nil
	}
	c := &checker{}
	var decoded []any
	if err := json.Unmarshal(blocks, &decoded); err != nil {
		c.add("", "must be an array of blocks")
		return c.problems
	}
	if len(decoded) > maxBlocks {
		c.add("", "no more than %d items allowed", maxBlocks)
	}
	seen := map[string]bool{}
	markdown := 0
	for i, raw := range decoded {
		at := fmt.Sprintf("/%d", i)
		block, ok := raw.(map[string]any)
		if !ok {
			c.add(at, "must be an object")
			continue
		}
		c.id(at+"/block_id", block["block_id"], maxBlockID, seen)
		c.block(at, block)
		if text, ok := block["text"].(string); ok && block["type"] == "markdown" {
			markdown += utf8.RuneCountInString(text)
		}
	}
	if markdown > maxMarkdown {
		c.add("", "markdown is longer than %d characters", maxMarkdown)
	}
	return c.problems
}

// checker collects problems.
type checker struct {
	problems []Problem
}

func (c *checker) add(at, format string, args ...any) {
	c.problems = append(c.problems, Problem{Pointer: at, Message: fmt.Sprintf(format, args...)})
}

// block checks one block by its type.
func (c *checker) block(at string, b map[string]any) {
	switch kind, _ := b["type"].(string); kind {
	case "actions":
		c.actions(at, b)
	case "context":
		c.context(at, b)
	case "header":
		c.text(at+"/text", b["text"], maxHeader, plainOnly)
	case "image":
		c.image(at, b)
		c.optionalText(at+"/title", b["title"], maxAlt, plainOnly)
	case "input":
		c.input(at, b)
	case "section":
		c.section(at, b)
	case "markdown":
		c.str(at+"/text", b["text"], maxMarkdown, true)
	case "rich_text":
		c.list(at+"/elements", b["elements"], maxText)
	case "table":
		c.table(at, b)
	case "divider":
	default:
		c.add(at+"/type", "unsupported block type %q", kind)
	}
}

func (c *checker) section(at string, b map[string]any) {
	if b["text"] == nil && b["fields"] == nil {
		c.add(at, "missing required field: text or fields")
	}
	c.optionalText(at+"/text", b["text"], maxText, anyText)
	if b["fields"] != nil {
		for i, f := range c.list(at+"/fields", b["fields"], maxFields) {
			c.text(fmt.Sprintf("%s/fields/%d", at, i), f, maxField, anyText)
		}
	}
	if b["accessory"] != nil {
		c.element(at+"/accessory", b["accessory"], map[string]bool{}, accessories())
	}
}

// table checks the rows; of the kinds of cells those that were always taken are known.
func (c *checker) table(at string, b map[string]any) {
	for i, row := range c.list(at+"/rows", b["rows"], maxRows) {
		at := fmt.Sprintf("%s/rows/%d", at, i)
		for j, cell := range c.list(at, row, maxCells) {
			object, _ := cell.(map[string]any)
			switch kind, _ := object["type"].(string); kind {
			case "raw_text":
				c.str(fmt.Sprintf("%s/%d/text", at, j), object["text"], maxText, true)
			case "rich_text":
				c.list(fmt.Sprintf("%s/%d/elements", at, j), object["elements"], maxText)
			default:
				c.add(fmt.Sprintf("%s/%d/type", at, j), "unsupported cell type %q", kind)
			}
		}
	}
}

func (c *checker) context(at string, b map[string]any) {
	for i, e := range c.list(at+"/elements", b["elements"], maxContext) {
		at := fmt.Sprintf("%s/elements/%d", at, i)
		if object, ok := e.(map[string]any); ok && object["type"] == "image" {
			c.image(at, object)
			continue
		}
		c.text(at, e, maxText, anyText)
	}
}

func (c *checker) actions(at string, b map[string]any) {
	seen := map[string]bool{}
	for i, e := range c.list(at+"/elements", b["elements"], maxActions) {
		c.element(fmt.Sprintf("%s/elements/%d", at, i), e, seen, actionElements())
	}
}

func (c *checker) input(at string, b map[string]any) {
	c.text(at+"/label", b["label"], maxLabel, plainOnly)
	c.optionalText(at+"/hint", b["hint"], maxLabel, plainOnly)
	c.boolean(at+"/optional", b["optional"])
	c.boolean(at+"/dispatch_action", b["dispatch_action"])
	if b["element"] == nil {
		c.add(at+"/element", "missing required field")
		return
	}
	c.element(at+"/element", b["element"], map[string]bool{}, inputElements())
}

func (c *checker) image(at string, b map[string]any) {
	c.str(at+"/alt_text", b["alt_text"], maxAlt, true)
	if b["slack_file"] == nil {
		c.str(at+"/image_url", b["image_url"], maxURL, true)
	}
}

// Which types of text objects are allowed.
const (
	plainOnly = true
	anyText   = false
)

// text checks a text object that must be there.
func (c *checker) text(at string, v any, limit int, plain bool) {
	t, ok := v.(map[string]any)
	if !ok {
		c.add(at, "missing required text object")
		return
	}
	switch kind, _ := t["type"].(string); {
	case plain && kind != "plain_text":
		c.add(at+"/type", "must be plain_text")
	case kind != "plain_text" && kind != "mrkdwn":
		c.add(at+"/type", "must be plain_text or mrkdwn")
	case kind == "mrkdwn" && t["emoji"] != nil:
		c.add(at+"/emoji", "is only for plain_text")
	}
	c.boolean(at+"/emoji", t["emoji"])
	c.boolean(at+"/verbatim", t["verbatim"])
	c.str(at+"/text", t["text"], limit, true)
}

func (c *checker) optionalText(at string, v any, limit int, plain bool) {
	if v != nil {
		c.text(at, v, limit, plain)
	}
}

// str checks a string's length; what is required must not be empty.
func (c *checker) str(at string, v any, limit int, required bool) {
	s, ok := v.(string)
	switch {
	case v == nil && !required:
	case v == nil:
		c.add(at, "missing required field")
	case !ok:
		c.add(at, "must be a string")
	case s == "" && required:
		c.add(at, "must be more than 0 characters")
	case tooLong(s, limit):
		c.add(at, "must be less than %d characters", limit+1)
	}
}

func (c *checker) boolean(at string, v any) {
	if _, ok := v.(bool); v != nil && !ok {
		c.add(at, "must be a boolean")
	}
}

// oneOf checks a string that is one of a few words, where it is there.
func (c *checker) oneOf(at string, v any, words ...string) {
	if s, ok := v.(string); v != nil && (!ok || !slices.Contains(words, s)) {
		c.add(at, "must be one of %v", words)
	}
}

// list checks that a list has items, and not too many, and gives them.
func (c *checker) list(at string, v any, most int) []any {
	items, ok := v.([]any)
	switch {
	case !ok:
		c.add(at, "must be an array")
	case len(items) == 0:
		c.add(at, "no fewer than 1 items allowed")
	case len(items) > most:
		c.add(at, "no more than %d items allowed", most)
	}
	return items
}

// id checks an id that must be unique among those seen.
func (c *checker) id(at string, v any, limit int, seen map[string]bool) {
	if v == nil {
		return
	}
	c.str(at, v, limit, true)
	s, _ := v.(string)
	if seen[s] {
		c.add(at, "%q already exists", s)
	}
	seen[s] = true
}
