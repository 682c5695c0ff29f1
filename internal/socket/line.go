package socket

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"showtime/internal/receiver"
)

// The kinds of messages. https://docs.slack.dev/apis/events-api/using-socket-mode
const (
	hello       = "hello"
	disconnect  = "disconnect"
	command     = "slash_commands"
	interactive = "interactive"
	event       = "events_api"
)

// message is what Slack sends.
type message struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Payload json.RawMessage `json:"payload"`
	Accepts bool            `json:"accepts_response_payload"`
	Reason  string          `json:"reason"` // of a disconnect
}

// answer is the receipt for a message.
type answer struct {
	ID      string          `json:"envelope_id"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// line is one connection.
type line struct {
	client *Client
	conn   *websocket.Conn
	hands  sync.WaitGroup // at work on what came by it
	write  sync.Mutex
	heard  time.Time // when something last came; only of the reading goroutine
}

// read takes what comes until the connection or the context ends.
func (l *line) read(ctx context.Context) error {
	defer context.AfterFunc(ctx, l.wake)()
	l.listen(ctx)
	l.conn.SetPingHandler(func(data string) error {
		l.listen(ctx)
		return l.conn.WriteControl(websocket.PongMessage, []byte(data), time.Now().Add(writeWithin))
	})
	free := make(chan struct{}, inHand)
	for {
		m, err := l.next(ctx)
		switch {
		case err != nil:
			return err
		case m.Type == hello:
			l.client.connected.Store(true)
			l.client.options.Log.Info().Msg("socket open")
		case m.Type == disconnect:
			return fmt.Errorf("slack ends the connection: %s", word(m.Reason))
		default:
			free <- struct{}{}
			l.hands.Go(func() {
				defer func() { <-free }()
				l.take(context.WithoutCancel(ctx), m)
			})
		}
	}
}

// listen notes that something was heard, and waits for more.
func (l *line) listen(ctx context.Context) {
	l.heard = l.client.options.Now().Round(0)         // a machine that sleeps stops the monotonic clock
	_ = l.conn.SetReadDeadline(time.Now().Add(quiet)) // a broken connection says so when it is read
	if ctx.Err() != nil {
		l.wake()
	}
}

// wake lets the reader go.
func (l *line) wake() { _ = l.conn.SetReadDeadline(time.Unix(1, 0)) }

// next reads one message. What makes no sense is turned away and skipped.
func (l *line) next(ctx context.Context) (message, error) {
	for {
		_, r, err := l.conn.NextReader()
		if err != nil {
			return message{}, fmt.Errorf("read socket: %w", err)
		}
		data, err := io.ReadAll(io.LimitReader(r, receiver.MaxBody+1))
		if err != nil {
			return message{}, fmt.Errorf("read socket: %w", err)
		}
		// After a machine has slept, what was sent before is still there to be read. Slack has long given it up.
		if l.client.options.Now().Round(0).Sub(l.heard) > quiet {
			return message{}, errors.New("read socket: nothing was heard for too long")
		}
		l.listen(ctx)
		var m message
		switch {
		case len(data) > receiver.MaxBody:
			l.client.options.Desk.Note(receiver.TurnAway(http.StatusRequestEntityTooLarge, "too-large"), 0)
		case !utf8.Valid(data) || json.Unmarshal(data, &m) != nil || m.Type == "" || m.ID == "" && m.Type != hello && m.Type != disconnect:
			l.client.options.Desk.Note(receiver.TurnAway(http.StatusBadRequest, "malformed"), 0)
		default:
			return m, nil
		}
	}
}

// take has the desk do what a message asks, and only then gives the receipt. Without one, Slack sends an
// event again and shows a click or command as failed.
func (l *line) take(ctx context.Context, m message) {
	began := l.client.options.Now()
	a := l.recognise(ctx, m, began)
	if a.Status == http.StatusOK {
		l.acknowledge(m, a)
	}
	l.client.options.Desk.Note(a, l.client.options.Now().Sub(began))
}

// recognise answers for a bug too, without the panic's own words: they may hold what was sent.
func (l *line) recognise(ctx context.Context, m message, now time.Time) (a receiver.Answer) {
	defer func() {
		if p := recover(); p != nil {
			l.client.options.Log.Error().Str("panic", fmt.Sprintf("%T", p)).Bytes("stack", debug.Stack()).Msg("receiver panicked")
			a = receiver.Fault()
		}
	}()
	desk := l.client.options.Desk
	switch m.Type {
	case command:
		return desk.Command(ctx, form(m.Payload), now)
	case interactive:
		return desk.Interaction(ctx, m.Payload, time.Time{})
	case event:
		return desk.Event(ctx, m.Payload)
	default:
		return receiver.Ignore("other-type")
	}
}

// form is a command's payload as HTTP would bring it. What is no string is none of the fields of a form.
func form(payload json.RawMessage) url.Values {
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil {
		return nil
	}
	values := url.Values{}
	for name, raw := range fields {
		var s string
		if json.Unmarshal(raw, &s) == nil {
			values.Set(name, s)
		}
	}
	return values
}

func (l *line) acknowledge(m message, a receiver.Answer) {
	out := answer{ID: m.ID}
	if a.Ephemeral != "" && m.Accepts {
		out.Payload = receiver.EphemeralBody(a.Ephemeral)
	}
	l.write.Lock()
	defer l.write.Unlock()
	err := l.conn.SetWriteDeadline(time.Now().Add(writeWithin))
	if err == nil {
		err = l.conn.WriteJSON(out)
	}
	if err != nil {
		l.client.options.Log.Warn().Err(err).Msg("receipt not sent")
	}
}

// close says goodbye once everything that came is answered.
func (l *line) close() {
	l.hands.Wait()
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	_ = l.conn.WriteControl(websocket.CloseMessage, bye, time.Now().Add(writeWithin)) // Slack may have left already
	_ = l.conn.Close()
}

// word keeps a reason that looks like one of Slack's words: it ends up in the log.
func word(reason string) string {
	switch reason {
	case "warning", "refresh_requested", "link_disabled":
		return reason
	default:
		return "no known reason"
	}
}
