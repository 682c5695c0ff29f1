package main

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// lookup finds a variable of the environment.
type lookup func(name string) (string, bool)

// cloud gives the SDK's settings from the variables that Lambda sets. The SDK's own chain would also
// look for profiles, single sign-on and instance metadata, which a function never has; linking them
// costs 2 MiB and several milliseconds of every cold start.
func (l lookup) cloud() aws.Config {
	return aws.Config{
		Region:      l.first("AWS_REGION", "AWS_DEFAULT_REGION"),
		HTTPClient:  awshttp.NewBuildableClient(),
		Credentials: credentials.NewStaticCredentialsProvider(l.first("AWS_ACCESS_KEY_ID"), l.first("AWS_SECRET_ACCESS_KEY"), l.first("AWS_SESSION_TOKEN")),
	}
}

// endpoint is another address of a service than its own, nil for its own. The variables are the SDK's.
func (l lookup) endpoint(service string) *string {
	if url := l.first("AWS_ENDPOINT_URL_"+service, "AWS_ENDPOINT_URL"); url != "" {
		return &url
	}
	return nil
}

func (l lookup) first(names ...string) string {
	for _, name := range names {
		if value, ok := l(name); ok && value != "" {
			return value
		}
	}
	return ""
}
