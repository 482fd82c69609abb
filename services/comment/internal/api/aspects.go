package api

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// mostAspects is how many aspects of its own an organisation may have.
	mostAspects = 200
	// changeAttempts is how often a change without an etag is tried again when another change was faster.
	changeAttempts = 5
)

// aspectServer serves AspectService.
type aspectServer struct {
	commentv1.UnimplementedAspectServiceServer
	*Server
}

// CreateAspect creates an aspect of the organisation's own.
func (s *aspectServer) CreateAspect(ctx context.Context, req *commentv1.CreateAspectRequest) (*commentv1.CreateAspectResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	a := store.Aspect{Organization: org, ID: req.GetAspectId(), Names: req.GetAspect().GetDisplayName().GetTexts(), Phrases: req.GetAspect().GetPhrases()}
	if isBuiltIn(a.ID) {
		return nil, aspectExists("is that of a fixed aspect; choose another one")
	}
	if err := checkAspect(a); err != nil {
		return nil, err
	}
	stored, err := s.Store.CreateAspect(ctx, a, mostAspects)
	switch {
	case errors.Is(err, store.ErrExists):
		return nil, aspectExists("is taken; choose another one")
	case errors.Is(err, store.ErrTooMany):
		return nil, refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_ASPECT_LIMIT,
			fmt.Sprintf("an organisation has at most %d aspects of its own: delete one before", mostAspects))
	case err != nil:
		return nil, storeError(err)
	}
	return &commentv1.CreateAspectResponse{Aspect: aspectToProto(stored)}, nil
}

func aspectExists(description string) error {
	return refuseField(codes.AlreadyExists, commentv1.ErrorReason_ERROR_REASON_ASPECT_EXISTS, "aspect_id", description)
}

// checkAspect refuses what no aspect of an organisation's own may be.
func checkAspect(a store.Aspect) error {
	invalid := func(field, description string) error {
		return refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_ASPECT_INVALID, "aspect."+field, description)
	}
	switch {
	case len(a.Names) == 0:
		return invalid("display_name", "is missing: say how people call the aspect in at least one language")
	case len(a.Phrases) == 0:
		return invalid("phrases", "is empty: give at least one word or phrase by which the aspect is found")
	}
	for i, p := range a.Phrases {
		if _, err := aspect.NewCustom([]aspect.Own{{ID: a.ID, Phrases: []string{p}}}); err != nil {
			description := err.Error()
			var phrase *aspect.PhraseError
			if errors.As(err, &phrase) {
				description = phrase.Reason
			}
			return invalid(fmt.Sprintf("phrases[%d]", i), description)
		}
	}
	return nil
}

