//go:build moto

package serve_test

import (
	"os"
	"strings"
	"testing"

	"showtime/internal/testbed"
	"showtime/test/moto"
	"showtime/test/serve"
)

// With a queue and a table named, serve plays the whole show on SQS and DynamoDB, and keeps nothing in files.
// A second process on the same queue and table is no second owner of anything: both work.
func TestServe_on_DynamoDB_and_SQS(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	stack := server.Deploy(t, "serve", nil)
	w := serve.New(t)
	aws := server.Environ()
	aws["AWS_ENDPOINT_URL"] = server.URL
	aws["SHOWTIME_QUEUE_URL"], aws["SHOWTIME_TABLE"] = stack.QueueURL, stack.Table
	aws[serve.TickEvery] = "200ms" // moto is one Python process
	p := w.Start(aws)
	other := w.Start(aws)
	if status, body := p.Get(p.URL + "/healthz"); status != 200 {
		t.Errorf("health is %d %q", status, body)
	}
	starts(t, w, testbed.Ana)
	serve.Until(t, "a card", func() bool { return strings.Contains(w.Card(), "STARTING") })
	ticksTillReady(t, w, p, 30)
	if cards, live := len(w.Cards()), w.Live(); cards != 1 || live != 1 {
		t.Errorf("%d cards, %d live clusters", cards, live)
	}
	stopped(t, p)
	stopped(t, other)
	files, err := os.ReadDir(w.Data)
	if err != nil || len(files) > 0 {
		t.Errorf("the data folder holds %v, %v", files, err)
	}
}
