package blocks

import (
	"fmt"
	"strings"
	"testing"
)

func checkup(findings ...Finding) Message {
	return Checkup(CheckupView{Cluster: "exploration", Findings: findings, Now: noon()})
}

// finding is one of a kind.
func finding(m Mark) Finding {
	switch m {
	case MarkWarning:
		return Finding{Mark: m, Check: "admins", What: "cannot act: the account is deactivated", Do: "Take the id out of SHOWTIME_ADMINS.", About: []string{"U0OLD"}}
	case MarkError:
		return Finding{Mark: m, Check: "channel", What: "the bot is not in it", Do: "Type /invite @showtime in it.", About: []string{"C0ADMINS"}}
	case MarkNotChecked:
		return Finding{Mark: m, Check: "EMR launch", What: "elasticmapreduce:RunJobFlow", Do: "Only a launch shows it."}
	case MarkOK:
	}
	return Finding{Mark: MarkOK, Check: "channel", What: "the bot is in it", About: []string{"C0HUNT"}}
}

func addCheckups(all map[string]Message) {
	fine := []Finding{finding(MarkOK), {Mark: MarkOK, Check: "table", What: "it is there"}, {Mark: MarkOK, Check: "clock", What: "as AWS's"}, {Mark: MarkOK, Check: "clock", What: "as Slack's"}}
	all["checkup_ok"] = checkup(append(fine, finding(MarkNotChecked))...)
	all["checkup_warning"] = checkup(finding(MarkOK), finding(MarkWarning))
	all["checkup_error"] = checkup(append(fine, finding(MarkNotChecked), finding(MarkWarning), finding(MarkError))...)
	all["checkup_group"] = checkup(Finding{Mark: MarkError, Check: "admins", What: "the user group is empty", Do: "Add people.", About: []string{"S0ADMINS", "U0BO"}})
	var many, brief []Finding
	for i := range 60 {
		f := finding(MarkError)
		f.Check = fmt.Sprintf("check %d", i)
		brief = append(brief, Finding{Mark: MarkWarning, Check: "x", What: "y"})
		f.What, f.Do = strings.Repeat("long <words> ", 40), strings.Repeat("do & do ", 60)
		many = append(many, f)
	}
	all["checkup_many"], all["checkup_brief"] = checkup(many...), checkup(brief...)
}

func addHostileCheckup(all map[string]Message, name, text string) {
	all["hostile_checkup_"+name] = checkup(
		Finding{Mark: MarkError, Check: text, What: text, Do: text, About: []string{text}}, Finding{Mark: MarkOK, Check: text, About: []string{text}},
	)
}

// What needs doing comes first, whatever the order in which it was looked at.
func TestCheckupPutsErrorsFirst(t *testing.T) {
	t.Parallel()
	text := checkup(finding(MarkOK), finding(MarkNotChecked), finding(MarkWarning), finding(MarkError)).Text
	at := -1
	for _, m := range []Mark{MarkError, MarkWarning, MarkNotChecked, MarkOK} {
		i := strings.Index(text, string(m))
		if i <= at {
			t.Errorf("%s is not in its place:\n%s", m, text)
		}
		at = i
	}
	wantAll(t, text, "🔴 1 ERROR IN THE SETUP · exploration", "<#C0ADMINS>: the bot is not in it", "→ Type /invite @showtime in it.", "<@U0OLD>: cannot act")
}

// What does not fit is counted, and where all of it is to be had.
func TestCheckupCountsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	all := screens()
	for _, name := range []string{"checkup_many", "checkup_brief"} {
		shown := strings.Count(all[name].Text, "error · *check") + strings.Count(all[name].Text, "warning · *x*")
		wantAll(t, all[name].Text, fmt.Sprintf("%d findings are left out here: showtime doctor shows all.", 60-shown))
		if shown == 0 || len(all[name].Blocks) > 50 {
			t.Errorf("%s: %d shown in %d blocks", name, shown, len(all[name].Blocks))
		}
	}
	wantAll(t, all["checkup_ok"].Text, "🟢 SETUP OK · exploration", "✓ ok: channel <#C0HUNT> · table · clock")
	wantNone(t, all["checkup_ok"].Text, "clock · clock", "left out")
}
