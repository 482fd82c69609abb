package segmentation

import (
	"time"

	"github.com/otklik/otklik/libs/chore"
)

// segmentChores compare contacts with the rules of segments, as either changes: those that changed are not kept waiting by all.
func (p parts) segmentChores() []chore.Chore {
	return []chore.Chore{
		{What: "comparing contacts that changed with the rules of segments", Every: time.Second, Do: p.segments.Evaluator.Changed},
		{What: "comparing all contacts with the rules of segments", Every: time.Second, Do: p.segments.Evaluator.All},
	}
}
