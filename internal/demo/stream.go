package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// patch is what an open page has to change. Fresh means that it begins with nothing.
type patch struct {
	Fresh    bool            `json:"fresh,omitempty"`
	Room     json.RawMessage `json:"room,omitempty"`
	Messages []messageView   `json:"messages,omitempty"` // new and changed ones, oldest first
	Gone     []messageKey    `json:"gone,omitempty"`
	Behind   json.RawMessage `json:"behind,omitempty"`
}

func (p patch) empty() bool {
	return p.Room == nil && p.Behind == nil && len(p.Messages) == 0 && len(p.Gone) == 0
}

// stream remembers what one open page has been sent. What the page shows is always computed from
// the whole, so a change that went unnoticed is made good by the next.
type stream struct {
	server       *Server
	person       string
	begun        bool
	room, behind json.RawMessage
	edits        map[messageKey]int
}

// next is what the page has to change now.
func (s *stream) next(ctx context.Context) (patch, error) {
	p := patch{Fresh: !s.begun}
	s.begun = true
	room := s.server.room(s.person)
	var err error
	if p.Room, err = renew(&s.room, room); err != nil {
		return p, err
	}
	if p.Behind, err = renew(&s.behind, s.server.behind(ctx)); err != nil {
		return p, err
	}
	s.messages(&p, room.Channels)
	return p, nil
}

// renew gives a value's JSON when it is not what was sent before, else nil.
func renew(sent *json.RawMessage, v any) (json.RawMessage, error) {
	now, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode view: %w", err)
	}
	if bytes.Equal(now, *sent) {
		return nil, nil
	}
	*sent = now
	return now, nil
}

// messages adds the messages that are new, changed or gone.
func (s *stream) messages(p *patch, channels []channelView) {
	now := map[messageKey]int{}
	for _, c := range channels {
		for _, m := range s.server.o.Workspace.Messages(c.ID, s.person) {
			key := messageKey{m.Channel, m.TS}
			now[key] = m.Edits
			if edits, sent := s.edits[key]; !sent || edits != m.Edits {
				p.Messages = append(p.Messages, s.server.messageView(m))
			}
		}
	}
	for key := range s.edits {
		if _, there := now[key]; !there {
			p.Gone = append(p.Gone, key)
		}
	}
	s.edits = now
}

// serveEvents keeps one open page up to date for as long as it is open.
func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	// The server's time limits are for requests that end.
	rc := http.NewResponseController(w)
	if err := errors.Join(rc.SetReadDeadline(time.Time{}), rc.SetWriteDeadline(time.Time{})); err != nil {
		http.Error(w, "this server cannot stream", http.StatusInternalServerError)
		return
	}
	person := byName(r.URL.Query().Get("person")).ID
	changes, cancel := s.o.Workspace.Watch()
	defer cancel()
	nudges, forget := s.watch()
	defer forget()
	refresh := time.NewTicker(s.o.Refresh)
	defer refresh.Stop()

	w.Header().Set("Content-Type", "text/event-stream")
	page := &stream{server: s, person: person}
	for {
		p, err := page.next(r.Context())
		if err != nil || send(w, p) != nil {
			return // the browser connects again
		}
		select {
		case <-r.Context().Done():
			return
		case <-s.closed:
			return
		case <-changes:
		case <-nudges:
		case <-refresh.C:
		}
	}
}

// send writes one event, or nothing when nothing changed.
func send(w http.ResponseWriter, p patch) error {
	if p.empty() && !p.Fresh {
		return nil
	}
	data, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode event: %w", err)
	}
	if _, err := fmt.Fprintf(w, "data: %s\n\n", data); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	if err := http.NewResponseController(w).Flush(); err != nil {
		return fmt.Errorf("send event: %w", err)
	}
	return nil
}
