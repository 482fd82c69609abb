package store

import (
	"context"
	"time"
)

// Erasures remembers what erasures of persons removed.
type Erasures interface {
	// BeginErasure notes that an erasure begins, or begins anew: then what it removed is kept, and it is not settled. Errors: ErrIDReused when it was
	// begun for another person; ErrOutdated.
	BeginErasure(ctx context.Context, organization, id string, person []byte, at time.Time) (Erasure, error)
	// GetErasure returns an erasure as it stands. Errors: ErrNotFound.
	GetErasure(ctx context.Context, organization, id string) (Erasure, error)
	// ErasedKeys returns the keys of what an erasure removed.
	ErasedKeys(ctx context.Context, organization, id string) ([]string, error)
	// SettleErasure notes that nothing can follow any more of what was under way when the erasure began at this time; one that was begun anew since is
	// left as it is.
	SettleErasure(ctx context.Context, organization, id string, began time.Time) error
	// UnsettledErasures returns erasures of all organisations that began before a moment and are not settled, those that began first first.
	UnsettledErasures(ctx context.Context, before time.Time, limit int) ([]Erasure, error)
}

// Erasure is an erasure with what it removed so far.
type Erasure struct {
	Organization, ID string
	// Person is the pseudonym.
	Person []byte
	// BeginTime is when it began last, to the microsecond.
	BeginTime time.Time
	// Responses, Refusals, Comments and Consents count what was removed.
	Responses, Refusals, Comments, Consents int64
	// Position is that of the last removal in the log of changes; 0 when there is none.
	Position int64
	// Settled tells that nothing can follow any more.
	Settled bool
}
