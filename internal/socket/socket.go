// Package socket takes Slack's requests over Socket Mode: a connection that this process opens to Slack, so
// that no address of it need be public. What comes goes over the same desk as what comes over HTTP. There is
// no signature: that it is Slack's rests on TLS to Slack's own address, and on the app-level token that opened it.
package socket

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"showtime/internal/receiver"
)

const (
	// openWithin bounds the call that asks for a connection, and the handshake.
	openWithin = 10 * time.Second
	// quiet is how long nothing may be heard of Slack, which pings every few seconds, until the connection
	// counts as dead.
	quiet = time.Minute
	// writeWithin bounds the sending of one answer.
	writeWithin = 5 * time.Second
	// settled is how long a connection has to live for the next one to be opened at once.
	settled = time.Minute
	// firstPause and maxPause bound the pauses between tries.
	firstPause, maxPause = time.Second, time.Minute
	// inHand is how many requests are taken at once.
	inHand = 32
)

// Options are all that a Client needs.
type Options struct {
	URL string // of Slack's Web API, ending in a slash
	// Token gives the app-level token, Refresh reads it again after Slack refused it. TokenName is where the
	// operator finds it, for the error.
	Token, Refresh func(ctx context.Context) (string, error)
	TokenName      string
	Desk           *receiver.Desk
	Log            zerolog.Logger
	// Now is Slack's time.
	Now func() time.Time
	// Pause waits between tries; nil means for as long as it is told.
	Pause func(ctx context.Context, d time.Duration)
}

// Client keeps one connection to Slack open.
type Client struct {
	options   Options
	http      *http.Client
	connected atomic.Bool
}

// New makes a client that is not yet connected.
func New(o Options) *Client {
	if o.Pause == nil {
		o.Pause = pause
	}
	return &Client{options: o, http: &http.Client{
		Timeout:       openWithin,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Check says whether Slack can reach this process now.
func (c *Client) Check(context.Context) error {
	if !c.connected.Load() {
		return errors.New("socket: not connected")
	}
	return nil
}

// Run takes requests until the context ends, and answers what it has in hand by then. A connection that ends,
// for whatever reason, is replaced. The error says that Slack does not accept the token.
func (c *Client) Run(ctx context.Context) error {
	var closing sync.WaitGroup
	defer closing.Wait()
	for short := 0; ctx.Err() == nil; {
		began := c.options.Now()
		wait, err := c.once(ctx, &closing)
		if refused := (*refusedError)(nil); errors.As(err, &refused) {
			return fmt.Errorf("%s: %w", c.options.TokenName, err)
		}
		if ctx.Err() != nil {
			break
		}
		if c.options.Now().Sub(began) >= settled {
			short = 0
		} else {
			wait = max(wait, backoff(short))
			short++
		}
		c.options.Log.Warn().Err(err).Dur("pause", wait).Msg("socket ended, opening another")
		if wait > 0 {
			c.options.Pause(ctx, wait)
		}
	}
	return nil
}

// once opens a connection and reads it to its end. It says how long Slack wants to be left alone. What is in
// hand then is answered on the connection it came by, while another one is opened.
func (c *Client) once(ctx context.Context, closing *sync.WaitGroup) (wait time.Duration, err error) {
	conn, wait, err := c.open(ctx)
	if err != nil {
		return wait, err
	}
	l := &line{client: c, conn: conn}
	err = l.read(ctx)
	c.connected.Store(false)
	closing.Go(l.close)
	return 0, err
}

// backoff is a pause of one, two, four… seconds, less up to a half of it, so that many do not come at once.
func backoff(tries int) time.Duration {
	d := maxPause
	if tries < 6 {
		d = firstPause << tries
	}
	return d - rand.N(d/2) //nolint:gosec // spreads load, hides nothing
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
