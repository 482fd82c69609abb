package imports

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Pseudonyms tells by which pseudonym somebody is known whom the organisation calls so; *profile.Register is one.
type Pseudonyms interface {
	Person(ctx context.Context, organization, identifier string) ([]byte, error)
}

// Books are where what customers and staff did is kept, and who the customers are; the store is one.
type Books interface {
	store.Purchases
	GetContacts(ctx context.Context, organization string, ids []string) (map[string]directory.Contact, error)
}

// Ledgers are the kinds of what customers and staff did: purchases, departures and turnover, by their names. Times without a zone are of the zone given.
func Ledgers(db Books, who Pseudonyms, zone *time.Location, now func() time.Time) map[string]Kind {
	customer := []Column{{Field: purchase.ColumnContact}, {Field: purchase.ColumnRespondent}}
	return map[string]Kind{
		"purchase": ledger[store.Purchase]{
			columns: append([]Column{
				{Field: purchase.ColumnReceipt, Required: true}, {Field: purchase.ColumnTime, Required: true}, {Field: purchase.ColumnAmount, Required: true},
				{Field: purchase.ColumnCurrency, Required: true}, {Field: purchase.ColumnCompany}, {Field: purchase.ColumnLocation},
			}, customer...),
			read: func(ctx context.Context, organization string, row purchase.Row) (store.Purchase, []purchase.Problem, error) {
				p, problems := purchase.ReadPurchase(row, zone, now())
				person, err := personOf(ctx, who, organization, p.Respondent, problems)
				return store.Purchase{Purchase: p, Person: person, CreateTime: now()}, problems, err
			},
			put:     db.UpsertPurchases,
			contact: func(p store.Purchase) string { return p.Contact },
			known:   db.GetContacts,
		},
		"churn": ledger[store.Churn]{
			columns: append([]Column{{Field: purchase.ColumnID, Required: true}, {Field: purchase.ColumnLeaveTime, Required: true}, {Field: purchase.ColumnReason}}, customer...),
			read: func(ctx context.Context, organization string, row purchase.Row) (store.Churn, []purchase.Problem, error) {
				l, problems := purchase.ReadChurn(row, zone, now())
				person, err := personOf(ctx, who, organization, l.Respondent, problems)
				return store.Churn{Churn: l, Person: person, CreateTime: now()}, problems, err
			},
			put:     db.UpsertChurns,
			contact: func(l store.Churn) string { return l.Contact },
			known:   db.GetContacts,
		},
		"turnover": ledger[store.Turnover]{
			columns: []Column{
				{Field: purchase.ColumnID, Required: true}, {Field: purchase.ColumnLocation, Required: true}, {Field: purchase.ColumnStart, Required: true},
				{Field: purchase.ColumnEnd, Required: true}, {Field: purchase.ColumnHeadcount, Required: true}, {Field: purchase.ColumnLeavers, Required: true},
			},
			read: func(_ context.Context, _ string, row purchase.Row) (store.Turnover, []purchase.Problem, error) {
				t, problems := purchase.ReadTurnover(row, zone, now())
				return store.Turnover{Turnover: t, CreateTime: now()}, problems, nil
			},
			put: db.UpsertTurnovers,
		},
	}
}

// personOf is the pseudonym of a customer whom a sound row names by an identifier of the organisation's own; nil for others.
func personOf(ctx context.Context, who Pseudonyms, organization, respondent string, problems []purchase.Problem) ([]byte, error) {
	if respondent == "" || len(problems) > 0 {
		return nil, nil
	}
	return who.Person(ctx, organization, respondent)
}

// ledger is a kind whose rows are each stored in the place of one with the same key.
type ledger[T any] struct {
	columns []Column
	read    func(ctx context.Context, organization string, row purchase.Row) (T, []purchase.Problem, error)
	put     func(ctx context.Context, organization string, things []T) ([]store.Upserted, error)
	// contact is whom a thing names as a contact of the directory, and known are those that there are; nil for things that name none.
	contact func(T) string
	known   func(ctx context.Context, organization string, ids []string) (map[string]directory.Contact, error)
}

// Columns implements Kind.
func (l ledger[T]) Columns(context.Context, string) ([]Column, error) { return l.columns, nil }

// Start implements Kind.
func (l ledger[T]) Start(_ context.Context, organization string, _ []string) (Reader, error) {
	return ledgerReader[T]{l, organization, map[string]bool{}}, nil
}

// ledgerReader reads rows of a ledger.
type ledgerReader[T any] struct {
	ledger[T]
	organization string
	// there tells of contacts that were asked for whether there are such.
	there map[string]bool
}

// Check implements Reader.
func (r ledgerReader[T]) Check(ctx context.Context, row Row) (any, []Problem, error) {
	thing, wrong, err := r.read(ctx, r.organization, func(field string) string {
		cell, _ := row.Get(field)
		return cell
	})
	if err != nil {
		return nil, nil, err
	}
	var problems []Problem
	for _, p := range wrong {
		problems = append(problems, Problem{p.Field, string(p.Reason), p.Text})
	}
	if len(problems) > 0 || r.contact == nil || r.contact(thing) == "" {
		return thing, problems, nil
	}
	there, err := r.isThere(ctx, r.contact(thing))
	if err != nil {
		return nil, nil, err
	}
	if !there {
		return nil, []Problem{*refusalOf(store.ErrNotFound)}, nil
	}
	return thing, nil, nil
}

// isThere tells whether there is a contact.
func (r ledgerReader[T]) isThere(ctx context.Context, contact string) (bool, error) {
	if there, asked := r.there[contact]; asked {
		return there, nil
	}
	known, err := r.known(ctx, r.organization, []string{contact})
	if err != nil {
		return false, err
	}
	_, there := known[contact]
	r.there[contact] = there
	return there, nil
}

// Apply implements Reader.
func (r ledgerReader[T]) Apply(ctx context.Context, records []any) ([]Outcome, error) {
	things := make([]T, len(records))
	for i, record := range records {
		things[i] = record.(T) //nolint:forcetypeassert // as Check made it
	}
	done, err := r.put(ctx, r.organization, things)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, len(done))
	for i, u := range done {
		out[i] = Outcome{Created: u.Change == store.Created, Changed: u.Change == store.Created || u.Change == store.Updated, Problem: refusalOf(u.Err)}
	}
	return out, nil
}

// refusalOf is why the store did not take a thing; nil when it did.
func refusalOf(err error) *Problem {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrExists):
		return &Problem{purchase.ColumnStart, "TURNOVER_OVERLAP", "the location has a record for a part of this time already: its leavers would count twice"}
	default:
		return &Problem{purchase.ColumnContact, "CONTACT_NOT_FOUND", "there is no such contact"}
	}
}
