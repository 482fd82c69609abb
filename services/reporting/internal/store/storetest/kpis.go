package storetest

import (
	"fmt"
	"testing"

	"github.com/otklik/otklik/services/reporting/internal/kpi"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// kpiCases are about definitions of key figures.
func kpiCases() []testCase {
	return []testCase{{"KpiVersions", kpiVersions}, {"KpisAreListed", kpisAreListed}, {"KpisAreLimited", kpisAreLimited}}
}

// kpiOf is a version of a definition.
func kpiOf(id, note string, version int) kpi.Definition {
	return kpi.Definition{ID: id, Version: version, Author: "members/m1", Time: noon, Content: kpi.Content{
		DisplayName: "Sellers", Note: note, Measures: []kpi.Measure{{Component: kpi.Component{ID: "score", Weight: 2, Low: 9.5, High: 1}, Source: kpi.NPS, Survey: "surveys/s", Question: "q"}},
	}}
}

func kpiVersions(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	must(t, "create", s.CreateKpi(ctx, acme, kpiOf("sellers", "first", 1)))
	want(t, "create again", s.CreateKpi(ctx, acme, kpiOf("sellers", "again", 1)), store.ErrExists)
	want(t, "add to what another has", s.AddKpiVersion(ctx, other, kpiOf("sellers", "second", 2)), store.ErrNotFound)
	must(t, "add", s.AddKpiVersion(ctx, acme, kpiOf("sellers", "second", 2)))
	want(t, "add what is there", s.AddKpiVersion(ctx, acme, kpiOf("sellers", "other second", 2)), store.ErrChanged)
	want(t, "leave one out", s.AddKpiVersion(ctx, acme, kpiOf("sellers", "fourth", 4)), store.ErrChanged)
	must(t, "create of another", s.CreateKpi(ctx, other, kpiOf("sellers", "theirs", 1)))
	newest, err := s.Kpi(ctx, acme, "sellers", 0)
	equal(t, "newest", got(t, newest, err), kpiOf("sellers", "second", 2))
	first, err := s.Kpi(ctx, acme, "sellers", 1)
	equal(t, "first", got(t, first, err), kpiOf("sellers", "first", 1))
	_, err = s.Kpi(ctx, acme, "sellers", 3)
	want(t, "read a version that is not", err, store.ErrNotFound)
	versions, err := s.KpiVersions(ctx, acme, "sellers", 0, 1)
	equal(t, "newest versions", got(t, versions, err), []kpi.Definition{kpiOf("sellers", "second", 2)})
	versions, err = s.KpiVersions(ctx, acme, "sellers", 2, 5)
	equal(t, "versions before", got(t, versions, err), []kpi.Definition{kpiOf("sellers", "first", 1)})
	versions, err = s.KpiVersions(ctx, acme, "nobody", 0, 5)
	equal(t, "versions of nothing", got(t, versions, err), nil)
}

func kpisAreListed(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	for _, id := range []string{"c", "a", "b"} {
		must(t, "create", s.CreateKpi(ctx, acme, kpiOf(id, "", 1)))
	}
	must(t, "add", s.AddKpiVersion(ctx, acme, kpiOf("b", "new", 2)))
	list, err := s.ListKpis(ctx, acme, "", 2)
	equal(t, "first page", got(t, list, err), []kpi.Definition{kpiOf("a", "", 1), kpiOf("b", "new", 2)})
	list, err = s.ListKpis(ctx, acme, "b", 2)
	equal(t, "second page", got(t, list, err), []kpi.Definition{kpiOf("c", "", 1)})
	list, err = s.ListKpis(ctx, other, "", 2)
	equal(t, "those of another", got(t, list, err), nil)
}

func kpisAreLimited(t *testing.T, open Open) {
	ctx, s := t.Context(), opened(t, open)
	for i := range store.MostKpis {
		must(t, "create", s.CreateKpi(ctx, acme, kpiOf(fmt.Sprint("k", i), "", 1)))
	}
	want(t, "create one more", s.CreateKpi(ctx, acme, kpiOf("more", "", 1)), store.ErrTooMany)
	must(t, "create of another", s.CreateKpi(ctx, other, kpiOf("more", "", 1)))
}
