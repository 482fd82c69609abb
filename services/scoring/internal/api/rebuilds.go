package api

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/store"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

const rebuildPrefix = "rebuilds/"

const defaultRebuilds = 50

// RebuildScores begins a rebuild.
func (s *Server) RebuildScores(ctx context.Context, _ *scoringv1.RebuildScoresRequest) (*scoringv1.RebuildScoresResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	r, err := s.Rebuilder.Start(ctx, org)
	if errors.Is(err, store.ErrRunning) {
		return nil, refuse(codes.FailedPrecondition, scoringv1.ErrorReason_ERROR_REASON_REBUILD_RUNNING,
			"a rebuild is running already: wait for its end, ListRebuilds shows it")
	}
	if err != nil {
		return nil, err
	}
	return &scoringv1.RebuildScoresResponse{Rebuild: rebuildToProto(r)}, nil
}

// GetRebuild returns a rebuild.
func (s *Server) GetRebuild(ctx context.Context, req *scoringv1.GetRebuildRequest) (*scoringv1.GetRebuildResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	number, err := strconv.ParseInt(strings.TrimPrefix(req.GetName(), rebuildPrefix), 10, 64)
	if err != nil || rebuildName(number) != req.GetName() {
		return nil, rebuildNotFound(req.GetName())
	}
	r, err := s.Store.Rebuild(ctx, store.Ledger{Organization: org, Rebuild: number})
	if errors.Is(err, store.ErrNotFound) {
		return nil, rebuildNotFound(req.GetName())
	}
	if err != nil {
		return nil, err
	}
	if r.State == store.Succeeded && s.Store.Shared() {
		// Whoever sees that the rebuild has succeeded must see its scores, whatever process was at work on it.
		if err := s.Applier.CatchUp(ctx); err != nil {
			return nil, err
		}
	}
	return &scoringv1.GetRebuildResponse{Rebuild: rebuildToProto(r)}, nil
}

func rebuildNotFound(name string) error {
	const what = "there is no such rebuild in your organisation"
	return refuse(codes.NotFound, scoringv1.ErrorReason_ERROR_REASON_REBUILD_NOT_FOUND, name+": "+what,
		rpcerr.WithField("name", "REBUILD_NOT_FOUND", what))
}

// ListRebuilds lists rebuilds, the newest first.
func (s *Server) ListRebuilds(ctx context.Context, req *scoringv1.ListRebuildsRequest) (*scoringv1.ListRebuildsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	binding := page.Binding(scoringv1.ScoringService_ListRebuilds_FullMethodName, org, req)
	before, err := s.pageCursor(binding, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultRebuilds
	}
	// One more than the page holds tells whether there is a next one.
	list, err := s.Store.Rebuilds(ctx, org, before, size+1)
	if err != nil {
		return nil, err
	}
	out := &scoringv1.ListRebuildsResponse{}
	if len(list) > size {
		list = list[:size]
		out.NextPageToken = s.nextPage(binding, list[size-1].Number)
	}
	for _, r := range list {
		out.Rebuilds = append(out.Rebuilds, rebuildToProto(r))
	}
	return out, nil
}

func rebuildName(number int64) string { return rebuildPrefix + strconv.FormatInt(number, 10) }

func rebuildToProto(r store.Rebuild) *scoringv1.Rebuild {
	return &scoringv1.Rebuild{
		Name: rebuildName(r.Number), State: scoringv1.Rebuild_State(r.State), CreateTime: momentToProto(r.Created), EndTime: momentToProto(r.Ended),
		RecordsRead: r.Read, CellsChanged: r.CellsChanged, Error: r.Error,
	}
}
