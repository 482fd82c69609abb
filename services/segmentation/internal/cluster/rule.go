package cluster

import (
	"fmt"
	"strconv"
	"strings"
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
				terms = append(terms, number(weight)+" * "+name)
			}
		}
		relation := "<="
		if other < cluster {
			relation = "<"
		}
		conditions = append(conditions, fmt.Sprintf("%s %s %s", strings.Join(terms, " + "), relation, number(bound)))
	}
	return strings.Join(conditions, " && ")
}

// number is a number as rules write it: exact, and real.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.ContainsAny(text, ".e") {
		text += ".0"
	}
	return text
}
