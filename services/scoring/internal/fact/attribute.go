package fact

import (
	"cmp"
	"fmt"
	"slices"
)

// Attribute is a circumstance that the organisation has named itself.
type Attribute struct {
	Name, Value string
}

// AttributesOf are the attributes of a map, in the order of names; what is stated with an empty value is not stated.
func AttributesOf(m map[string]string) []Attribute {
	if len(m) == 0 {
		return nil
	}
	list := make([]Attribute, 0, len(m))
	for name, value := range m {
		if value != "" {
			list = append(list, Attribute{name, value})
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.SortFunc(list, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// Attribute is the value of an attribute; empty when it was not stated.
func (c Context) Attribute(name string) string {
	i, found := slices.BinarySearchFunc(c.Attributes, name, func(a Attribute, name string) int { return cmp.Compare(a.Name, name) })
	if !found {
		return ""
	}
	return c.Attributes[i].Value
}

// check returns an error that wraps ErrInvalid when attributes are out of order, repeated or empty.
func (c Context) check() error {
	for i, a := range c.Attributes {
		if a.Name == "" || a.Value == "" || i > 0 && c.Attributes[i-1].Name >= a.Name {
			return fmt.Errorf("attribute %q: %w", a.Name, ErrInvalid)
		}
	}
	return nil
}
