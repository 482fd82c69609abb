package gateway

import (
	"context"

	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// rewriteResponse turns the field paths of errors inside of a response into those that a REST client sees, as in errors of whole calls, and a response that holds a
// file into the file where the client accepts that.
func rewriteResponse(ctx context.Context, response proto.Message) (any, error) {
	if file, ok := response.(fileResponse); ok {
		return answerFile(ctx, file), nil
	}
	batch, ok := response.(*surveyv1.BatchSubmitResponsesResponse)
	if !ok {
		return response, nil
	}
	// The response is this call's own copy, so that it may be changed.
	for _, result := range batch.GetResults() {
		outcome := result.GetError()
		for i, detail := range outcome.GetDetails() {
			outcome.Details[i] = restDetail(detail, &outcome.Message)
		}
	}
	return batch, nil
}
