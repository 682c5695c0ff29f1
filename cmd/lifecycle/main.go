// Command lifecycle is the lifecycle manager as a Lambda function: its HTTP API behind API Gateway with IAM
// authorisation, EMR's changes, and the minute's tick. It streams nothing, reloads nothing and has no metrics page.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/metric"
	"showtime/internal/wiring"
)

func main() {
	log := zerolog.New(os.Stderr).With().Timestamp().Str("process", "lifecycle").Logger()
	handle, err := build(context.Background(), log)
	if err != nil {
		log.Fatal().Err(err).Msg("lifecycle manager cannot start")
	}
	lambda.Start(handle)
}

// build reads the settings and makes the function.
func build(ctx context.Context, log zerolog.Logger) (func(context.Context, json.RawMessage) (any, error), error) {
	figures := metric.EMF(os.Stderr, os.Getenv("AWS_LAMBDA_FUNCTION_NAME"), time.Now)
	settings, err := config.ReadLifecycleLambda(os.LookupEnv)
	if err != nil {
		return nil, err
	}
	handle, err := wiring.LambdaLifecycle(ctx, settings, wiring.FromEnvironment, time.Now, log.Level(settings.LogLevel), figures)
	if err != nil {
		return nil, fmt.Errorf("build lifecycle manager: %w", err)
	}
	return handle, nil
}
