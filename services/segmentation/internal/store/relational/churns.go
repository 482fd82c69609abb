package relational

import (
	"bytes"
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

const (
	churnColumns = `id, contact, person, time, reason, create_time`
	sqlChurn     = `SELECT ` + churnColumns + ` FROM churns WHERE organization = $1 AND id = $2`
	sqlPutChurn  = `INSERT INTO churns (organization, ` + churnColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (organization, id) DO UPDATE SET contact = excluded.contact, person = excluded.person, time = excluded.time, reason = excluded.reason`
	sqlDropChurn = `DELETE FROM churns WHERE organization = $1 AND id = $2`

	churnsCollection = "churns/"
)

// churnsTable is departures among what is kept of persons. Why somebody left stands in the timeline.
func churnsTable() personTable {
	return personTable{table: "churns", kind: "churns", name: "'" + churnsCollection + "' || id", time: "time"}
}

func scanChurn(row relational.Scanner) (l store.Churn, err error) {
	var at, created int64
	err = row.Scan(&l.ID, &l.Contact, &l.Person, &at, &l.Reason, &created)
	l.Time, l.CreateTime = relational.FromMicro(at), relational.FromMicro(created)
	return l, err
}

// UpsertChurns implements store.Purchases.
func (s *Store) UpsertChurns(ctx context.Context, organization string, churns []store.Churn) (out []store.Upserted, err error) {
	err = s.write(ctx, "store departures", func(ctx context.Context, w *writing) error {
		who := newCustomers(w, organization)
		out, err = upsert[store.Churn]{
			id: func(l store.Churn) string { return l.ID },
			find: func(ctx context.Context, id string) (store.Churn, error) {
				return relational.One(ctx, w, scanChurn, sqlChurn, organization, id)
			},
			settle: func(ctx context.Context, l store.Churn) (store.Churn, error) {
				c, err := who.of(ctx, l.Contact, l.Person)
				l.Contact, l.Person, l.Respondent, l.Time = c.contact, c.person, "", relational.FromMicro(relational.ToMicro(l.Time))
				return l, err
			},
			renew: func(before, l store.Churn) (store.Churn, bool) {
				l.CreateTime = before.CreateTime
				return l, before.Churn == l.Churn && bytes.Equal(before.Person, l.Person)
			},
			put: func(ctx context.Context, l store.Churn) error {
				if _, err := w.Exec(ctx, sqlPutChurn, organization, l.ID, l.Contact, l.Person, relational.ToMicro(l.Time), l.Reason,
					relational.ToMicro(l.CreateTime)); err != nil {
					return err
				}
				return w.enter(ctx, organization, customer{l.Contact, l.Person}, l.Time, churnsCollection+l.ID, timeline.Churn{Reason: l.Reason})
			},
		}.run(ctx, w, organization, churns)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListChurns implements store.Purchases.
func (s *Store) ListChurns(ctx context.Context, q store.PurchaseQuery) ([]store.Churn, bool, error) {
	where := conditions{}
	where.list(q, "id", "time", nil)
	where.equal("contact", q.Contact)
	all, err := relational.ListOnce(ctx, s.db, scanChurn, `SELECT `+churnColumns+` FROM churns WHERE `+where.text.String()+` ORDER BY time DESC, id DESC LIMIT `+
		where.arg(q.Limit+1), where.args...)
	if err != nil {
		return nil, false, s.db.Explain("list departures", err)
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// DeleteChurn implements store.Purchases.
func (s *Store) DeleteChurn(ctx context.Context, organization, id string) error {
	return s.write(ctx, "delete departure", func(ctx context.Context, w *writing) error {
		if err := found(w.Exec(ctx, sqlDropChurn, organization, id)); err != nil {
			return err
		}
		return w.forget(ctx, organization, timeline.ChurnKind, churnsCollection+id)
	})
}
