package awsemr

import (
	"context"
	"fmt"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/smithy-go/middleware"
)

// Observe tells of every call that reaches EMR, those that the SDK repeats by itself too, and whether EMR
// refused it because there were too many.
func Observe(tell func(operation string, throttled bool)) func(*emr.Options) {
	after := middleware.DeserializeMiddlewareFunc("observe", func(
		ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
	) (middleware.DeserializeOutput, middleware.Metadata, error) {
		out, metadata, err := next.HandleDeserialize(ctx, in)
		tell(awsmiddleware.GetOperationName(ctx), throttled(errorCode(err)))
		return out, metadata, err
	})
	return func(o *emr.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
			if err := s.Deserialize.Add(after, middleware.Before); err != nil {
				return fmt.Errorf("observe EMR: %w", err)
			}
			return nil
		})
	}
}
