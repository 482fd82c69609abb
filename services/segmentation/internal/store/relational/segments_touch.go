package relational

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlHasSegments = `SELECT 1 FROM segments WHERE organization = $1`
	sqlTouch       = `INSERT INTO segment_touches (organization, contact, number, time) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, contact) DO UPDATE SET number = excluded.number, time = excluded.time`
	// What waits keeps its time.
	sqlTouchAnswered = `INSERT INTO segment_touches (organization, contact, number, time) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, contact) DO UPDATE SET number = excluded.number`
	sqlTouchCompany = `INSERT INTO segment_touches (organization, contact, number, time)
SELECT organization, contact, $3, $4 FROM contacts WHERE organization = $1 AND company = $2 AND company <> ''
ON CONFLICT (organization, contact) DO UPDATE SET number = excluded.number, time = excluded.time`
	sqlManyOfCompany = `SELECT 1 FROM contacts WHERE organization = $1 AND company = $2 AND company <> '' LIMIT 1 OFFSET $3`
	sqlTouchAll      = `INSERT INTO segment_sweeps (organization, asked, body) VALUES ($1, $2, $3)
ON CONFLICT (organization) DO UPDATE SET asked = excluded.asked`
	sqlTouches   = `SELECT contact, number, time FROM segment_touches WHERE organization = $1 AND number > $2 ORDER BY number, contact LIMIT $3`
	sqlUntouch   = `DELETE FROM segment_touches WHERE organization = $1 AND contact = $2 AND number = $3`
	sqlLastTouch = `SELECT COALESCE(max(number), 0) FROM counters WHERE kind = 'touches'`
)

// touches number what changed of contacts.
const touches counter = "touches"

// mostOfCompany is how many contacts of a company are touched one by one.
const mostOfCompany = 10_000

// noBody is the body of a sweep that never was.
const noBody = `{}`

// hasSegments tells whether anything is to be compared with rules at all: without segments nobody waits for it.
func hasSegments(ctx context.Context, r relational.Reader, organization string) (bool, error) {
	return relational.Exists(ctx, r, sqlHasSegments, organization)
}

// touch says that something changed of contacts that rules may ask, at a time: they are compared with them anew.
func (w *writing) touch(ctx context.Context, organization string, contacts []string, at time.Time) error {
	return w.touchBy(ctx, sqlTouch, organization, contacts, at)
}

// touchBy is touch by a statement.
func (w *writing) touchBy(ctx context.Context, statement, organization string, contacts []string, at time.Time) error {
	has, err := hasSegments(ctx, w, organization)
	if err != nil || !has || len(contacts) == 0 {
		return err
	}
	number, rows := w.next(touches), make([][]any, len(contacts))
	for i, c := range contacts {
		rows[i] = []any{organization, c, number, relational.ToMicro(at)}
	}
	return w.Many(ctx, statement, rows)
}

// touchCompany says that something changed of companies that rules may ask of their contacts.
func (w *writing) touchCompany(ctx context.Context, organization string, companies []string, at time.Time) error {
	has, err := hasSegments(ctx, w, organization)
	if err != nil || !has {
		return err
	}
	number := w.next(touches)
	for _, c := range companies {
		// Of a company of very many contacts none is named: to write down each would hold up all other writers.
		many, err := relational.List(ctx, w, relational.Value[int64], sqlManyOfCompany, organization, c, mostOfCompany)
		if err != nil {
			return err
		}
		if len(many) > 0 {
			return w.touchAll(ctx, organization)
		}
		if _, err := w.Exec(ctx, sqlTouchCompany, organization, c, number, relational.ToMicro(at)); err != nil {
			return err
		}
	}
	return nil
}

// touchAll says that something changed of more contacts than can be named: all are compared anew.
func (w *writing) touchAll(ctx context.Context, organization string) error {
	has, err := hasSegments(ctx, w, organization)
	if err != nil || !has {
		return err
	}
	_, err = w.Exec(ctx, sqlTouchAll, organization, w.next(touches), []byte(noBody))
	return err
}

// Touches implements store.Segments.
func (s *Store) Touches(ctx context.Context, organization string, after int64, limit int) ([]store.Touch, error) {
	out, err := relational.List(ctx, s.db, scanTouch, sqlTouches, organization, after, limit)
	return out, s.db.Explain("list contacts that changed", err)
}

func scanTouch(row relational.Scanner) (t store.Touch, err error) {
	var at int64
	err = row.Scan(&t.Contact, &t.Number, &at)
	t.Time = relational.FromMicro(at)
	return t, err
}
