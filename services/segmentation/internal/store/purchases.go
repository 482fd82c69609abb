package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/retention"
)

// Purchases keeps what customers bought, that customers left, and how many of the staff did.
//
// The methods that store many store each of them alone: what is refused is told in its place. Contacts are named by Who.Contact, which is followed through
// merges, or where that is empty by Person: a contact is made where nobody has the pseudonym yet. What is stored again as it was changes nothing.
type Purchases interface {
	// UpsertPurchases stores purchases. Refusals: ErrNotFound (no such contact).
	UpsertPurchases(ctx context.Context, organization string, purchases []Purchase) ([]Upserted, error)
	// ListPurchases returns purchases, the newest first, and whether there are more.
	ListPurchases(ctx context.Context, q PurchaseQuery) (purchases []Purchase, more bool, err error)
	// DeletePurchase removes a purchase. Errors: ErrNotFound.
	DeletePurchase(ctx context.Context, organization, receipt string) error
	// UpsertChurns stores departures. Refusals: ErrNotFound (no such contact).
	UpsertChurns(ctx context.Context, organization string, churns []Churn) ([]Upserted, error)
	// ListChurns returns departures, the newest first, and whether there are more.
	ListChurns(ctx context.Context, q PurchaseQuery) (churns []Churn, more bool, err error)
	// DeleteChurn removes a departure. Errors: ErrNotFound.
	DeleteChurn(ctx context.Context, organization, id string) error
	// UpsertTurnovers stores records of turnover. Refusals: ErrExists (the location has another one for a part of the time).
	UpsertTurnovers(ctx context.Context, organization string, turnovers []Turnover) ([]Upserted, error)
	// ListTurnovers returns records of turnover, those that begin last first, and whether there are more.
	ListTurnovers(ctx context.Context, q PurchaseQuery) (turnovers []Turnover, more bool, err error)
	// DeleteTurnover removes a record of turnover. Errors: ErrNotFound.
	DeleteTurnover(ctx context.Context, organization, id string) error

	// PurchaseCurrencies counts purchases and returns by currency, the most first, then by code.
	PurchaseCurrencies(ctx context.Context, organization string) ([]CurrencyCount, error)
	// PurchaseSums calls fn for each contact with a purchase or return in a currency before a time, in the order of contacts.
	PurchaseSums(ctx context.Context, organization, currency string, before time.Time, fn func(PurchaseSum) error) error
	// Outcomes returns what contacts did before and within the outcome period, by contact: those who bought in the currency, or left, before the period ends.
	// Nothing at or after its end is looked at.
	Outcomes(ctx context.Context, organization, currency string, periods retention.Periods) (map[string]retention.Customer, error)
	// TurnoverByLocation adds up records of turnover that lie within the outcome period, by location: leavers and years of work.
	TurnoverByLocation(ctx context.Context, organization string, periods retention.Periods) (map[string]retention.Place, error)
}

// Purchase is a purchase as it is kept. Respondent is not.
type Purchase struct {
	purchase.Purchase
	// Person is the pseudonym by which the contact was named; where the contact was named by its identifier it is the contact's own.
	Person     []byte
	CreateTime time.Time
}

// Churn is a departure as it is kept. Respondent is not.
type Churn struct {
	purchase.Churn
	// Person is as in Purchase.
	Person     []byte
	CreateTime time.Time
}

// Turnover is a record of turnover as it is kept.
type Turnover struct {
	purchase.Turnover
	CreateTime time.Time
}

// Change is what storing something changed; the numbers are those of the API.
type Change uint8

// The changes.
const (
	Refused Change = iota
	Created
	Updated
	Unchanged
)

// Upserted is what became of something that was to be stored.
type Upserted struct {
	Change Change
	// Err is why it was refused.
	Err error
}

// PurchaseQuery asks for a page of purchases, departures or records of turnover; conditions that are empty hold for all.
type PurchaseQuery struct {
	Organization string
	// Contact and Location are identifiers; purchases and departures are narrowed by Contact, turnover by Location.
	Contact, Location string
	Start, End        time.Time // [Start, End)
	Units             Units
	Limit             int
	// Before is the last of the page before; zero for the first page.
	Before PurchaseMark
}

// PurchaseMark is where a page ended.
type PurchaseMark struct {
	Time time.Time
	ID   string
}

// CurrencyCount is how many purchases and returns there are in a currency.
type CurrencyCount struct {
	Currency  string
	Purchases int64
}

// PurchaseSum is what a contact bought.
type PurchaseSum struct {
	Contact string
	// First and Last are the times of the first and last purchase; zero when there are only returns.
	First, Last time.Time
	// Purchases counts what was bought, returns apart.
	Purchases int64
	// Amount is in minor units, net of returns.
	Amount int64
}
