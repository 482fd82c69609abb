package relational

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

const (
	purchaseColumns = `receipt, contact, person, company, location, time, amount, currency, create_time`
	sqlPurchase     = `SELECT ` + purchaseColumns + ` FROM purchases WHERE organization = $1 AND receipt = $2`
	sqlPutPurchase  = `INSERT INTO purchases (organization, ` + purchaseColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (organization, receipt) DO UPDATE SET contact = excluded.contact, person = excluded.person, company = excluded.company, location = excluded.location,
time = excluded.time, amount = excluded.amount, currency = excluded.currency`
	sqlDropPurchase = `DELETE FROM purchases WHERE organization = $1 AND receipt = $2`

	purchasesCollection = "purchases/"
)

// purchasesTable is purchases among what is kept of persons. Where and for whom something was bought stands in the timeline.
func purchasesTable() personTable {
	return personTable{
		table: "purchases", kind: "purchases", name: "'" + purchasesCollection + "' || receipt", time: "time",
		content: `'{"amountMinor":"' || CAST(amount AS text) || '","currency":"' || currency || '"}'`,
	}
}

func scanPurchase(row relational.Scanner) (p store.Purchase, err error) {
	var at, created int64
	err = row.Scan(&p.Receipt, &p.Contact, &p.Person, &p.Company, &p.Location, &at, &p.Amount, &p.Currency, &created)
	p.Time, p.CreateTime = relational.FromMicro(at), relational.FromMicro(created)
	return p, err
}

// UpsertPurchases implements store.Purchases.
func (s *Store) UpsertPurchases(ctx context.Context, organization string, purchases []store.Purchase) (out []store.Upserted, err error) {
	err = s.write(ctx, "store purchases", func(ctx context.Context, w *writing) error {
		who, changed := newCustomers(w, organization), map[string]bool{}
		out, err = upsert[store.Purchase]{
			id: func(p store.Purchase) string { return p.Receipt },
			find: func(ctx context.Context, id string) (store.Purchase, error) {
				return relational.One(ctx, w, scanPurchase, sqlPurchase, organization, id)
			},
			settle: func(ctx context.Context, p store.Purchase) (store.Purchase, error) {
				c, err := who.of(ctx, p.Contact, p.Person)
				p.Contact, p.Person, p.Respondent, p.Time = c.contact, c.person, "", relational.FromMicro(relational.ToMicro(p.Time))
				return p, err
			},
			renew: func(before, p store.Purchase) (store.Purchase, bool) {
				p.CreateTime = before.CreateTime
				isSame := before.Purchase == p.Purchase && bytes.Equal(before.Person, p.Person)
				if !isSame {
					changed[before.Contact] = true
				}
				return p, isSame
			},
			put: func(ctx context.Context, p store.Purchase) error {
				changed[p.Contact] = true
				if _, err := w.Exec(ctx, sqlPutPurchase, organization, p.Receipt, p.Contact, p.Person, p.Company, p.Location, relational.ToMicro(p.Time), p.Amount,
					p.Currency, relational.ToMicro(p.CreateTime)); err != nil {
					return err
				}
				return w.enter(ctx, organization, customer{p.Contact, p.Person}, p.Time, purchasesCollection+p.Receipt, timeline.Purchase{
					Units: timeline.Units{Company: p.Company, Location: p.Location}, Amount: p.Amount, Currency: p.Currency,
				})
			},
		}.run(ctx, w, organization, purchases)
		if err != nil {
			return err
		}
		return w.bought(ctx, organization, changed)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// enter enters something into the timeline of a contact.
func (w *writing) enter(ctx context.Context, organization string, c customer, at time.Time, resource string, body timeline.Body) error {
	raw, err := timeline.Encode(body)
	if err != nil {
		return err
	}
	return w.remember(ctx, store.TimelineEntry{
		Organization: organization, Contact: c.contact, Person: c.person, Time: at, Kind: body.Kind(), Resource: resource, Body: raw,
	})
}

// bought has the segments look again at contacts who bought something, or did not as it turned out.
func (w *writing) bought(ctx context.Context, organization string, changed map[string]bool) error {
	return w.touch(ctx, organization, slices.Sorted(maps.Keys(changed)), time.Now())
}

// ListPurchases implements store.Purchases.
func (s *Store) ListPurchases(ctx context.Context, q store.PurchaseQuery) ([]store.Purchase, bool, error) {
	where := conditions{}
	where.list(q, "receipt", "time", map[string]string{"company": "company", "location": "location"})
	where.equal("contact", q.Contact)
	all, err := relational.ListOnce(ctx, s.db, scanPurchase, `SELECT `+purchaseColumns+` FROM purchases WHERE `+where.text.String()+
		` ORDER BY time DESC, receipt DESC LIMIT `+where.arg(q.Limit+1), where.args...)
	if err != nil {
		return nil, false, s.db.Explain("list purchases", err)
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// DeletePurchase implements store.Purchases.
func (s *Store) DeletePurchase(ctx context.Context, organization, receipt string) error {
	return s.write(ctx, "delete purchase", func(ctx context.Context, w *writing) error {
		p, err := relational.One(ctx, w, scanPurchase, sqlPurchase, organization, receipt)
		if err != nil {
			return notFound(err)
		}
		if _, err := w.Exec(ctx, sqlDropPurchase, organization, receipt); err != nil {
			return err
		}
		if err := w.forget(ctx, organization, timeline.PurchaseKind, purchasesCollection+receipt); err != nil {
			return err
		}
		return w.bought(ctx, organization, map[string]bool{p.Contact: true})
	})
}

// list adds the conditions that lists of purchases, departures and turnover share: units are names of columns by dimension.
func (c *conditions) list(q store.PurchaseQuery, id, at string, units map[string]string) {
	c.and("organization = " + c.arg(q.Organization))
	if !q.Start.IsZero() {
		c.and(at + " >= " + c.arg(relational.ToMicro(q.Start)))
	}
	if !q.End.IsZero() {
		c.and(at + " < " + c.arg(relational.ToMicro(q.End)))
	}
	if q.Before != (store.PurchaseMark{}) {
		c.and("(" + at + ", " + id + ") < (" + c.arg(relational.ToMicro(q.Before.Time)) + ", " + c.arg(q.Before.ID) + ")")
	}
	c.within(q.Units, units)
}
