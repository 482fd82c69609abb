package api

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/release"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/view"
)

// permissionPersons lets a caller read answers with who gave them and whom they rate.
const permissionPersons = "survey.persons.view"

// caller is on whose behalf scores are computed.
type caller struct {
	organization string
	units        view.Units
	// persons tells that the caller reads answers with the employees whom they rate.
	persons bool
}

// callerOf is the caller of a call.
func callerOf(ctx context.Context) (caller, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return caller{}, err
	}
	p, _ := authn.FromContext(ctx)
	return caller{organization: org, units: view.UnitsOf(p.Units), persons: authz.FromContext(ctx).Holds(permissionPersons)}, nil
}

// scope narrows what a query is answered from to what the caller may see of it. Refusals are *query.Error.
func (s *Server) scope(ctx context.Context, c caller, x subject, d *query.Data) error {
	q := x.query
	population := q.Population
	if population == fact.PopulationUnspecified {
		population = d.History.Population()
	}
	// Who is restricted to employees would see theirs alone by any query.
	byEmployee := population != fact.Employee && (len(c.units[fact.EmployeeKey]) > 0 || q.ByEmployee(d))
	switch {
	case x.single && (population == fact.Employee || byEmployee):
		return &query.Error{Reason: query.NotProtectable, State: true, Description: "these answers come from employees or are chosen by whom they rate, " +
			"and are told in blocks only: ask for scores"}
	case population == fact.Employee || byEmployee:
		return s.protect(ctx, c, q, d, population, byEmployee)
	case c.units.Restricted():
		narrow(c, d)
	}
	return nil
}

// protect answers from released answers.
func (s *Server) protect(ctx context.Context, c caller, q *query.Query, d *query.Data, population fact.Population, byEmployee bool) error {
	grouping := d.History.Grouping()
	if byEmployee {
		grouping = fact.EmployeeKey
	}
	if err := query.CheckProtected(*q, d, grouping, s.Location); err != nil {
		return err
	}
	first, last := months(q, s.Location)
	rules := view.Rules{
		Least: s.LeastAnswers, Location: s.Location, History: d.History, Population: population, ByEmployee: byEmployee, Units: c.units,
		Read: byEmployee && c.persons, First: first, Last: last,
	}
	p, err := s.views.protected(ctx, c.organization, q.Survey, rules)
	if errors.Is(err, view.ErrTooMany) {
		return &query.Error{Reason: query.TooManyRows, Field: "period", Description: "there are too many answers to protect at a time: ask for a shorter period"}
	}
	if err != nil {
		return err
	}
	live := d.Cube
	d.Cube, d.Table, d.Pending, d.Memo = p.Released, nil, false, nil
	d.Protection = &query.Protection{Present: p.Present, Least: int64(s.LeastAnswers), ByEmployee: byEmployee}
	if !byEmployee && !c.units.Restricted() && !d.History.Asks(population) {
		// Nobody of this population was asked: the answer is empty, and says where the answers are.
		d.Protection.Others = live
	}
	return nil
}

// months are the first and the last month of a query's period.
func months(q *query.Query, loc *time.Location) (first, last release.Month) {
	first, last = math.MinInt32, math.MaxInt32
	if !q.Start.IsZero() {
		first = release.MonthOf(q.Start, loc)
	}
	if !q.End.IsZero() {
		last = release.MonthOf(q.End.Add(-1), loc)
	}
	return first, last
}

// narrow answers from what belongs to the caller's units.
func narrow(c caller, d *query.Data) {
	d.Cube, d.Memo, d.Within = nil, nil, within(c.units)
}

// within tells which rows of a table belong to units.
func within(units view.Units) column.Predicate {
	any := column.Or{}
	for key, values := range units {
		any = append(any, column.In{Key: strings.ToLower(key.String()), Match: func(value string, stated bool) bool {
			_, found := slices.BinarySearch(values, value)
			return stated && found
		}})
	}
	return any
}

// ledger is an organisation's live ledger.
type ledger struct {
	store store.Store
	name  store.Ledger
}

var _ view.Ledger = ledger{}

// Facts calls fn with each response of a survey.
func (l ledger) Facts(ctx context.Context, survey string, fn func(int64, *fact.Fact) error) error {
	return l.store.Facts(ctx, l.name, survey, fn)
}

// Refusals calls fn with each refusal of a survey.
func (l ledger) Refusals(ctx context.Context, survey string, fn func(int64, *fact.Refusal) error) error {
	return l.store.Refusals(ctx, l.name, survey, fn)
}

// Releases returns the blocks of a survey.
func (l ledger) Releases(ctx context.Context, survey string) ([][]byte, error) {
	return l.store.Releases(ctx, l.name.Organization, survey)
}

// AddReleases adds to the blocks of a survey.
func (l ledger) AddReleases(ctx context.Context, survey string, after int, blocks [][]byte) error {
	return l.store.AddReleases(ctx, l.name.Organization, survey, after, blocks)
}
