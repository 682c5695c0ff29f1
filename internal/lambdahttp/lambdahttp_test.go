package lambdahttp_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"showtime/internal/lambdahttp"
)

// envelope is what API Gateway sends for a slash command, with the parts that matter here.
const envelope = `{"version":"2.0","routeKey":"POST /slack/commands","rawPath":"/prod/slack/commands","rawQueryString":"payload=x",
"queryStringParameters":{"payload":"x"},"headers":{"content-type":"application/x-www-form-urlencoded","host":"abc.execute-api.eu-west-1.amazonaws.com",
"x-slack-signature":"v0=a,v0=b","X-SLACK-request-timestamp":"1531420618"},
"requestContext":{"stage":"prod","http":{"method":"POST","path":"/prod/slack/commands","sourceIp":"192.0.2.1"}},
"body":"dGV4dD1zdGFydCUyMDRo","isBase64Encoded":true}`

func unpack(t *testing.T, text string) events.APIGatewayV2HTTPRequest {
	t.Helper()
	var in events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		t.Fatal(err)
	}
	return in
}

func TestRequest(t *testing.T) {
	t.Parallel()
	type ctxKey struct{}
	ctx := context.WithValue(t.Context(), ctxKey{}, "kept")
	called := false
	handle := lambdahttp.Handle(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		called = true
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got := []string{
			r.Method, r.URL.String(), r.Host, r.RemoteAddr, string(body),
			r.Header.Get("X-Slack-Signature"), r.Header.Get("X-Slack-Request-Timestamp"), r.Header.Get("Content-Type"),
		}
		want := []string{
			"POST", "/slack/commands", "abc.execute-api.eu-west-1.amazonaws.com", "192.0.2.1", "text=start%204h",
			"v0=a,v0=b", "1531420618", "application/x-www-form-urlencoded",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
		if r.ContentLength != int64(len(body)) || r.Context().Value(ctxKey{}) != "kept" {
			t.Errorf("length %d, context %v", r.ContentLength, r.Context())
		}
	}))
	out, err := handle(ctx, unpack(t, envelope))
	if err != nil || out.StatusCode != http.StatusOK || !called {
		t.Errorf("answer %+v, error %v, called %v", out, err, called)
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, stage, raw, want string }{
		{"default_stage", "$default", "/slack/events", "/slack/events"},
		{"function_url", "", "/slack/events", "/slack/events"},
		{"named_stage", "prod", "/prod/slack/events", "/slack/events"},
		{"named_stage_custom_domain", "prod", "/slack/events", "/slack/events"},
		{"stage_is_a_prefix_of_the_path", "slack", "/slackers/events", "/slackers/events"},
		{"only_the_stage", "prod", "/prod", ""},
		{"direct_invoke", "", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var got string
			handle := lambdahttp.Handle(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.Path }))
			in := events.APIGatewayV2HTTPRequest{RawPath: tt.raw}
			in.RequestContext.Stage = tt.stage
			if _, err := handle(t.Context(), in); err != nil || got != tt.want {
				t.Errorf("path %q, error %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestRow9BrokenBase64(t *testing.T) {
	t.Parallel()
	handle := lambdahttp.Handle(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler was called") }))
	out, err := handle(t.Context(), events.APIGatewayV2HTTPRequest{Body: "%%%", IsBase64Encoded: true})
	if err != nil || out.StatusCode != http.StatusBadRequest {
		t.Errorf("answer %+v, error %v", out, err)
	}
}

func TestResponse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		handle http.HandlerFunc
		want   events.APIGatewayV2HTTPResponse
	}{
		{
			name: "text",
			handle: func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.Header().Add("X-Many", "a")
				w.Header().Add("X-Many", "b")
				w.WriteHeader(http.StatusAccepted)
				w.WriteHeader(http.StatusTeapot)
				_, _ = io.WriteString(w, `{"a":`)
				_, _ = io.WriteString(w, `"ä"}`)
			},
			want: events.APIGatewayV2HTTPResponse{
				StatusCode: 202, Headers: map[string]string{"Content-Type": "application/json", "X-Many": "a,b"}, Body: `{"a":"ä"}`,
			},
		},
		{
			name:   "binary",
			handle: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte{0xff, 0}) },
			want: events.APIGatewayV2HTTPResponse{
				StatusCode: 200, Headers: map[string]string{}, Body: base64.StdEncoding.EncodeToString([]byte{0xff, 0}), IsBase64Encoded: true,
			},
		},
		{
			name:   "empty",
			handle: func(http.ResponseWriter, *http.Request) {},
			want:   events.APIGatewayV2HTTPResponse{StatusCode: 200, Headers: map[string]string{}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := lambdahttp.Handle(tt.handle)(t.Context(), events.APIGatewayV2HTTPRequest{})
			if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
				t.Errorf("error %v, answer (-want +got):\n%s", err, diff)
			}
		})
	}
}
