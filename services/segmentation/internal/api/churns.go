package api

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// BatchUpsertChurns stores departures of customers.
func (s *purchaseServer) BatchUpsertChurns(ctx context.Context, req *segmentationv1.BatchUpsertChurnsRequest) (*segmentationv1.BatchUpsertChurnsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	done, err := upsertMany(ctx, req.GetChurns(), func(m *segmentationv1.Churn) (store.Churn, []purchase.Problem, error) {
		var n namesRead
		l := store.Churn{CreateTime: now, Churn: purchase.Churn{
			ID: n.id("name", churnsCollection, m.GetName()), Who: purchase.Who{Contact: n.id("contact", contactsCollection, m.GetContact()), Respondent: m.GetRespondent()},
			Time: timeFrom(m.GetLeaveTime()), Reason: m.GetReason(),
		}}
		problems := n.with("id", l.Check(now))
		var err error
		l.Person, err = s.personOf(ctx, org, l.Who, problems)
		return l, problems, err
	}, func(ctx context.Context, list []store.Churn) ([]store.Upserted, error) {
		return s.Store.UpsertChurns(ctx, org, list)
	}, func(m *segmentationv1.Churn, err error) error { return noContact(m.GetContact(), err) })
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.BatchUpsertChurnsResponse{}
	for i, u := range done {
		out.Results = append(out.Results, &segmentationv1.BatchUpsertChurnsResponse_Result{Name: req.GetChurns()[i].GetName(), Change: u.change, Error: u.err})
	}
	return out, nil
}

// ListChurns lists departures of customers, the newest first. Those who are restricted to units see departures of contacts of theirs by the timeline alone: a
// departure itself belongs to no unit.
func (s *purchaseServer) ListChurns(ctx context.Context, req *segmentationv1.ListChurnsRequest) (*segmentationv1.ListChurnsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[purchaseCursor](s.Server, segmentationv1.PurchaseService_ListChurns_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	q := listOf(ctx, org, req.GetPeriod(), p)
	q.Contact = bare(contactsCollection, req.GetContact())
	list, more, err := s.Store.ListChurns(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListChurnsResponse{}
	var last purchaseCursor
	for _, item := range list {
		out.Churns = append(out.Churns, churnToProto(item))
		last = purchaseCursor{item.Time.UnixMicro(), item.Churn.ID}
	}
	out.NextPageToken = p.next(more, last)
	return out, nil
}

// DeleteChurn removes a departure.
func (s *purchaseServer) DeleteChurn(ctx context.Context, req *segmentationv1.DeleteChurnRequest) (*segmentationv1.DeleteChurnResponse, error) {
	org, id, err := parseOwned(ctx, "name", churnsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteChurn(ctx, org, id); err != nil {
		return nil, orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_CHURN_NOT_FOUND, "departure", req.GetName())
	}
	return &segmentationv1.DeleteChurnResponse{}, nil
}

func churnToProto(l store.Churn) *segmentationv1.Churn {
	return &segmentationv1.Churn{
		Name: churnsCollection + l.Churn.ID, Contact: contactsCollection + l.Contact, LeaveTime: timestamppb.New(l.Time), Reason: l.Reason,
		CreateTime: timestamppb.New(l.CreateTime),
	}
}
