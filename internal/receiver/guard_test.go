package receiver_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"
	"github.com/slack-go/slack"

	"showtime/internal/receiver"
)

const (
	vectorBody = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA" +
		"&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
		"&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c"
	vectorSignature = "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
	vectorStamp     = "1531420618"
)

func TestPublishedVector(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	r := request("/slack/commands", "application/x-www-form-urlencoded; charset=UTF-8", vectorBody, h.now)
	r.Header.Set("X-Slack-Signature", vectorSignature)
	if w := h.do(r); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "Unknown command") {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
}

// TestAgreesWithSlackGo lets both verifiers judge the same headers.
func TestAgreesWithSlackGo(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, change := range map[string]func(http.Header){
		"right":     func(http.Header) {},
		"other":     func(h http.Header) { h.Set("X-Slack-Signature", vectorSignature) },
		"missing":   func(h http.Header) { h.Del("X-Slack-Signature") },
		"no_prefix": func(h http.Header) { h.Set("X-Slack-Signature", h.Get("X-Slack-Signature")[3:]) },
		"old":       func(h http.Header) { h.Set("X-Slack-Request-Timestamp", vectorStamp) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := build(t, nil)
			h.now = now
			r := request("/slack/commands", "application/x-www-form-urlencoded", vectorBody, now)
			change(r.Header)
			theirs := false
			if v, err := slack.NewSecretsVerifier(r.Header, secret); err == nil {
				_, _ = io.WriteString(&v, vectorBody)
				theirs = v.Ensure() == nil
			}
			if ours := h.do(r).Code == http.StatusOK; ours != theirs {
				t.Errorf("we say %v, slack-go says %v", ours, theirs)
			}
		})
	}
}

