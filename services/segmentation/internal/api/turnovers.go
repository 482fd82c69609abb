package api

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// overlaps explains that turnover would count twice.
func overlaps(error) error {
	return refuseField(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_TURNOVER_OVERLAP, "start_time",
		"the location has a record for a part of this time already: its leavers would count twice")
}

// BatchUpsertTurnovers stores records of turnover.
func (s *purchaseServer) BatchUpsertTurnovers(ctx context.Context, req *segmentationv1.BatchUpsertTurnoversRequest) (*segmentationv1.BatchUpsertTurnoversResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	done, err := upsertMany(ctx, req.GetTurnovers(), func(m *segmentationv1.Turnover) (store.Turnover, []purchase.Problem, error) {
		var n namesRead
		t := store.Turnover{CreateTime: now, Turnover: purchase.Turnover{
			ID: n.id("name", turnoversCollection, m.GetName()), Location: n.id("location", locationsCollection, m.GetLocation()),
			Start: timeFrom(m.GetStartTime()), End: timeFrom(m.GetEndTime()), Headcount: m.GetHeadcount(), Leavers: m.GetLeavers(),
		}}
		return t, n.with("id", t.Check(now)), nil
	}, func(ctx context.Context, list []store.Turnover) ([]store.Upserted, error) {
		return s.Store.UpsertTurnovers(ctx, org, list)
	}, func(_ *segmentationv1.Turnover, err error) error { return overlaps(err) })
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.BatchUpsertTurnoversResponse{}
	for i, u := range done {
		out.Results = append(out.Results, &segmentationv1.BatchUpsertTurnoversResponse_Result{Name: req.GetTurnovers()[i].GetName(), Change: u.change, Error: u.err})
	}
	return out, nil
}

// ListTurnovers lists records of turnover, those that begin last first.
func (s *purchaseServer) ListTurnovers(ctx context.Context, req *segmentationv1.ListTurnoversRequest) (*segmentationv1.ListTurnoversResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[purchaseCursor](s.Server, segmentationv1.PurchaseService_ListTurnovers_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	q := listOf(ctx, org, req.GetPeriod(), p)
	q.Location = bare(locationsCollection, req.GetLocation())
	list, more, err := s.Store.ListTurnovers(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListTurnoversResponse{}
	var last purchaseCursor
	for _, item := range list {
		out.Turnovers = append(out.Turnovers, turnoverToProto(item))
		last = purchaseCursor{item.Start.UnixMicro(), item.Turnover.ID}
	}
	out.NextPageToken = p.next(more, last)
	return out, nil
}

// DeleteTurnover removes a record of turnover.
func (s *purchaseServer) DeleteTurnover(ctx context.Context, req *segmentationv1.DeleteTurnoverRequest) (*segmentationv1.DeleteTurnoverResponse, error) {
	org, id, err := parseOwned(ctx, "name", turnoversCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteTurnover(ctx, org, id); err != nil {
		return nil, orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_TURNOVER_NOT_FOUND, "record of turnover", req.GetName())
	}
	return &segmentationv1.DeleteTurnoverResponse{}, nil
}

func turnoverToProto(t store.Turnover) *segmentationv1.Turnover {
	return &segmentationv1.Turnover{
		Name: turnoversCollection + t.Turnover.ID, Location: locationsCollection + t.Location, StartTime: timestamppb.New(t.Start), EndTime: timestamppb.New(t.End),
		Headcount: t.Headcount, Leavers: t.Leavers, CreateTime: timestamppb.New(t.CreateTime),
	}
}
