package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/otklik/otklik/services/access/internal/erasure"
)

// Erasures keeps erasures, those that run and the receipts of those that are done.
type Erasures interface {
	// CreateErasure stores an erasure. When its RequestID is not empty and was used before in the organisation it stores nothing and returns the
	// erasure of that call as it is now, with replayed=true. Errors: ErrExists when the identifier is taken.
	CreateErasure(ctx context.Context, e erasure.Erasure) (stored erasure.Erasure, replayed bool, err error)
	// GetErasure returns an erasure. Errors: ErrNotFound.
	GetErasure(ctx context.Context, organization, id string) (erasure.Erasure, error)
	// ListErasures returns erasures, those created last first, and whether there are more: only those that run or ended at the time since or later, unless that is
	// zero.
	ListErasures(ctx context.Context, q Query, since time.Time) (page []erasure.Erasure, more bool, err error)
	// OldestErasure tells when the oldest erasure that still runs was asked for, in whatever organisation; zero when none runs.
	OldestErasure(ctx context.Context) (time.Time, error)
	// EraseInvitations removes invitations with their secrets for an erasure, remembers how many those were and how many keys they were sealed with, and tells
	// how many the erasure has removed in all its calls.
	EraseInvitations(ctx context.Context, organization, erasure string, ids []string, keys int) (ErasedInvitations, error)
	// EraseDeliveries removes messages to webhooks that name a person, remembers for an erasure how many those were, and tells how many it has removed in all its
	// calls. What happened until a time to the person is not enqueued any more, even if it was read of a log before.
	EraseDeliveries(ctx context.Context, organization, erasure, person string, until time.Time) (int64, error)
	erasure.Queue
}

// ErasedInvitations is what an erasure removed.
type ErasedInvitations struct{ Tokens, Keys int64 }

// The kinds of what is counted.
const (
	CountedTokens = "invitation_tokens"
	CountedKeys   = "keys"
	// CountedDeliveries are messages to webhooks.
	CountedDeliveries = "webhook_deliveries"
)

// PlaceOfErasure is an erasure's place in lists.
func PlaceOfErasure(e erasure.Erasure) Place { return Place{CreateTime: e.CreateTime, ID: e.ID} }

// ErasureRow is a row of an erasure.
type ErasureRow struct {
	Organization, ID string
	RequestID        *string
	State            int64
	Created          int64
	Ended            *int64
	Due              int64
	Progress         string
}

// ErasureColumns are the columns of an ErasureRow in the order of Fields.
const ErasureColumns = `organization, id, request_id, state, create_time, end_time, due_time, progress`

// NewErasureRow is an erasure as backends keep it.
func NewErasureRow(e erasure.Erasure) (ErasureRow, error) {
	progress, err := json.Marshal(e.Progress)
	if err != nil {
		return ErasureRow{}, fmt.Errorf("encode progress of erasure: %w", err)
	}
	row := ErasureRow{
		Organization: e.Organization, ID: e.ID, State: int64(e.State), Created: ToNano(e.CreateTime), Ended: NullNano(e.EndTime), Due: ToNano(e.Due),
		Progress: string(progress),
	}
	if e.RequestID != "" {
		row.RequestID = &e.RequestID
	}
	return row, nil
}

// Values are the values of the columns.
func (r ErasureRow) Values() []any {
	return []any{r.Organization, r.ID, r.RequestID, r.State, r.Created, r.Ended, r.Due, r.Progress}
}

// Fields are where a row is read to.
func (r *ErasureRow) Fields() []any {
	return []any{&r.Organization, &r.ID, &r.RequestID, &r.State, &r.Created, &r.Ended, &r.Due, &r.Progress}
}

// Erasure is what NewErasureRow made the row of.
func (r ErasureRow) Erasure() (erasure.Erasure, error) {
	e := erasure.Erasure{
		Organization: r.Organization, ID: r.ID, State: erasure.State(r.State), CreateTime: FromNano(r.Created), EndTime: FromNull(r.Ended), Due: FromNano(r.Due),
	}
	if r.RequestID != nil {
		e.RequestID = *r.RequestID
	}
	if err := json.Unmarshal([]byte(r.Progress), &e.Progress); err != nil {
		return erasure.Erasure{}, fmt.Errorf("decode progress of erasure: %w", err)
	}
	return e, nil
}

// ErasureCandidates is how many erasures are looked at for one to claim: more than there are others who look.
const ErasureCandidates = 16
