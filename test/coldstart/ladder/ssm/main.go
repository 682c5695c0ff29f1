// Command ssm is sqs with the client that reads secrets linked in, too.
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
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/rs/zerolog"
)

func main() {
	log := zerolog.New(os.Stderr)
	c, err := config.LoadDefaultConfig(context.Background())
	if err != nil {
		log.Fatal().Err(err).Msg("read configuration")
	}
	queue, secrets := sqs.NewFromConfig(c), ssm.NewFromConfig(c)
	lambda.Start(func(ctx context.Context, in events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		if path := os.Getenv("SLACK_SECRET_PATH"); path != "" {
			if _, err := secrets.GetParameter(ctx, &ssm.GetParameterInput{Name: &path}); err != nil {
				return events.APIGatewayV2HTTPResponse{}, err
			}
		}
		_, err := queue.SendMessage(ctx, &sqs.SendMessageInput{
			QueueUrl: aws.String(os.Getenv("SHOWTIME_QUEUE_URL")), MessageBody: aws.String(in.Body),
			MessageGroupId: aws.String("group"), MessageDeduplicationId: aws.String(rand.Text()),
		})
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusOK}, err
	})
}
