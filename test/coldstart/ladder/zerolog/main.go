// Command zerolog is bare with a logger and net/http's types, which a receiver needs.
package main

import (
	"context"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/rs/zerolog"
)

func main() {
	log := zerolog.New(os.Stderr)
	lambda.Start(func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		log.Debug().Msg("invoked")
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK}, nil
	})
}
