// Package inbox tells of cases beside numbers: which are late, and what they are called.
package inbox

import (
	"strings"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Shown is how many cases are shown by name.
const Shown = 5

// Late tells whether a promise of a case that is not solved was broken, and is still owed.
func Late(c *segmentationv1.Case) bool {
	return c.GetFirstResponseBreached() && c.GetFirstResponseTime() == nil || c.GetResolutionBreached()
}

// Convert converts a case.
func Convert(c *segmentationv1.Case) *reportingv1.OverviewCase {
	return &reportingv1.OverviewCase{
		Case: c.GetName(), DisplayName: c.GetDisplayName(), Severity: strings.TrimPrefix(c.GetSeverity().String(), "SEVERITY_"), DueTime: c.GetDueTime(), Overdue: Late(c),
	}
}
