package interactions

import (
	"showtime/internal/typed"
)

// input is the state of one element, as the kinds of elements we use report it.
type input struct {
	Value    string  `json:"value"` // plain_text_input, number_input
	Selected *option `json:"selected_option"`
}

type option struct {
	Value string `json:"value"`
}

// input finds the value of the input with this action id under any block: block ids change when a
// message is redrawn. It is one clean, bounded line; the worker validates it.
func (p *payload) input(id string) string {
	for _, elements := range p.State.Values {
		raw, ok := elements[id]
		if !ok {
			continue
		}
		var in input
		if err := decode(raw, &in); err != nil {
			continue
		}
		if in.Selected != nil && in.Selected.Value != "" {
			return typed.Line(in.Selected.Value)
		}
		if in.Value != "" {
			return typed.Line(in.Value)
		}
	}
	return ""
}