func TestUnsigned(t *testing.T) {
	t.Parallel()
	body := command("start")
	at := func(stamp string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("X-Slack-Request-Timestamp", stamp)
			r.Header.Set("X-Slack-Signature", sign(secret, stamp, body))
		}
	}
	signature := func(s string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("X-Slack-Signature", s) }
	}
	right := sign(secret, vectorStamp, body)
	tests := []struct {
		name   string
		change func(*http.Request)
		status int
	}{
		{"row_1_other_secret", signature(sign("other", vectorStamp, body)), 401},
		{"row_2_no_signature", func(r *http.Request) { r.Header.Del("X-Slack-Signature") }, 401},
		{"row_2_no_timestamp", func(r *http.Request) { r.Header.Del("X-Slack-Request-Timestamp") }, 401},
		{"row_3_old", at("1531420317"), 401},
		{"row_3_just_young_enough", at("1531420318"), 200},
		{"row_4_future", at("1531420919"), 401},
		{"row_4_just_near_enough", at("1531420918"), 200},
		{"row_4_tomorrow", at("1531507018"), 401},
		{"row_4_int64_max", at("9223372036854775807"), 401},
		{"row_4_twenty_digits", at("99999999999999999999"), 401},
		{"row_5_words", at("abc"), 401},
		{"row_5_space", at(" 1531420618"), 401},
		{"row_5_fraction", at("1531420618.5"), 401},
		{"row_5_negative", at("-1"), 401},
		{"row_5_plus", at("+1531420618"), 401},
		{"row_5_empty", at(""), 401},
		{"row_6_v9", signature("v9=" + right[3:]), 401},
		{"row_6_upper_case_v0", signature("V0=" + right[3:]), 401},
		{"row_6_no_prefix", signature(right[3:]), 401},
		{"row_6_33_bytes", signature(right + "00"), 401},
		{"row_6_odd_hex", signature(right[:len(right)-1]), 401},
		{"row_6_no_hex", signature("v0=" + strings.Repeat("z", 64)), 401},
		{"row_6_empty", signature("v0="), 401},
		{"row_7_joined", signature(right + "," + right), 401},
		{"row_7_twice", func(r *http.Request) { r.Header.Add("X-Slack-Signature", right) }, 401},
		{"row_7_timestamp_twice", func(r *http.Request) { r.Header.Add("X-Slack-Request-Timestamp", vectorStamp) }, 401},
		{"row_11_query", func(r *http.Request) { r.URL.RawQuery = "payload=x&ssl_check=1" }, 200},
		{"row_12_wrong_type", func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }, 400},
		{"row_12_no_type", func(r *http.Request) { r.Header.Del("Content-Type") }, 400},
		{"unsigned_wrong_type_is_401", func(r *http.Request) { r.Header = http.Header{} }, 401},
		{"row_13_get", func(r *http.Request) { r.Method = http.MethodGet }, 405},
		{"row_13_head", func(r *http.Request) { r.Method = http.MethodHead }, 405},
		{"row_13_put", func(r *http.Request) { r.Method = http.MethodPut }, 405},
		{"row_13_unknown_path", func(r *http.Request) { r.URL.Path = "/slack/commands/" }, 404},
		{"row_57_lazy_header", func(r *http.Request) { r.URL.Path = "/"; r.Header.Set("X-Slack-Bolt-Lazy-Only", "1") }, 404},
		{"row_14_declared_oversize", func(r *http.Request) { r.ContentLength = 1<<20 + 1 }, 413},
		{"row_14_chunked_oversize", func(r *http.Request) {
			r.ContentLength, r.Body = -1, io.NopCloser(strings.NewReader(strings.Repeat("x", 1<<20+1)))
		}, 413},
		{"cut_off_body", func(r *http.Request) { r.ContentLength++ }, 400},
		{"row_44_retry", func(r *http.Request) { r.Header.Set("X-Slack-Retry-Num", "2") }, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := build(t, nil)
			r := request("/slack/commands", "application/x-www-form-urlencoded", body, h.now)
			tt.change(r)
			w := h.do(r)
			if w.Code != tt.status || (len(h.queue.sent) == 1) != (tt.status == 200) {
				t.Errorf("status %d, %d jobs, want %d", w.Code, len(h.queue.sent), tt.status)
			}
			if w.Code == http.StatusUnauthorized && w.Body.String() != "unauthorized\n" {
				t.Errorf("401 says %q", w.Body)
			}
			if n := strings.Count(h.log.String(), "\n"); n != 1 {
				t.Errorf("%d log lines, want 1:\n%s", n, h.log)
			}
		})
	}
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		secrets   secrets
		status    int
		refreshes int
	}{
		{"row_17_old_of_two", secrets{now: []string{"new", secret}}, 200, 0},
		{"row_17_changed_in_slack", secrets{now: []string{"old"}, refreshed: []string{secret}}, 200, 1},
		{"still_wrong", secrets{now: []string{"old"}}, 401, 1},
		{"row_16_empty", secrets{now: []string{""}}, 401, 1},
		{"row_16_none", secrets{}, 401, 1},
		{"unreadable", secrets{err: errors.New("ssm is down")}, 503, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := build(t, func(c *receiver.Config) { c.Secrets = &tt.secrets })
			if w := h.post("/slack/commands", command("")); w.Code != tt.status || tt.secrets.refreshes != tt.refreshes {
				t.Errorf("status %d, %d refreshes, want %d, %d", w.Code, tt.secrets.refreshes, tt.status, tt.refreshes)
			}
		})
	}
	t.Run("row_16_signed_with_nothing", func(t *testing.T) {
		t.Parallel()
		h := build(t, func(c *receiver.Config) { c.Secrets = &secrets{now: []string{""}} })
		r := request("/slack/commands", "application/x-www-form-urlencoded", command(""), h.now)
		r.Header.Set("X-Slack-Signature", sign("", vectorStamp, command("")))
		if w := h.do(r); w.Code != http.StatusUnauthorized {
			t.Errorf("status %d", w.Code)
		}
	})
	t.Run("garbage_never_refreshes", func(t *testing.T) {
		t.Parallel()
		h := build(t, nil)
		r := request("/slack/commands", "application/x-www-form-urlencoded", command(""), h.now.Add(-time.Hour))
		if w := h.do(r); w.Code != http.StatusUnauthorized || h.secrets.refreshes != 0 {
			t.Errorf("status %d, %d refreshes", w.Code, h.secrets.refreshes)
		}
	})
}

func TestRow10ReplayIsTheSameJob(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	h.post("/slack/interactions", click(clickJSON))
	h.now = h.now.Add(time.Minute)
	h.do(request("/slack/interactions", "application/x-www-form-urlencoded", click(clickJSON), h.now.Add(-time.Minute)))
	if jobs := h.queue.jobs(t); len(jobs) != 2 || jobs[0].ID != jobs[1].ID || !jobs[0].At.Equal(jobs[1].At) {
		t.Errorf("jobs = %+v", jobs)
	}
}

func TestQueueIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := build(t, nil)
		h.queue.block = true
		ctx, hangUp := context.WithCancel(t.Context())
		hangUp()
		begin := time.Now()
		w := h.do(request("/slack/events", "application/json", said("It's showtime!"), h.now).WithContext(ctx))
		if took := time.Since(begin); w.Code != http.StatusServiceUnavailable || took != 1500*time.Millisecond {
			t.Errorf("status %d after %v, want 503 after 1.5 s although the asker hung up", w.Code, took)
		}
	})
}

func TestPanicIsAnswered(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	h.queue.panic = "typed-text"
	if w := h.post("/slack/commands", command("start")); w.Code != http.StatusInternalServerError || !strings.Contains(h.log.String(), "panicked") {
		t.Errorf("status %d, log:\n%s", w.Code, h.log)
	}
	if strings.Contains(h.log.String(), "typed-text") {
		t.Errorf("the panic's words are logged:\n%s", h.log)
	}
}

