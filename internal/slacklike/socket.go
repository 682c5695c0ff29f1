package slacklike

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// socketPath is where a connection of Socket Mode is opened; a ticket that works once follows.
const socketPath = "/socket/"

// appScope is the one scope of the app-level token, which no bot token has.
const appScope = "connections:write"

// socket is one open connection of the app.
type socket struct {
	conn  *websocket.Conn
	write sync.Mutex
}

func (s *socket) send(frame []byte) error {
	s.write.Lock()
	defer s.write.Unlock()
	return s.conn.WriteMessage(websocket.TextMessage, frame)
}

// SetSocketMode turns Socket Mode on or off: then what is for the app goes through its connections, and never
// to the address that SetApp gave.
func (w *Workspace) SetSocketMode(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.socketMode = on
}

// AppToken is the app-level token that is valid now.
func (w *Workspace) AppToken() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.appToken
}

// RotateAppToken replaces the app-level token by a new one and returns it.
func (w *Workspace) RotateAppToken() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.appToken = "xapp-" + rand.Text()
	return w.appToken
}

// Sockets is how many connections are open.
func (w *Workspace) Sockets() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.sockets)
}

// Acked are the envelope ids of all receipts so far.
func (w *Workspace) Acked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.acked...)
}

// Disconnect tells the app to leave, for one of Slack's reasons: warning, refresh_requested, link_disabled.
// The connection is the app's to close.
func (w *Workspace) Disconnect(reason string) error {
	return w.Push(mustJSON(map[string]any{"type": "disconnect", "reason": reason}))
}

// Break ends every connection without a word.
func (w *Workspace) Break() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.sockets {
		_ = s.conn.NetConn().Close()
	}
	w.sockets = nil
}

// Push sends a frame as it stands through the newest connection.
func (w *Workspace) Push(frame []byte) error {
	s := w.socket()
	if s == nil {
		return errors.New("the app has no connection")
	}
	return s.send(frame)
}

// socket gives the newest connection, nil when there is none.
func (w *Workspace) socket() *socket {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.sockets) == 0 {
		return nil
	}
	return w.sockets[len(w.sockets)-1]
}

// openConnection answers apps.connections.open. The caller holds mu.
func (w *Workspace) openConnection(url.Values) (answer, string) {
	ticket := rand.Text()
	w.tickets[ticket] = true
	return answer{"url": "ws" + strings.TrimPrefix(w.url, "http") + socketPath + ticket}, ""
}

// serveSocket takes a connection and reads its receipts until it ends.
func (w *Workspace) serveSocket(rw http.ResponseWriter, r *http.Request, ticket string) {
	w.mu.Lock()
	valid := w.tickets[ticket]
	delete(w.tickets, ticket)
	w.mu.Unlock()
	if !valid {
		http.Error(rw, "no such ticket", http.StatusForbidden)
		return
	}
	conn, err := new(websocket.Upgrader).Upgrade(rw, r, nil)
	if err != nil { // Upgrade has answered
		return
	}
	defer conn.Close() //nolint:errcheck // it ends anyway
	s := &socket{conn: conn}
	if w.greet(s) {
		w.readReceipts(s)
	}
}

// greet says hello before anything else can go through the connection.
func (w *Workspace) greet(s *socket) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sockets = append(w.sockets, s)
	return s.send(mustJSON(map[string]any{"type": "hello", "num_connections": len(w.sockets)})) == nil
}

func (w *Workspace) readReceipts(s *socket) {
	defer w.forget(s)
	for {
		var receipt struct {
			ID      string          `json:"envelope_id"`
			Payload json.RawMessage `json:"payload"`
		}
		if s.conn.ReadJSON(&receipt) != nil {
			return
		}
		w.mu.Lock()
		w.acked = append(w.acked, receipt.ID)
		waiting := w.envelopes[receipt.ID]
		delete(w.envelopes, receipt.ID)
		w.mu.Unlock()
		if waiting != nil {
			waiting <- receipt.Payload
		}
	}
}

func (w *Workspace) forget(s *socket) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, other := range w.sockets {
		if other == s {
			w.sockets = append(w.sockets[:i:i], w.sockets[i+1:]...)
			return
		}
	}
}

// push delivers what sign made as an envelope, and waits for its receipt for as long as Slack would.
func (w *Workspace) push(ctx context.Context, d *Delivery) http.Header {
	s := w.socket()
	if s == nil {
		d.Err = errors.New("deliver: the app has no connection")
		return nil
	}
	receipt := make(chan json.RawMessage, 1)
	w.mu.Lock()
	id := w.nextID("env-")
	w.envelopes[id] = receipt
	w.mu.Unlock()
	if err := s.send(mustJSON(d.envelope(id))); err != nil {
		d.Err = fmt.Errorf("deliver: %w", err)
		return nil
	}
	timer := time.NewTimer(w.client.Timeout)
	defer timer.Stop()
	select {
	case payload := <-receipt:
		d.Status, d.Answer, d.Err = http.StatusOK, bytes.Clone(payload), nil
		return http.Header{"Content-Type": {jsonType}}
	case <-timer.C:
		d.Err = fmt.Errorf("deliver: no receipt: %w", os.ErrDeadlineExceeded)
	case <-ctx.Done():
		d.Err = ctx.Err()
	}
	return nil
}

// envelope is a delivery as Socket Mode wraps it.
func (d *Delivery) envelope(id string) map[string]any {
	e := map[string]any{"envelope_id": id, "accepts_response_payload": d.Path != "/slack/events"}
	form, _ := url.ParseQuery(string(d.Body)) // made by ourselves, or JSON and then not used
	switch d.Path {
	case "/slack/commands":
		fields := map[string]string{}
		for name := range form {
			fields[name] = form.Get(name)
		}
		e["type"], e["payload"] = "slash_commands", fields
	case "/slack/interactions":
		e["type"], e["payload"] = "interactive", json.RawMessage(form.Get("payload"))
	default:
		e["type"], e["payload"] = "events_api", json.RawMessage(d.Body)
		e["retry_attempt"], _ = strconv.Atoi(d.Header.Get("X-Slack-Retry-Num")) // absent is 0, the first
		e["retry_reason"] = d.Header.Get("X-Slack-Retry-Reason")
	}
	return e
}
