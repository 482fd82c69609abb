package api

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/store"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

const (
	defaultDefinitions = 100
	defaultVersions    = 50
)

// The field of a request that holds a definition, and those of it that an update may change.
const definitionField = "metric_definition"

var mutableDefinitionFields = []string{"title", "description", "survey", "expression", "index", "gap", "cuts"}

// definitionServer serves MetricDefinitionService.
type definitionServer struct {
	scoringv1.UnimplementedMetricDefinitionServiceServer
	*Server
}

// ListMetricDefinitions lists what is built in, and then the organisation's own.
func (s *definitionServer) ListMetricDefinitions(
	ctx context.Context, req *scoringv1.ListMetricDefinitionsRequest,
) (*scoringv1.ListMetricDefinitionsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	binding := page.Binding(scoringv1.MetricDefinitionService_ListMetricDefinitions_FullMethodName, org, req)
	cursor, err := s.PageTokens.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, pageError(err)
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultDefinitions
	}
	list, next, err := s.definitions.List(ctx, org, string(cursor), req.GetShowRetired(), size)
	if err != nil {
		return nil, err
	}
	return &scoringv1.ListMetricDefinitionsResponse{
		MetricDefinitions: definitionsToProto(list), NextPageToken: s.PageTokens.Encode(binding, []byte(next)),
	}, nil
}

// GetMetricDefinition returns a definition, or a version of it.
func (s *definitionServer) GetMetricDefinition(
	ctx context.Context, req *scoringv1.GetMetricDefinitionRequest,
) (*scoringv1.GetMetricDefinitionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	d, err := s.definitions.Find(ctx, org, refFromName(req.GetName()))
	if err != nil {
		return nil, definitionError(err, "name", req.GetName())
	}
	return &scoringv1.GetMetricDefinitionResponse{MetricDefinition: definitionVersionToProto(&d)}, nil
}

// ListMetricDefinitionVersions lists the versions of a definition, the newest first.
func (s *definitionServer) ListMetricDefinitionVersions(
	ctx context.Context, req *scoringv1.ListMetricDefinitionVersionsRequest,
) (*scoringv1.ListMetricDefinitionVersionsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	binding := page.Binding(scoringv1.MetricDefinitionService_ListMetricDefinitionVersions_FullMethodName, org, req)
	before, err := s.pageCursor(binding, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultVersions
	}
	list, more, err := s.definitions.Versions(ctx, org, refFromName(req.GetName()).ID, int(before), size)
	if err != nil {
		return nil, definitionError(err, "name", req.GetName())
	}
	out := &scoringv1.ListMetricDefinitionVersionsResponse{MetricDefinitions: definitionsToProto(list)}
	if more {
		out.NextPageToken = s.nextPage(binding, int64(list[len(list)-1].Version))
	}
	return out, nil
}

// CreateMetricDefinition makes a definition.
func (s *definitionServer) CreateMetricDefinition(
	ctx context.Context, req *scoringv1.CreateMetricDefinitionRequest,
) (*scoringv1.CreateMetricDefinitionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	name := definitionPrefix + req.GetMetricDefinitionId()
	c, err := contentFromProto(req.GetMetricDefinition())
	if err != nil {
		return nil, definitionError(err, "metric_definition_id", name)
	}
	d, err := s.definitions.Create(ctx, org, req.GetMetricDefinitionId(), c, author(ctx, req.GetNote()), req.GetValidateOnly())
	if err != nil {
		return nil, definitionError(err, "metric_definition_id", name)
	}
	return &scoringv1.CreateMetricDefinitionResponse{MetricDefinition: definitionVersionToProto(&d)}, nil
}

// UpdateMetricDefinition makes a new version of a definition.
func (s *definitionServer) UpdateMetricDefinition(
	ctx context.Context, req *scoringv1.UpdateMetricDefinitionRequest,
) (*scoringv1.UpdateMetricDefinitionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetMetricDefinition()
	name := in.GetName()
	// The rules of the message are not held against what an update leaves out; that of the name is.
	id, ok := strings.CutPrefix(name, definitionPrefix)
	if !ok || id == "" || strings.Contains(id, "@") {
		const what = "must be metricDefinitions/{definition}, without a version: the newest is changed"
		return nil, rpcerr.New(codes.InvalidArgument, validation.Reason, definitionField+".name: "+what,
			rpcerr.WithField(definitionField+".name", "NAME_INVALID", what))
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableDefinitionFields)
	if err != nil {
		return nil, err
	}
	changes, ok := changesFromEtag(in.GetEtag())
	if !ok {
		return nil, definitionError(store.ErrChanged, definitionField+".name", name)
	}
	edit := func(current definition.Content) (definition.Content, error) {
		merged := contentToProto(&current)
		mask.Overlay(merged, in, fields)
		return contentFromProto(merged)
	}
	d, err := s.definitions.Revise(ctx, org, id, changes, edit, author(ctx, req.GetNote()), req.GetValidateOnly())
	if err != nil {
		return nil, definitionError(err, definitionField+".name", name)
	}
	return &scoringv1.UpdateMetricDefinitionResponse{MetricDefinition: definitionVersionToProto(&d)}, nil
}

