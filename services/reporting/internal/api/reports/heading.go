package reports

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/authn"
)

// subtitle says whom the report is about: the subject as the directory calls it, or else the survey as colleagues call it.
func (r *run) subtitle(ctx context.Context) string {
	if r.subject == "" {
		return cmp.Or(r.surveyTitle, strings.TrimPrefix(r.survey, "surveys/"))
	}
	return r.unitName(ctx, r.subject)
}

// dimensions are those of the directory that have the units of a dimension.
var dimensions = map[string]string{"location": "locations", "region": "regions", "company": "companies", "employee": "employees", "touchpoint": "touchpoints"}

// namedUnits is how many of the units of a reader are named.
const namedUnits = 3

// scope names the units that the reader is restricted to, as the directory calls them; empty when there are none.
func (r *run) scope(ctx context.Context) string {
	p, _ := authn.FromContext(ctx)
	var names []string
	more := 0
	given := p.Given()
	for _, dimension := range slices.Sorted(maps.Keys(given)) {
		for _, id := range slices.Sorted(slices.Values(given[dimension])) {
			if len(names) == namedUnits {
				more++
				continue
			}
			name := id
			if collection, ok := dimensions[dimension]; ok {
				name = r.unitName(ctx, collection+"/"+id)
			}
			names = append(names, name)
		}
	}
	out := strings.Join(names, ", ")
	if more > 0 {
		out += " +" + strconv.Itoa(more)
	}
	return out
}
