package store

import (
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// TimelineEntry is something that is remembered of a contact. There is one for each organisation, kind and resource: another one takes its place.
type TimelineEntry struct {
	Organization string
	Contact      string
	// Person is the pseudonym by which it came; nil for none.
	Person   []byte
	Time     time.Time
	Kind     timeline.Kind
	Resource string
	// Body is what timeline.Encode made.
	Body []byte
}
