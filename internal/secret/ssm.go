package secret

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// SSM is the one operation this package needs of the Parameter Store.
type SSM interface {
	GetParameter(ctx context.Context, in *ssm.GetParameterInput, opts ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

var _ SSM = (*ssm.Client)(nil)

// FromSSM reads the SecureString <path>/<name>.
func FromSSM(api SSM, path, name string) Read {
	parameter := strings.TrimRight(path, "/") + "/" + name
	return func(ctx context.Context) (string, error) {
		out, err := api.GetParameter(ctx, &ssm.GetParameterInput{Name: aws.String(parameter), WithDecryption: aws.Bool(true)})
		if err != nil {
			return "", fmt.Errorf("get parameter %s: %w", parameter, err)
		}
		if out == nil || out.Parameter == nil {
			return "", errors.New("get parameter " + parameter + ": no value")
		}
		return aws.ToString(out.Parameter.Value), nil
	}
}
