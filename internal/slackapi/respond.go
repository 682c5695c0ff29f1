package slackapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/slack-go/slack"
)

const (
	respondOp = "response_url"
	// respondBytes bounds what is read of the answer.
	respondBytes = 64 << 10
)

// Reply is an answer through a response_url, for its person alone unless InChannel.
type Reply struct {
	Message   Message
	Replace   bool   // the clicked message becomes the answer
	InChannel bool   // everybody sees it; a message for one person stays that
	ThreadTS  string // the thread to answer in; only with InChannel
	Delete    bool   // the clicked message is deleted, and nothing is said
}

// replyBody is a Reply on the wire. slack-go's own types always send delete_original, which then
// is not the sole attribute any more.
type replyBody struct {
	ResponseType    string        `json:"response_type,omitempty"`
	Text            string        `json:"text,omitempty"`
	Blocks          []slack.Block `json:"blocks,omitempty"`
	ThreadTS        string        `json:"thread_ts,omitempty"`
	ReplaceOriginal *bool         `json:"replace_original,omitempty"`
	DeleteOriginal  bool          `json:"delete_original,omitempty"`
	UnfurlLinks     *bool         `json:"unfurl_links,omitempty"`
	UnfurlMedia     *bool         `json:"unfurl_media,omitempty"`
}

func (r Reply) body() replyBody {
	if r.Delete {
		return replyBody{DeleteOriginal: true}
	}
	b := replyBody{
		ResponseType: "ephemeral", Text: r.Message.Text, Blocks: r.Message.Blocks, ReplaceOriginal: new(r.Replace),
	}
	if r.InChannel {
		b.ResponseType, b.ThreadTS, b.UnfurlLinks, b.UnfurlMedia = "in_channel", r.ThreadTS, new(false), new(false)
	}
	return b
}

// Respond answers through a response_url, which works at most five times within thirty minutes. Kind
// Gone means that it does not work any more, or that it is none of Slack's: tell the person elsewhere.
func (c *Client) Respond(ctx context.Context, responseURL string, r Reply) error {
	if !c.mayFollow(responseURL) {
		return &Error{Op: respondOp, Kind: Gone, Code: "not an address of slack's"}
	}
	e := c.respond(ctx, responseURL, r)
	if e != nil && e.Kind == Blocks {
		c.options.Alarm(ctx, AlarmBlocks, e.Error())
		e.Kind = Gone
		if len(r.Message.Blocks) > 0 && r.Message.Text != "" {
			r.Message = r.Message.plain()
			e = c.respond(ctx, responseURL, r)
		}
	}
	if e == nil {
		return nil
	}
	if e.Kind == Blocks {
		e.Kind = Gone
	}
	return e
}

// respond answers, and again after Retry-After where that fits the deadline.
func (c *Client) respond(ctx context.Context, responseURL string, r Reply) *Error {
	for n := 1; ; n++ {
		e := c.respondOnce(ctx, responseURL, r)
		if e != nil {
			c.options.Failed(respondOp)
		}
		if e == nil || e.Kind != RateLimited || n == maxAttempts || !c.fits(ctx, e.RetryAfter) {
			return e
		}
		if c.options.Wait(ctx, e.RetryAfter) != nil {
			return e
		}
	}
}

func (c *Client) respondOnce(ctx context.Context, responseURL string, r Reply) *Error {
	data, err := json.Marshal(r.body())
	if err != nil {
		return &Error{Op: respondOp, Kind: Blocks, Code: "not encodable"}
	}
	var sent atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { sent.Store(true) }})
	req, err := http.NewRequestWithContext(traced, http.MethodPost, responseURL, bytes.NewReader(data))
	if err != nil { // the error would hold the URL
		return &Error{Op: respondOp, Kind: Gone, Code: "not a url"}
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	resp, err := c.http.Do(req)
	if err != nil {
		return classify(respondOp, err, sent.Load())
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	body, err := io.ReadAll(io.LimitReader(resp.Body, respondBytes))
	if err != nil {
		return classify(respondOp, err, true)
	}
	return answered(resp, body)
}

// answered reads what came back: an HTTP status, and "ok", a word or a JSON object.
func answered(resp *http.Response, body []byte) *Error {
	code := answerCode(body)
	e := &Error{Op: respondOp, Code: safeCode(code)}
	switch status := resp.StatusCode; {
	case status == http.StatusTooManyRequests:
		e.Kind, e.RetryAfter = RateLimited, retryAfter(resp)
	case status >= http.StatusInternalServerError:
		return statusError(respondOp, status)
	case kindOf(code) == Blocks && status < http.StatusInternalServerError:
		e.Kind = Blocks
	case status >= http.StatusMultipleChoices:
		e.Kind, e.Code = Gone, fmt.Sprintf("http %d %s", status, e.Code)
	case code == "" || code == "ok":
		return nil
	default:
		e.Kind = Refused
	}
	return e
}

// answerCode is the word that an answer says, or the error of its JSON object; "" for a JSON ok.
func answerCode(body []byte) string {
	var object struct {
		OK    bool   `json:"ok"`
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &object) != nil {
		return strings.TrimSpace(string(body))
	}
	if object.OK {
		return ""
	}
	return object.Error
}

// mayFollow is the host rule: Slack's two hosts by https, or exactly the host and port of an
// overridden API URL; no user info; plain http only to loopback.
func (c *Client) mayFollow(responseURL string) bool {
	u, err := url.Parse(responseURL)
	if err != nil || u.User != nil || u.Opaque != "" || !safeScheme(u) {
		return false
	}
	if u.Scheme == "https" && (u.Host == "hooks.slack.com" || u.Host == "hooks.slack-gov.com") {
		return true
	}
	return c.options.URL != DefaultURL && u.Host != "" && u.Host == c.base.Host
}

// safeScheme says whether a URL is https, or plain http to this machine.
func safeScheme(u *url.URL) bool {
	host := u.Hostname()
	ip := net.ParseIP(host)
	return u.Scheme == "https" || u.Scheme == "http" && (host == "localhost" || ip != nil && ip.IsLoopback())
}
