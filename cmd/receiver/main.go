// Command receiver is the Lambda function that Slack calls: it verifies, recognises, queues and answers.
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/rs/zerolog"

	"showtime/internal/config"
	"showtime/internal/lambdahttp"
	"showtime/internal/metric"
)

func main() {
	settings, err := config.ReadReceiver(os.LookupEnv)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	log := zerolog.New(os.Stderr).Level(settings.LogLevel).With().Timestamp().Str("process", "receiver").Logger()
	figures := metric.EMF(os.Stderr, os.Getenv("AWS_LAMBDA_FUNCTION_NAME"), time.Now)
	handler, err := build(os.LookupEnv, settings, log, time.Now, figures)
	if err != nil {
		log.Fatal().Err(err).Msg("receiver cannot start")
	}
	lambda.Start(lambdahttp.Handle(handler))
}
