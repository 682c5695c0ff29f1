package slacklike

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Slack's limits of elements, in characters unless they count things.
const (
	maxButtonText   = 75
	maxButtonValue  = 2000
	maxButtonLabel  = 75
	maxConfirmTitle = 100
	maxConfirmText  = 300
	maxConfirmWord  = 30
	maxOption       = 75
	maxOptionValue  = 150
	maxOptions      = 100
	maxChoices      = 10
	maxPlaceholder  = 150
	maxInput        = 3000
)

func actionElements() []string {
	return []string{"button", "static_select", "radio_buttons", "checkboxes", "overflow", "datepicker", "timepicker", "users_select"}
}

func inputElements() []string {
	return []string{"plain_text_input", "number_input", "static_select", "radio_buttons", "checkboxes", "datepicker", "timepicker", "users_select"}
}

func accessories() []string { return append(actionElements(), "image") }

// element checks one element that must be of one of these types.
func (c *checker) element(at string, v any, seen map[string]bool, allowed []string) {
	e, ok := v.(map[string]any)
	if !ok {
		c.add(at, "must be an object")
		return
	}
	kind, _ := e["type"].(string)
	if !slices.Contains(allowed, kind) {
		c.add(at+"/type", "unsupported element type %q", kind)
		return
	}
	if kind == "image" {
		c.image(at, e)
		return
	}
	c.id(at+"/action_id", e["action_id"], maxActionID, seen)
	c.confirm(at+"/confirm", e["confirm"])
	c.optionalText(at+"/placeholder", e["placeholder"], maxPlaceholder, plainOnly)
	switch kind {
	case "button":
		c.button(at, e)
	case "plain_text_input":
		c.textInput(at, e)
	case "number_input":
		c.numberInput(at, e)
	case "static_select":
		c.options(at, e, maxOptions)
	case "radio_buttons", "checkboxes", "overflow":
		c.options(at, e, maxChoices)
	}
}

func (c *checker) button(at string, e map[string]any) {
	c.text(at+"/text", e["text"], maxButtonText, plainOnly)
	c.str(at+"/value", e["value"], maxButtonValue, false)
	c.str(at+"/url", e["url"], maxURL, false)
	if u, ok := e["url"].(string); ok && u != "" && !strings.Contains(u, ":") {
		c.add(at+"/url", "must be a valid url")
	}
	c.oneOf(at+"/style", e["style"], "primary", "danger")
	c.str(at+"/accessibility_label", e["accessibility_label"], maxButtonLabel, false)
}

func (c *checker) confirm(at string, v any) {
	if v == nil {
		return
	}
	d, ok := v.(map[string]any)
	if !ok {
		c.add(at, "must be an object")
		return
	}
	c.text(at+"/title", d["title"], maxConfirmTitle, plainOnly)
	c.text(at+"/text", d["text"], maxConfirmText, plainOnly)
	c.text(at+"/confirm", d["confirm"], maxConfirmWord, plainOnly)
	c.text(at+"/deny", d["deny"], maxConfirmWord, plainOnly)
	c.oneOf(at+"/style", d["style"], "primary", "danger")
}

func (c *checker) textInput(at string, e map[string]any) {
	c.str(at+"/initial_value", e["initial_value"], maxInput, false)
	c.boolean(at+"/multiline", e["multiline"])
	least := c.length(at+"/min_length", e["min_length"], 0)
	most := c.length(at+"/max_length", e["max_length"], 1)
	if e["min_length"] != nil && e["max_length"] != nil && least > most {
		c.add(at+"/max_length", "must not be less than min_length")
	}
}

// length checks a length an input may ask for and gives it.
func (c *checker) length(at string, v any, least float64) float64 {
	n, ok := v.(float64)
	if v != nil && (!ok || n < least || n > maxInput) {
		c.add(at, "must be from %g to %d", least, maxInput)
	}
	return n
}

func (c *checker) numberInput(at string, e map[string]any) {
	if e["is_decimal_allowed"] == nil {
		c.add(at+"/is_decimal_allowed", "missing required field")
	}
	c.boolean(at+"/is_decimal_allowed", e["is_decimal_allowed"])
	for _, field := range []string{"initial_value", "min_value", "max_value"} {
		c.str(at+"/"+field, e[field], maxInput, false)
		if s, ok := e[field].(string); ok && json.Unmarshal([]byte(s), new(float64)) != nil {
			c.add(at+"/"+field, "must be a number in a string")
		}
	}
}

// options checks the options of a choice, in one list or in groups, and that it begins with one of them.
func (c *checker) options(at string, e map[string]any, most int) {
	if e["options"] == nil && e["option_groups"] == nil || e["options"] != nil && e["option_groups"] != nil {
		c.add(at, "must have either options or option_groups")
		return
	}
	if e["options"] != nil {
		c.optionList(at+"/options", e["options"], most)
	} else {
		for i, g := range c.list(at+"/option_groups", e["option_groups"], maxOptions) {
			at := fmt.Sprintf("%s/option_groups/%d", at, i)
			group, _ := g.(map[string]any)
			c.text(at+"/label", group["label"], maxOption, plainOnly)
			c.optionList(at+"/options", group["options"], most)
		}
	}
	if initial, ok := e["initial_option"].(map[string]any); ok && !offered(e, initial) {
		c.add(at+"/initial_option", "must be one of the options")
	}
}

// offered says whether an element offers just this option.
func offered(e, initial map[string]any) bool {
	return slices.ContainsFunc(element{raw: e}.options(), func(o map[string]any) bool {
		return string(mustJSON(o)) == string(mustJSON(initial))
	})
}

func (c *checker) optionList(at string, v any, most int) {
	for i, o := range c.list(at, v, most) {
		at := fmt.Sprintf("%s/%d", at, i)
		option, ok := o.(map[string]any)
		if !ok {
			c.add(at, "must be an object")
			continue
		}
		c.text(at+"/text", option["text"], maxOption, anyText)
		c.str(at+"/value", option["value"], maxOptionValue, true)
		c.optionalText(at+"/description", option["description"], maxOption, anyText)
	}
}
