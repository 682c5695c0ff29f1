package blocks

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/slack-go/slack"
)

// token is what Mention and when write.
var token = regexp.MustCompile(`<@([UW][A-Z0-9]+)>|<!subteam\^(S[A-Z0-9]+)>|<!date\^(\d+)\^([^|>]+)\|([^>]+)>`)

// table adds rows of mrkdwn under their head; text from outside must have been escaped. Slack takes one table a
// message. In the fallback each row is a line.
func (p *page) table(head []string, rows [][]string) {
	block := slack.NewTableBlock(p.id())
	for _, row := range append([][]string{head}, rows...) {
		var cells []slack.TableCell
		for _, s := range row {
			cells = append(cells, cell(s))
		}
		block.AddRow(cells...)
		p.text = append(p.text, strings.Join(row, " · "))
	}
	p.blocks = append(p.blocks, block)
}

// cell is mrkdwn of ours as rich text, the only form in which a table shows people and times.
func cell(s string) slack.TableCell {
	section := slack.NewRichTextSection()
	add := func(e slack.RichTextSectionElement) { section.Elements = append(section.Elements, e) }
	say := func(s string) {
		if s != "" {
			add(slack.NewRichTextSectionTextElement(unescape(s), nil))
		}
	}
	end := 0
	for _, at := range token.FindAllStringSubmatchIndex(s, -1) {
		say(s[end:at[0]])
		end = at[1]
		part := func(n int) string { return s[max(at[2*n], 0):max(at[2*n+1], 0)] } // "" where the token is another
		switch {
		case part(1) != "":
			add(slack.NewRichTextSectionUserElement(part(1), nil))
		case part(2) != "":
			add(slack.NewRichTextSectionUserGroupElement(part(2)))
		default:
			unix, _ := strconv.ParseInt(part(3), 10, 64) // digits of when
			add(slack.NewRichTextSectionDateElement(unix, part(4), nil, new(part(5))))
		}
	}
	say(s[end:])
	return slack.NewTableRichTextCell(section)
}
