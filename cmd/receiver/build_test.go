package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5" // SQS answers with the body's MD5, and the SDK checks it
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/metric"
)

// amazon answers what the receiver may call and remembers the calls.
type amazon struct {
	mu    sync.Mutex
	calls []string
	auth  string
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Name, MessageBody, MessageGroupId string } //nolint:revive // SQS spells it so
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	target := r.Header.Get("X-Amz-Target")
	a.mu.Lock()
	a.calls = append(a.calls, strings.TrimSpace(target+" "+in.Name+in.MessageGroupId))
	a.auth = r.Header.Get("Authorization")
	a.mu.Unlock()
	switch target {
	case "AmazonSSM.GetParameter":
		_, _ = fmt.Fprint(w, `{"Parameter":{"Value":"newer,s3cret"}}`)
	case "AmazonSQS.SendMessage":
		_, _ = fmt.Fprintf(w, `{"MessageId":"m","MD5OfMessageBody":"%x"}`, md5.Sum([]byte(in.MessageBody)))
	default:
		_, _ = fmt.Fprint(w, `{"Attributes":{}}`)
	}
}

func TestBuild(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		set  map[string]string
		want []string
	}{
		{
			"secret_from_the_environment",
			map[string]string{"SLACK_SIGNING_SECRET": "s3cret", "AWS_ENDPOINT_URL": "X"},
			[]string{"AmazonSQS.SendMessage cluster/exploration"},
		},
		{
			"secret_from_ssm",
			map[string]string{"SLACK_SECRET_PATH": "/showtime/slack", "AWS_ENDPOINT_URL_SSM": "X", "AWS_ENDPOINT_URL_SQS": "X", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
			[]string{"AmazonSSM.GetParameter /showtime/slack/signing-secret", "AmazonSQS.SendMessage cluster/exploration"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			aws := &amazon{}
			server := httptest.NewServer(aws)
			t.Cleanup(server.Close)
			env := lookup(func(name string) (string, bool) {
				v, ok := tt.set[name]
				if fixed, is := map[string]string{
					"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "key", "AWS_SESSION_TOKEN": "token",
					"SHOWTIME_CLUSTER": `{"name":"exploration"}`, "SHOWTIME_QUEUE_URL": server.URL + "/1/jobs.fifo",
				}[name]; is {
					return fixed, true
				}
				return strings.ReplaceAll(v, "X", server.URL), ok
			})
			if got := answer(t, env); got != http.StatusOK {
				t.Errorf("status %d", got)
			}
			if diff := cmp.Diff(tt.want, aws.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if !strings.Contains(aws.auth, "Credential=AKID/") || !strings.Contains(aws.auth, "/eu-west-1/sqs/") {
				t.Errorf("signed as %q", aws.auth)
			}
		})
	}
}

// answer sends a signed command to the receiver built from an environment.
func answer(t *testing.T, env lookup) int {
	t.Helper()
	settings, err := config.ReadReceiver(config.Lookup(env))
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	handler, err := build(env, settings, zerolog.New(&log), time.Now, metric.Discard)
	if err != nil {
		t.Fatal(err)
	}
	const body = "command=%2Femr&text=start&trigger_id=1.2.3&user_id=U1&channel_id=C1&team_id=T1"
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/slack/commands", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Slack-Request-Timestamp", stamp)
	r.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	if w.Body.Len() > 0 {
		t.Errorf("answered %q\n%s", w.Body, &log)
	}
	return w.Code
}
