package api

import (
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

func TestAttributesThatAreUsedAreNotDeletedUnasked(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	directory, segments := segmentationv1.NewDirectoryServiceClient(f.as("admin")), segmentationv1.NewSegmentServiceClient(f.as("admin"))
	declare(t, f, "contact.vip", segmentationv1.Attribute_TYPE_BOOL)
	declare(t, f, "contact.age", segmentationv1.Attribute_TYPE_NUMBER)
	for _, kind := range []string{"company", "contact", "location"} {
		declare(t, f, kind+".value", segmentationv1.Attribute_TYPE_NUMBER)
	}
	_, err := segments.CreateSegment(t.Context(), &segmentationv1.CreateSegmentRequest{SegmentId: "vip", Segment: &segmentationv1.Segment{DisplayName: "VIP", Rule: "contact.vip"}})
	need(t, err)
	// By contact.value contacts are worth what companies are by company.value; of locations nobody asks it.
	for name, user := range map[string]string{
		"attributes/contact.vip": "segments/vip", "attributes/company.value": "lightPolicy", "attributes/contact.value": "lightPolicy", "attributes/location.value": "",
	} {
		_, err = directory.DeleteAttribute(t.Context(), &segmentationv1.DeleteAttributeRequest{Name: name})
		if user == "" {
			need(t, err)
			continue
		}
		refused(t, "delete "+name, err, codes.FailedPrecondition, "ATTRIBUTE_IN_USE", "force")
		if e, ok := rpcerr.FromError(err); !ok || e.Metadata["used_by"] != user {
			t.Errorf("%s: %v, want that %s uses it", name, err, user)
		}
	}
	_, err = directory.DeleteAttribute(t.Context(), &segmentationv1.DeleteAttributeRequest{Name: "attributes/contact.age"})
	need(t, err)
	_, err = directory.DeleteAttribute(t.Context(), &segmentationv1.DeleteAttributeRequest{Name: "attributes/contact.vip", Force: true})
	need(t, err)
	got, err := segments.GetSegment(t.Context(), &segmentationv1.GetSegmentRequest{Name: "segments/vip"})
	need(t, err)
	if got.GetSegment().GetFault() == "" {
		t.Errorf("%v has no fault", got)
	}
}

func TestFifthsAreOfOneCurrency(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	dollars := sold("r3", "card-2", noon.AddDate(0, 0, -1), 7)
	dollars.Currency = "USD"
	f.sell(t, sold("r1", "card-1", noon.AddDate(0, 0, -1), 5), sold("r2", "card-1", noon.AddDate(0, 0, -2), 5), dollars)
	client := segmentationv1.NewSegmentServiceClient(f.as("admin"))
	_, err := client.AnalyzePurchases(t.Context(), &segmentationv1.AnalyzePurchasesRequest{})
	refused(t, "of several", err, codes.FailedPrecondition, "CURRENCY_AMBIGUOUS", "currency")
	for currency, suggestions := range map[string]int{"KGS": 5, "USD": 0} {
		got, err := client.AnalyzePurchases(t.Context(), &segmentationv1.AnalyzePurchasesRequest{Currency: currency})
		need(t, err)
		if got.GetCurrency() != currency || got.GetCustomerCount() != 1 || len(got.GetCells()) != 1 || len(got.GetSuggestions()) != suggestions {
			t.Errorf("in %s %v", currency, got)
		}
	}
}
