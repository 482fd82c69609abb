package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/share"
)

// ShareMark is where a list of links goes on: after the link that was made then and has the identifier. The zero mark is the beginning.
type ShareMark struct {
	Create time.Time
	ID     string
}

// Shares keeps links by which reports are read without logging in. It knows no secrets.
type Shares interface {
	// CreateShare stores a link. Errors: ErrExists; ErrTooMany when the organisation has as many as there may be.
	CreateShare(ctx context.Context, s share.Share, most int) error
	// GetShare returns a link. Errors: ErrNotFound.
	GetShare(ctx context.Context, organization, id string) (share.Share, error)
	// ShareOf returns the link of a credential. Errors: ErrNotFound.
	ShareOf(ctx context.Context, organization, key string) (share.Share, error)
	// ListShares returns links, those made last first. A creator narrows them; empty for all.
	ListShares(ctx context.Context, organization, creator string, after ShareMark, limit int) ([]share.Share, error)
	// DeleteShare forgets a link. That there is none changes nothing.
	DeleteShare(ctx context.Context, organization, id string) error
	// NoteView counts that a link was read. That there is none changes nothing.
	NoteView(ctx context.Context, organization, id string, at time.Time) error
	// MailedShares returns the links that schedules mailed to a recipient, by the credential of the recipient.
	MailedShares(ctx context.Context, organization, recipient string) ([]share.Share, error)
	// EndedShares returns links of all organisations whose time was over before a time, those that ended first first.
	EndedShares(ctx context.Context, before time.Time, limit int) ([]share.Share, error)
}
