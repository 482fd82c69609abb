package api

import (
	"context"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/comment/internal/aspect"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// currentModel is the identifier under which the model in use can be asked for.
const currentModel = "current"

// defaultModels is the size of pages of models whose size is not stated.
const defaultModels = 100

// counts counts the comments of the caller's organisation by model.
func (s *Analysis) counts(ctx context.Context) (org string, counts map[string]int64, err error) {
	if org, err = authn.Organization(ctx); err != nil || s.o.Models == nil {
		return org, nil, err
	}
	counts, err = s.o.Models.Models(ctx, org)
	if err != nil {
		return org, nil, storeError(err)
	}
	return org, counts, nil
}

// model describes a model; the card and the aspects are those of the one in use.
func (s *Analysis) model(id string, counts map[string]int64) *commentv1.Model {
	m := &commentv1.Model{Name: modelName(id), CommentCount: counts[id], Current: id == s.o.Analyzer.Model()}
	if m.GetCurrent() {
		m.Card = s.o.Card
		for _, d := range aspect.Definitions() {
			m.Aspects = append(m.Aspects, definitionToProto(d))
		}
	}
	return m
}

// GetModel returns a model.
func (s *Analysis) GetModel(ctx context.Context, req *commentv1.GetModelRequest) (*commentv1.GetModelResponse, error) {
	_, id, err := parseOwned(ctx, "name", modelsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	_, counts, err := s.counts(ctx)
	if err != nil {
		return nil, err
	}
	if id == currentModel {
		id = s.o.Analyzer.Model()
	}
	if _, known := counts[id]; !known && id != s.o.Analyzer.Model() {
		return nil, notFound(commentv1.ErrorReason_ERROR_REASON_MODEL_NOT_FOUND, "model", req.GetName())
	}
	return &commentv1.GetModelResponse{Model: s.model(id, counts)}, nil
}

// ListModels lists the model in use and those by which comments were analysed. Names begin with the month in which they were made.
func (s *Analysis) ListModels(ctx context.Context, req *commentv1.ListModelsRequest) (*commentv1.ListModelsResponse, error) {
	org, counts, err := s.counts(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.page(commentv1.AnalysisService_ListModels_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	others := slices.DeleteFunc(slices.Collect(maps.Keys(counts)), func(id string) bool { return id == s.o.Analyzer.Model() })
	slices.SortFunc(others, func(a, b string) int { return strings.Compare(b, a) })
	all := append([]string{s.o.Analyzer.Model()}, others...)
	first := min(p.offset(), len(all))
	last := min(first+p.size, len(all))
	out := &commentv1.ListModelsResponse{NextPageToken: p.next(last < len(all), int64(last))}
	for _, id := range all[first:last] {
		out.Models = append(out.Models, s.model(id, counts))
	}
	return out, nil
}

// page reads which page is asked for.
func (s *Analysis) page(method, org string, req proto.Message, token string, size int32) (pageRequest, error) {
	if size == 0 {
		size = defaultModels
	}
	return (&Server{pages: s.pages}).openPage(method, org, req, token, size)
}
