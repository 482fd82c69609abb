package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/agenda"
)

// Calendars keeps the secret addresses of calendars.
type Calendars interface {
	// CreateCalendarFeed stores a new feed. Errors: ErrExists when the identifier or the key is taken, ErrTooMany when the owner has as many as there may be.
	CreateCalendarFeed(ctx context.Context, f CalendarFeed, most int) error
	// FindCalendarFeed returns the feed of a key. Errors: ErrNotFound.
	FindCalendarFeed(ctx context.Context, organization, key string) (CalendarFeed, error)
	// ListCalendarFeeds returns the feeds of an owner, those created last first, and whether there are more.
	ListCalendarFeeds(ctx context.Context, organization, owner string, offset, limit int) (feeds []CalendarFeed, more bool, err error)
	// DeleteCalendarFeed removes a feed of an owner and returns it. Errors: ErrNotFound.
	DeleteCalendarFeed(ctx context.Context, organization, owner, id string) (CalendarFeed, error)
}

// CalendarFeed is a secret address at which a calendar is read.
type CalendarFeed struct {
	Organization string `json:"-"`
	ID           string `json:"-"`
	// Owner is the credential that made it, Key the credential that its secret belongs to.
	Owner string `json:"-"`
	Key   string `json:"-"`
	// Roles are those that the owner had: the feed ends when the owner has others.
	Roles []string `json:"roles"`
	// Units are what the owner was restricted to, for owners that nobody can be asked about.
	Units Units `json:"units,omitempty"`
	// Kinds are what it shows, none for all; OwnOnly tells that it shows what the owner sees to.
	Kinds    []agenda.Kind `json:"kinds,omitempty"`
	OwnOnly  bool          `json:"own_only,omitempty"`
	Language string        `json:"language,omitempty"`
	Zone     string        `json:"zone,omitempty"`

	CreateTime time.Time `json:"-"`
}
