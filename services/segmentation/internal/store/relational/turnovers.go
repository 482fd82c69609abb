package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/retention"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	turnoverColumns = `id, location, start_time, end_time, headcount, leavers, create_time`
	sqlTurnover     = `SELECT ` + turnoverColumns + ` FROM turnovers WHERE organization = $1 AND id = $2`
	sqlPutTurnover  = `INSERT INTO turnovers (organization, ` + turnoverColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (organization, id) DO UPDATE SET location = excluded.location, start_time = excluded.start_time, end_time = excluded.end_time,
headcount = excluded.headcount, leavers = excluded.leavers`
	sqlDropTurnover     = `DELETE FROM turnovers WHERE organization = $1 AND id = $2`
	sqlTurnoverOverlaps = `SELECT 1 FROM turnovers WHERE organization = $1 AND location = $2 AND start_time < $4 AND end_time > $3 AND id <> $5`
	sqlTurnoverWithin   = `SELECT ` + turnoverColumns + ` FROM turnovers WHERE organization = $1 AND start_time >= $2 AND end_time <= $3 ORDER BY location, start_time`
)

func scanTurnover(row relational.Scanner) (t store.Turnover, err error) {
	var start, end, created int64
	err = row.Scan(&t.ID, &t.Location, &start, &end, &t.Headcount, &t.Leavers, &created)
	t.Start, t.End, t.CreateTime = relational.FromMicro(start), relational.FromMicro(end), relational.FromMicro(created)
	return t, err
}

// UpsertTurnovers implements store.Purchases.
func (s *Store) UpsertTurnovers(ctx context.Context, organization string, turnovers []store.Turnover) (out []store.Upserted, err error) {
	err = s.write(ctx, "store turnover", func(ctx context.Context, w *writing) error {
		out, err = upsert[store.Turnover]{
			id: func(t store.Turnover) string { return t.ID },
			find: func(ctx context.Context, id string) (store.Turnover, error) {
				return relational.One(ctx, w, scanTurnover, sqlTurnover, organization, id)
			},
			settle: func(ctx context.Context, t store.Turnover) (store.Turnover, error) {
				start, end := relational.ToMicro(t.Start), relational.ToMicro(t.End)
				t.Start, t.End = relational.FromMicro(start), relational.FromMicro(end)
				twice, err := relational.Exists(ctx, w, sqlTurnoverOverlaps, organization, t.Location, start, end, t.ID)
				if err == nil && twice {
					err = store.ErrExists
				}
				return t, err
			},
			renew: func(before, t store.Turnover) (store.Turnover, bool) {
				t.CreateTime = before.CreateTime
				return t, before.Turnover == t.Turnover
			},
			put: func(ctx context.Context, t store.Turnover) error {
				_, err := w.Exec(ctx, sqlPutTurnover, organization, t.ID, t.Location, relational.ToMicro(t.Start), relational.ToMicro(t.End), t.Headcount, t.Leavers,
					relational.ToMicro(t.CreateTime))
				return err
			},
		}.run(ctx, w, organization, turnovers)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ListTurnovers implements store.Purchases.
func (s *Store) ListTurnovers(ctx context.Context, q store.PurchaseQuery) ([]store.Turnover, bool, error) {
	where := conditions{}
	where.list(q, "id", "start_time", map[string]string{"location": "location"})
	where.equal("location", q.Location)
	all, err := relational.ListOnce(ctx, s.db, scanTurnover, `SELECT `+turnoverColumns+` FROM turnovers WHERE `+where.text.String()+
		` ORDER BY start_time DESC, id DESC LIMIT `+where.arg(q.Limit+1), where.args...)
	if err != nil {
		return nil, false, s.db.Explain("list turnover", err)
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// DeleteTurnover implements store.Purchases.
func (s *Store) DeleteTurnover(ctx context.Context, organization, id string) error {
	return s.write(ctx, "delete turnover", func(ctx context.Context, w *writing) error {
		return found(w.Exec(ctx, sqlDropTurnover, organization, id))
	})
}

// TurnoverByLocation implements store.Purchases.
func (s *Store) TurnoverByLocation(ctx context.Context, organization string, periods retention.Periods) (map[string]retention.Place, error) {
	list, err := relational.List(ctx, s.db, scanTurnover, sqlTurnoverWithin, organization, relational.ToMicro(periods.OutcomeStart),
		relational.ToMicro(periods.OutcomeEnd))
	if err != nil {
		return nil, s.db.Explain("add up turnover", err)
	}
	out := map[string]retention.Place{}
	for _, t := range list {
		p := out[t.Location]
		p.Leavers += t.Leavers
		p.PersonYears += t.PersonYears()
		out[t.Location] = p
	}
	return out, nil
}
