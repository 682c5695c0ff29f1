package manager_test

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/rs/zerolog"

	"showtime/internal/lambdahttp"
	"showtime/internal/manager"
	"showtime/lifecycle/httpapi/grant"
	"showtime/lifecycle/httpapi/server"
)

// TestLambda says what the function makes of its three kinds of events, and that only the principal which
// API Gateway has verified counts.
func TestLambda(t *testing.T) {
	t.Parallel()
	r := newRig(t, rigOptions{grants: []grant.Row{everything("m", "*")}})
	r.write("iam", `{"grants":[{"name":"hunting","principal":"arn:aws:iam::123456789012:role/hunting","clusters":["exploration"],"verbs":["read","start"]}]}`)
	grants, err := manager.NewGrants(filepath.Join(r.dir, "iam"), r.clock.Now, zerolog.Nop())
	if err != nil {
		t.Fatal(err)
	}
	api, err := server.New(server.Options{
		Fleet: r.fleet, Caller: grants.Verified(lambdahttp.Principal), Limit: grant.Limit{Burst: 100, PerSecond: 100}, Now: r.clock.Now, Log: zerolog.Nop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ticks := 0
	handle := manager.Lambda(api, func(context.Context) error { ticks++; return nil })
	const mine = `,"authorizer":{"iam":{"userArn":"arn:aws:sts::123456789012:assumed-role/hunting/i-0abc"}}`
	request := func(method, path, query, authorizer, headers, body string) string {
		return fmt.Sprintf(`{"version":"2.0","rawPath":%q,"rawQueryString":%q,"headers":{%s},"requestContext":{"stage":"$default","http":{"method":%q}%s},"body":%q}`,
			path, query, headers, method, authorizer, body)
	}
	tests := []struct {
		name, event string
		status      int
		want        string
	}{
		{"read", request("GET", "/v1/clusters/exploration", "", mine, "", ""), 200, `"phase":"DOWN"`},
		{"query", request("GET", "/v1/clusters/exploration/events", "wait=1h", mine, "", ""), 422, "wait must be"},
		{"start", request("POST", "/v1/clusters/exploration/start", "", mine, `"idempotency-key":"k-1","content-type":"application/json"`, "{}"), 202, `"starter":"hunting"`},
		{"no_stop", request("POST", "/v1/clusters/exploration/stop", "", mine, `"content-type":"application/json"`, `{"generation":1}`), 403, "forbidden"},
		{"no_stream", request("GET", "/v1/clusters/exploration/stream", "", mine, "", ""), 404, ""},
		{"nobody", request("GET", "/v1/clusters", "", "", "", ""), 401, "unauthorized"},
		{"a_token_is_nothing_here", request("GET", "/v1/clusters", "", "", `"authorization":"Bearer `+r.tokens["m"]+`"`, ""), 401, "unauthorized"},
		{"nor_is_a_header", request("GET", "/v1/clusters", "", "", `"x-amzn-iam-user-arn":"arn:aws:iam::123456789012:role/hunting"`, ""), 401, "unauthorized"},
		{"another_role", request("GET", "/v1/clusters", "", strings.ReplaceAll(mine, "hunting", "other"), "", ""), 401, "unauthorized"},
	}
	for _, tt := range tests { // in order
		out, err := handle(t.Context(), json.RawMessage(tt.event))
		response, ok := out.(events.APIGatewayV2HTTPResponse)
		if err != nil || !ok || response.StatusCode != tt.status || !strings.Contains(response.Body, tt.want) {
			t.Errorf("%s: %v, %d %s", tt.name, err, response.StatusCode, response.Body)
		}
	}
	for event, want := range map[string]int{
		`{"v":1,"kind":"tick"}`: 1, `{"source":"aws.emr","detail-type":"EMR Cluster State Change"}`: 1, `{"v":2,"kind":"tick"}`: 0, `{}`: 0, `[]`: 0,
	} {
		ticks = 0
		if _, err := handle(t.Context(), json.RawMessage(event)); ticks != want || (err == nil) != (want == 1) {
			t.Errorf("%s: %d ticks, %v", event, ticks, err)
		}
	}
}
