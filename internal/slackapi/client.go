package slackapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/slack-go/slack"
)

const (
	// DefaultURL is Slack's own Web API.
	DefaultURL = "https://slack.com/api/"
	// defaultTimeout bounds one attempt, connecting and reading included.
	defaultTimeout = 10 * time.Second
	// maxAttempts bounds how often one call is sent, a fresh token and Retry-After together.
	maxAttempts = 4
	// maxWait is the longest Retry-After that is waited for when the context has no deadline.
	maxWait = 30 * time.Second
)

// Alarm kinds that a Client raises; the detail is a method and an error code.
const (
	AlarmAuth   = "slack-auth"
	AlarmBlocks = "slack-blocks"
)

// Options are all that a Client needs.
type Options struct {
	URL string // of the Web API; "" means DefaultURL
	// Token gives the bot token; it is asked before every call.
	Token func(ctx context.Context) (string, error)
	// Refresh reads the token again after Slack refused it; nil means that it cannot have changed.
	Refresh func(ctx context.Context) (string, error)
	// Alarm tells the operator.
	Alarm func(ctx context.Context, kind, detail string)
	// Failed is told of every attempt of a call that failed; nil means nobody wants to know.
	Failed func(op string)
	// Timeout bounds one attempt; 0 means 10 s.
	Timeout time.Duration
	// Transport carries the requests; nil means one of its own with Go's defaults.
	Transport http.RoundTripper
	// Now and Wait are the clock; nil means the real one.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
}

// Client calls Slack. It is safe for concurrent use.
type Client struct {
	options Options
	base    *url.URL
	http    *http.Client
}

// New makes a Client. An error says what is wrong with the options.
func New(o Options) (*Client, error) {
	if o.Token == nil || o.Alarm == nil {
		return nil, errors.New("slack client: token source or alarm is missing")
	}
	if o.URL == "" {
		o.URL = DefaultURL
	}
	if !strings.HasSuffix(o.URL, "/") {
		o.URL += "/"
	}
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || !safeScheme(base) {
		return nil, errors.New("slack client: api url must be https (http only to loopback) without user info")
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Wait == nil {
		o.Wait = wait
	}
	if o.Failed == nil {
		o.Failed = func(string) {}
	}
	client := &http.Client{
		Timeout: o.Timeout, Transport: o.Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Client{options: o, base: base, http: client}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt is one try of a call.
type attempt func(ctx context.Context, api *slack.Client, token string) error

// call does a call: again with a fresh token if Slack refuses the one we have, and again after
// Retry-After where that fits the deadline. Nothing else is repeated, because what got no answer may
// have happened.
func (c *Client) call(ctx context.Context, op string, try attempt) error {
	token, err := c.options.Token(ctx)
	if err != nil {
		return &Error{Op: op, Kind: Unavailable, Code: NoToken, cause: err}
	}
	refreshed := false
	for n := 1; ; n++ {
		e := c.once(ctx, op, token, try)
		switch {
		case e == nil:
			return nil
		case n == maxAttempts:
		case e.Kind == Auth && stale(e.Code) && !refreshed:
			refreshed = true
			if fresh := c.refresh(ctx); fresh != "" && fresh != token {
				token = fresh
				continue
			}
		case e.Kind == RateLimited && c.fits(ctx, e.RetryAfter):
			if c.options.Wait(ctx, e.RetryAfter) == nil {
				continue
			}
		}
		if e.Kind == Auth {
			c.options.Alarm(ctx, AlarmAuth, op+": "+e.Code)
		}
		return e
	}
}

// once sends a call and classifies what came of it.
func (c *Client) once(ctx context.Context, op, token string, try attempt) *Error {
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	api := slack.New(token, slack.OptionHTTPClient(c.http), slack.OptionAPIURL(c.options.URL))
	err := try(traced, api, token)
	if err == nil {
		return nil
	}
	c.options.Failed(op)
	return classify(op, err, sent.Load())
}

// refresh reads the token again; "" when there is no other to be had.
func (c *Client) refresh(ctx context.Context) string {
	if c.options.Refresh == nil {
		return ""
	}
	token, err := c.options.Refresh(ctx)
	if err != nil {
		return ""
	}
	return token
}

// fits says whether waiting this long leaves time for another attempt.
func (c *Client) fits(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return false
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		return d <= maxWait
	}
	return c.options.Now().Add(d + time.Second).Before(deadline)
}

// question makes an Error's outcome plain for a call that changes nothing.
func question(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Kind == Unclear {
		e.Kind = Unavailable
	}
	return err
}

// Identity is who the token is.
type Identity struct {
	TeamID, EnterpriseID string // EnterpriseID "" outside of an organisation
	UserID, BotID        string
	Scopes               []string // what the token may do, nil when Slack does not say
}

// Me says who the token is.
func (c *Client) Me(ctx context.Context) (Identity, error) {
	var who *slack.AuthTestResponse
	err := c.call(ctx, "auth.test", func(ctx context.Context, api *slack.Client, _ string) (err error) {
		who, err = api.AuthTestContext(ctx)
		return err
	})
	if err != nil {
		return Identity{}, question(err)
	}
	if who.TeamID == "" || who.UserID == "" {
		return Identity{}, fmt.Errorf("read identity: %w", &Error{Op: "auth.test", Kind: Unavailable, Code: "incomplete answer"})
	}
	return Identity{
		TeamID: who.TeamID, EnterpriseID: who.EnterpriseID, UserID: who.UserID, BotID: who.BotID,
		Scopes: strings.FieldsFunc(who.Header.Get("X-OAuth-Scopes"), func(r rune) bool { return r == ',' || r == ' ' }),
	}, nil
}
