package slacklike

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"
)

const (
	// ackTimeout is how long Slack waits for an answer.
	ackTimeout = 3 * time.Second
	// eventRetries is how often Slack delivers a failed event again.
	eventRetries = 3
	// answerLimit bounds what is read of an app's answer, in bytes.
	answerLimit = 1 << 20

	formType = "application/x-www-form-urlencoded"
	jsonType = "application/json"
)

// Delivery is one signed request to the app and what came back.
type Delivery struct {
	Path   string // below the app's base URL; "" when nothing was to be delivered
	Header http.Header
	Body   []byte

	Status   int    // of the last answer; 0 when there was none
	Answer   []byte // body of the last answer
	Attempts int
	Err      error // why there was no answer

	MessageTS   string // the message that was typed; "" for commands and clicks
	ResponseURL string
}

// Sign gives the X-Slack-Signature over a body at a Unix time in seconds.
func Sign(secret, timestamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + timestamp + ":"))
	mac.Write(body)
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

// Resend delivers the very same bytes again: a replay, with its old signature.
func (w *Workspace) Resend(ctx context.Context, d Delivery) Delivery {
	again := Delivery{Path: d.Path, Header: d.Header, Body: d.Body, MessageTS: d.MessageTS, ResponseURL: d.ResponseURL}
	w.send(ctx, &again)
	return again
}

// sign makes a signed request to the app.
func (w *Workspace) sign(path, contentType string, body []byte) Delivery {
	timestamp := strconv.FormatInt(w.now().Unix(), 10)
	d := Delivery{Path: path, Body: body, Header: http.Header{}}
	d.Header.Set("Content-Type", contentType)
	d.Header.Set("X-Slack-Request-Timestamp", timestamp)
	d.Header.Set("X-Slack-Signature", Sign(w.options.SigningSecret, timestamp, body))
	d.Header.Set("User-Agent", "Slackbot 1.0 (+https://api.slack.com/robots)")
	return d
}

// send makes one attempt. It gives the headers of the answer, nil when there was none.
func (w *Workspace) send(ctx context.Context, d *Delivery) http.Header {
	w.mu.Lock()
	app, socketMode := w.app, w.socketMode
	w.mu.Unlock()
	d.Attempts++
	d.Status, d.Answer = 0, nil
	if socketMode {
		return w.push(ctx, d)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, app+d.Path, bytes.NewReader(d.Body))
	if err != nil {
		d.Err = fmt.Errorf("make request: %w", err)
		return nil
	}
	req.Header = d.Header.Clone()
	resp, err := w.client.Do(req)
	if err != nil {
		d.Err = fmt.Errorf("deliver to %s: %w", d.Path, err)
		return nil
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	d.Status = resp.StatusCode
	d.Answer, d.Err = io.ReadAll(io.LimitReader(resp.Body, answerLimit))
	return resp.Header
}

// reason is what Slack gives as the reason of a retry, "" when the delivery was a success.
func (d *Delivery) reason() string {
	var timeout interface{ Timeout() bool }
	switch {
	case errors.As(d.Err, &timeout) && timeout.Timeout():
		return "http_timeout"
	case d.Err != nil:
		return "connection_failed"
	case d.Status/100 != 2:
		return "http_error"
	default:
		return ""
	}
}

// retry delivers a failed event again, up to three times, without Slack's pauses between.
func (w *Workspace) retry(ctx context.Context, d *Delivery, answer http.Header) {
	for n := 1; n <= eventRetries && d.reason() != ""; n++ {
		if answer.Get("X-Slack-No-Retry") == "1" {
			return
		}
		d.Header.Set("X-Slack-Retry-Num", strconv.Itoa(n))
		d.Header.Set("X-Slack-Retry-Reason", d.reason())
		answer = w.send(ctx, d)
	}
}
