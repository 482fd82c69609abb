package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/recovery"
)

// Recoveries keeps what is asked after cases were closed, and what came of it.
type Recoveries interface {
	// GetRecoveryPolicy returns the policy. Errors: ErrNotFound.
	GetRecoveryPolicy(ctx context.Context, organization string) (recovery.Policy, error)
	// PutRecoveryPolicy stores the policy over the version p.Version, 0 for a new one, and returns it with the next version. Errors: ErrChanged.
	PutRecoveryPolicy(ctx context.Context, p recovery.Policy) (recovery.Policy, error)
	// ApplyClosings moves the follower and enters a recovery for each case that was closed, where the policy asks for one. A case that was closed before has its recovery
	// anew unless it was answered; the recovery of one that is opened again is cancelled unless it was answered. Errors: ErrLost when the follower is not at from.
	ApplyClosings(ctx context.Context, follower string, from, to int64, closings []Closing) error
	// ApplyRecoveryAnswers moves the follower and enters answers into the recoveries that wait for them, or takes them out again. Errors: ErrLost when the follower is
	// not at from.
	ApplyRecoveryAnswers(ctx context.Context, follower string, from, to int64, answers []RecoveryAnswer) error
	// GetRecovery returns the recovery of a case. Errors: ErrNotFound.
	GetRecovery(ctx context.Context, organization, id string) (recovery.Recovery, error)
	// InviteRecovery notes that the contact was invited at a time, and returns the recovery. Errors: ErrNotFound, ErrChanged when it is not one that waits or was invited.
	InviteRecovery(ctx context.Context, organization, id string, at time.Time) (recovery.Recovery, error)
	// ListRecoveries returns recoveries in the order of the times at which they are due, and whether there are more.
	ListRecoveries(ctx context.Context, q RecoveryQuery) (list []recovery.Recovery, more bool, err error)
	// CountRecoveries counts recoveries of cases that were closed from a time to before another one; zero times are open.
	CountRecoveries(ctx context.Context, organization string, from, to time.Time) (recovery.Counts, error)
}

// Closing is that a case was closed, or opened again.
type Closing struct {
	Organization, Case, Contact string
	Person                      []byte
	Time                        time.Time
	// Reopened tells that it was opened; only one that was closed before has a recovery.
	Reopened bool
}

// RecoveryAnswer is an answer to the invitation after a case.
type RecoveryAnswer struct {
	Organization, Case string
	// Response is its name, `surveys/{survey}/responses/{response}`, Survey that of the survey.
	Response, Survey string
	// Removed tells that the response is gone.
	Removed bool
	Scores  []recovery.Scored
}

// RecoveryQuery asks for a page of recoveries.
type RecoveryQuery struct {
	Organization string
	// States narrows them as they are at the time Now; none for all.
	States        []recovery.State
	Now           time.Time
	Offset, Limit int
}
