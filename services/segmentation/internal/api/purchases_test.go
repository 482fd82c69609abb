package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/rpcerr"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// sold is a purchase of a customer.
func sold(receipt, respondent string, at time.Time, amount int64) *segmentationv1.Purchase {
	return &segmentationv1.Purchase{
		Name: "purchases/" + receipt, Respondent: respondent, Location: "locations/osh", PurchaseTime: timestamppb.New(at), AmountMinor: amount, Currency: "KGS",
	}
}

// sell stores purchases, none of which may be refused.
func (f *fixture) sell(t *testing.T, list ...*segmentationv1.Purchase) []*segmentationv1.BatchUpsertPurchasesResponse_Result {
	t.Helper()
	out, err := segmentationv1.NewPurchaseServiceClient(f.as("admin")).BatchUpsertPurchases(t.Context(), &segmentationv1.BatchUpsertPurchasesRequest{Purchases: list})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range out.GetResults() {
		if r.GetError() != nil {
			t.Fatalf("%s: %v", r.GetName(), r.GetError())
		}
	}
	return out.GetResults()
}

func TestPurchasesAreStoredAndListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	done := f.sell(t, sold("r1", "card-1", noon.Add(-time.Hour), 12550), sold("r2", "card-1", noon, -50))
	for _, r := range done {
		if r.GetChange() != segmentationv1.UpsertChange_UPSERT_CHANGE_CREATED {
			t.Errorf("%s: %v", r.GetName(), r.GetChange())
		}
	}
	if again := f.sell(t, sold("r1", "card-1", noon.Add(-time.Hour), 12550)); again[0].GetChange() != segmentationv1.UpsertChange_UPSERT_CHANGE_UNCHANGED {
		t.Errorf("again: %v", again[0].GetChange())
	}
	client := segmentationv1.NewPurchaseServiceClient(f.as("admin"))
	list, err := client.ListPurchases(t.Context(), &segmentationv1.ListPurchasesRequest{PageSize: 1})
	if err != nil {
		t.Fatal(err)
	}
	contact := list.GetPurchases()[0].GetContact()
	want := &segmentationv1.Purchase{
		Name: "purchases/r2", Contact: contact, Location: "locations/osh", PurchaseTime: timestamppb.New(noon), AmountMinor: -50, Currency: "KGS",
		CreateTime: timestamppb.New(noon),
	}
	if diff := cmp.Diff(want, list.GetPurchases()[0], protocmp.Transform()); diff != "" {
		t.Error(diff)
	}
	next, err := client.ListPurchases(t.Context(), &segmentationv1.ListPurchasesRequest{PageSize: 1, PageToken: list.GetNextPageToken()})
	if err != nil || next.GetPurchases()[0].GetName() != "purchases/r1" || next.GetNextPageToken() != "" {
		t.Errorf("next page: %v, %v", next, err)
	}
	of, err := client.ListPurchases(t.Context(), &segmentationv1.ListPurchasesRequest{Contact: contact, Period: &typev1.Period{EndTime: timestamppb.New(noon)}})
	if err != nil || len(of.GetPurchases()) != 1 {
		t.Errorf("of the contact before: %v, %v", of, err)
	}
	elsewhere, err := segmentationv1.NewPurchaseServiceClient(f.as("other")).ListPurchases(t.Context(), &segmentationv1.ListPurchasesRequest{})
	if err != nil || len(elsewhere.GetPurchases()) != 0 {
		t.Errorf("elsewhere: %v, %v", elsewhere, err)
	}
	if _, err := client.DeletePurchase(t.Context(), &segmentationv1.DeletePurchaseRequest{Name: "purchases/r2"}); err != nil {
		t.Fatal(err)
	}
	_, err = client.DeletePurchase(t.Context(), &segmentationv1.DeletePurchaseRequest{Name: "purchases/r2"})
	refused(t, "delete again", err, codes.NotFound, "PURCHASE_NOT_FOUND", "")
}

// A bad purchase is refused by its field; those beside it are stored.
func TestBadPurchasesFailAlone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	with := func(change func(*segmentationv1.Purchase)) *segmentationv1.Purchase {
		p := sold("r1", "card-1", noon, 5)
		change(p)
		return p
	}
	wants := []struct {
		p             *segmentationv1.Purchase
		reason, field string
	}{
		{with(func(p *segmentationv1.Purchase) { p.Name = "receipts/1" }), "PURCHASE_INVALID", "name"},
		{with(func(p *segmentationv1.Purchase) { p.Name = "" }), "PURCHASE_INVALID", "name"},
		{with(func(p *segmentationv1.Purchase) { p.Contact, p.Respondent = "contacts/nobody", "" }), "CONTACT_NOT_FOUND", ""},
		{with(func(p *segmentationv1.Purchase) { p.Contact = "contacts/c" }), "PURCHASE_INVALID", "respondent"},
		{with(func(p *segmentationv1.Purchase) { p.Location = "osh" }), "PURCHASE_INVALID", "location"},
		{with(func(p *segmentationv1.Purchase) { p.Currency = "SOM" }), "PURCHASE_INVALID", "currency"},
		{with(func(p *segmentationv1.Purchase) { p.PurchaseTime = nil }), "PURCHASE_INVALID", "purchase_time"},
		{with(func(p *segmentationv1.Purchase) { p.PurchaseTime = timestamppb.New(noon.Add(time.Hour)) }), "PURCHASE_INVALID", "purchase_time"},
		{with(func(p *segmentationv1.Purchase) { p.AmountMinor = 1 << 60 }), "PURCHASE_INVALID", "amount_minor"},
	}
	req := &segmentationv1.BatchUpsertPurchasesRequest{}
	for _, w := range wants {
		req.Purchases = append(req.Purchases, w.p)
	}
	req.Purchases = append(req.Purchases, sold("good", "card-1", noon, 5))
	out, err := segmentationv1.NewPurchaseServiceClient(f.as("admin")).BatchUpsertPurchases(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range wants {
		got := out.GetResults()[i]
		known := rpcerr.FromStatus(status.FromProto(got.GetError()))
		field := ""
		if len(known.Fields) > 0 {
			field = known.Fields[0].Field
		}
		if known.Reason != w.reason || w.field != field || got.GetChange() != 0 {
			t.Errorf("%d: %v %s %s, want %s %s", i, got.GetChange(), known.Reason, field, w.reason, w.field)
		}
	}
	if last := out.GetResults()[len(wants)]; last.GetError() != nil || last.GetName() != "purchases/good" {
		t.Errorf("the good one: %v", last)
	}
}

