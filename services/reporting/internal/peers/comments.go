package peers

import (
	"context"

	"google.golang.org/grpc"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Comments asks what comments say together. Safe for concurrent use.
type Comments struct {
	insights commentv1.InsightServiceClient
}

// NewComments asks the comment service over conn, which has no credential of its own.
func NewComments(conn grpc.ClientConnInterface) *Comments {
	return &Comments{insights: commentv1.NewInsightServiceClient(conn)}
}

// Themes returns what the comments of a survey in a period speak of. Errors: *Refusal; ErrUnavailable; ctx's.
func (c *Comments) Themes(ctx context.Context, survey string, period *typev1.Period, level float64) (*commentv1.QueryThemesResponse, error) {
	resp, err := c.insights.QueryThemes(asCaller(ctx), &commentv1.QueryThemesRequest{
		Filter: &commentv1.CommentFilter{Survey: survey, Period: period}, ConfidenceLevel: level,
	})
	return resp, failure(ctx, "ask for themes", err)
}
