package demo

import (
	"net/http"
	"strings"
	"testing"
)

func TestOnlyThePageItselfIsAnswered(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.url, "http://"), ":")
	tests := []struct {
		name   string
		method string
		path   string
		edit   func(*http.Request)
		want   int
	}{
		{"page", http.MethodGet, "/", nil, http.StatusOK},
		{"page_from_a_link_elsewhere", http.MethodGet, "/", set("Sec-Fetch-Site", "cross-site"), http.StatusOK},
		{"page_as_localhost", http.MethodGet, "/", host("localhost:" + port), http.StatusOK},
		{"script", http.MethodGet, "/assets/page.js", nil, http.StatusOK},
		{"rebound_name", http.MethodGet, "/", host("evil.example:" + port), http.StatusForbidden},
		{"no_port", http.MethodGet, "/", host("127.0.0.1"), http.StatusForbidden},
		{"other_port", http.MethodGet, "/", host("localhost:1"), http.StatusForbidden},
		{"events_of_another_site", http.MethodGet, "/page/events", set("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		{"events_of_another_port", http.MethodGet, "/page/events", set("Sec-Fetch-Site", "same-site"), http.StatusForbidden},
		{"events_of_another_origin", http.MethodGet, "/page/events", set("Origin", "http://evil.example"), http.StatusForbidden},
		{"act", http.MethodPost, "/page/read", nil, http.StatusOK},
		{"act_without_origin", http.MethodPost, "/page/read", set("Origin", ""), http.StatusForbidden},
		{"act_of_another_origin", http.MethodPost, "/page/read", set("Origin", "http://localhost:3000"), http.StatusForbidden},
		{"act_of_null_origin", http.MethodPost, "/page/read", set("Origin", "null"), http.StatusForbidden},
		{"act_of_https", http.MethodPost, "/page/read", set("Origin", "https://"+strings.TrimPrefix(s.url, "http://")), http.StatusForbidden},
		{"act_of_another_site", http.MethodPost, "/page/read", set("Sec-Fetch-Site", "cross-site"), http.StatusForbidden},
		{"act_without_token", http.MethodPost, "/page/read", set(tokenHeader, ""), http.StatusForbidden},
		{"act_with_old_token", http.MethodPost, "/page/read", set(tokenHeader, "OLD"), http.StatusForbidden},
		{"act_by_get", http.MethodGet, "/page/read", nil, http.StatusMethodNotAllowed},
		{"slack_api_is_elsewhere", http.MethodPost, "/api/chat.postMessage", nil, http.StatusNotFound},
		{"files_above", http.MethodGet, "/assets/../../server.go", nil, http.StatusNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			status, header, _ := do(t, s.request(t, tt.method, tt.path, `{"person":"U0ANA"}`, tt.edit))
			if status != tt.want {
				t.Errorf("got %d, want %d", status, tt.want)
			}
			if got := header.Get("Content-Security-Policy"); got != policy {
				t.Errorf("policy is %q, want it on every answer", got)
			}
			if got := header.Get("Access-Control-Allow-Origin"); got != "" {
				t.Errorf("origin %q may read this answer, want none", got)
			}
		})
	}
}

func TestTokenIsInThePageAndNewInEveryRun(t *testing.T) {
	t.Parallel()
	one, two := newStage(t), newStage(t)
	if one.token == two.token {
		t.Error("two runs share a token")
	}
	_, _, page := do(t, one.request(t, http.MethodGet, "/", "", nil))
	if !strings.Contains(page, `content="`+one.token+`"`) {
		t.Errorf("the page does not hold its token: %s", page)
	}
}

func TestBuiltPageNeedsNobodyElse(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for _, path := range []string{"/", "/assets/page.css"} {
		_, _, text := do(t, s.request(t, http.MethodGet, path, "", nil))
		if strings.Contains(text, "://") {
			t.Errorf("%s names another host", path)
		}
	}
}

func set(name, value string) func(*http.Request) {
	return func(r *http.Request) {
		if value == "" {
			r.Header.Del(name)
			return
		}
		r.Header.Set(name, value)
	}
}

func host(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
