package slacklike_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"showtime/internal/slacklike"
)

// plain and mrkdwn are text objects of n characters that take more than one byte each.
func plain(n int) string {
	return fmt.Sprintf(`{"type":"plain_text","text":%q}`, strings.Repeat("é", n))
}

func mrkdwn(n int) string { return fmt.Sprintf(`{"type":"mrkdwn","text":%q}`, strings.Repeat("é", n)) }

func repeat(n int, item func(i int) string) string {
	items := make([]string, n)
	for i := range items {
		items[i] = item(i)
	}
	return "[" + strings.Join(items, ",") + "]"
}

func section(text string) string { return `[{"type":"section","text":` + text + `}]` }

func button(fields string) string {
	if !strings.Contains(fields, `"text":`) {
		fields += `,"text":` + plain(2)
	}
	return `[{"type":"actions","elements":[{"type":"button"` + fields + `}]}]`
}

func confirm(title, text, yes, no string) string {
	return button(fmt.Sprintf(`,"text":%s,"confirm":{"title":%s,"text":%s,"confirm":%s,"deny":%s}`, plain(1), title, text, yes, no))
}

func input(element string) string {
	return `[{"type":"input","label":` + plain(1) + `,"element":` + element + `}]`
}

func choice(options string) string {
	return input(`{"type":"static_select","action_id":"a",` + options + `}`)
}

func option(text, value int) string {
	return fmt.Sprintf(`{"text":%s,"value":%q}`, plain(text), strings.Repeat("v", value))
}

func str(n int) string { return fmt.Sprintf("%q", strings.Repeat("é", n)) }

const raw = `{"type":"raw_text","text":"x"}`

func table(rows, cells int, cell string) string {
	row := func(int) string { return repeat(cells, func(int) string { return cell }) }
	return `[{"type":"table","rows":` + repeat(rows, row) + `}]`
}

