package query_test

import (
	"testing"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/query"
)

// TestFiltersThatMayBecomeReadableUseTheirKeys: whether scores by a key are protected must not hang on what has arrived.
func TestFiltersThatMayBecomeReadableUseTheirKeys(t *testing.T) {
	t.Parallel()
	d := query.Data{History: history(), Table: column.NewTable()}
	for filter, want := range map[string]bool{
		`employee = "anna"`:                              true,
		`employee = "anna" AND attributes.new = "x"`:     true,
		`attributes.new = "x" OR NOT employee = "anna"`:  true,
		`attributes.employee = "anna"`:                   false,
		`location = "north"`:                             false,
		`employee = "anna" AND answers.nothing = 3`:      false,
		`employee = "anna" AND attributes. = "x"`:        false,
		`location = "employee" AND channel = "employee"`: false,
	} {
		q := query.Query{Survey: "shop", Filter: filter}
		if got := q.ByEmployee(&d); got != want {
			t.Errorf("%s uses employees: %v", filter, got)
		}
	}
}

// TestAttributesOutsideUnitsAreNotTold answers of an attribute that only others state as of one that nobody states.
func TestAttributesOutsideUnitsAreNotTold(t *testing.T) {
	t.Parallel()
	d := data(t, []*fact.Fact{
		{ID: "a", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start, Context: fact.Context{Location: "north"}},
		{
			ID: "b", Survey: "shop", Revision: 1, Weight: 1, Population: fact.Customer, CountTime: start,
			Context: fact.Context{Location: "south", Attributes: []fact.Attribute{{Name: "vip", Value: "yes"}}},
		},
	})
	d.Cube = nil
	d.Within = column.In{Key: "location", Match: func(v string, _ bool) bool { return v == "north" }}
	for _, key := range []string{"attributes.vip", "attributes.vop"} {
		r, err := query.Run(t.Context(), query.Query{Survey: "shop", Filter: key + ":*"}, d)
		if err != nil || r.Coverage.Counted != 0 {
			t.Errorf("filtered by %s: %+v, %v", key, r.Coverage, err)
		}
		r, err = query.Run(t.Context(), query.Query{Survey: "shop", GroupBy: []string{key}}, d)
		if err != nil || r.Coverage.Counted != 1 {
			t.Errorf("grouped by %s: %+v, %v", key, r.Coverage, err)
		}
	}
}