// GetAspect returns an aspect.
func (s *aspectServer) GetAspect(ctx context.Context, req *commentv1.GetAspectRequest) (*commentv1.GetAspectResponse, error) {
	org, id, err := parseOwned(ctx, "name", aspectsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	for _, d := range aspect.Definitions() {
		if d.ID == id {
			return &commentv1.GetAspectResponse{Aspect: definitionToProto(d)}, nil
		}
	}
	a, err := s.Store.GetAspect(ctx, org, id)
	if err != nil {
		return nil, aspectNotFound(err, req.GetName())
	}
	return &commentv1.GetAspectResponse{Aspect: aspectToProto(a)}, nil
}

func aspectNotFound(err error, name string) error {
	return orNotFound(err, commentv1.ErrorReason_ERROR_REASON_ASPECT_NOT_FOUND, "aspect", name)
}

// ListAspects lists the fixed aspects, and then the organisation's own.
func (s *aspectServer) ListAspects(ctx context.Context, req *commentv1.ListAspectsRequest) (*commentv1.ListAspectsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	size := req.GetPageSize()
	if size == 0 {
		// All there can be.
		size = mostAspects + int32(len(aspect.Definitions()))
	}
	p, err := s.openPage(commentv1.AspectService_ListAspects_FullMethodName, org, req, req.GetPageToken(), size)
	if err != nil {
		return nil, err
	}
	own, err := s.Store.ListAspects(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	var all []*commentv1.Aspect
	for _, d := range aspect.Definitions() {
		all = append(all, definitionToProto(d))
	}
	for _, a := range own {
		all = append(all, aspectToProto(a))
	}
	from := min(p.offset(), len(all))
	to := min(from+p.size, len(all))
	return &commentv1.ListAspectsResponse{Aspects: all[from:to], NextPageToken: p.next(to < len(all), int64(to))}, nil
}

// mutableAspectFields are the fields of an aspect that an update may change.
var mutableAspectFields = []string{"display_name", "phrases"}

// UpdateAspect changes an aspect of the organisation's own.
func (s *aspectServer) UpdateAspect(ctx context.Context, req *commentv1.UpdateAspectRequest) (*commentv1.UpdateAspectResponse, error) {
	in := req.GetAspect()
	org, id, err := parseOwned(ctx, "aspect.name", aspectsCollection, in.GetName())
	if err != nil {
		return nil, err
	}
	if err := refuseBuiltIn(id); err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableAspectFields)
	if err != nil {
		return nil, err
	}
	for range changeAttempts {
		current, err := s.Store.GetAspect(ctx, org, id)
		if err != nil {
			return nil, aspectNotFound(err, in.GetName())
		}
		if in.GetEtag() != "" && in.GetEtag() != etag(time.Time{}, current.Version) {
			return nil, etagMismatch("aspect.etag")
		}
		merged := aspectToProto(current)
		mask.Overlay(merged, in, fields)
		next := current
		next.Names, next.Phrases = merged.GetDisplayName().GetTexts(), merged.GetPhrases()
		if err := checkAspect(next); err != nil {
			return nil, err
		}
		stored, err := s.Store.UpdateAspect(ctx, next)
		if err == nil {
			return &commentv1.UpdateAspectResponse{Aspect: aspectToProto(stored)}, nil
		}
		if !errors.Is(err, store.ErrChanged) || in.GetEtag() != "" {
			return nil, aspectNotFound(err, in.GetName())
		}
	}
	return nil, etagMismatch("aspect.etag")
}

// DeleteAspect deletes an aspect of the organisation's own.
func (s *aspectServer) DeleteAspect(ctx context.Context, req *commentv1.DeleteAspectRequest) (*commentv1.DeleteAspectResponse, error) {
	org, id, err := parseOwned(ctx, "name", aspectsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := refuseBuiltIn(id); err != nil {
		return nil, err
	}
	if err := s.Store.DeleteAspect(ctx, org, id); err != nil {
		return nil, aspectNotFound(err, req.GetName())
	}
	return &commentv1.DeleteAspectResponse{}, nil
}

func isBuiltIn(id string) bool {
	return slices.ContainsFunc(aspect.Definitions(), func(d aspect.Definition) bool { return d.ID == id })
}

func refuseBuiltIn(id string) error {
	if isBuiltIn(id) {
		return refuse(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_ASPECT_BUILT_IN, "the fixed aspects stay as they are: create one of the organisation's own")
	}
	return nil
}

// knownAspects are the fixed aspects and the organisation's own.
func (s *Server) knownAspects(ctx context.Context, org string) (map[string]bool, error) {
	own, err := s.Store.ListAspects(ctx, org)
	if err != nil {
		return nil, storeError(err)
	}
	known := make(map[string]bool)
	for _, d := range aspect.Definitions() {
		known[d.ID] = true
	}
	for _, a := range own {
		known[a.ID] = true
	}
	return known, nil
}

// requireAspect refuses an aspect, `aspects/{aspect}`, that there is not; empty is none.
func (s *Server) requireAspect(ctx context.Context, org, field, name string) error {
	id := strings.TrimPrefix(name, aspectsCollection)
	if id == "" || isBuiltIn(id) {
		return nil
	}
	_, err := s.Store.GetAspect(ctx, org, id)
	if errors.Is(err, store.ErrNotFound) {
		return refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_ASPECT_NOT_FOUND, field, "is neither a fixed aspect nor one of the organisation's own")
	}
	return storeError(err)
}

func definitionToProto(d aspect.Definition) *commentv1.Aspect {
	return &commentv1.Aspect{Name: aspectsCollection + d.ID, DisplayName: &typev1.LocalizedText{Texts: d.Names}, BuiltIn: true}
}

func aspectToProto(a store.Aspect) *commentv1.Aspect {
	return &commentv1.Aspect{
		Name: aspectsCollection + a.ID, DisplayName: &typev1.LocalizedText{Texts: a.Names}, Phrases: a.Phrases, Etag: etag(time.Time{}, a.Version),
	}
}
