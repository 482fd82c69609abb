package relational

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlDropCaseDates = `DELETE FROM case_dates WHERE organization = $1 AND case_id = $2`
	sqlPutCaseDate   = `INSERT INTO case_dates (organization, case_id, kind, number, owner, time, done) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	// sqlCaseDates is followed by a condition. The order of the tables is that in which SQLite reads them.
	sqlCaseDates = `SELECT d.kind, d.case_id, d.number, d.owner, d.time, d.done, c.update_time, c.body FROM case_dates AS d CROSS JOIN cases AS c
WHERE c.organization = d.organization AND c.id = d.case_id AND `
	sqlDatesOfCases = `SELECT d.kind, d.case_id, d.number, d.owner, d.time, d.done, c.update_time, c.body FROM cases AS c CROSS JOIN case_dates AS d
WHERE d.organization = c.organization AND d.case_id = c.id AND `
)

// datesOf are the dates of a case: none of one that is closed.
func datesOf(c *cases.Case) (out []store.CaseDate) {
	if !c.State.Open() {
		return nil
	}
	add := func(kind string, key int, t cases.Task) {
		if !t.Due.IsZero() {
			out = append(out, store.CaseDate{Kind: kind, Case: c.ID, Key: key, Owner: t.Owner, Time: round(t.Due), Done: t.Done})
		}
	}
	add(store.DateDue, 0, cases.Task{Owner: c.Owner, Due: c.Due})
	for i, t := range c.Tasks {
		add(store.DateTask, i, t)
	}
	if c.Prevention != nil {
		add(store.DatePrevention, 0, *c.Prevention)
	}
	return out
}

// putDates stores the dates of a case that had others before.
func (w *writing) putDates(ctx context.Context, before, c *cases.Case) error {
	was, is := datesOf(before), datesOf(c)
	if slices.Equal(was, is) {
		return nil
	}
	if len(was) > 0 {
		if _, err := w.Exec(ctx, sqlDropCaseDates, c.Organization, c.ID); err != nil {
			return err
		}
	}
	var rows [][]any
	for _, d := range is {
		rows = append(rows, []any{c.Organization, c.ID, d.Kind, d.Key, d.Owner, relational.ToMicro(d.Time), flag(d.Done)})
	}
	return w.many(ctx, sqlPutCaseDate, rows)
}

func scanCaseDate(row relational.Scanner) (d store.CaseDate, err error) {
	var at, done, changed int64
	var body []byte
	if err := row.Scan(&d.Kind, &d.Case, &d.Key, &d.Owner, &at, &done, &changed, &body); err != nil {
		return d, err
	}
	d.Time, d.Done, d.Changed = relational.FromMicro(at), done > 0, relational.FromMicro(changed)
	var c cases.Case
	err = decode(body, &c)
	d.Title, d.Written = c.DisplayName, c.Rule == ""
	return d, err
}

// CaseDates implements store.Cases. For a caller of few units it goes by the cases of each, for others by the times.
func (s *Store) CaseDates(ctx context.Context, q store.DateQuery) (out []store.CaseDate, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out = nil
		units := fewUnits(q.Units)
		if len(units) == 0 {
			out, err = datesWhere(ctx, r, sqlCaseDates, q, func(where *conditions) { where.within(q.Units, joinedPlaces) })
			return err
		}
		for _, u := range units {
			found, err := datesWhere(ctx, r, sqlDatesOfCases, q, func(where *conditions) {
				where.and("c.organization = " + where.arg(q.Organization) + " AND c.open = 1")
				for column, value := range map[string]string{"c.company": u.Company, "c.location": u.Location, "c.region": u.Region} {
					if value != "" {
						where.and(column + " <> ''")
						where.equal(column, value)
					}
				}
			})
			if err != nil {
				return err
			}
			out = append(out, found...)
		}
		slices.SortFunc(out, compareDates)
		out = slices.CompactFunc(out, func(a, b store.CaseDate) bool { return compareDates(a, b) == 0 })
		out = out[:min(len(out), q.Limit)]
		return nil
	})
	return out, s.db.Explain("read dates of cases", err)
}

// joinedPlaces is where the dimensions of units stand where cases are joined.
var joinedPlaces = map[string]string{"company": "c.company", "location": "c.location", "region": "c.region", "employee": "c.employee"}

// compareDates orders dates by their times, then so that the order is total.
func compareDates(a, b store.CaseDate) int {
	return cmp.Or(a.Time.Compare(b.Time), strings.Compare(a.Case, b.Case), strings.Compare(a.Kind, b.Kind), cmp.Compare(a.Key, b.Key))
}

// datesWhere reads dates that fit a query and further conditions.
func datesWhere(ctx context.Context, r relational.Reader, statement string, q store.DateQuery, further func(*conditions)) ([]store.CaseDate, error) {
	where := &conditions{}
	where.and("d.organization = " + where.arg(q.Organization))
	where.and("d.time >= " + where.arg(relational.ToMicro(q.From)))
	where.and("d.time < " + where.arg(relational.ToMicro(q.To)))
	where.equal("d.owner", q.Owner)
	among(where, "d.kind", q.Kinds)
	further(where)
	return relational.List(ctx, r, scanCaseDate, statement+where.text.String()+` ORDER BY d.time, d.case_id, d.kind, d.number LIMIT `+where.arg(q.Limit), where.args...)
}

// eraseCases removes cases that fit a condition, with their dates.
func eraseCases(ctx context.Context, w *writing, _, condition string, args []any) (int64, error) {
	if _, err := w.Exec(ctx, `DELETE FROM case_dates WHERE organization = $1 AND case_id IN (SELECT id FROM cases WHERE `+condition+`)`, args...); err != nil {
		return 0, err
	}
	return w.Exec(ctx, `DELETE FROM cases WHERE `+condition, args...)
}
