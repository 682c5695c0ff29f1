package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"showtime/lifecycle"
)

const (
	attempts = 3
	// actTimeout and readTimeout are how long one attempt may take; a start waits for EMR's answer.
	actTimeout  = 35 * time.Second
	readTimeout = 30 * time.Second // a long poll takes 20 s
	maxAnswer   = 16 << 20
	// maxPause is the longest that a Retry-After makes this client wait by itself.
	maxPause = 3 * time.Second
)

// call is one request, however often it is tried.
type call struct {
	method, path, key string
	body              []byte
	timeout           time.Duration
}

func (c *Client) get(ctx context.Context, path string, into any) (*Problem, error) {
	return c.do(ctx, call{method: http.MethodGet, path: path, timeout: readTimeout}, into)
}

func (c *Client) post(ctx context.Context, path, key string, body, into any) (*Problem, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("write request: %w", err)
	}
	return c.do(ctx, call{method: http.MethodPost, path: path, key: key, body: data, timeout: actTimeout}, into)
}

// do tries until there is an answer. A problem that says what became of an operation is an answer.
func (c *Client) do(ctx context.Context, in call, into any) (*Problem, error) {
	var p *Problem
	var err error
	for n := range attempts {
		p, err = c.once(ctx, in, into)
		switch {
		case err == nil && p == nil:
			return nil, nil // the answer is in into
		case err == nil && p.Result != "":
			return p, nil
		case err == nil && !passing(p):
			return nil, refused(p)
		}
		if n == attempts-1 || !pause(ctx, c.Pause<<n, p) {
			break
		}
	}
	if p != nil {
		err = refused(p)
	}
	return nil, fmt.Errorf("%w: %w", lifecycle.ErrAway, err)
}

// passing says whether the same request may be answered a moment later.
func passing(p *Problem) bool {
	return p.Status == http.StatusTooManyRequests || p.Status >= http.StatusInternalServerError && !p.Of(NewerRecord)
}

// refused is a problem as an error, with the lifecycle's own where there is one.
func refused(p *Problem) error {
	switch {
	case p.Of(NewerRecord):
		return fmt.Errorf("%w: %w", lifecycle.ErrNewer, p)
	case p.Of(Forbidden):
		return fmt.Errorf("%w: %w", lifecycle.ErrForbidden, p)
	}
	return p
}

// pause waits, longer when the manager says so, and says whether there is time left.
func pause(ctx context.Context, d time.Duration, p *Problem) bool {
	if p != nil && p.RetryAfter > 0 {
		d = max(d, min(maxPause, time.Duration(p.RetryAfter)*time.Second))
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// once makes one attempt: an answer in into, a problem, or an error.
func (c *Client) once(ctx context.Context, in call, into any) (*Problem, error) {
	ctx, cancel := context.WithTimeout(ctx, in.timeout)
	defer cancel()
	r, err := c.request(ctx, in)
	if err != nil {
		return nil, err
	}
	response, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("ask the manager: %w", err)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err := errors.Join(err, response.Body.Close()); err != nil {
		return nil, fmt.Errorf("read the manager's answer: %w", err)
	}
	if response.StatusCode >= http.StatusOK && response.StatusCode < http.StatusMultipleChoices {
		if err := json.Unmarshal(body, into); err != nil {
			return nil, fmt.Errorf("read the manager's answer: %w", err)
		}
		return nil, nil // the answer is in into
	}
	return problem(response, body), nil
}

// problem reads a problem; of whatever else answered, for instance API Gateway, only the status counts.
func problem(r *http.Response, body []byte) *Problem {
	var p Problem
	if json.Unmarshal(body, &p) != nil || p.Type == "" {
		p = Problem{Type: typePrefix + string(Other), Title: http.StatusText(r.StatusCode)}
	}
	p.Status = r.StatusCode
	if after, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && after > 0 {
		p.RetryAfter = after
	}
	return &p
}

func (c *Client) request(ctx context.Context, in call) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, in.method, c.URL+in.path, bytes.NewReader(in.body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	r.Header.Set("Accept", "application/json")
	if in.body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if in.key != "" {
		r.Header.Set(KeyHeader, in.key)
	}
	if c.Token != "" {
		r.Header.Set("Authorization", "Bearer "+c.Token)
		return r, nil
	}
	sum := sha256.Sum256(in.body)
	if err := c.Sign(r, hex.EncodeToString(sum[:])); err != nil {
		return nil, fmt.Errorf("sign request: %w", err)
	}
	return r, nil
}
