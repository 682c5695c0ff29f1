package manager

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-lambda-go/events"

	"showtime/internal/lambdahttp"
)

// tickVersion is the version of the scheduled tick this build understands.
const tickVersion = 1

// invocation is as much of a Lambda event as tells the three kinds apart.
type invocation struct {
	Source     string `json:"source"`
	DetailType string `json:"detail-type"`
	V          int    `json:"v"`
	Kind       string `json:"kind"`
	Context    struct {
		HTTP struct {
			Method string `json:"method"`
		} `json:"http"`
	} `json:"requestContext"`
}

// Lambda handles one invocation: a request from API Gateway, an EMR state change, or the tick. The two
// last carry no orders: whatever they say, EMR is asked.
func Lambda(api http.Handler, tick func(context.Context) error) func(context.Context, json.RawMessage) (any, error) {
	serve := lambdahttp.HandleAPI(api)
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var in invocation
		if err := json.Unmarshal(raw, &in); err != nil {
			return nil, fmt.Errorf("read event: %w", err)
		}
		switch {
		case in.Context.HTTP.Method != "":
			var request events.APIGatewayV2HTTPRequest
			if err := json.Unmarshal(raw, &request); err != nil {
				return nil, fmt.Errorf("read request: %w", err)
			}
			return serve(ctx, request)
		case in.Source == "aws.emr" && in.DetailType == "EMR Cluster State Change":
			return nil, tick(ctx)
		case in.Kind == "tick" && in.V == tickVersion:
			return nil, tick(ctx)
		}
		return nil, errors.New("event is of no known kind")
	}
}
