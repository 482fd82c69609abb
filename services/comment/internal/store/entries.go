package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/comment/internal/register"
)

// Entries keeps the registers of trends and risks.
type Entries interface {
	// CreateEntry stores a new entry under version 1. Errors: ErrExists.
	CreateEntry(ctx context.Context, e register.Entry) (register.Entry, error)
	// GetEntry returns an entry. Errors: ErrNotFound.
	GetEntry(ctx context.Context, organization, id string) (register.Entry, error)
	// ListEntries returns entries, and whether there are more: risks by severity, the greatest first, then trends; within them those created last first.
	ListEntries(ctx context.Context, q EntryQuery) (entries []register.Entry, more bool, err error)
	// UpdateEntry stores an entry over the version e.Version and returns it with the next version. Errors: ErrNotFound, ErrChanged.
	UpdateEntry(ctx context.Context, e register.Entry) (register.Entry, error)
	// DeleteEntry removes an entry. Errors: ErrNotFound.
	DeleteEntry(ctx context.Context, organization, id string) error
	// FindEntry returns the entry of a theme (Entry.Theme) that was created last. Errors: ErrNotFound.
	FindEntry(ctx context.Context, organization, theme string) (register.Entry, error)
	// ActiveSurveys returns surveys that have comments counted at or after a time, of all organisations, at most limit, after one of them in order.
	ActiveSurveys(ctx context.Context, since time.Time, after [2]string, limit int) ([][2]string, error)
}

// EntryQuery asks for a page of entries.
type EntryQuery struct {
	Organization  string
	Kind          register.Kind    // 0 for any
	States        []register.State // none for any
	Offset, Limit int
}
