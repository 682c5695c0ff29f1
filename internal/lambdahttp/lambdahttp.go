// Package lambdahttp serves an http.Handler from API Gateway's HTTP API (payload 2.0) and from function
// URLs, which send the same. It is an envelope and nothing else: it decides about no request.
package lambdahttp

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

type (
	request  = events.APIGatewayV2HTTPRequest
	response = events.APIGatewayV2HTTPResponse
)

// Handle makes a Lambda handler of an http.Handler. The query is left out: Slack signs the body alone,
// so nothing may depend on it.
func Handle(h http.Handler) func(context.Context, request) (response, error) {
	return handle(h, func(r *http.Request, _ request) *http.Request { return r })
}

// HandleAPI makes a Lambda handler of an API's http.Handler: the query counts, and Principal gives the IAM
// principal whose signature API Gateway has verified.
func HandleAPI(h http.Handler) func(context.Context, request) (response, error) {
	return handle(h, func(r *http.Request, in request) *http.Request {
		r.URL.RawQuery = in.RawQueryString
		if a := in.RequestContext.Authorizer; a != nil && a.IAM != nil {
			r = r.WithContext(context.WithValue(r.Context(), principalKey{}, a.IAM.UserARN))
		}
		return r
	})
}

type principalKey struct{}

// Principal is the ARN of the IAM principal that API Gateway has verified, empty without one. No header counts.
func Principal(r *http.Request) string {
	arn, _ := r.Context().Value(principalKey{}).(string)
	return arn
}

func handle(h http.Handler, more func(*http.Request, request) *http.Request) func(context.Context, request) (response, error) {
	return func(ctx context.Context, in request) (response, error) {
		body, err := bodyOf(in)
		if err != nil {
			return response{StatusCode: http.StatusBadRequest}, nil //nolint:nilerr // the answer says it
		}
		out := &writer{header: make(http.Header)}
		h.ServeHTTP(out, more(requestOf(ctx, in, body), in))
		return out.response(), nil
	}
}

func bodyOf(in request) ([]byte, error) {
	if !in.IsBase64Encoded {
		return []byte(in.Body), nil
	}
	return base64.StdEncoding.DecodeString(in.Body)
}

func requestOf(ctx context.Context, in request, body []byte) *http.Request {
	header := make(http.Header, len(in.Headers))
	for name, value := range in.Headers { // lower-case here, canonical in Go
		header.Set(name, value)
	}
	from := in.RequestContext.HTTP
	r := &http.Request{
		Method:        from.Method,
		URL:           &url.URL{Path: pathOf(in)},
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Host:          header.Get("Host"),
		RemoteAddr:    from.SourceIP,
		ContentLength: int64(len(body)),
		Body:          io.NopCloser(bytes.NewReader(body)),
	}
	return r.WithContext(ctx)
}

// pathOf takes the stage off the front of the path, where every stage but the default one puts its name.
func pathOf(in request) string {
	stage := in.RequestContext.Stage
	if stage == "" || stage == "$default" {
		return in.RawPath
	}
	rest, ok := strings.CutPrefix(in.RawPath, "/"+stage)
	if !ok || rest != "" && rest[0] != '/' {
		return in.RawPath
	}
	return rest
}

// writer collects an answer.
type writer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var _ http.ResponseWriter = (*writer)(nil)

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *writer) Write(data []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(data)
}

// response sends text as text and only what is not text in base64.
func (w *writer) response() response {
	w.WriteHeader(http.StatusOK)
	out := response{StatusCode: w.status, Headers: make(map[string]string, len(w.header))}
	for name, values := range w.header {
		out.Headers[name] = strings.Join(values, ",")
	}
	if utf8.Valid(w.body.Bytes()) {
		out.Body = w.body.String()
		return out
	}
	out.Body, out.IsBase64Encoded = base64.StdEncoding.EncodeToString(w.body.Bytes()), true
	return out
}
