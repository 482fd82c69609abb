package relational

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// conditions are put together into what stands after WHERE.
type conditions struct {
	text strings.Builder
	args []any
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
	if len(values) == 0 {
		return
	}
	names := make([]string, len(values))
	for i, v := range values {
		names[i] = c.arg(v)
	}
	c.and(column + " IN (" + strings.Join(names, ", ") + ")")
}

// within adds that something belongs to the units. columns are where the dimensions stand, by dimension; what has no column belongs to none of it.
func (c *conditions) within(units store.Units, columns map[string]string) {
	if len(units) == 0 {
		return
	}
	// Never true, so that a caller whose units have no column sees nothing.
	either := []string{"1 = 0"}
	for _, dimension := range []string{"company", "location", "region", "employee"} {
		column, ok := columns[dimension]
		if !ok || len(units[dimension]) == 0 {
			continue
		}
		names := make([]string, len(units[dimension]))
		for i, v := range units[dimension] {
			names[i] = c.arg(v)
		}
		either = append(either, column+" IN ("+strings.Join(names, ", ")+")")
	}
	c.and("(" + strings.Join(either, " OR ") + ")")
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
