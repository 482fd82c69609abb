package relational

import (
	"context"
	"slices"

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
	units := fewUnits(q.Units)
	if len(units) == 0 {
		return listCases(ctx, r, q, open)
	}
	for _, u := range units {
		part := caseQuery{CaseQuery: q}
		part.Units = nil
		switch {
		case u.Company != "" && (q.Company == "" || q.Company == u.Company):
			part.Company = u.Company
		case u.Location != "" && (q.Location == "" || q.Location == u.Location):
			part.Location = u.Location
		case u.Region != "":
			part.region = u.Region
		default:
			return listCases(ctx, r, q, open)
		}
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

// fewUnits are the units of a caller one by one; none where they are so many, or such, that each is not asked for by itself.
func fewUnits(units store.Units) (out []store.Place) {
	for dimension, values := range units {
		for _, v := range values {
			switch dimension {
			case "company":
				out = append(out, store.Place{Company: v})
			case "location":
				out = append(out, store.Place{Location: v})
			case "region":
				out = append(out, store.Place{Region: v})
			default:
				return nil
			}
		}
	}
	if len(out) > mostUnits {
		return nil
	}
	return out
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
