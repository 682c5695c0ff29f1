package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/rs/zerolog"

	"showtime/events"
	"showtime/internal/config"
	"showtime/internal/metric"
	"showtime/internal/queue/sqsqueue"
	"showtime/internal/receiver"
	"showtime/internal/secret"
)

var _ receiver.Sender = (*sqsqueue.Sender)(nil)

// build puts the receiver together. It calls nothing: connections are made by the first request.
func build(env lookup, s config.Receiver, log zerolog.Logger, now func() time.Time, record metric.Record) (http.Handler, error) {
	phrases, err := events.ReadPhrases(s.Phrases)
	if err != nil {
		return nil, fmt.Errorf("build receiver: %w", err)
	}
	queue := sqsqueue.NewSender(sqs.NewFromConfig(env.cloud(), func(o *sqs.Options) {
		o.BaseEndpoint = env.endpoint("SQS")
	}), s.QueueURL)
	return receiver.New(receiver.Config{
		Secrets:     signing(env, s, now),
		Queue:       queue,
		QueueHealth: queue.Check,
		Phrases:     phrases,
		Cluster:     s.ClusterName,
		TeamID:      s.TeamID,
		AppID:       s.AppID,
		Log:         log,
		Now:         now,
		Record:      record,
	})
}

// signing gives the signing secrets of the settings, or those that SSM keeps.
func signing(env lookup, s config.Receiver, now func() time.Time) *secret.Signing {
	if s.SecretPath == "" {
		return secret.StaticSigning(s.SigningSecrets)
	}
	client := ssm.NewFromConfig(env.cloud(), func(o *ssm.Options) { o.BaseEndpoint = env.endpoint("SSM") })
	return secret.NewSigning(secret.New(secret.FromSSM(client, s.SecretPath, secret.SigningSecret), now))
}
