// Command worker is the Lambda function that does queued jobs, follows EMR's changes and ticks every minute.
package main

import (
	"context"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/metric"
	"showtime/internal/wiring"
	"showtime/internal/worker"
)

func main() {
	log := zerolog.New(os.Stderr).With().Timestamp().Str("process", "worker").Logger()
	w, err := build(context.Background(), log)
	if err != nil {
		log.Fatal().Err(err).Msg("worker cannot start")
	}
	lambda.Start(w.Lambda)
}

// build reads the settings and makes the worker.
func build(ctx context.Context, log zerolog.Logger) (*worker.Worker, error) {
	figures := metric.EMF(os.Stderr, os.Getenv("AWS_LAMBDA_FUNCTION_NAME"), time.Now)
	settings, err := config.ReadWorker(os.LookupEnv)
	if err != nil {
		return nil, err
	}
	return wiring.LambdaWorker(ctx, settings, log.Level(settings.LogLevel), figures)
}