// RetireMetricDefinition takes a definition out of use.
func (s *definitionServer) RetireMetricDefinition(
	ctx context.Context, req *scoringv1.RetireMetricDefinitionRequest,
) (*scoringv1.RetireMetricDefinitionResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	changes, ok := changesFromEtag(req.GetEtag())
	if !ok {
		return nil, definitionError(store.ErrChanged, "name", req.GetName())
	}
	d, err := s.definitions.Retire(ctx, org, refFromName(req.GetName()).ID, changes, author(ctx, req.GetNote()))
	if err != nil {
		return nil, definitionError(err, "name", req.GetName())
	}
	return &scoringv1.RetireMetricDefinitionResponse{MetricDefinition: definitionVersionToProto(&d)}, nil
}

// author is who calls, as the audit log names him.
func author(ctx context.Context, note string) definition.Author {
	p, _ := authn.FromContext(ctx)
	return definition.Author{ID: p.ID, Note: note}
}

// refFromName reads `metricDefinitions/{definition}` with or without `@{version}`, of which the form has been checked.
func refFromName(name string) composite.Ref {
	id, version, _ := strings.Cut(strings.TrimPrefix(name, definitionPrefix), "@")
	// Without a version it is 0, the newest.
	n, _ := strconv.Atoi(version)
	return composite.Ref{ID: id, Version: n}
}

// definitionError explains an error about the definition of a name, which stands in a field of the request.
func definitionError(err error, field, name string) error {
	var missing *definition.NotFoundError
	var fault *composite.FieldError
	switch {
	case errors.As(err, &missing):
		return refuse(codes.NotFound, scoringv1.ErrorReason_ERROR_REASON_DEFINITION_NOT_FOUND, name+": "+missing.Error(),
			rpcerr.WithField(field, "DEFINITION_NOT_FOUND", missing.Error()), rpcerr.WithMetadata("definition", name))
	case errors.As(err, &fault):
		at := definitionField
		if fault.Field != "" {
			at += "." + fault.Field
		}
		return refuse(codes.InvalidArgument, scoringv1.ErrorReason_ERROR_REASON_DEFINITION_INVALID, at+": "+fault.Description,
			rpcerr.WithField(at, "DEFINITION_INVALID", fault.Description))
	case errors.Is(err, store.ErrTaken):
		what := "there is a definition of this identifier, which says something else: choose another one, or update it"
		switch {
		case errors.Is(err, definition.ErrBuiltIn):
			what = "a definition that comes with the product has this identifier: choose another one"
		case errors.Is(err, store.ErrRetired):
			what = "a definition that is retired has this identifier, which is not used again: choose another one"
		}
		return refuse(codes.AlreadyExists, scoringv1.ErrorReason_ERROR_REASON_DEFINITION_EXISTS, name+": "+what,
			rpcerr.WithField(field, "DEFINITION_EXISTS", what))
	case errors.Is(err, store.ErrTooMany):
		return refuse(codes.FailedPrecondition, scoringv1.ErrorReason_ERROR_REASON_DEFINITION_LIMIT,
			"an organisation has at most "+strconv.Itoa(definition.Most)+" definitions of its own, those that are retired included: update one of them")
	case errors.Is(err, definition.ErrBuiltIn):
		return refuse(codes.FailedPrecondition, scoringv1.ErrorReason_ERROR_REASON_DEFINITION_BUILT_IN,
			name+": what comes with the product stays as it is: create a definition of your own")
	case errors.Is(err, store.ErrRetired):
		return refuse(codes.FailedPrecondition, scoringv1.ErrorReason_ERROR_REASON_DEFINITION_RETIRED,
			name+": it is retired and stays as it is: create another definition")
	case errors.Is(err, store.ErrChanged):
		at := "etag"
		if strings.HasPrefix(field, definitionField) {
			at = definitionField + ".etag"
		}
		const what = "is not the etag as it is now: read again, apply the change to what is there now, and send the new etag"
		return refuse(codes.Aborted, scoringv1.ErrorReason_ERROR_REASON_ETAG_MISMATCH, at+": "+what, rpcerr.WithField(at, "ETAG_MISMATCH", what))
	}
	return catalogError(err, definitionField+".survey", name)
}

// definitionsToProto converts what a page holds.
func definitionsToProto(list []definition.Definition) []*scoringv1.MetricDefinition {
	out := make([]*scoringv1.MetricDefinition, len(list))
	for i := range list {
		out[i] = definitionVersionToProto(&list[i])
	}
	return out
}
