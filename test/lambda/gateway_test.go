//go:build lambda

package lambda_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"showtime/test/lambda"
)

func TestGatewayDoesWhatAPIGatewayDoes(t *testing.T) {
	t.Parallel()
	gateway := &lambda.Gateway{Function: newSample(t, 10*time.Second), Routes: map[string]bool{"POST /slack/commands": true}}
	form := "token=a&text=caf%C3%A9"
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/slack/commands?x=1", strings.NewReader(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header["X-Twice"] = []string{"a", "b"}
	rec := httptest.NewRecorder()
	gateway.ServeHTTP(rec, req)

	if rec.Code != http.StatusTeapot || rec.Header().Get("X-Seen") != "yes" {
		t.Fatalf("got %d %s, want the function's answer", rec.Code, rec.Body)
	}
	var event events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(rec.Body.Bytes(), &event); err != nil {
		t.Fatal(err)
	}
	if got, want := event.Headers["x-twice"], "a,b"; got != want {
		t.Errorf("joined header: got %q, want %q", got, want)
	}
	if got, want := event.Body, base64.StdEncoding.EncodeToString([]byte(form)); !event.IsBase64Encoded || got != want {
		t.Errorf("body: got %q, want %q in base64", got, want)
	}
	if event.Version != "2.0" || event.RawPath != "/slack/commands" || event.RawQueryString != "x=1" || event.RequestContext.HTTP.Method != http.MethodPost {
		t.Errorf("event is %+v", event)
	}
}

func TestGatewayAnswersForTheFunction(t *testing.T) {
	t.Parallel()
	gateway := &lambda.Gateway{Function: newSample(t, 10*time.Second), Routes: map[string]bool{"POST /broken": true}}
	tests := []struct {
		name, path, body string
		want             int
	}{
		{"unknown_route", "/nowhere", "", http.StatusNotFound},
		{"function_fails", "/broken", "", http.StatusInternalServerError},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rec := httptest.NewRecorder()
			gateway.ServeHTTP(rec, httptest.NewRequestWithContext(t.Context(), http.MethodPost, tt.path, strings.NewReader(tt.body)))
			if rec.Code != tt.want {
				t.Errorf("got %d, want %d", rec.Code, tt.want)
			}
		})
	}
}
