package membership

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/population"
	"github.com/otklik/otklik/services/segmentation/internal/rfm"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Store is what is read of contacts, and kept of segments; store.Store is one.
type Store interface {
	store.Segments
	store.SegmentFacts
	ListAttributes(ctx context.Context, organization string) ([]attribute.Definition, error)
	EachContact(ctx context.Context, organization, after string, fn func(store.ContactRow) error) error
	EachCompany(ctx context.Context, organization, after string, fn func(store.CompanyRow) error) error
	EachLight(ctx context.Context, organization string, kind light.Kind, fn func(store.LightSummary) error) error
	PurchaseCurrencies(ctx context.Context, organization string) ([]store.CurrencyCount, error)
	PurchaseSums(ctx context.Context, organization, currency string, before time.Time, fn func(store.PurchaseSum) error) error
}

// People are an organisation's contacts in columns.
type People struct {
	*population.Population
	Fields *Fields
	RFM    store.RFMTable
	// AsOf is when they were read.
	AsOf time.Time
	// where are the places of units, by the code of each contact.
	codes  []uint32
	places []store.Place
}

// Place is where the contact at a place of the population belongs.
func (p *People) Place(at int) store.Place { return p.places[p.codes[at]] }

// company is what rules may ask of a company.
type company struct {
	attributes attribute.Packed
	light      store.LightSummary
}

// Load reads an organisation's contacts.
func Load(ctx context.Context, s Store, organization string, now time.Time) (*People, error) {
	declared, err := s.ListAttributes(ctx, organization)
	if err != nil {
		return nil, err
	}
	p := &People{AsOf: now}
	if p.Fields, err = FieldsOf(declared); err != nil {
		return nil, err
	}
	companies, err := loadCompanies(ctx, s, organization)
	if err != nil {
		return nil, err
	}
	bought, err := p.loadPurchases(ctx, s, organization, now)
	if err != nil {
		return nil, err
	}
	build := population.NewBuilder(p.Fields.Schema, len(bought))
	known := map[store.Place]uint32{}
	lights := newAside(func(fn func(store.LightSummary) error) error {
		return s.EachLight(ctx, organization, light.Contact, fn)
	},
		func(l store.LightSummary) string { return l.Unit })
	defer lights.stop()
	next := 0
	err = s.EachContact(ctx, organization, "", func(c store.ContactRow) error {
		build.Contact(c.ID)
		where := store.Place{Company: c.Company, Location: c.Location, Region: c.Region}
		code, ok := known[where]
		if !ok {
			code = uint32(len(p.places))
			known[where], p.places = code, append(p.places, where)
		}
		p.codes = append(p.codes, code)
		attributes(build, p.Fields.contact, c.Attributes)
		of := companies[c.Company]
		attributes(build, p.Fields.company, of.attributes)
		mine, err := lights.of(c.ID)
		if err != nil {
			return err
		}
		p.Fields.lights(build, mine, of.light)
		for next < len(bought) && bought[next].Contact < c.ID {
			next++
		}
		if next < len(bought) && bought[next].Contact == c.ID {
			p.Fields.purchases(build, bought[next], p.RFM, now)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load contacts: %w", err)
	}
	p.Population, err = build.Build()
	return p, err
}

func loadCompanies(ctx context.Context, s Store, organization string) (map[string]company, error) {
	out := map[string]company{}
	err := s.EachCompany(ctx, organization, "", func(c store.CompanyRow) error {
		out[c.ID] = company{attributes: c.Attributes}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load companies: %w", err)
	}
	err = s.EachLight(ctx, organization, light.Company, func(l store.LightSummary) error {
		c := out[l.Unit]
		c.light = l
		out[l.Unit] = c
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load lights of companies: %w", err)
	}
	return out, nil
}

// loadPurchases reads what contacts bought, and places them.
func (p *People) loadPurchases(ctx context.Context, s Store, organization string, now time.Time) ([]store.PurchaseSum, error) {
	currencies, err := s.PurchaseCurrencies(ctx, organization)
	if err != nil || len(currencies) == 0 {
		return nil, err
	}
	var bought []store.PurchaseSum
	p.RFM, bought, _, err = placed(ctx, s, organization, currencies[0].Currency, now)
	return bought, err
}

// placed places the customers of an organisation who bought in a currency, in the order of their contacts.
func placed(ctx context.Context, s Store, organization, currency string, now time.Time) (
	table store.RFMTable, bought []store.PurchaseSum, customers []rfm.Customer, err error,
) {
	err = s.PurchaseSums(ctx, organization, currency, now, func(sum store.PurchaseSum) error {
		if sum.Purchases > 0 {
			bought, customers = append(bought, sum), append(customers, customer(sum, currency))
		}
		return nil
	})
	if err != nil {
		return table, nil, nil, fmt.Errorf("load purchases: %w", err)
	}
	return store.RFMTable{Currency: currency, Table: rfm.Of(customers), Customers: int64(len(customers))}, bought, customers, nil
}

// errStopped ends a reading of which no more is wanted.
var errStopped = errors.New("no more is wanted")

// aside reads beside the contacts something that comes in the same order.
type aside[T any] struct {
	next  func() (T, error, bool)
	stop  func()
	key   func(T) string
	held  T
	ended bool
	begun bool
}

func newAside[T any](each func(fn func(T) error) error, key func(T) string) *aside[T] {
	a := &aside[T]{key: key}
	a.next, a.stop = iter.Pull2(func(yield func(T, error) bool) {
		var none T
		err := each(func(v T) error {
			if !yield(v, nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && err != errStopped { //nolint:errorlint // it is this function's own, and nobody wraps it who is to end
			yield(none, err)
		}
	})
	return a
}

// of is what there is of a key; keys are asked for in ascending order.
func (a *aside[T]) of(key string) (found T, err error) {
	for !a.ended && (!a.begun || a.key(a.held) < key) {
		var more bool
		if a.held, err, more = a.next(); err != nil {
			return found, err
		}
		a.begun, a.ended = true, !more
	}
	if !a.ended && a.key(a.held) == key {
		return a.held, nil
	}
	return found, nil
}
