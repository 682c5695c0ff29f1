package slackapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/slack-go/slack"
)

const (
	historyOp    = "conversations.history"
	historyLimit = 200
	// historyPages bounds how far Find looks; a channel with more messages since then gives an error, not "not found".
	historyPages = 25
	// historyBytes bounds one page.
	historyBytes = 16 << 20
)

// history is what Find needs of a page. slack-go's own type refuses the whole page if any app put an
// element into any message that it does not know.
type history struct {
	OK       bool   `json:"ok"`
	Error    string `json:"error"`
	Messages []struct {
		TS       string   `json:"ts"`
		Subtype  string   `json:"subtype"`
		User     string   `json:"user"`
		BotID    string   `json:"bot_id"`
		Metadata Metadata `json:"metadata"`
	} `json:"messages"`
	Next struct {
		Cursor string `json:"next_cursor"`
	} `json:"response_metadata"`
}

// Find looks for a message of this bot's own in a channel, not in its threads, posted at since or
// later, whose metadata have md's event type and at least md's payload. Of several it gives the
// oldest. No error and not found means that there is none.
func (c *Client) Find(ctx context.Context, channel string, since time.Time, md Metadata) (ts string, found bool, err error) {
	me, err := c.Me(ctx)
	if err != nil {
		return "", false, err
	}
	want, err := normal(md.EventPayload)
	if err != nil {
		return "", false, err
	}
	cursor := ""
	for range historyPages {
		page, err := c.history(ctx, channel, since, cursor)
		if err != nil {
			return "", false, err
		}
		for _, m := range page.Messages { // newest first
			ours := m.User == me.UserID || m.BotID != "" && m.BotID == me.BotID
			if ours && m.Metadata.EventType == md.EventType && contains(m.Metadata.EventPayload, want) {
				ts = m.TS
			}
		}
		if cursor = page.Next.Cursor; cursor == "" {
			return ts, ts != "", nil
		}
	}
	return "", false, &Error{Op: historyOp, Kind: Unavailable, Code: "too many messages to look through"}
}

// history reads one page.
func (c *Client) history(ctx context.Context, channel string, since time.Time, cursor string) (history, error) {
	form := url.Values{
		"channel": {channel}, "oldest": {timestamp(since)}, "inclusive": {"true"}, "limit": {strconv.Itoa(historyLimit)},
		"include_all_metadata": {"true"},
	}
	if cursor != "" {
		form.Set("cursor", cursor)
	}
	return c.page(ctx, form)
}

// Archived looks into a channel: no error means that the bot is in it. Nothing can be said in an archived channel, so
// there its newest message is Slack's own that it was archived. Asking so needs no scope beyond those for the history.
func (c *Client) Archived(ctx context.Context, channel string) (bool, error) {
	page, err := c.page(ctx, url.Values{"channel": {channel}, "limit": {"1"}})
	if err != nil || len(page.Messages) == 0 {
		return false, err
	}
	subtype := page.Messages[0].Subtype
	return subtype == "channel_archive" || subtype == "group_archive", nil
}

// page asks for a page of history.
func (c *Client) page(ctx context.Context, form url.Values) (page history, err error) {
	err = c.call(ctx, historyOp, func(ctx context.Context, _ *slack.Client, token string) error {
		form.Set("token", token)
		page = history{}
		return c.postForm(ctx, historyOp, form, &page)
	})
	return page, question(err)
}

// postForm does a call without slack-go, with its errors.
func (c *Client) postForm(ctx context.Context, op string, form url.Values, page *history) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.options.URL+op, strings.NewReader(form.Encode()))
	if err != nil {
		return errors.New("make request")
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	if after := retryAfter(resp); resp.StatusCode == http.StatusTooManyRequests && after > 0 {
		return &slack.RateLimitedError{RetryAfter: after}
	}
	if resp.StatusCode != http.StatusOK {
		return slack.StatusCodeError{Code: resp.StatusCode, Status: resp.Status}
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, historyBytes)).Decode(page); err != nil {
		return err
	}
	if !page.OK {
		return slack.SlackErrorResponse{Err: page.Error}
	}
	return nil
}

// retryAfter is how long Slack wants to be left alone, 0 when it does not say.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(seconds) * time.Second
}

// timestamp is a time as Slack writes it.
func timestamp(t time.Time) string {
	micro := t.UnixMicro()
	return fmt.Sprintf("%d.%06d", micro/1e6, micro%1e6)
}

// normal makes a payload comparable with one that went through JSON.
func normal(payload map[string]any) (map[string]any, error) {
	data, err := json.Marshal(payload)
	if err != nil {
		return nil, fmt.Errorf("encode metadata: %w", err)
	}
	var same map[string]any
	if err := json.Unmarshal(data, &same); err != nil {
		return nil, fmt.Errorf("decode metadata: %w", err)
	}
	return same, nil
}

// contains says whether a payload has everything that is wanted.
func contains(payload, want map[string]any) bool {
	for k, v := range want {
		if got, ok := payload[k]; !ok || !reflect.DeepEqual(got, v) {
			return false
		}
	}
	return true
}
