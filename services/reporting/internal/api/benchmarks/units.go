package benchmarks

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// What the condition of a region may be: scoring's filters have up to 100 comparisons in 4,096 characters, of which the request's own filter needs some.
const (
	mostComparisons = 90
	mostCondition   = 3600
)

// conditions are the filters that the answers of own units pass, by the names of the units: of those that are asked for, and of those that values are of. What lies
// in a region is what the directory says, as where callers are restricted to regions: most answers state their location alone.
func (s *Server) conditions(ctx context.Context, q question, values []benchmark.Value) (map[string]string, error) {
	fields := map[string]string{}
	for _, v := range values {
		if unit := counterpartOf(v).unit; unit != "" {
			fields[unit] = "subjects"
		}
	}
	for i, unit := range q.GetUnits() {
		fields[unit] = unitField(i)
	}
	out := make(map[string]string, len(fields))
	var regions, locations []*segmentationv1.Unit
	listed := false
	for unit, field := range fields {
		key, id, _ := benchmark.OwnUnit(unit)
		if key == benchmark.Location {
			out[unit] = stating(key, id)
			continue
		}
		if !listed {
			var err error
			listed = true
			if regions, err = s.Segmentation.Regions(ctx); err != nil {
				return nil, fault.Segmentation(err)
			}
			if locations, err = s.Segmentation.Locations(ctx); err != nil {
				return nil, fault.Segmentation(err)
			}
		}
		within := peers.Within(regions, unit)
		var stated []string
		for name := range within {
			stated = append(stated, stating(key, strings.TrimPrefix(name, "regions/")))
		}
		for _, l := range locations {
			if within[l.GetParent()] {
				stated = append(stated, stating(benchmark.Location, strings.TrimPrefix(l.GetName(), "locations/")))
			}
		}
		slices.Sort(stated)
		out[unit] = "(" + strings.Join(stated, " OR ") + ")"
		if len(stated) > mostComparisons || len(out[unit]) > mostCondition {
			return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, field,
				fmt.Sprintf("%s has %d locations and regions in it, more than one comparison takes: choose regions in it, or locations", unit, len(stated)-1))
		}
	}
	return out, nil
}

// unitField is the field of a unit that is compared with all others.
func unitField(at int) string { return fmt.Sprintf("units[%d]", at) }

// stating is a filter of the answers that state a value; a star stands for itself.
func stating(key, value string) string {
	return key + ` = "` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `*`, `\*`).Replace(value) + `"`
}