// TestLimits has each limit at its last good value, "" for no problem, and one beyond.
func TestLimits(t *testing.T) {
	t.Parallel()
	divider := func(int) string { return `{"type":"divider"}` }
	short := func(int) string { return mrkdwn(1) }
	buttons := func(i int) string { return fmt.Sprintf(`{"type":"button","action_id":"a%d","text":%s}`, i, plain(1)) }
	options := func(int) string { return option(1, 1) }
	tests := []struct {
		name, blocks string
		at           string // pointer of the one problem
	}{
		{"panel", panel, ""},
		{"nothing", ``, ""},
		{"blocks_50", repeat(50, divider), ""},
		{"blocks_51", repeat(51, divider), "-"},
		{"not_an_array", `{"type":"divider"}`, "-"},
		{"not_an_object", `[7]`, "/0"},
		{"unknown_type", `[{"type":"alert"}]`, "/0/type"},
		{"no_type", `[{}]`, "/0/type"},
		{"unknown_field", `[{"type":"divider","novel":1}]`, ""},
		{"block_id_255", `[{"type":"divider","block_id":` + str(255) + `}]`, ""},
		{"block_id_256", `[{"type":"divider","block_id":` + str(256) + `}]`, "/0/block_id"},
		{"block_id_twice", `[{"type":"divider","block_id":"x"},{"type":"divider","block_id":"x"}]`, "/1/block_id"},

		{"section_3000", section(mrkdwn(3000)), ""},
		{"section_3001", section(mrkdwn(3001)), "/0/text/text"},
		{"section_empty_text", section(mrkdwn(0)), "/0/text/text"},
		{"section_text_is_a_string", section(`"hi"`), "/0/text"},
		{"section_text_of_no_type", section(`{"text":"hi"}`), "/0/text/type"},
		{"section_mrkdwn_with_emoji", section(`{"type":"mrkdwn","text":"hi","emoji":true}`), "/0/text/emoji"},
		{"section_emoji_is_no_boolean", section(`{"type":"plain_text","text":"hi","emoji":"yes"}`), "/0/text/emoji"},
		{"section_of_nothing", `[{"type":"section"}]`, "/0"},
		{"fields_10", `[{"type":"section","fields":` + repeat(10, short) + `}]`, ""},
		{"fields_11", `[{"type":"section","fields":` + repeat(11, short) + `}]`, "/0/fields"},
		{"field_2000", `[{"type":"section","fields":[` + mrkdwn(2000) + `]}]`, ""},
		{"field_2001", `[{"type":"section","fields":[` + mrkdwn(2001) + `]}]`, "/0/fields/0/text"},
		{"accessory_input", `[{"type":"section","text":` + mrkdwn(1) + `,"accessory":{"type":"plain_text_input"}}]`, "/0/accessory/type"},

		{"table_100_by_20", table(100, 20, raw), ""},
		{"table_101", table(101, 1, raw), "/0/rows"},
		{"table_by_21", table(1, 21, raw), "/0/rows/0"},
		{"table_of_nothing", table(0, 0, raw), "/0/rows"},
		{"table_rich_text", table(1, 1, `{"type":"rich_text","elements":[{}]}`), ""},
		{"table_empty_rich_text", table(1, 1, `{"type":"rich_text","elements":[]}`), "/0/rows/0/0/elements"},
		{"table_empty_text", table(1, 1, `{"type":"raw_text","text":""}`), "/0/rows/0/0/text"},
		{"table_mrkdwn", table(1, 1, mrkdwn(1)), "/0/rows/0/0/type"},

		{"header_150", `[{"type":"header","text":` + plain(150) + `}]`, ""},
		{"header_151", `[{"type":"header","text":` + plain(151) + `}]`, "/0/text/text"},
		{"header_mrkdwn", `[{"type":"header","text":` + mrkdwn(1) + `}]`, "/0/text/type"},
		{"header_empty", `[{"type":"header"}]`, "/0/text"},

		{"context_10", `[{"type":"context","elements":` + repeat(10, short) + `}]`, ""},
		{"context_11", `[{"type":"context","elements":` + repeat(11, short) + `}]`, "/0/elements"},
		{"context_0", `[{"type":"context","elements":[]}]`, "/0/elements"},
		{"context_button", `[{"type":"context","elements":[{"type":"button","text":` + plain(1) + `}]}]`, "/0/elements/0/type,/0/elements/0/text"},
		{"image", `[{"type":"image","image_url":"https://a/b.png","alt_text":"b"}]`, ""},
		{"image_without_alt", `[{"type":"image","image_url":"https://a/b.png"}]`, "/0/alt_text"},

		{"actions_25", `[{"type":"actions","elements":` + repeat(25, buttons) + `}]`, ""},
		{"actions_26", `[{"type":"actions","elements":` + repeat(26, buttons) + `}]`, "/0/elements"},
		{"actions_0", `[{"type":"actions","elements":[]}]`, "/0/elements"},
		{"actions_missing", `[{"type":"actions"}]`, "/0/elements"},
		{"action_id_twice_in_a_block", `[{"type":"actions","elements":[` + buttons(1) + `,` + buttons(1) + `]}]`, "/0/elements/1/action_id"},
		{"action_id_in_two_blocks", `[{"type":"actions","elements":[` + buttons(1) + `]},{"type":"actions","elements":[` + buttons(1) + `]}]`, ""},
		{"action_id_255", button(`,"action_id":` + str(255)), ""},
		{"action_id_256", button(`,"action_id":` + str(256)), "/0/elements/0/action_id"},
		{"element_of_unknown_type", `[{"type":"actions","elements":[{"type":"warp_drive"}]}]`, "/0/elements/0/type"},

		{"button_text_75", button(`,"text":` + plain(75)), ""},
		{"button_text_76", button(`,"text":` + plain(76)), "/0/elements/0/text/text"},
		{"button_text_mrkdwn", button(`,"text":` + mrkdwn(1)), "/0/elements/0/text/type"},
		{"button_value_2000", button(`,"value":` + str(2000)), ""},
		{"button_value_2001", button(`,"value":` + str(2001)), "/0/elements/0/value"},
		{"button_url_3001", button(`,"url":"https://a/` + strings.Repeat("b", 2991) + `"`), "/0/elements/0/url"},
		{"button_url_without_scheme", button(`,"url":"example"`), "/0/elements/0/url"},
		{"button_style", button(`,"style":"default"`), "/0/elements/0/style"},
		{"button_label_75", button(`,"accessibility_label":` + str(75)), ""},
		{"button_label_76", button(`,"accessibility_label":` + str(76)), "/0/elements/0/accessibility_label"},

		{"confirm_at_its_limits", confirm(plain(100), plain(300), plain(30), plain(30)), ""},
		{"confirm_title_101", confirm(plain(101), plain(1), plain(1), plain(1)), "/0/elements/0/confirm/title/text"},
		{"confirm_text_301", confirm(plain(1), plain(301), plain(1), plain(1)), "/0/elements/0/confirm/text/text"},
		{"confirm_yes_31", confirm(plain(1), plain(1), plain(31), plain(1)), "/0/elements/0/confirm/confirm/text"},
		{"confirm_no_31", confirm(plain(1), plain(1), plain(1), plain(31)), "/0/elements/0/confirm/deny/text"},
		{"confirm_null_title", confirm("null", plain(1), plain(1), plain(1)), "/0/elements/0/confirm/title"},
		{"confirm_mrkdwn", confirm(plain(1), mrkdwn(1), plain(1), plain(1)), "/0/elements/0/confirm/text/type"},

		{"input_without_label", `[{"type":"input","element":{"type":"plain_text_input"}}]`, "/0/label"},
		{"input_without_element", `[{"type":"input","label":` + plain(1) + `}]`, "/0/element"},
		{"input_of_a_button", input(`{"type":"button","text":` + plain(1) + `}`), "/0/element/type"},
		{"input_label_2001", `[{"type":"input","label":` + plain(2001) + `,"element":{"type":"plain_text_input"}}]`, "/0/label/text"},
		{"input_placeholder_151", input(`{"type":"plain_text_input","placeholder":` + plain(151) + `}`), "/0/element/placeholder/text"},
		{"input_max_length_3000", input(`{"type":"plain_text_input","max_length":3000}`), ""},
		{"input_max_length_3001", input(`{"type":"plain_text_input","max_length":3001}`), "/0/element/max_length"},
		{"input_min_over_max", input(`{"type":"plain_text_input","min_length":5,"max_length":4}`), "/0/element/max_length"},
		{"number", input(`{"type":"number_input","is_decimal_allowed":false,"min_value":"1","max_value":"12"}`), ""},
		{"number_without_decimal", input(`{"type":"number_input"}`), "/0/element/is_decimal_allowed"},
		{"number_as_number", input(`{"type":"number_input","is_decimal_allowed":true,"min_value":1}`), "/0/element/min_value"},
		{"number_of_letters", input(`{"type":"number_input","is_decimal_allowed":true,"initial_value":"four"}`), "/0/element/initial_value"},

		{"options_100", choice(`"options":` + repeat(100, options)), ""},
		{"options_101", choice(`"options":` + repeat(101, options)), "/0/element/options"},
		{"options_0", choice(`"options":[]`), "/0/element/options"},
		{"options_missing", choice(`"x":1`), "/0/element"},
		{"option_text_75", choice(`"options":[` + option(75, 150) + `]`), ""},
		{"option_text_76", choice(`"options":[` + option(76, 1) + `]`), "/0/element/options/0/text/text"},
		{"option_value_151", choice(`"options":[` + option(1, 151) + `]`), "/0/element/options/0/value"},
		{"initial_is_offered", choice(`"options":[` + option(1, 1) + `],"initial_option":` + option(1, 1)), ""},
		{"initial_is_not_offered", choice(`"options":[` + option(1, 1) + `],"initial_option":` + option(1, 2)), "/0/element/initial_option"},
		{"grouped", choice(`"option_groups":[{"label":` + plain(1) + `,"options":[` + option(1, 1) + `]}]`), ""},
		{"group_of_nothing", choice(`"option_groups":[{"label":` + plain(1) + `,"options":[]}]`), "/0/element/option_groups/0/options"},
		{"radio_11", input(`{"type":"radio_buttons","options":` + repeat(11, options) + `}`), "/0/element/options"},

		{"markdown_12000", `[{"type":"markdown","text":` + str(6000) + `},{"type":"markdown","text":` + str(6000) + `}]`, ""},
		{"markdown_12001", `[{"type":"markdown","text":` + str(6000) + `},{"type":"markdown","text":` + str(6001) + `}]`, "-"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var at []string
			for _, p := range slacklike.CheckBlocks(json.RawMessage(test.blocks)) {
				if p.Pointer == "" {
					p.Pointer = "-"
				}
				at = append(at, p.Pointer)
			}
			if got := strings.Join(at, ","); got != test.at {
				t.Errorf("got problems at %q, want %q", got, test.at)
			}
		})
	}
}

func TestValidateChecksTheTextToo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, blocks, text string
		want               int
	}{
		{"text_4000", ``, strings.Repeat("é", 4000), 0},
		{"text_4001", ``, strings.Repeat("é", 4001), 1},
		{"nothing", `[]`, "", 1},
		{"blocks_only", panel, "", 0},
		{"both_wrong", `[{}]`, strings.Repeat("x", 4001), 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := slacklike.Validate(json.RawMessage(test.blocks), test.text); len(got) != test.want {
				t.Errorf("got %v, want %d problems", got, test.want)
			}
		})
	}
}
