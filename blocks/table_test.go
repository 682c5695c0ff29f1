package blocks

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A table's cell is rich text, which knows no markup: what we wrote becomes people and times, and nothing else does.
func TestCell(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"words", "2 h 31 min", `[{"type":"text","text":"2 h 31 min"}]`},
		{"person", "ended by " + Mention("U0ANA"), `[{"type":"text","text":"ended by "},{"type":"user","user_id":"U0ANA"}]`},
		{"people", mentions([]string{"U0ANA", "U0MIA"}), `[{"type":"user","user_id":"U0ANA"},{"type":"text","text":", "},{"type":"user","user_id":"U0MIA"}]`},
		{"group", Mention("S0ADMINS"), `[{"type":"usergroup","usergroup_id":"S0ADMINS"}]`},
		{"time", when(noon()), `[{"type":"date","timestamp":1795435200,"format":"{date_short_pretty} at {time}","fallback":"2026-11-23 12:00 UTC"}]`},
		{"typed", escape("<@U0VICTIM> & <!channel>"), `[{"type":"text","text":"<@U0VICTIM> & <!channel>"}]`},
		{"typed_escape", escape("&lt;b>"), `[{"type":"text","text":"&lt;b>"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			data, err := json.Marshal(cell(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			var got, want any
			if err := json.Unmarshal(data, &got); err != nil {
				t.Fatal(err)
			}
			whole := `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":` + tt.want + `}]}`
			if err := json.Unmarshal([]byte(whole), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
