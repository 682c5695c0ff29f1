package socket

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/gorilla/websocket"
	"github.com/slack-go/slack"
)

// writeBuffer holds the longest answer: Slack does not put together what comes in pieces.
const writeBuffer = 32 << 10

// refusedError is Slack's no to the token: asking again does not help.
type refusedError struct{ code string }

func (e *refusedError) Error() string {
	return "Slack does not accept the app-level token (" + e.code + "); it begins with xapp- and needs the scope connections:write"
}

// open asks Slack for an address and connects to it. It says how long Slack wants to be left alone.
func (c *Client) open(ctx context.Context) (*websocket.Conn, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*openWithin)
	defer cancel()
	address, err := c.ask(ctx)
	if err != nil {
		if limited := (*slack.RateLimitedError)(nil); errors.As(err, &limited) {
			return nil, limited.RetryAfter, err
		}
		return nil, 0, err
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: openWithin, WriteBufferSize: writeBuffer}
	conn, resp, err := dialer.DialContext(ctx, address, nil)
	if resp != nil {
		_ = resp.Body.Close() // read by the dialer, as far as it is there
	}
	if err != nil {
		return nil, 0, fmt.Errorf("open socket: %w", err)
	}
	return conn, 0, nil
}

// ask gives the address of a new connection, which is a secret. A token that is refused is read again, once.
func (c *Client) ask(ctx context.Context) (string, error) {
	token, err := c.options.Token(ctx)
	if err != nil {
		return "", fmt.Errorf("%s: %w", c.options.TokenName, err)
	}
	address, err := c.askWith(ctx, token)
	if refused := (*refusedError)(nil); errors.As(err, &refused) {
		if fresh, fault := c.options.Refresh(ctx); fault == nil && fresh != token {
			address, err = c.askWith(ctx, fresh)
		}
	}
	return address, err
}

func (c *Client) askWith(ctx context.Context, token string) (string, error) {
	api := slack.New("", slack.OptionAppLevelToken(token), slack.OptionAPIURL(c.options.URL), slack.OptionHTTPClient(c.http))
	_, address, err := api.StartSocketModeContext(ctx)
	var no slack.SlackErrorResponse
	if errors.As(err, &no) && final(no.Err) {
		return "", &refusedError{no.Err}
	}
	if err != nil {
		return "", fmt.Errorf("ask for a socket: %w", err)
	}
	if !safe(address) {
		return "", errors.New("ask for a socket: Slack's answer is no wss address")
	}
	return address, nil
}

// final says whether Slack's error is about the token itself.
func final(code string) bool {
	switch code {
	case "invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "not_allowed_token_type",
		"missing_scope", "no_permission", "access_denied":
		return true
	default:
		return false
	}
}

// safe lets only TLS through, and this machine's own.
func safe(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "wss" || u.Scheme == "ws" && err == nil && ip.IsLoopback()
}
