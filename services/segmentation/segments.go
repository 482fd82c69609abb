package segmentation

import (
	"time"

	"github.com/otklik/otklik/libs/chore"
)

// segmentChore compares contacts with the rules of segments, as either changes.
func (p parts) segmentChore() chore.Chore {
	return chore.Chore{What: "comparing contacts with the rules of segments", Every: time.Second, Do: p.segments.Evaluator.Step}
}
