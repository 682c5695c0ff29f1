package wiring

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/rs/zerolog"

	"showtime/internal/clusterfile"
	"showtime/internal/config"
	"showtime/internal/metric"
	"showtime/internal/queue/sqsqueue"
	"showtime/internal/secret"
	"showtime/internal/store/dynamostore"
	"showtime/internal/worker"
	"showtime/lifecycle"
	"showtime/lifecycle/awsemr"
	"showtime/lifecycle/httpapi"
)

// AWS gives the SDK's configuration; the demo has its own, everybody else the environment's.
type AWS func(ctx context.Context) (aws.Config, error)

// FromEnvironment reads the SDK's configuration as every AWS program does.
func FromEnvironment(ctx context.Context) (aws.Config, error) {
	c, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return aws.Config{}, fmt.Errorf("read AWS configuration: %w", err)
	}
	return c, nil
}

// EMR is the real thing, for the operator's template. Its calls are recorded.
func EMR(c aws.Config, f clusterfile.File, installation string, record metric.Record) *awsemr.EMR {
	observe := awsemr.Observe(func(operation string, throttled bool) {
		record(metric.EMRCalls, operation, 1)
		if throttled {
			record(metric.EMRThrottles, operation, 1)
		}
	})
	return awsemr.New(emr.NewFromConfig(c, observe), f.Template, installation)
}

// Table is the store in DynamoDB.
func Table(c aws.Config, table string, now func() time.Time) lifecycle.Store {
	return dynamostore.New(dynamodb.NewFromConfig(c), table, now)
}

// Queue sends to SQS.
func Queue(c aws.Config, url string) *sqsqueue.Sender {
	return sqsqueue.NewSender(sqs.NewFromConfig(c), url)
}

// Sign proves who asks a lifecycle manager behind API Gateway, by AWS credentials.
func Sign(c aws.Config, now func() time.Time) httpapi.Sign {
	signer := v4.NewSigner()
	return func(r *http.Request, bodyHash string) error {
		if c.Credentials == nil {
			return errors.New("there are no AWS credentials")
		}
		credentials, err := c.Credentials.Retrieve(r.Context())
		if err != nil {
			return fmt.Errorf("read AWS credentials: %w", err)
		}
		return signer.SignHTTP(r.Context(), credentials, r, bodyHash, "execute-api", c.Region, now())
	}
}

// Secret is a fixed value or, with a path, the SecureString below it.
func Secret(c aws.Config, fixed, path, name string, now func() time.Time) *secret.Value {
	if path == "" {
		return secret.Static(fixed)
	}
	return secret.New(secret.FromSSM(ssm.NewFromConfig(c), path, name), now)
}

// LambdaWorker makes the worker of a Lambda function from its environment.
func LambdaWorker(ctx context.Context, c config.Worker, log zerolog.Logger, record metric.Record) (*worker.Worker, error) {
	file, err := clusterfile.Load(c.Cluster)
	if err != nil {
		return nil, fmt.Errorf("read cluster file: %w", err)
	}
	a, err := FromEnvironment(ctx)
	if err != nil {
		return nil, err
	}
	joined, err := Join(Parts{
		Config: c, File: file, Store: Table(a, c.Table, time.Now), EMR: EMR(a, file, c.Installation, record), AWS: a, Sign: Sign(a, time.Now),
		BotToken: Secret(a, c.BotToken, c.SecretPath, secret.BotToken, time.Now), Now: time.Now, Wire: time.Now, Log: log,
		DrawEvery: DrawEvery, Record: record,
	})
	if err != nil || c.QueueURL == "" {
		return joined.Worker, err
	}
	return joined.Worker.Returning(sqsqueue.NewReturner(sqs.NewFromConfig(a), c.QueueURL)), nil
}

// Simulated is the configuration for a simulated AWS at a URL; it reads nothing of the environment.
func Simulated(url string) AWS {
	return func(context.Context) (aws.Config, error) {
		return aws.Config{
			Region: "eu-west-1", BaseEndpoint: aws.String(url),
			Credentials: credentials.NewStaticCredentialsProvider("simulated", "simulated", ""),
		}, nil
	}
}
