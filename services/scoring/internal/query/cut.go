package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/filter"
)

// MaxGroupBy is the greatest number of keys that a query groups by.
const MaxGroupBy = 3

// contextKey is the context key of a name; NoKey for attributes and what enriches responses.
func contextKey(name string) fact.ContextKey {
	for _, k := range fact.ContextKeys() {
		if keyName(k) == name {
			return k
		}
	}
	return fact.NoKey
}

// keyName is the name of a context key.
func keyName(k fact.ContextKey) string { return strings.ToLower(k.String()) }

// cut is by which keys a query cuts responses.
type cut struct {
	groupBy []string
	filter  *filter.Filter
}

// newCut reads the filter of a query and checks its keys.
func newCut(q *Query, schema filter.Schema) (cut, error) {
	if len(q.GroupBy) > MaxGroupBy {
		return cut{}, refuse(TooManyRows, "group_by", "a query groups by up to %d keys", MaxGroupBy)
	}
	for i, k := range q.GroupBy {
		if known, nearest := schema.Key(k); !known {
			return cut{}, unknownKey(fmt.Sprintf("group_by[%d]", i), k, nearest)
		}
		if slices.Contains(q.GroupBy[:i], k) {
			return cut{}, refuse(KeyUnknown, fmt.Sprintf("group_by[%d]", i), "%s is named twice", k)
		}
	}
	f, err := filter.Parse(q.Filter, schema)
	if err != nil {
		return cut{}, filterError(err)
	}
	return cut{groupBy: q.GroupBy, filter: f}, nil
}

// single is the one context key that responses are cut by, and its value if it is filtered by; false when they are cut by more than that.
func (c cut) single() (key fact.ContextKey, value *string, ok bool) {
	if len(c.groupBy) > 1 {
		return fact.NoKey, nil, false
	}
	if len(c.groupBy) == 1 {
		if key = contextKey(c.groupBy[0]); key == fact.NoKey {
			return fact.NoKey, nil, false
		}
	}
	if c.filter == nil {
		return key, nil, true
	}
	name, exact, ok := c.filter.Exact()
	filtered := contextKey(name)
	if !ok || filtered == fact.NoKey || key != fact.NoKey && filtered != key {
		return fact.NoKey, nil, false
	}
	return filtered, &exact, true
}

// EmployeeKey names the key whose scores are protected: they are told in blocks only.
const EmployeeKey = "employee"

// ByEmployee tells whether a query cuts or weighs by whom answers rate. A filter that cannot be read does not: it is refused anyway. One that is
// refused only as long as no answer states some attribute is read: an answer that does may arrive before the query is answered.
func (q *Query) ByEmployee(d *Data) bool {
	if slices.Contains(q.GroupBy, EmployeeKey) {
		return true
	}
	if q.Weighting != nil && slices.ContainsFunc(q.Weighting.Margins, func(m Margin) bool { return m.Key == EmployeeKey }) {
		return true
	}
	schema := d.Schema()
	schema.AnyAttribute = true
	f, err := filter.Parse(q.Filter, schema)
	return err == nil && slices.Contains(f.Names(), EmployeeKey)
}
