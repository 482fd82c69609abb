package relational

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// conditions are put together into what stands after WHERE.
type conditions struct {
	text strings.Builder
	args []any
	// lists are the names of the parameters of lists that stand in conditions already.
	lists map[list]string
}

// list tells one list from others: the units of a caller stand in several conditions.
type list struct {
	first *string
	n     int
}

// mostListed is how many values are parameters of their own. Callers may have 20,000 units, and statements 32,766 parameters at most, which SQLite looks up one
// by one.
const mostListed = 100

// keysOf is a condition's list of texts as the keys of one parameter of JSON, which both databases read alike.
func (c *conditions) keysOf(values []string) string {
	object := make(map[string]int, len(values))
	for _, v := range values {
		object[v] = 1
	}
	// Maps of texts to numbers never fail to be encoded.
	body, _ := json.Marshal(object)
	return "SELECT key FROM json_each(" + c.arg(string(body)) + ")"
}

// clone is a copy to which further conditions are added.
func (c *conditions) clone() *conditions {
	out := &conditions{args: slices.Clone(c.args), lists: maps.Clone(c.lists)}
	out.text.WriteString(c.text.String())
	return out
}

// arg adds a parameter and returns its name.
func (c *conditions) arg(v any) string {
	c.args = append(c.args, v)
	return fmt.Sprintf("$%d", len(c.args))
}

// and adds a condition.
func (c *conditions) and(condition string) {
	if c.text.Len() > 0 {
		c.text.WriteString(" AND ")
	}
	c.text.WriteString(condition)
}

// equal adds that a column has a value, unless the value is empty.
func (c *conditions) equal(column, v string) {
	if v != "" {
		c.and(column + " = " + c.arg(v))
	}
}

// among adds that a column has one of the values, unless there are none.
func among[T any](c *conditions, column string, values []T) {
	if len(values) > 0 {
		c.and(column + " IN (" + listed(c, values) + ")")
	}
}

// listed adds parameters and returns their names.
func listed[T any](c *conditions, values []T) string {
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = c.arg(v)
	}
	return strings.Join(names, ", ")
}

// placeColumns are where the dimensions of units stand in tables about contacts.
var placeColumns = map[string]string{ofCompany: "company", ofLocation: "location", ofRegion: "region"}

// within adds that something belongs to the units. columns are where the dimensions stand, by dimension; what has no column belongs to none of it.
func (c *conditions) within(units store.Units, columns map[string]string) {
	if len(units) == 0 {
		return
	}
	var either []string
	for _, dimension := range []string{ofCompany, ofLocation, ofRegion, ofEmployee} {
		if column, ok := columns[dimension]; ok {
			either = append(either, c.oneOf(column, units[dimension]))
		}
	}
	c.either(either)
}

// oneOf is the condition that a column has one of the values; empty when there are none. Indexes that leave out rows without a value are used only where that
// stands word for word.
func (c *conditions) oneOf(column string, values []string) string {
	if len(values) == 0 {
		return ""
	}
	these := list{&values[0], len(values)}
	names, ok := c.lists[these]
	if !ok {
		if c.lists == nil {
			c.lists = make(map[list]string)
		}
		if len(values) > mostListed {
			names = c.keysOf(values)
		} else {
			names = listed(c, values)
		}
		c.lists[these] = names
	}
	return column + " IN (" + names + ") AND " + column + " <> ''"
}

// either adds that one of some conditions holds, of which some may be empty: a caller whose units fulfil none sees nothing.
func (c *conditions) either(of []string) {
	of = slices.DeleteFunc(of, func(condition string) bool { return condition == "" })
	if len(of) == 0 {
		c.and("1 = 0")
		return
	}
	c.and("(" + strings.Join(of, " OR ") + ")")
}

// encode is a value as it is kept in a column of JSON.
func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	return b, nil
}

// decode reads what encode wrote.
func decode(text []byte, v any) error {
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}
