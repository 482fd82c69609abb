package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/digest"
)

// Digests keeps daily e-mails: who gets them, and what became of each.
type Digests interface {
	// CreateDigest stores a new subscription under version 1; it tells of what is told from now on. Errors: ErrExists, ErrTooMany when the organisation has as many as
	// there may be.
	CreateDigest(ctx context.Context, s digest.Subscription, most int) (digest.Subscription, error)
	// GetDigest returns a subscription. Errors: ErrNotFound.
	GetDigest(ctx context.Context, organization, id string) (digest.Subscription, error)
	// ListDigests returns subscriptions, those created last first, and whether there are more.
	ListDigests(ctx context.Context, organization string, offset, limit int) (list []digest.Subscription, more bool, err error)
	// UpdateDigest stores a subscription over the version s.Version and returns it with the next version. Errors: ErrNotFound, ErrChanged.
	UpdateDigest(ctx context.Context, s digest.Subscription) (digest.Subscription, error)
	// DeleteDigest removes a subscription with its deliveries and returns it. Errors: ErrNotFound.
	DeleteDigest(ctx context.Context, organization, id string) (digest.Subscription, error)
	// Unsubscribe notes that the recipient of a key wants no more digests; a second time changes nothing. Errors: ErrNotFound.
	Unsubscribe(ctx context.Context, organization, key string, at time.Time) error

	// DueDigests returns subscriptions of all organisations that are to be sent at a time, those due first first.
	DueDigests(ctx context.Context, now time.Time, limit int) ([]digest.Subscription, error)
	// BeginDigest makes the deliveries of a subscription for a day, of all that was told since the one before, and moves its next time. It does so once: ErrLost when
	// the subscription has another next time by now or is gone.
	BeginDigest(ctx context.Context, s digest.Subscription, day string, now, next time.Time) error
	// ClaimDeliveries returns deliveries of all organisations that are to be tried at a time, with one attempt more, and keeps them from others until a time.
	ClaimDeliveries(ctx context.Context, now, until time.Time, limit int) ([]digest.Delivery, error)
	// SettleDelivery stores what became of a delivery that was claimed. Errors: ErrLost when it was claimed again meanwhile, or is gone.
	SettleDelivery(ctx context.Context, d digest.Delivery) error
	// ListDeliveries returns the deliveries of a subscription, those made last first, and whether there are more.
	ListDeliveries(ctx context.Context, organization, subscription string, offset, limit int) (list []digest.Delivery, more bool, err error)
	// SweepDeliveries removes deliveries that were made before a time, at most limit, and tells how many.
	SweepDeliveries(ctx context.Context, before time.Time, limit int) (int64, error)
	// DigestContent counts what was told in an organisation after a position, up to another one.
	DigestContent(ctx context.Context, organization string, from, to int64) (digest.Content, error)
}
