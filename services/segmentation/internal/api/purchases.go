package api

import (
	"context"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Collections of purchases.
const (
	purchasesCollection = "purchases/"
	churnsCollection    = "churns/"
	turnoversCollection = "turnovers/"
)

// purchaseServer serves PurchaseService.
type purchaseServer struct {
	segmentationv1.UnimplementedPurchaseServiceServer
	*Server
}

// purchaseCursor is where a page of purchases, departures or records of turnover ended.
type purchaseCursor struct {
	Time int64
	ID   string
}

func (c purchaseCursor) mark() store.PurchaseMark {
	if c == (purchaseCursor{}) {
		return store.PurchaseMark{}
	}
	return store.PurchaseMark{Time: time.UnixMicro(c.Time), ID: c.ID}
}

// upserted is what became of one of many things that were to be stored.
type upserted struct {
	change segmentationv1.UpsertChange
	err    *status.Status
}

// upsertMany stores what is sound among many things, and tells what became of each. read takes a thing out of its message, with what is wrong with it.
func upsertMany[M, T any](
	ctx context.Context, messages []M, read func(M) (T, []purchase.Problem, error), put func(ctx context.Context, things []T) ([]store.Upserted, error),
	refuse func(M, error) error,
) ([]upserted, error) {
	out := make([]upserted, len(messages))
	var sound []T
	var at []int
	for i, m := range messages {
		thing, problems, err := read(m)
		switch {
		case err != nil:
			return nil, err
		case len(problems) > 0:
			out[i].err = problemsToStatus(problems)
		default:
			sound, at = append(sound, thing), append(at, i)
		}
	}
	if len(sound) == 0 {
		return out, nil
	}
	done, err := put(ctx, sound)
	if err != nil {
		return nil, storeError(err)
	}
	for j, u := range done {
		out[at[j]].change = segmentationv1.UpsertChange(u.Change)
		if u.Err == nil {
			continue
		}
		known, ok := rpcerr.FromError(refuse(messages[at[j]], u.Err))
		if !ok {
			return nil, storeError(u.Err)
		}
		out[at[j]].err = known.GRPCStatus().Proto()
	}
	return out, nil
}

// problemsToStatus is why a thing is refused: each problem with its field.
func problemsToStatus(problems []purchase.Problem) *status.Status {
	options := []rpcerr.Option{rpcerr.WithDomain(domain)}
	for _, p := range problems {
		options = append(options, rpcerr.WithField(p.Field, string(p.Reason), p.Text))
	}
	first := problems[0]
	return rpcerr.New(codes.InvalidArgument, rpcerr.ReasonOf(segmentationv1.ErrorReason_ERROR_REASON_PURCHASE_INVALID), first.Field+": "+first.Text, options...).GRPCStatus().Proto()
}

// namesRead reads resource names, and gathers what is wrong with them.
type namesRead struct{ problems []purchase.Problem }

// id takes an identifier out of a name, which may be empty.
func (n *namesRead) id(field, collection, name string) string {
	id, ok := strings.CutPrefix(name, collection)
	if name != "" && !ok {
		n.problems = append(n.problems, purchase.Problem{Field: field, Reason: purchase.Malformed, Text: "must begin with " + collection})
	}
	return id
}

// with adds what else is wrong, of other fields. The field by which things are told apart is their name.
func (n *namesRead) with(key string, more []purchase.Problem) []purchase.Problem {
	known := make(map[string]bool, len(n.problems))
	for _, p := range n.problems {
		known[p.Field] = true
	}
	for _, p := range more {
		if p.Field == key {
			p.Field = "name"
		}
		if !known[p.Field] {
			n.problems = append(n.problems, p)
		}
	}
	return n.problems
}

// personOf is the pseudonym of a customer who is named by an identifier of the organisation's own; nil for others.
func (s *purchaseServer) personOf(ctx context.Context, org string, w purchase.Who, problems []purchase.Problem) ([]byte, error) {
	if w.Respondent == "" || len(problems) > 0 {
		return nil, nil
	}
	return s.pseudonym(ctx, org, w.Respondent)
}

// noContact explains that a customer is not known.
func noContact(contact string, err error) error {
	return orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_CONTACT_NOT_FOUND, "contact", contact)
}

