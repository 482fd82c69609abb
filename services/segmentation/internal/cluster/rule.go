package cluster

import (
	"fmt"
	"strings"

	"github.com/otklik/otklik/services/segmentation/internal/segment"
)

// Rule is the rule by which contacts belong to a cluster: to be as near to its centre as to no other. Names are those of the attributes. Squared distances
// to two centres differ by what is linear in the attributes, so that each other cluster is one condition. Who is as near to two centres belongs to the first.
func (r *Result) Rule(cluster int, names []string) string {
	own := r.Clusters[cluster].centre
	var conditions []string
	for other, c := range r.Clusters {
		if other == cluster {
			continue
		}
		var bound float64
		var terms []string
		for a, name := range names {
			weight := 2 * (c.centre[a] - own[a]) / r.Deviation[a]
			bound += c.centre[a]*c.centre[a] - own[a]*own[a] + weight*r.Mean[a]
			if weight != 0 {
				terms = append(terms, segment.WriteNumber(weight)+" * "+name)
			}
		}
		relation := "<="
		if other < cluster {
			relation = "<"
		}
		conditions = append(conditions, fmt.Sprintf("%s %s %s", strings.Join(terms, " + "), relation, segment.WriteNumber(bound)))
	}
	return strings.Join(conditions, " && ")
}