func TestNothingLeaksIntoLogs(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *receiver.Config) { c.Log = c.Log.Level(zerolog.TraceLevel) })
	send := func() {
		h.post("/slack/commands", command("start 4h typed-text\n\x1b[31m"))
		h.post("/slack/commands", command("typed-text"))
		h.post("/slack/commands", command("typed-text\x00"))
		h.post("/slack/commands", command("", "command", "/typed-text"))
		h.post("/slack/interactions", click(clickJSON))
		h.post("/slack/interactions", click(clickJSON[:300]))
		h.post("/slack/interactions", click(`{"type":"typed-text"}`))
		h.post("/slack/events", said("typed-text"))
		h.post("/slack/events", said("It's showtime!"))
		h.post("/typed-text", "typed-text")
		r := request("/slack/commands?typed-text=1", "typed-text", "typed-text", h.now)
		r.Header.Set("X-Slack-Signature", "v0=typed-text")
		h.do(r)
	}
	send()
	h.queue.err = errors.New("queue is down")
	send()
	for _, word := range []string{secret, "typed-text", "verification-token", "credential", "hooks.slack.com", "13.14.trigger", "\x1b", "v0="} {
		if strings.Contains(h.log.String(), word) {
			t.Errorf("log holds %q:\n%s", word, h.log)
		}
	}
	if n := strings.Count(h.log.String(), "\n"); n != 22 {
		t.Errorf("%d log lines for 22 requests:\n%s", n, h.log)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()
	asked, queueErr := 0, errors.New("down")
	h := build(t, func(c *receiver.Config) {
		c.QueueHealth = func(context.Context) error { asked++; return queueErr }
	})
	h.secrets.err = errors.New("down")
	get := func() *httptest.ResponseRecorder {
		return h.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", http.NoBody))
	}
	if w := get(); w.Code != http.StatusServiceUnavailable || w.Body.String() != "queue\nsecret\n" {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
	queueErr, h.secrets.err = nil, nil
	h.now = h.now.Add(29 * time.Second)
	if w := get(); w.Code != http.StatusServiceUnavailable || asked != 1 {
		t.Errorf("status %d after 29 s, asked %d times: not cached", w.Code, asked)
	}
	h.now = h.now.Add(time.Second)
	if w := get(); w.Code != http.StatusOK || asked != 2 {
		t.Errorf("status %d after 30 s, asked %d times", w.Code, asked)
	}
	if w := h.post("/healthz", ""); w.Code != http.StatusMethodNotAllowed {
		t.Errorf("POST answered %d", w.Code)
	}
}

// A queue that never answers is named, and nothing else is because of it.
func TestHealth_names_only_the_part_that_is_slow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := build(t, func(c *receiver.Config) {
			c.QueueHealth = func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
			c.StoreHealth = func(ctx context.Context) error { return ctx.Err() }
		})
		w := h.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", http.NoBody))
		if w.Code != http.StatusServiceUnavailable || w.Body.String() != "queue\n" {
			t.Errorf("status %d, body %q", w.Code, w.Body)
		}
	})
}

func TestHealth_of_the_store(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *receiver.Config) {
		c.StoreHealth = func(context.Context) error { return errors.New("down") }
	})
	w := h.do(httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/healthz", http.NoBody))
	if w.Code != http.StatusServiceUnavailable || w.Body.String() != "store\n" {
		t.Errorf("status %d, body %q", w.Code, w.Body)
	}
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	h := build(t, func(c *receiver.Config) { c.Log = zerolog.Nop() })
	const each = 50
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range each {
				h.post("/slack/interactions", click(clickJSON))
				h.post("/slack/events", said("hello"))
				h.post("/slack/events", said("It's showtime!"))
			}
		})
	}
	wg.Wait()
	if got := len(h.queue.jobs(t)); got != 8*each*2 {
		t.Errorf("%d jobs, want %d", got, 8*each*2)
	}
}

func benchmark(b *testing.B, path, mediaType, body string) {
	b.Helper()
	h := build(b, func(c *receiver.Config) { c.Queue = discard{} })
	model := request(path, mediaType, body, h.now)
	b.ReportAllocs()
	for b.Loop() {
		r := *model
		r.Body = io.NopCloser(strings.NewReader(body))
		h.log.Reset()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, &r)
		if w.Code != http.StatusOK {
			b.Fatal(w.Code)
		}
	}
}

func BenchmarkClick(b *testing.B) {
	benchmark(b, "/slack/interactions", "application/x-www-form-urlencoded", click(clickJSON))
}

func BenchmarkNoPhrase(b *testing.B) {
	benchmark(b, "/slack/events", "application/json", said("has anybody seen yesterday's table of clicks? it seems shorter than usual"))
}