// BatchUpsertPurchases stores purchases.
func (s *purchaseServer) BatchUpsertPurchases(ctx context.Context, req *segmentationv1.BatchUpsertPurchasesRequest) (*segmentationv1.BatchUpsertPurchasesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	done, err := upsertMany(ctx, req.GetPurchases(), func(m *segmentationv1.Purchase) (store.Purchase, []purchase.Problem, error) {
		var n namesRead
		p := store.Purchase{CreateTime: now, Purchase: purchase.Purchase{
			Receipt: n.id("name", purchasesCollection, m.GetName()), Who: purchase.Who{Contact: n.id("contact", contactsCollection, m.GetContact()), Respondent: m.GetRespondent()},
			Company: n.id("company", companiesCollection, m.GetCompany()), Location: n.id("location", locationsCollection, m.GetLocation()), Time: timeFrom(m.GetPurchaseTime()),
			Amount: m.GetAmountMinor(), Currency: m.GetCurrency(),
		}}
		problems := n.with("receipt", p.Check(now))
		var err error
		p.Person, err = s.personOf(ctx, org, p.Who, problems)
		return p, problems, err
	}, func(ctx context.Context, list []store.Purchase) ([]store.Upserted, error) {
		return s.Store.UpsertPurchases(ctx, org, list)
	}, func(m *segmentationv1.Purchase, err error) error { return noContact(m.GetContact(), err) })
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.BatchUpsertPurchasesResponse{}
	for i, u := range done {
		out.Results = append(out.Results, &segmentationv1.BatchUpsertPurchasesResponse_Result{Name: req.GetPurchases()[i].GetName(), Change: u.change, Error: u.err})
	}
	return out, nil
}

// ListPurchases lists purchases, the newest first.
func (s *purchaseServer) ListPurchases(ctx context.Context, req *segmentationv1.ListPurchasesRequest) (*segmentationv1.ListPurchasesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[purchaseCursor](s.Server, segmentationv1.PurchaseService_ListPurchases_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	q := listOf(ctx, org, req.GetPeriod(), p)
	q.Contact = bare(contactsCollection, req.GetContact())
	list, more, err := s.Store.ListPurchases(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListPurchasesResponse{}
	var last purchaseCursor
	for _, item := range list {
		out.Purchases = append(out.Purchases, purchaseToProto(item))
		last = purchaseCursor{item.Time.UnixMicro(), item.Receipt}
	}
	out.NextPageToken = p.next(more, last)
	return out, nil
}

// listOf is what is asked for by a page and a period.
func listOf(ctx context.Context, org string, period *typev1.Period, p pageRequest[purchaseCursor]) store.PurchaseQuery {
	return store.PurchaseQuery{
		Organization: org, Start: timeFrom(period.GetStartTime()), End: timeFrom(period.GetEndTime()), Units: unitsOf(ctx), Limit: p.size, Before: p.cursor.mark(),
	}
}

// DeletePurchase removes a purchase.
func (s *purchaseServer) DeletePurchase(ctx context.Context, req *segmentationv1.DeletePurchaseRequest) (*segmentationv1.DeletePurchaseResponse, error) {
	org, receipt, err := parseOwned(ctx, "name", purchasesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeletePurchase(ctx, org, receipt); err != nil {
		return nil, orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_PURCHASE_NOT_FOUND, "purchase", req.GetName())
	}
	return &segmentationv1.DeletePurchaseResponse{}, nil
}

func purchaseToProto(p store.Purchase) *segmentationv1.Purchase {
	return &segmentationv1.Purchase{
		Name: purchasesCollection + p.Receipt, Contact: contactsCollection + p.Contact, Company: named(companiesCollection, p.Company),
		Location: named(locationsCollection, p.Location), PurchaseTime: timestamppb.New(p.Time), AmountMinor: p.Amount, Currency: p.Currency,
		CreateTime: timestamppb.New(p.CreateTime),
	}
}

// timeFrom is the time of a timestamp, zero where there is none.
func timeFrom(t *timestamppb.Timestamp) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.AsTime()
}
