package performance

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/listing"
	"github.com/otklik/otklik/services/reporting/internal/kpi"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/refusal"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	kpiPrefix     = "kpiDefinitions/"
	definitionKpi = "staff_kpi"
)

// Kpis answers the calls of KpiService.
type Kpis struct {
	reportingv1.UnimplementedKpiServiceServer
	// Store keeps definitions.
	Store store.Kpis
	// Performance reads what was recorded.
	Performance *Server
	// Measures are asked for scores.
	Measures *peers.Measures
	Tokens   page.Codec
	// Zone is that of the days of scores.
	Zone *time.Location
	Now  func() time.Time
}

// Register registers the service's RPCs.
func (k *Kpis) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterKpiServiceServer(r, k) }

// ListKpiDefinitions lists definitions.
func (k *Kpis) ListKpiDefinitions(ctx context.Context, req *reportingv1.ListKpiDefinitionsRequest) (*reportingv1.ListKpiDefinitionsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	list, next, err := listing.After(k.Tokens, reportingv1.KpiService_ListKpiDefinitions_FullMethodName, organization, req,
		func(after string, limit int) ([]kpi.Definition, error) {
			return k.Store.ListKpis(ctx, organization, after, limit)
		},
		func(d kpi.Definition) string { return d.ID })
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListKpiDefinitionsResponse{NextPageToken: next}
	for _, d := range list {
		out.KpiDefinitions = append(out.KpiDefinitions, kpiToProto(d, false))
	}
	return out, nil
}

// ListKpiDefinitionVersions lists the versions of a definition.
func (k *Kpis) ListKpiDefinitionVersions(
	ctx context.Context, req *reportingv1.ListKpiDefinitionVersionsRequest,
) (*reportingv1.ListKpiDefinitionVersionsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	id := strings.TrimPrefix(req.GetName(), kpiPrefix)
	list, next, err := listing.After(k.Tokens, reportingv1.KpiService_ListKpiDefinitionVersions_FullMethodName, organization, req,
		func(after string, limit int) ([]kpi.Definition, error) {
			// A cursor is what was encoded; there is none on the first page.
			before, _ := strconv.Atoi(after)
			found, err := k.Store.KpiVersions(ctx, organization, id, before, limit)
			if err == nil && len(found) == 0 && before == 0 {
				err = kpiNotFound("name", req.GetName())
			}
			return found, err
		}, func(d kpi.Definition) string { return strconv.Itoa(d.Version) })
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListKpiDefinitionVersionsResponse{NextPageToken: next}
	for _, d := range list {
		out.KpiDefinitions = append(out.KpiDefinitions, kpiToProto(d, true))
	}
	return out, nil
}

// GetKpiDefinition returns a definition.
func (k *Kpis) GetKpiDefinition(ctx context.Context, req *reportingv1.GetKpiDefinitionRequest) (*reportingv1.GetKpiDefinitionResponse, error) {
	d, err := k.find(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	return &reportingv1.GetKpiDefinitionResponse{KpiDefinition: kpiToProto(d, strings.Contains(req.GetName(), "@"))}, nil
}

// find returns the definition of a name, which stands in a field of the request.
func (k *Kpis) find(ctx context.Context, field, name string) (kpi.Definition, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return kpi.Definition{}, err
	}
	id, version, _ := strings.Cut(strings.TrimPrefix(name, kpiPrefix), "@")
	// The form has been checked; without a version it is 0, the newest.
	n, _ := strconv.Atoi(version)
	d, err := k.Store.Kpi(ctx, organization, id, n)
	if errors.Is(err, store.ErrNotFound) {
		err = kpiNotFound(field, name)
	}
	return d, err
}

func kpiNotFound(field, name string) error {
	return fault.Field(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_KPI_NOT_FOUND, field, "there is no "+name+"; list the definitions")
}

func kpiLimit() error {
	return fault.Refuse(codes.ResourceExhausted, reportingv1.ErrorReason_ERROR_REASON_KPI_LIMIT,
		fmt.Sprintf("there may be %d definitions of key figures, and %d versions of each: go on with one that there is", store.MostKpis, store.MostKpiVersions))
}

// version is a version by the caller.
func (k *Kpis) version(ctx context.Context, id string, number int, c kpi.Content) kpi.Definition {
	caller, _ := authn.FromContext(ctx)
	return kpi.Definition{ID: id, Version: number, Content: c, Author: caller.ID, Time: k.Now().UTC().Truncate(time.Microsecond)}
}

