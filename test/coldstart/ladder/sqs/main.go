// Command sqs is config with one message sent to a queue per invocation.
package main

import (
	"context"
	"crypto/rand"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/rs/zerolog"
)

func main() {
	log := zerolog.New(os.Stderr)
	c, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal().Err(err).Msg("read configuration")
	}
	client := sqs.NewFromConfig(c)
	lambda.Start(func(ctx context.Context, in events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		_, err := client.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: aws.String(os.Getenv("SHOWTIME_QUEUE_URL")), MessageBody: aws.String(in.Body),
			MessageGroupId: aws.String("group"), MessageDeduplicationId: aws.String(rand.Text()),
		})
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK}, err
	})
}
