package store

import (
	"context"
	"time"
)

// Reanalyses keeps how comments are analysed anew.
type Reanalyses interface {
	// BeginReanalysis stores a reanalysis that runs, with the number of comments with words there are. Errors: ErrExists when one of the organisation runs.
	BeginReanalysis(ctx context.Context, r Reanalysis) (Reanalysis, error)
	// GetReanalysis returns a reanalysis. Errors: ErrNotFound.
	GetReanalysis(ctx context.Context, organization, id string) (Reanalysis, error)
	// ListReanalyses returns reanalyses, the newest first, and whether there are more.
	ListReanalyses(ctx context.Context, organization string, offset, limit int) (list []Reanalysis, more bool, err error)
	// ClaimReanalysis makes the oldest that runs, of all organisations, and is nobody's at the time now, the holder's until a time. Errors: ErrNotFound when there is none.
	ClaimReanalysis(ctx context.Context, holder string, now, until time.Time) (Reanalysis, error)
	// StaleComments returns comments of an organisation whose analysis is not by the model, or older than the aspects' version, with a Seq greater than after, in
	// the order of Seq. Comments whose words are forgotten are left as they are.
	StaleComments(ctx context.Context, organization, model string, aspectsVersion, after int64, limit int) ([]Comment, error)
	// StoreAnalyses stores new analyses with texts and terms, moves the reanalysis on to r.After with its counts, once for each After, and keeps it the holder's
	// until a time; the analysis that was there by another model becomes the previous one. A comment that was changed since it was read (its Original or Seq
	// differs), removed or forgotten is passed over. Testimonials that are no part of the new text lose theirs and are withdrawn.
	// The outbox tells of those where what holds changed. Errors: ErrLost when the reanalysis is another's, or runs no more.
	StoreAnalyses(ctx context.Context, holder string, until time.Time, r Reanalysis, comments []Comment) error
	// EndReanalysis notes that it is done, or was cancelled; one that has ended stays as it is. Errors: ErrNotFound.
	EndReanalysis(ctx context.Context, organization, id string, cancelled bool, at time.Time) (Reanalysis, error)
	// Models counts comments of an organisation by the model of their analysis, by name.
	Models(ctx context.Context, organization string) (map[string]int64, error)
	// StaleOrganizations returns organisations that have comments whose analysis is by another model and no reanalysis that runs, in order.
	StaleOrganizations(ctx context.Context, model string, limit int) ([]string, error)
}

// Reanalysis is the analysis of an organisation's comments anew.
type Reanalysis struct {
	Organization, ID, Model           string
	CreateTime, EndTime               time.Time
	Cancelled                         bool
	Done, Total                       int64
	SentimentsChanged, AspectsChanged int64
	// After is the Seq of the last comment done.
	After int64
}
