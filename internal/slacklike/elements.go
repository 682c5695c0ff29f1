package slacklike

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"
)

// element is one interactive element of a message and the block it stands in.
type element struct {
	kind, actionID, blockID string
	raw                     map[string]any
}

// elements are the interactive elements of checked blocks, in order.
func elements(blocks json.RawMessage) []element {
	var all []element
	for _, b := range decodeBlocks(blocks) {
		block, _ := b["block_id"].(string)
		for _, raw := range inBlock(b) {
			kind, _ := raw["type"].(string)
			id, _ := raw["action_id"].(string)
			if id != "" {
				all = append(all, element{kind: kind, actionID: id, blockID: block, raw: raw})
			}
		}
	}
	return all
}

// inBlock are the objects of a block that may be interactive.
func inBlock(b map[string]any) []map[string]any {
	candidates, _ := b["elements"].([]any)
	candidates = append(slices.Clip(candidates), b["element"], b["accessory"])
	var found []map[string]any
	for _, c := range candidates {
		if object, ok := c.(map[string]any); ok && object["type"] != "image" {
			found = append(found, object)
		}
	}
	return found
}

func findElement(blocks json.RawMessage, match func(element) bool) *element {
	for _, e := range elements(blocks) {
		if match(e) {
			return &e
		}
	}
	return nil
}

func decodeBlocks(blocks json.RawMessage) []map[string]any {
	var decoded []map[string]any
	if json.Unmarshal(blocks, &decoded) != nil {
		return nil
	}
	return decoded
}

// withIDs gives every block that has no block_id, and every interactive element that has no
// action_id, a random one, as Slack does.
func withIDs(blocks json.RawMessage) json.RawMessage {
	decoded := decodeBlocks(blocks)
	if len(decoded) == 0 {
		return nil
	}
	for _, b := range decoded {
		if b["block_id"] == nil {
			b["block_id"] = rand.Text()[:5]
		}
		for _, e := range inBlock(b) {
			if e["action_id"] == nil && b["type"] != "rich_text" && b["type"] != "context" {
				e["action_id"] = rand.Text()[:5]
			}
		}
	}
	return mustJSON(decoded)
}

// stateValues is the state of all inputs of a message after the person filled some of them in.
func stateValues(blocks json.RawMessage, filled map[string]string) (map[string]map[string]any, error) {
	state, used := map[string]map[string]any{}, map[string]bool{}
	for _, e := range elements(blocks) {
		value, ok := filled[e.actionID]
		current, err := e.state(value, ok)
		if err != nil {
			return nil, err
		}
		if current == nil {
			continue
		}
		used[e.actionID] = true
		if state[e.blockID] == nil {
			state[e.blockID] = map[string]any{}
		}
		state[e.blockID][e.actionID] = current
	}
	for id := range filled {
		if !used[id] {
			return nil, fmt.Errorf("message has no input %s", id)
		}
	}
	return state, nil
}

// state is what Slack reports of one input: what was filled in, else what it began with. It is nil
// for what is no input.
func (e element) state(value string, filled bool) (map[string]any, error) {
	switch e.kind {
	case "plain_text_input", "number_input", "email_text_input", "url_text_input":
		current := map[string]any{"type": e.kind, "value": e.raw["initial_value"]}
		if filled {
			current["value"] = orNull(value)
		}
		return current, nil
	case "static_select", "radio_buttons":
		current := map[string]any{"type": e.kind, "selected_option": e.raw["initial_option"]}
		if !filled {
			return current, nil
		}
		for _, option := range e.options() {
			if option["value"] == value {
				current["selected_option"] = option
				return current, nil
			}
		}
		return nil, fmt.Errorf("input %s has no option %q", e.actionID, value)
	default:
		return nil, nil //nolint:nilnil // a button has no state
	}
}

func (e element) options() []map[string]any {
	lists := []any{e.raw["options"]}
	groups, _ := e.raw["option_groups"].([]any)
	for _, g := range groups {
		if group, ok := g.(map[string]any); ok {
			lists = append(lists, group["options"])
		}
	}
	var all []map[string]any
	for _, list := range lists {
		options, _ := list.([]any)
		for _, o := range options {
			if option, ok := o.(map[string]any); ok {
				all = append(all, option)
			}
		}
	}
	return all
}