// CreateKpiDefinition makes a definition.
func (k *Kpis) CreateKpiDefinition(ctx context.Context, req *reportingv1.CreateKpiDefinitionRequest) (*reportingv1.CreateKpiDefinitionResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	content, err := kpiFromProto(req.GetKpiDefinition())
	if err != nil {
		return nil, err
	}
	d := k.version(ctx, req.GetKpiDefinitionId(), 1, content)
	switch err := k.Store.CreateKpi(ctx, organization, d); {
	case errors.Is(err, store.ErrExists):
		there, err := k.Store.Kpi(ctx, organization, d.ID, 0)
		if err == nil && reflect.DeepEqual(there.Content, content) {
			return &reportingv1.CreateKpiDefinitionResponse{KpiDefinition: kpiToProto(there, false)}, nil
		}
		return nil, fault.Field(codes.AlreadyExists, reportingv1.ErrorReason_ERROR_REASON_KPI_EXISTS, "kpi_definition_id",
			"there is a definition of this identifier, which says something else; choose another one, or make a version of it")
	case errors.Is(err, store.ErrTooMany):
		return nil, kpiLimit()
	case err != nil:
		return nil, err
	}
	return &reportingv1.CreateKpiDefinitionResponse{KpiDefinition: kpiToProto(d, false)}, nil
}

// CreateKpiDefinitionVersion makes the next version of a definition.
func (k *Kpis) CreateKpiDefinitionVersion(
	ctx context.Context, req *reportingv1.CreateKpiDefinitionVersionRequest,
) (*reportingv1.CreateKpiDefinitionVersionResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	content, err := kpiFromProto(req.GetKpiDefinition())
	if err != nil {
		return nil, err
	}
	was, err := k.find(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	changed := fault.Field(codes.Aborted, reportingv1.ErrorReason_ERROR_REASON_KPI_CHANGED, "kpi_definition.etag", "there is a newer version; read it, and make yours of it")
	if etag := req.GetKpiDefinition().GetEtag(); etag != "" && etag != kpiEtag(was) {
		return nil, changed
	}
	if reflect.DeepEqual(content, was.Content) {
		return &reportingv1.CreateKpiDefinitionVersionResponse{KpiDefinition: kpiToProto(was, false)}, nil
	}
	d := k.version(ctx, was.ID, was.Version+1, content)
	switch err := k.Store.AddKpiVersion(ctx, organization, d); {
	case errors.Is(err, store.ErrChanged):
		return nil, changed
	case errors.Is(err, store.ErrTooMany):
		return nil, kpiLimit()
	case err != nil:
		return nil, err
	}
	return &reportingv1.CreateKpiDefinitionVersionResponse{KpiDefinition: kpiToProto(d, false)}, nil
}

// kpiFromProto reads what people say of a definition.
func kpiFromProto(d *reportingv1.KpiDefinition) (kpi.Content, error) {
	out := kpi.Content{DisplayName: d.GetDisplayName(), Note: d.GetNote()}
	seen := map[string]bool{}
	for i, c := range d.GetComponents() {
		at := fmt.Sprintf("kpi_definition.components[%d]", i)
		m := kpi.Measure{
			Component: kpi.Component{ID: c.GetId(), Weight: c.GetWeight(), Low: c.GetLow(), High: c.GetHigh()}, Source: kpi.Source(c.GetSource()), //nolint:gosec // checked by rule
			Survey: c.GetSurvey(), Question: c.GetQuestion(),
		}
		invalid := func(field, what string) (kpi.Content, error) {
			return kpi.Content{}, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_KPI_COMPONENT_INVALID, at+field, what)
		}
		switch {
		case seen[m.ID]:
			return invalid(".id", fmt.Sprintf("there are two components %q; give each an identifier of its own", m.ID))
		case m.Source.Scored() && m.Survey == "":
			return invalid(".survey", "a score needs the survey that asks for it")
		case !m.Source.Scored() && m.Survey+m.Question != "":
			return invalid(".survey", "this source is no score: leave survey and question empty")
		}
		seen[m.ID] = true
		var refused *refusal.Error
		if err := kpi.Check([]kpi.Component{m.Component}); errors.As(err, &refused) {
			return invalid(".high", refused.Description)
		}
		out.Measures = append(out.Measures, m)
	}
	return out, nil
}

// kpiEtag changes with every version.
func kpiEtag(d kpi.Definition) string { return strconv.Itoa(d.Version) }

// kpiToProto converts a version; its name states the version where that was asked for.
func kpiToProto(d kpi.Definition, pinned bool) *reportingv1.KpiDefinition {
	out := &reportingv1.KpiDefinition{
		Name: kpiPrefix + d.ID, DisplayName: d.DisplayName, Note: d.Note, Version: int32(d.Version), Author: d.Author, CreateTime: timestamppb.New(d.Time), Etag: kpiEtag(d),
	}
	if pinned {
		out.Name += "@" + strconv.Itoa(d.Version)
	}
	for _, m := range d.Measures {
		out.Components = append(out.Components, &reportingv1.KpiComponent{
			Id: m.ID, Source: reportingv1.KpiSource(m.Source), Weight: m.Weight, Low: m.Low, High: m.High, Survey: m.Survey, Question: m.Question,
		})
	}
	return out
}
