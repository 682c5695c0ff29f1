package demo

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"showtime/internal/slacklike"
)

// room is what stays the same while people talk: who they are, where they meet, what they have read.
type room struct {
	Me       string            `json:"me"`
	Bot      string            `json:"bot"`
	People   []Person          `json:"people"`
	Groups   map[string]string `json:"groups"`
	Channels []channelView     `json:"channels"`
}

type channelView struct {
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Private bool     `json:"private,omitempty"`
	Members []string `json:"members"`
	Read    string   `json:"read"` // ts of the newest message that was read
}

// messageView is a message as one person sees it.
type messageView struct {
	Channel   string          `json:"channel"`
	TS        string          `json:"ts"`
	At        time.Time       `json:"at"` // domain time
	Thread    string          `json:"thread,omitempty"`
	User      string          `json:"user"`
	Text      string          `json:"text"`
	Blocks    json.RawMessage `json:"blocks,omitempty"`
	Ephemeral bool            `json:"ephemeral,omitempty"`
	Edited    bool            `json:"edited,omitempty"`
}

// messageKey names a message; a ts is unique within the workspace's channel only.
type messageKey struct {
	Channel string `json:"channel"`
	TS      string `json:"ts"`
}

func (s *Server) room(person string) room {
	_, _, bot, _ := s.o.Workspace.IDs()
	r := room{Me: person, Bot: bot, People: Cast(), Groups: groupHandles(), Channels: []channelView{}}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.o.Workspace.Channels() {
		if slices.Contains(c.Members, person) {
			r.Channels = append(r.Channels, channelView{
				ID: c.ID, Name: c.Name, Private: c.Private, Members: c.Members, Read: s.read[place{person, c.ID}],
			})
		}
	}
	// The team's channel is where people begin.
	slices.SortStableFunc(r.Channels, func(a, b channelView) int {
		return boolRank(a.ID == TeamChannel) - boolRank(b.ID == TeamChannel)
	})
	return r
}

func boolRank(first bool) int {
	if first {
		return 0
	}
	return 1
}

func (s *Server) messageView(m slacklike.Message) messageView {
	return messageView{
		Channel: m.Channel, TS: m.TS, At: s.o.Clock.At(wireTime(m.TS)), Thread: m.ThreadTS, User: m.User,
		Text: m.Text, Blocks: m.Blocks, Ephemeral: m.Ephemeral(), Edited: m.Edits > 0,
	}
}

// wireTime is when a message was posted, to the microsecond: a ts is Unix time with six decimals.
func wireTime(ts string) time.Time {
	micros, err := strconv.ParseInt(strings.Replace(ts, ".", "", 1), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMicro(micros)
}
