package demo

import (
	"strings"

	"showtime/internal/slacklike"
)

// The cast of the demo: who its settings name as analysts and admins, and where they meet.
const (
	Ana  = "U0ANA"
	Raj  = "U0RAJ"
	Bo   = "U0BO"
	Mia  = "U0MIA"
	Olli = "U0OLLI"

	Analysts = "S0ANALYSTS"
	Admins   = "S0ADMINS"

	TeamChannel  = "C0HUNT"
	AdminChannel = "C0ADMINS"
)

// Person is somebody a visitor can be.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Role string `json:"role"`
}

// Cast are the people a visitor can be, in the order in which the page offers them.
func Cast() []Person {
	return []Person{
		{Ana, "Ana", "analyst"},
		{Raj, "Raj", "analyst"},
		{Bo, "Bo", "admin"},
		{Mia, "Mia", "admin"},
		{Olli, "Olli", "outsider"},
	}
}

// byName finds somebody of the cast by the name that stands in the page's address, whatever its
// case; nobody's name gives the first of them.
func byName(name string) Person {
	for _, p := range Cast() {
		if strings.EqualFold(p.Name, name) {
			return p
		}
	}
	return Cast()[0]
}

// groupHandles are the names behind the groups' mentions.
func groupHandles() map[string]string {
	return map[string]string{Analysts: "emr-analysts", Admins: "emr-admins"}
}

// Furnish puts the cast, its groups and its two channels, with the bot in both, into a workspace.
func Furnish(w *slacklike.Workspace) {
	_, _, bot, _ := w.IDs()
	for _, p := range Cast() {
		w.AddUser(slacklike.User{ID: p.ID, RealName: p.Name})
	}
	handles := groupHandles()
	w.AddGroup(slacklike.Group{ID: Analysts, Handle: handles[Analysts], Members: []string{Ana, Raj}})
	w.AddGroup(slacklike.Group{ID: Admins, Handle: handles[Admins], Members: []string{Bo, Mia}})
	w.AddChannel(slacklike.Channel{ID: TeamChannel, Name: "threat-hunting", Members: []string{Ana, Raj, Bo, Mia, Olli, bot}})
	w.AddChannel(slacklike.Channel{ID: AdminChannel, Name: "emr-admins", Private: true, Members: []string{Bo, Mia, bot}})
}
