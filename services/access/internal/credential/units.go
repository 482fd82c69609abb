package credential

import "slices"

// Units are what a credential or member is restricted to. The zero value restricts to nothing.
type Units struct {
	Regions   []string `json:"regions,omitempty"`
	Locations []string `json:"locations,omitempty"`
	Companies []string `json:"companies,omitempty"`
	Employees []string `json:"employees,omitempty"`
}

// The dimensions of units, as the contexts of responses name them.
const (
	DimensionRegion   = "region"
	DimensionLocation = "location"
	DimensionCompany  = "company"
	DimensionEmployee = "employee"
)

// UnitsOf are the units of dimensions; dimensions that are not known restrict to nothing that anything belongs to, and are left out.
func UnitsOf(dimensions map[string][]string) Units {
	return Units{
		Regions: dimensions[DimensionRegion], Locations: dimensions[DimensionLocation],
		Companies: dimensions[DimensionCompany], Employees: dimensions[DimensionEmployee],
	}
}

// Dimensions are the units by dimension, without dimensions that have none.
func (u Units) Dimensions() map[string][]string {
	out := make(map[string][]string)
	u.each(func(dimension, _ string, values []string) {
		if len(values) > 0 {
			out[dimension] = values
		}
	})
	return out
}

// Restrict tells whether they restrict to anything.
func (u Units) Restrict() bool {
	return len(u.Regions)+len(u.Locations)+len(u.Companies)+len(u.Employees) > 0
}

// Within tells whether whoever is restricted to u sees nothing that somebody restricted to outer does not see.
func (u Units) Within(outer Units) bool {
	if !outer.Restrict() {
		return true
	}
	if !u.Restrict() {
		return false
	}
	allowed, within := outer.Dimensions(), true
	u.each(func(dimension, _ string, values []string) {
		for _, v := range values {
			within = within && slices.Contains(allowed[dimension], v)
		}
	})
	return within
}

// each calls fn for each dimension with the name of its field.
func (u Units) each(fn func(dimension, field string, values []string)) {
	fn(DimensionRegion, "regions", u.Regions)
	fn(DimensionLocation, "locations", u.Locations)
	fn(DimensionCompany, "companies", u.Companies)
	fn(DimensionEmployee, "employees", u.Employees)
}
