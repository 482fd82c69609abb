package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
)

// SegmentFacts knows what rules may ask of contacts.
type SegmentFacts interface {
	// ContactFacts returns what rules may ask of contacts; those that there are not, or that were merged into others, are left out. The amounts are of purchases
	// in the currency before asOf.
	ContactFacts(ctx context.Context, organization, currency string, asOf time.Time, contacts []string) ([]ContactFacts, error)
}

// ContactFacts are what rules may ask of a contact.
type ContactFacts struct {
	ContactRow
	CompanyAttributes   attribute.Packed
	Light, CompanyLight LightSummary
	// Purchases are none where Purchases.Purchases is 0.
	Purchases PurchaseSum
}
