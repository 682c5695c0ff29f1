package serve_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/queue"
	"showtime/internal/receiver"
	"showtime/internal/secret"
)

// namer is a receiver that only says what the job of a request is called.
type namer struct {
	receiver *receiver.Receiver
	last     string
}

func newNamer(t *testing.T, signingSecret string) *namer {
	t.Helper()
	n := &namer{}
	var err error
	n.receiver, err = receiver.New(receiver.Config{
		Secrets: secret.StaticSigning([]string{signingSecret}), Queue: n, Phrases: events.DefaultPhrases(),
		Cluster: "exploration", Log: zerolog.Nop(), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Send implements the receiver's Sender.
func (n *namer) Send(_ context.Context, m queue.Message) error {
	n.last = m.DedupeID
	return nil
}

// name gives the id of a request's job, "" when it makes none. One call at a time.
func (n *namer) name(t *testing.T, path string, header http.Header, body []byte) string {
	t.Helper()
	n.last = ""
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(body))
	r.Header = header
	n.receiver.ServeHTTP(httptest.NewRecorder(), r)
	return n.last
}
