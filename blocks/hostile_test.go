package blocks

import (
	"strings"
	"testing"
	"unicode/utf8"

	"showtime/approval"
	"showtime/lifecycle"
)

// hostileTexts are what somebody may try to get into a message that others read.
func hostileTexts() map[string]string {
	return map[string]string{
		"everybody":  "<!channel> <!here> <!everyone> @channel <@U0VICTIM> <!subteam^S0ADMINS>",
		"fake_link":  "<https://evil.example|Open notebook> *READY* `x`",
		"fake_date":  "<!date^1^{date}|never> &lt;!channel&gt;",
		"bidi":       "safe\u202Eelbaton\u202C \u2066x\u2069 zero\u200Bwidth\uFEFF",
		"newlines":   "done\n\n*Approved by <@U0MIA>*\r\n> quote\u2028line\x00\x1b[31m",
		"wide":       strings.Repeat("\U0001F468", 250),
		"ampersands": strings.Repeat("&<>", 100),
	}
}

func addHostile(all map[string]Message) {
	for name, text := range hostileTexts() {
		addHostileLease(all, name, text)
		addHostileCheckup(all, name, text)
		s := state(lifecycle.Stopping, usable, stopAsked)
		s.Cluster, s.Session.Purpose, s.Session.Stop.Reason = text, text, text
		s.Session.Stop.By, s.Session.Starter = text, text
		all["hostile_card_"+name] = Card(CardView{State: s, Now: noon()})

		over := state(lifecycle.Down, usable, stopAsked, ended(text), saying(text, true))
		over.Session.Purpose, over.Session.Stop.Reason, over.Cost.AsOf = text, text, text
		over.Session.End.Details = []lifecycle.ErrorDetail{{Code: text, Message: text}}
		all["hostile_receipt_"+name] = Card(CardView{State: over, Now: noon()})

		v := panelView(analyst("U0RAJ"), state(lifecycle.Up, usable))
		v.State.Session.Purpose, v.Reason = text, text
		all["hostile_offer_"+name], all["hostile_panel_"+name] = DestroyOffer(v), Panel(v)

		r := RequestView{Request: request(approval.Open), State: v.State, Admins: []string{text, "U0MIA"}, Now: noon()}
		r.Request.Reason, r.Request.ID = text, "D-0142"
		all["hostile_request_"+name] = RequestCard(r)
		all["hostile_notice_"+name] = Notice(NoticeView{Request: r.Request, State: v.State, Now: noon()})
		more := r
		more.Request.Kind, more.Request.LeaseEnd = approval.MoreTime, v.State.Session.LeaseEnd
		all["hostile_more_time_"+name] = RequestCard(more)
		more.Request.State, more.Request.DecidedBy, more.Request.DecidedAt, more.Request.Answer = approval.Denied, "U0MIA", noon(), text
		all["hostile_more_time_denied_"+name], all["hostile_more_time_told_"+name] = RequestCard(more), RequestDecided(more.Request, v.State)
		r.Request.State, r.Request.DecidedBy, r.Request.DecidedAt, r.Request.Answer = approval.Denied, "U0MIA", noon(), text
		all["hostile_denied_"+name], all["hostile_told_"+name] = RequestCard(r), RequestDecided(r.Request, v.State)
		all["hostile_notice_denied_"+name] = Notice(NoticeView{Request: r.Request, State: v.State, Now: noon()})
	}
}

func TestHostileTextNeverBecomesMarkup(t *testing.T) {
	t.Parallel()
	for name, m := range screens() {
		if !strings.HasPrefix(name, "hostile_") {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, s := range append(mrkdwnTexts(t, m), m.Text) {
				for _, token := range []string{"<!channel", "<!here", "<!everyone", "<@U0VICTIM", "<!subteam", "<https://evil", "<!date^1^"} {
					if strings.Contains(s, token) {
						t.Errorf("%q became markup in %q", token, s)
					}
				}
			}
			everything := m.Text + strings.Join(allTexts(t, m), "")
			if i := strings.IndexAny(everything, "\u202E\u202C\u2066\u2069\u200B\uFEFF\u2028\r\x00\x1b"); i >= 0 {
				t.Errorf("an invisible character survived at %d", i)
			}
		})
	}
}

func TestHostileTextPushesOutNoFacts(t *testing.T) {
	t.Parallel()
	for name := range hostileTexts() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := screens()["hostile_request_"+name]
			wantAll(t, m.Text, "<@U0RAJ>", "<@U0MIA>", "≈", "Expires", "Buttons: Approve destroy")
			receipt := screens()["hostile_receipt_"+name]
			wantAll(t, receipt.Text, "<@U0ANA>", "≈", "may still cost money", "Buttons: Retry")
		})
	}
}

func TestTypedTextStaysOnItsLabelsLine(t *testing.T) {
	t.Parallel()
	m := screens()["hostile_card_newlines"]
	for s := range strings.SplitSeq(m.Text, "\n") {
		if strings.HasPrefix(s, ">") || strings.HasPrefix(s, "*Approved") {
			t.Errorf("typed text began a line: %q", s)
		}
	}
	wantAll(t, m.Text, "Reason: done *Approved by &lt;@U0MIA&gt;* &gt; quote line[31m")
}

func TestTruncateCutsByCharacter(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, in, want string
		limit          int
	}{
		{"short_stays", "abc", "abc", 3},
		{"long_is_marked", "abcd", "ab…", 3},
		{"wide_runes_count_once", "\U0001F468\U0001F468", "\U0001F468\U0001F468", 2},
		{"wide_runes_are_not_split", strings.Repeat("\U0001F468", 3), "\U0001F468…", 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := truncate(c.in, c.limit); got != c.want {
				t.Errorf("truncate(%q, %d) = %q, want %q", c.in, c.limit, got, c.want)
			}
		})
	}
}

func TestEscapeWithinCutsNoEscape(t *testing.T) {
	t.Parallel()
	got := escapeWithin(strings.Repeat("&", 10), 12)
	if got != "&amp;&amp;…" || utf8.RuneCountInString(got) > 12 {
		t.Errorf("escapeWithin = %q", got)
	}
}
