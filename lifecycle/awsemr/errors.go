package awsemr

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"showtime/lifecycle"
)

// meaning adds the lifecycle's word for an error of EMR, where it has one.
func meaning(err error) error {
	switch code := errorCode(err); {
	case throttled(code):
		return fmt.Errorf("%w: %w", lifecycle.ErrThrottled, err)
	case noSuchCluster(err):
		return fmt.Errorf("%w: %w", lifecycle.ErrUnknownCluster, err)
	case code == "AccessDeniedException" || code == "AccessDenied":
		return fmt.Errorf("%w: %w", lifecycle.ErrDenied, err)
	default:
		return err
	}
}

func errorCode(err error) string {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return api.ErrorCode()
	}
	return ""
}

func throttled(code string) bool {
	_, ok := retry.DefaultThrottleErrorCodes[code]
	return ok
}

// noSuchCluster knows the typed code, and the text for endpoints that leave the code out.
func noSuchCluster(err error) bool {
	bad, ok := errors.AsType[*types.InvalidRequestException](err)
	if !ok {
		return false
	}
	if code := aws.ToString(bad.ErrorCode_); code != "" {
		return code == "NoSuchCluster"
	}
	text := bad.ErrorMessage()
	return strings.HasPrefix(text, "Cluster id ") && strings.HasSuffix(text, "is not valid.")
}

func invalid(err error) bool {
	code := errorCode(err)
	return code == "ValidationException" || code == "InvalidRequestException"
}

// launchError tells EMR's definite no from everything after which a cluster may exist. The list of the
// definite ones is closed: what it does not know, a throttle included, is not clear.
func launchError(err error) error {
	if bad, ok := errors.AsType[smithy.InvalidParamsError](err); ok {
		return &lifecycle.Refusal{Code: "InvalidParams", Message: bad.Error()}
	}
	api, isAPI := errors.AsType[smithy.APIError](err)
	reply, isReply := errors.AsType[*smithyhttp.ResponseError](err)
	if isAPI && isReply && clientError(reply.HTTPStatusCode()) && definite(api.ErrorCode()) {
		return &lifecycle.Refusal{Code: api.ErrorCode(), Message: api.ErrorMessage()}
	}
	return fmt.Errorf("run job flow: %w", meaning(err))
}

func clientError(status int) bool {
	return status >= http.StatusBadRequest && status < http.StatusInternalServerError
}

func definite(code string) bool {
	switch code {
	case "ValidationException", "InvalidRequestException", "AccessDeniedException", "AccessDenied",
		"UnrecognizedClientException", "InvalidSignatureException", "MissingAuthenticationTokenException",
		"ExpiredTokenException", "IncompleteSignatureException", "InvalidClientTokenId", "SerializationException":
		return true
	default:
		return false
	}
}
