//go:build bench

package coldstart_test

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"showtime/internal/actionid"
	"showtime/internal/slacklike"
)

// queue is an SQS on loopback that takes every message at once.
type queue struct {
	url    string
	secret string
}

func newQueue(t *testing.T) *queue {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ MessageBody string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		sum := md5.Sum([]byte(in.MessageBody))
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		_, _ = fmt.Fprintf(w, `{"MessageId":%q,"MD5OfMessageBody":%q,"SequenceNumber":"1"}`, rand.Text(), hex.EncodeToString(sum[:]))
	}))
	t.Cleanup(server.Close)
	return &queue{url: server.URL, secret: rand.Text()}
}

func (q *queue) environ() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL": q.url, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench",
		"SHOWTIME_QUEUE_URL": q.url + "/123456789012/jobs.fifo", "SHOWTIME_CLUSTER": `{"name":"exploration"}`,
		"SLACK_SIGNING_SECRET": q.secret, "LOG_LEVEL": "info",
	}
}

// click is a signed click on Start, as API Gateway hands it over.
func (q *queue) click() events.APIGatewayV2HTTPRequest {
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "api_app_id": "A0SHOW", "trigger_id": rand.Text(), "response_url": "https://hooks.slack.com/actions/x",
		"user": map[string]any{"id": "U0ANNA", "team_id": "T0SHOW"}, "team": map[string]any{"id": "T0SHOW"},
		"channel":   map[string]any{"id": "C0SHOW"},
		"container": map[string]any{"type": "message", "message_ts": "1.1", "channel_id": "C0SHOW", "is_ephemeral": true},
		"actions": []any{map[string]any{
			"type": "button", "action_id": actionid.Start, "block_id": "b", "value": actionid.Value{Generation: 1}.Encode(), "action_ts": "1.2",
		}},
	})
	if err != nil {
		panic(err) // plain strings cannot fail to marshal
	}
	body := url.Values{"payload": {string(payload)}}.Encode()
	at := strconv.FormatInt(time.Now().Unix(), 10)
	return events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "POST /slack/interactions", RawPath: "/slack/interactions", Body: body,
		Headers: map[string]string{
			"content-type": "application/x-www-form-urlencoded", "x-slack-request-timestamp": at,
			"x-slack-signature": slacklike.Sign(q.secret, at, []byte(body)),
		},
		RequestContext: events.APIGatewayV2HTTPRequestContext{HTTP: events.APIGatewayV2HTTPRequestContextHTTPDescription{
			Method: http.MethodPost, Path: "/slack/interactions", SourceIP: "192.0.2.1",
		}},
	}
}
