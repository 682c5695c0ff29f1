package awsemr

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"showtime/lifecycle"
)

var errPreviewed = errors.New("only looked at")

// Preview gives the body of the request that a launch would send. It goes through the SDK as a launch does,
// up to the point where the request would be signed, and nothing is sent.
func (e *EMR) Preview(ctx context.Context, l lifecycle.Launch) (json.RawMessage, error) {
	var body json.RawMessage
	look := middleware.BuildMiddlewareFunc("Preview", func(_ context.Context, in middleware.BuildInput, _ middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
		request, ok := in.Request.(*smithyhttp.Request)
		if !ok {
			return middleware.BuildOutput{}, middleware.Metadata{}, errors.New("request is of an unknown kind")
		}
		data, err := io.ReadAll(request.GetStream())
		body = data
		return middleware.BuildOutput{}, middleware.Metadata{}, errors.Join(errPreviewed, err)
	})
	in := e.template.input
	in.Tags = append(slices.Clone(in.Tags), e.ours(l)...)
	_, err := e.api.RunJobFlow(ctx, &in, once, func(o *emr.Options) {
		o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error { return s.Build.Add(look, middleware.After) })
	})
	if !errors.Is(err, errPreviewed) || !json.Valid(body) {
		return nil, fmt.Errorf("preview launch: %w", err)
	}
	return body, nil
}
