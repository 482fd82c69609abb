package store

import "slices"

// Units are what a caller is restricted to, by dimension (location, region, company, employee); something belongs to the caller when it has one of the values
// in one of the dimensions. Empty: the caller is not restricted.
type Units map[string][]string

// Place is where something belongs; what is empty is not known.
type Place struct{ Company, Location, Region, Employee string }

// Within tells whether something of a place belongs to the caller.
func (u Units) Within(p Place) bool {
	if len(u) == 0 {
		return true
	}
	for _, d := range [...]struct{ name, value string }{{"company", p.Company}, {"location", p.Location}, {"region", p.Region}, {"employee", p.Employee}} {
		if d.value != "" && slices.Contains(u[d.name], d.value) {
			return true
		}
	}
	return false
}
