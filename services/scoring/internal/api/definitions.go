package api

import (
	"context"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/metric"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

const defaultDefinitions = 100

// definitionServer serves MetricDefinitionService.
type definitionServer struct {
	scoringv1.UnimplementedMetricDefinitionServiceServer
	*Server
}

// ListMetricDefinitions lists the definitions of all metrics.
func (s *definitionServer) ListMetricDefinitions(
	ctx context.Context, req *scoringv1.ListMetricDefinitionsRequest,
) (*scoringv1.ListMetricDefinitionsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	binding := page.Binding(scoringv1.MetricDefinitionService_ListMetricDefinitions_FullMethodName, org, req)
	cursor, err := s.pageCursor(binding, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	all := metric.Definitions()
	first := int(min(cursor, int64(len(all))))
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultDefinitions
	}
	end := min(first+size, len(all))
	out := &scoringv1.ListMetricDefinitionsResponse{}
	for _, d := range all[first:end] {
		out.MetricDefinitions = append(out.MetricDefinitions, definitionToProto(d))
	}
	if end < len(all) {
		out.NextPageToken = s.nextPage(binding, int64(end))
	}
	return out, nil
}

// GetMetricDefinition returns the definition of a metric.
func (s *definitionServer) GetMetricDefinition(
	ctx context.Context, req *scoringv1.GetMetricDefinitionRequest,
) (*scoringv1.GetMetricDefinitionResponse, error) {
	if _, err := authn.Organization(ctx); err != nil {
		return nil, err
	}
	for _, d := range metric.Definitions() {
		if definitionPrefix+string(d.ID) == req.GetName() {
			return &scoringv1.GetMetricDefinitionResponse{MetricDefinition: definitionToProto(d)}, nil
		}
	}
	const what = "there is no such definition: ListMetricDefinitions lists all"
	return nil, refuse(codes.NotFound, scoringv1.ErrorReason_ERROR_REASON_DEFINITION_NOT_FOUND, req.GetName()+": "+what,
		rpcerr.WithField("name", "DEFINITION_NOT_FOUND", what))
}
