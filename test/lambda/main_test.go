//go:build lambda

package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	awslambda "github.com/aws/aws-lambda-go/lambda"

	"showtime/test/lambda"
)

// TestMain lets this test program be the function that the harness's own tests run.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		awslambda.Start(sample)
		return
	}
	os.Exit(m.Run())
}

// order is what the sample function is asked to do.
type order struct {
	Do  string `json:"do"`
	URL string `json:"url"`
}

func sample(ctx context.Context, event json.RawMessage) (any, error) {
	var o order
	if err := json.Unmarshal(event, &o); err != nil {
		return nil, err
	}
	switch o.Do {
	case "fail":
		return nil, errors.New("asked to fail")
	case "exit":
		os.Exit(3)
	case "hang":
		<-ctx.Done() // the deadline comes a moment before the timeout
		<-make(chan struct{})
	case "call":
		return os.Getpid(), call(ctx, o.URL)
	case "pid":
		return os.Getpid(), nil
	case "environ":
		return os.Environ(), nil
	}
	return dispatch(event)
}

func call(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close() //nolint:errcheck // only read
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// dispatch answers a batch of messages, of which those that say "bad" fail, and shows a web request to whoever sent it.
func dispatch(event json.RawMessage) (any, error) {
	var batch events.SQSEvent
	if err := json.Unmarshal(event, &batch); err != nil {
		return nil, err
	}
	if len(batch.Records) == 0 {
		if strings.Contains(string(event), `"rawPath":"/broken"`) {
			return nil, errors.New("asked to fail")
		}
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusTeapot, Headers: map[string]string{"X-Seen": "yes"}, Body: string(event)}, nil
	}
	answer := events.SQSEventResponse{}
	for _, m := range batch.Records {
		if m.Body == "bad" {
			answer.BatchItemFailures = append(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return answer, nil
}

// newSample deploys this program as a function.
func newSample(t *testing.T, timeout time.Duration) *lambda.Function {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "bootstrap")); err != nil {
		t.Fatal(err)
	}
	return lambda.NewFunction(t, "sample", dir, map[string]string{"GREETING": "hello"}, timeout)
}
