package api

import (
	"errors"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// mostTries is how often a change without an etag is tried when other changes are faster.
const mostTries = 10

// stated is the etag that a caller states of what is to be changed, empty for none, and the field that holds it.
type stated struct{ etag, field string }

// is refuses what has another etag than the stated one. What is not there yet has an empty one.
func (e stated) is(etag string) error {
	if e.etag != "" && e.etag != etag {
		return etagMismatch(e.field)
	}
	return nil
}

// etagOf is the etag of a document; empty where there is none yet.
func etagOf(created time.Time, version int64) string {
	if version == 0 {
		return ""
	}
	return etag(created, version)
}

// retried reads something, changes it and stores it by a function: again while that is refused with store.ErrChanged since another change was faster, unless the
// caller stated an etag. Other errors pass.
func retried[T any](e stated, change func() (T, error)) (T, error) {
	for range mostTries {
		out, err := change()
		if !errors.Is(err, store.ErrChanged) {
			return out, err
		}
		if e.etag != "" {
			break
		}
	}
	var none T
	return none, etagMismatch(e.field)
}
