package blocks

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// node is any JSON object of Block Kit.
type node = map[string]any

// tree is a message's blocks as Slack would read them.
func tree(tb testing.TB, m Message) []node {
	tb.Helper()
	data, err := json.Marshal(m.Blocks)
	if err != nil {
		tb.Fatalf("marshal blocks: %v", err)
	}
	var out []node
	if err := json.Unmarshal(data, &out); err != nil {
		tb.Fatalf("unmarshal blocks: %v", err)
	}
	return out
}

// walk visits every object in the tree.
func walk(v any, visit func(node)) {
	switch v := v.(type) {
	case []node:
		for _, e := range v {
			walk(e, visit)
		}
	case []any:
		for _, e := range v {
			walk(e, visit)
		}
	case node:
		visit(v)
		for _, e := range v {
			walk(e, visit)
		}
	}
}

func str(n node, key string) string { s, _ := n[key].(string); return s }

// inner is the text of a text object under a key.
func inner(n node, key string) string { o, _ := n[key].(node); return str(o, "text") }

func allTexts(tb testing.TB, m Message) []string {
	tb.Helper()
	var out []string
	walk(tree(tb, m), func(n node) { out = append(out, str(n, "text")) })
	return out
}

func mrkdwnTexts(tb testing.TB, m Message) []string {
	tb.Helper()
	var out []string
	walk(tree(tb, m), func(n node) {
		if str(n, "type") == "mrkdwn" {
			out = append(out, str(n, "text"))
		}
	})
	return out
}

// problems are the rules of Slack that a message breaks.
func problems(tb testing.TB, m Message) []string {
	tb.Helper()
	var out []string
	bound := func(what, s string, low, high int) {
		if n := utf8.RuneCountInString(s); n < low || n > high {
			out = append(out, fmt.Sprintf("%s has %d characters, not %d to %d: %q", what, n, low, high, s))
		}
	}
	bound("text", m.Text, 1, 4000)
	blocks := tree(tb, m)
	if len(blocks) > 50 {
		out = append(out, "more than 50 blocks")
	}
	ids, tables := map[string]bool{}, 0
	for _, b := range blocks {
		id := str(b, "block_id")
		bound("block_id", id, 1, 255)
		if ids[id] {
			out = append(out, "block_id twice: "+id)
		}
		ids[id] = true
		elements, _ := b["elements"].([]any)
		switch str(b, "type") {
		case "header":
			bound("header", inner(b, "text"), 1, 150)
		case "section":
			bound("section", inner(b, "text"), 1, 3000)
		case "input":
			bound("label", inner(b, "label"), 1, 2000)
		case "context":
			bound("context elements", strings.Repeat("x", len(elements)), 1, 10)
		case "actions":
			bound("action elements", strings.Repeat("x", len(elements)), 1, 25)
			out = append(out, duplicateActions(elements)...)
		case "table":
			tables++
			out = append(out, tableProblems(b)...)
		default:
			out = append(out, "unknown block "+str(b, "type"))
		}
	}
	if tables > 1 {
		out = append(out, "more than one table")
	}
	walk(blocks, func(n node) {
		switch str(n, "type") {
		case "mrkdwn", "plain_text":
			bound("text object", str(n, "text"), 1, 3000)
		case "button":
			bound("button", inner(n, "text"), 1, 30)
			bound("value", str(n, "value"), 1, 2000)
			bound("url", str(n, "url"), 0, 3000)
			bound("action_id", str(n, "action_id"), 1, 255)
		case "static_select":
			options, _ := n["options"].([]any)
			bound("options", strings.Repeat("x", len(options)), 1, 100)
		case "plain_text_input":
			bound("initial value", str(n, "initial_value"), 0, int(n["max_length"].(float64)))
			bound("placeholder", inner(n, "placeholder"), 1, 150)
		}
		if _, is := n["deny"]; is {
			bound("confirm title", inner(n, "title"), 1, 100)
			bound("confirm text", inner(n, "text"), 1, 300)
			bound("confirm yes", inner(n, "confirm"), 1, 30)
			bound("confirm no", inner(n, "deny"), 1, 30)
		}
		if _, is := n["description"]; is || str(n, "type") == "" && n["value"] != nil {
			bound("option", inner(n, "text"), 1, 75)
			bound("option value", str(n, "value"), 1, 75)
		}
	})
	return out
}

// tableProblems are the rules that a table breaks: 100 rows of 20 cells, all as long as the first, 10,000 characters.
func tableProblems(b node) []string {
	rows, _ := b["rows"].([]any)
	if len(rows) < 1 || len(rows) > 100 {
		return []string{fmt.Sprintf("a table of %d rows", len(rows))}
	}
	var out []string
	first, _ := rows[0].([]any)
	for i, row := range rows {
		if cells, _ := row.([]any); len(cells) != len(first) || len(cells) < 1 || len(cells) > 20 {
			out = append(out, fmt.Sprintf("row %d has %d cells", i, len(cells)))
		}
	}
	characters := 0
	walk(rows, func(n node) {
		characters += utf8.RuneCountInString(str(n, "text"))
		if str(n, "type") == "rich_text_section" && n["elements"] == nil {
			out = append(out, "an empty cell")
		}
	})
	if characters > 10000 {
		out = append(out, fmt.Sprintf("a table of %d characters", characters))
	}
	return out
}

func duplicateActions(elements []any) []string {
	var out []string
	ids := map[string]bool{}
	for _, e := range elements {
		id := str(e.(node), "action_id")
		if ids[id] {
			out = append(out, "action_id twice: "+id)
		}
		ids[id] = true
	}
	return out
}

func TestEveryScreenKeepsSlackLimits(t *testing.T) {
	t.Parallel()
	for name, m := range screens() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, p := range problems(t, m) {
				t.Error(p)
			}
		})
	}
}

func TestProblemsFindsBrokenMessages(t *testing.T) {
	t.Parallel()
	long := newPage("x", 1, noon())
	long.blocks = append(long.blocks, long.blocks...)
	long.header(strings.Repeat("x", 10))
	twice := Message{Text: "x", Blocks: append(long.blocks, long.blocks...)}
	if len(problems(t, Message{})) == 0 || len(problems(t, twice)) == 0 {
		t.Error("the validator lets broken messages pass")
	}
}
