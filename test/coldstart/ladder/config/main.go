// Command config is zerolog with the AWS SDK's configuration read at the start.
package main

import (
	"context"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/rs/zerolog"
)

func main() {
	log := zerolog.New(os.Stderr)
	c, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal().Err(err).Msg("read configuration")
	}
	lambda.Start(func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		log.Debug().Msg("invoked")
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK, Body: c.Region}, nil
	})
}
