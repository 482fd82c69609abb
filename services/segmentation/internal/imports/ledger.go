package imports

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Pseudonyms tells by which pseudonym somebody is known whom the organisation calls so; *profile.Register is one.
type Pseudonyms interface {
	Person(ctx context.Context, organization, identifier string) ([]byte, error)
}

// Ledgers are the kinds of what customers and staff did: purchases, departures and turnover, by their names. Times without a zone are of the zone given.
func Ledgers(db store.Purchases, who Pseudonyms, zone *time.Location, now func() time.Time) map[string]Kind {
	customer := []sheet.Column{{Field: purchase.ColumnContact}, {Field: purchase.ColumnRespondent}}
	return map[string]Kind{
		"purchase": ledger[store.Purchase]{
			columns: append([]sheet.Column{
				{Field: purchase.ColumnReceipt, Required: true}, {Field: purchase.ColumnTime, Required: true}, {Field: purchase.ColumnAmount, Required: true},
				{Field: purchase.ColumnCurrency, Required: true}, {Field: purchase.ColumnCompany}, {Field: purchase.ColumnLocation},
			}, customer...),
			read: func(ctx context.Context, organization string, row purchase.Row) (store.Purchase, []purchase.Problem, error) {
				p, problems := purchase.ReadPurchase(row, zone, now())
				person, err := personOf(ctx, who, organization, p.Respondent, problems)
				return store.Purchase{Purchase: p, Person: person, CreateTime: now()}, problems, err
			},
			key: func(p store.Purchase) (string, string) { return purchase.ColumnReceipt, p.Receipt },
			put: db.UpsertPurchases,
		},
		"churn": ledger[store.Churn]{
			columns: append([]sheet.Column{{Field: purchase.ColumnID, Required: true}, {Field: purchase.ColumnLeaveTime, Required: true}, {Field: purchase.ColumnReason}}, customer...),
			read: func(ctx context.Context, organization string, row purchase.Row) (store.Churn, []purchase.Problem, error) {
				l, problems := purchase.ReadChurn(row, zone, now())
				person, err := personOf(ctx, who, organization, l.Respondent, problems)
				return store.Churn{Churn: l, Person: person, CreateTime: now()}, problems, err
			},
			key: func(l store.Churn) (string, string) { return purchase.ColumnID, l.ID },
			put: db.UpsertChurns,
		},
		"turnover": ledger[store.Turnover]{
			columns: []sheet.Column{
				{Field: purchase.ColumnID, Required: true}, {Field: purchase.ColumnLocation, Required: true}, {Field: purchase.ColumnStart, Required: true},
				{Field: purchase.ColumnEnd, Required: true}, {Field: purchase.ColumnHeadcount, Required: true}, {Field: purchase.ColumnLeavers, Required: true},
			},
			read: func(_ context.Context, _ string, row purchase.Row) (store.Turnover, []purchase.Problem, error) {
				t, problems := purchase.ReadTurnover(row, zone, now())
				return store.Turnover{Turnover: t, CreateTime: now()}, problems, nil
			},
			key:   func(t store.Turnover) (string, string) { return purchase.ColumnID, t.Turnover.ID },
			among: func() func(store.Turnover) bool { return make(spans).take },
			put:   db.UpsertTurnovers,
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
	columns []sheet.Column
	read    func(ctx context.Context, organization string, row purchase.Row) (T, []purchase.Problem, error)
	// key is the field by which things are told apart, and what it says.
	key func(T) (field, text string)
	// among makes what tells whether a thing can be beside those before it; nil where all can.
	among func() func(T) bool
	put   func(ctx context.Context, organization string, things []T) ([]store.Upserted, error)
}

// Columns implements Kind.
func (l ledger[T]) Columns(context.Context, string) ([]sheet.Column, error) { return l.columns, nil }

// Start implements Kind.
func (l ledger[T]) Start(_ context.Context, organization string, _ []string) (Reader, error) {
	r := ledgerReader[T]{ledger: l, organization: organization, seen: newSeen(), fits: func(T) bool { return true }}
	if l.among != nil {
		r.fits = l.among()
	}
	return r, nil
}

// ledgerReader reads rows of a ledger.
type ledgerReader[T any] struct {
	ledger[T]
	organization string
	seen         *seen
	fits         func(T) bool
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
	if len(problems) > 0 {
		return nil, problems, nil
	}
	field, text := r.key(thing)
	if problems, err = r.seen.twice(row, field, text); len(problems) > 0 || err != nil {
		return nil, problems, err
	}
	if !r.fits(thing) {
		return nil, []Problem{*refusalOf(store.ErrExists)}, nil
	}
	return thing, nil, nil
}

// spans are the times of records of turnover that were read, by location, in order.
type spans map[string][]store.Turnover

// take tells whether a record covers no time of its location that another one covers, and remembers it then.
func (s spans) take(t store.Turnover) bool {
	before := s[t.Location]
	i, _ := slices.BinarySearchFunc(before, t, func(a, b store.Turnover) int { return a.Start.Compare(b.Start) })
	if i > 0 && before[i-1].End.After(t.Start) || i < len(before) && before[i].Start.Before(t.End) {
		return false
	}
	s[t.Location] = slices.Insert(before, i, t)
	return true
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
