package relational

import (
	"context"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// GetCase implements store.Cases.
func (s *Store) GetCase(ctx context.Context, ref store.CaseRef) (cases.Case, error) {
	c, err := caseOf(ctx, s.db, ref)
	return c, s.db.Explain("get case", err)
}

// ListCases implements store.Cases. Cases that are closed lie apart from those that are not: a page of both is merged from two.
func (s *Store) ListCases(ctx context.Context, q store.CaseQuery) (out []cases.Case, more bool, err error) {
	var open, closed []cases.State
	for _, state := range q.States {
		if state.Open() {
			open = append(open, state)
		} else {
			closed = append(closed, state)
		}
	}
	q.Limit++
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out = nil
		for _, part := range []struct {
			asked, open bool
			states      []cases.State
		}{{len(open) > 0 || len(q.States) == 0, true, open}, {len(closed) > 0, false, nil}} {
			if !part.asked {
				continue
			}
			q.States = part.states
			found, err := listCasesOfUnits(ctx, r, q, part.open)
			if err != nil {
				return err
			}
			out = append(out, found...)
		}
		return nil
	})
	if err != nil {
		return nil, false, s.db.Explain("list cases", err)
	}
	if len(open) > 0 && len(closed) > 0 {
		slices.SortFunc(out, func(a, b cases.Case) int { return cases.Compare(&a, &b) })
	}
	out, more = relational.Page(out, q.Limit-1)
	return out, more, nil
}

// mostUnits is up to how many units are asked for one by one.
const mostUnits = 20

