//go:build lambda

package lambda

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// Gateway is an API Gateway HTTP API in front of a function, payload version 2.0.
type Gateway struct {
	Function *Function
	// Routes are the route keys, such as "POST /slack/commands" or "ANY /{proxy+}".
	Routes map[string]bool
	// Verify is IAM authorisation: it gives the principal whose signature is good and who may call. Nil asks nobody.
	Verify func(r *http.Request, body []byte) (arn string, ok bool)
}

// everything is the route that takes what no other does.
const everything = "ANY /{proxy+}"

// ServeHTTP hands a request on and writes the function's answer; a function that fails is a 500.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route := r.Method + " " + r.URL.Path
	if !g.Routes[route] {
		route = everything
	}
	if !g.Routes[route] {
		message(w, http.StatusNotFound, "Not Found")
		return
	}
	event, err := gatewayEvent(route, r)
	if err != nil {
		message(w, http.StatusBadRequest, "Bad Request")
		return
	}
	if g.Verify != nil {
		arn, ok := g.Verify(r, []byte(event.Body))
		if !ok {
			message(w, http.StatusForbidden, "Forbidden")
			return
		}
		event.RequestContext.Authorizer = &events.APIGatewayV2HTTPRequestContextAuthorizerDescription{
			IAM: &events.APIGatewayV2HTTPRequestContextAuthorizerIAMDescription{UserARN: arn, AccountID: "123456789012"},
		}
	}
	payload, err := g.Function.Invoke(r.Context(), event)
	if err != nil {
		message(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	var answer events.APIGatewayV2HTTPResponse
	if err := json.Unmarshal(payload, &answer); err != nil || answer.StatusCode == 0 {
		message(w, http.StatusInternalServerError, "Internal Server Error")
		return
	}
	writeAnswer(w, answer)
}

func message(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"message":%q}`, text)
}

// gatewayEvent does to a request what API Gateway does: header names in lower case, values of one name
// joined by commas, cookies apart, and every body that is neither text nor JSON in base64.
func gatewayEvent(route string, r *http.Request) (events.APIGatewayV2HTTPRequest, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return events.APIGatewayV2HTTPRequest{}, err
	}
	source, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return events.APIGatewayV2HTTPRequest{}, err
	}
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: route, RawPath: r.URL.Path, RawQueryString: r.URL.RawQuery,
		Headers: map[string]string{"host": r.Host, "x-forwarded-for": source, "x-forwarded-proto": "https"},
		Body:    string(body),
	}
	for name, values := range r.Header {
		if name == "Cookie" {
			event.Cookies = values
			continue
		}
		event.Headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	kind := r.Header.Get("Content-Type")
	if len(body) > 0 && !strings.HasPrefix(kind, "text/") && !strings.HasPrefix(kind, "application/json") {
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	now := time.Now()
	event.RequestContext = events.APIGatewayV2HTTPRequestContext{
		RouteKey: route, Stage: "$default", APIID: "emulated", AccountID: "123456789012", RequestID: "emulated",
		Time: now.UTC().Format("02/Jan/2006:15:04:05 -0700"), TimeEpoch: now.UnixMilli(),
		HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
			Method: r.Method, Path: r.URL.Path, Protocol: r.Proto, SourceIP: source, UserAgent: r.UserAgent(),
		},
	}
	return event, nil
}

func writeAnswer(w http.ResponseWriter, answer events.APIGatewayV2HTTPResponse) {
	for name, value := range answer.Headers {
		w.Header().Set(name, value)
	}
	for name, values := range answer.MultiValueHeaders {
		w.Header()[http.CanonicalHeaderKey(name)] = values
	}
	body := []byte(answer.Body)
	if answer.IsBase64Encoded {
		decoded, err := base64.StdEncoding.DecodeString(answer.Body)
		if err != nil {
			message(w, http.StatusInternalServerError, "Internal Server Error")
			return
		}
		body = decoded
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(body)
}