func TestDeparturesAndTurnover(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	client := segmentationv1.NewPurchaseServiceClient(f.as("admin"))
	churns, err := client.BatchUpsertChurns(t.Context(), &segmentationv1.BatchUpsertChurnsRequest{Churns: []*segmentationv1.Churn{
		{Name: "churns/l1", Respondent: "card-1", LeaveTime: timestamppb.New(noon), Reason: "price"}, {Name: "churns/l2", Respondent: "card-1"},
	}})
	if err != nil || churns.GetResults()[0].GetError() != nil || churns.GetResults()[1].GetError() == nil {
		t.Fatalf("%v, %v", churns, err)
	}
	listed, err := client.ListChurns(t.Context(), &segmentationv1.ListChurnsRequest{})
	if err != nil || len(listed.GetChurns()) != 1 || listed.GetChurns()[0].GetReason() != "price" {
		t.Fatalf("%v, %v", listed, err)
	}
	if _, err := client.DeleteChurn(t.Context(), &segmentationv1.DeleteChurnRequest{Name: "churns/l1"}); err != nil {
		t.Fatal(err)
	}
	_, err = client.DeleteChurn(t.Context(), &segmentationv1.DeleteChurnRequest{Name: "churns/l1"})
	refused(t, "delete again", err, codes.NotFound, "CHURN_NOT_FOUND", "")
	month := func(id string, start time.Time) *segmentationv1.Turnover {
		return &segmentationv1.Turnover{
			Name: "turnovers/" + id, Location: "locations/osh", StartTime: timestamppb.New(start), EndTime: timestamppb.New(start.AddDate(0, 1, 0)), Headcount: 10, Leavers: 1,
		}
	}
	turnover, err := client.BatchUpsertTurnovers(t.Context(), &segmentationv1.BatchUpsertTurnoversRequest{Turnovers: []*segmentationv1.Turnover{
		month("a", noon.AddDate(0, -3, 0)), month("b", noon.AddDate(0, -3, 5)),
	}})
	if err != nil || turnover.GetResults()[0].GetError() != nil {
		t.Fatalf("%v, %v", turnover, err)
	}
	if known := rpcerr.FromStatus(status.FromProto(turnover.GetResults()[1].GetError())); known.Reason != "TURNOVER_OVERLAP" {
		t.Errorf("overlap: %v", known)
	}
	kept, err := client.ListTurnovers(t.Context(), &segmentationv1.ListTurnoversRequest{Location: "locations/osh"})
	if err != nil || len(kept.GetTurnovers()) != 1 || kept.GetTurnovers()[0].GetHeadcount() != 10 {
		t.Errorf("%v, %v", kept, err)
	}
	if _, err := client.DeleteTurnover(t.Context(), &segmentationv1.DeleteTurnoverRequest{Name: "turnovers/a"}); err != nil {
		t.Error(err)
	}
	_, err = client.DeleteTurnover(t.Context(), &segmentationv1.DeleteTurnoverRequest{Name: "turnovers/a"})
	refused(t, "delete again", err, codes.NotFound, "TURNOVER_NOT_FOUND", "")
}

// Who is restricted to a location sees what was bought there.
func TestPurchasesOfUnits(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var list []*segmentationv1.Purchase
	for i := range 4 {
		p := sold(fmt.Sprint("r", i), "card-1", noon.Add(-time.Duration(i)*time.Hour), 100)
		if i%2 == 0 {
			p.Location = "locations/naryn"
		}
		list = append(list, p)
	}
	f.sell(t, list...)
	got, err := segmentationv1.NewPurchaseServiceClient(f.as("osh")).ListPurchases(t.Context(), &segmentationv1.ListPurchasesRequest{})
	if err != nil || len(got.GetPurchases()) != 2 || got.GetPurchases()[0].GetName() != "purchases/r1" {
		t.Errorf("%v, %v", got, err)
	}
	_, err = segmentationv1.NewPurchaseServiceClient(f.as("osh")).BatchUpsertPurchases(t.Context(), &segmentationv1.BatchUpsertPurchasesRequest{Purchases: list})
	refused(t, "store as one of Osh", err, codes.PermissionDenied, "UNITS_RESTRICTED", "")
}