// listCasesOfUnits is listCases; for a caller of few units it asks for each in the order of an index and merges, which is faster than looking through all cases.
func listCasesOfUnits(ctx context.Context, r relational.Reader, q store.CaseQuery, open bool) (out []cases.Case, err error) {
	var parts []caseQuery
	for dimension, values := range q.Units {
		for _, v := range values {
			part := caseQuery{CaseQuery: q}
			part.Units = nil
			switch {
			case dimension == "company" && (q.Company == "" || q.Company == v):
				part.Company = v
			case dimension == "location" && (q.Location == "" || q.Location == v):
				part.Location = v
			case dimension == "region":
				part.region = v
			default:
				return listCases(ctx, r, q, open)
			}
			parts = append(parts, part)
		}
	}
	if len(parts) == 0 || len(parts) > mostUnits {
		return listCases(ctx, r, q, open)
	}
	for _, part := range parts {
		found, err := part.list(ctx, r, open)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.SortFunc(out, func(a, b cases.Case) int { return cases.Compare(&a, &b) })
	out = slices.CompactFunc(out, func(a, b cases.Case) bool { return a.ID == b.ID })
	return out[:min(len(out), q.Limit)], nil
}

// caseQuery is a query that may be narrowed to a region, too.
type caseQuery struct {
	store.CaseQuery
	region string
}

// listCases reads cases that are closed, or are not, in order.
func listCases(ctx context.Context, r relational.Reader, q store.CaseQuery, open bool) ([]cases.Case, error) {
	return caseQuery{CaseQuery: q}.list(ctx, r, open)
}

func (q caseQuery) list(ctx context.Context, r relational.Reader, open bool) ([]cases.Case, error) {
	where := caseConditions(q, open)
	if q.After != nil {
		due := q.After.Due
		if due == 0 {
			due = never
		}
		// The first column by itself lets SQLite begin at the right place of the index.
		late := where.arg(1 - flag(q.After.Late))
		where.and("rank_late >= " + late)
		where.and("(" + caseOrder + ") > (" + late + ", " + where.arg(due) + ", " + where.arg(-q.After.Value) + ", " + where.arg(-int64(q.After.Severity)) + ", " +
			where.arg(q.After.ID) + ")")
	}
	return relational.List(ctx, r, scanCase, `SELECT `+caseColumns+` FROM cases WHERE `+where.text.String()+` ORDER BY `+caseOrder+` LIMIT `+where.arg(q.Limit), where.args...)
}

// caseConditions are those of a query. Indexes over a part of the cases are used only where the condition of that part stands word for word.
func caseConditions(q caseQuery, open bool) *conditions {
	where := &conditions{}
	where.and("organization = " + where.arg(q.Organization))
	if open {
		where.and("open = 1")
	} else {
		where.and("open = 0")
	}
	where.equal("queue", q.Queue)
	where.equal("owner", q.Owner)
	if q.Unowned {
		where.and("owner = ''")
	}
	for _, place := range []struct{ column, value string }{{"contact", q.Contact}, {"company", q.Company}, {"location", q.Location}, {"region", q.region}} {
		if where.equal(place.column, place.value); place.value != "" {
			where.and(place.column + " <> ''")
		}
	}
	if open && len(q.States) < int(cases.Resolved) {
		states := make([]int64, 0, len(q.States))
		for _, state := range q.States {
			states = append(states, int64(state))
		}
		among(where, "state", states)
	}
	where.within(q.Units, casePlaces)
	return where
}

// CaseCounts implements store.Cases.
func (s *Store) CaseCounts(ctx context.Context, organization string, units store.Units, now time.Time) (n store.CaseCounts, err error) {
	where := conditions{}
	day := 24 * time.Hour
	soon, now2, since := where.arg(relational.ToMicro(now.Add(day))), where.arg(relational.ToMicro(now)), where.arg(relational.ToMicro(now.Add(-day)))
	where.and("organization = " + where.arg(organization))
	where.and("(open = 1 OR update_time > " + since + ")")
	where.within(units, casePlaces)
	n, err = relational.One(ctx, s.db, func(row relational.Scanner) (n store.CaseCounts, err error) {
		err = row.Scan(&n.Open, &n.Unowned, &n.Late, &n.DueSoon, &n.OpenedSince, &n.ClosedSince)
		return n, err
	}, `SELECT COALESCE(sum(open), 0), COALESCE(sum(CASE WHEN open = 1 AND owner = '' THEN 1 ELSE 0 END), 0),
COALESCE(sum(CASE WHEN open = 1 AND rank_late = 0 THEN 1 ELSE 0 END), 0),
COALESCE(sum(CASE WHEN unresolved = 1 AND rank_due > `+now2+` AND rank_due <= `+soon+` THEN 1 ELSE 0 END), 0),
COALESCE(sum(CASE WHEN create_time > `+since+` THEN 1 ELSE 0 END), 0),
COALESCE(sum(CASE WHEN open = 0 AND update_time > `+since+` THEN 1 ELSE 0 END), 0) FROM cases WHERE `+where.text.String(), where.args...)
	return n, s.db.Explain("count cases", err)
}

// mostDated bounds the cases that are looked through for dates.
const mostDated = 10_000

// CaseDates implements store.Cases.
func (s *Store) CaseDates(ctx context.Context, organization string, units store.Units, from, to time.Time, limit int) ([]store.CaseDate, error) {
	list, err := listCasesOnce(ctx, s.db, store.CaseQuery{Organization: organization, Units: units, Limit: mostDated})
	if err != nil {
		return nil, s.db.Explain("read dates of cases", err)
	}
	var out []store.CaseDate
	for _, c := range list {
		for _, d := range datesOf(c) {
			if !d.Time.Before(from) && d.Time.Before(to) {
				out = append(out, d)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b store.CaseDate) int { return a.Time.Compare(b.Time) })
	return out[:min(len(out), limit)], nil
}

func listCasesOnce(ctx context.Context, db relational.Database, q store.CaseQuery) (out []cases.Case, err error) {
	err = db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out, err = listCases(ctx, r, q, true)
		return err
	})
	return out, err
}

// datesOf are the dates of a case.
func datesOf(c cases.Case) (out []store.CaseDate) {
	place := store.Place{Company: c.About.Company, Location: c.About.Location, Region: c.About.Region, Employee: c.About.Employee}
	add := func(kind string, key int, owner string, at time.Time, done bool) {
		if !at.IsZero() {
			out = append(out, store.CaseDate{Kind: kind, Case: c.ID, Key: key, Owner: owner, Place: place, Time: at, Done: done})
		}
	}
	add("due", 0, c.Owner, c.Due, false)
	for i, t := range c.Tasks {
		add("task", i, t.Owner, t.Due, t.Done)
	}
	if p := c.Prevention; p != nil {
		add("prevention", 0, p.Owner, p.Due, p.Done)
	}
	return out
}
