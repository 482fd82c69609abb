package store

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/services/access/internal/webhook"
)

// ErrTooMany tells that the organisation has as many as it may have.
var ErrTooMany = errors.New("too many")

// ErrLost tells that the feed is another process's by now.
var ErrLost = errors.New("another process follows")

// Webhooks keeps addresses to which events are sent, what is on its way to them, and how far the feed of events was read.
type Webhooks interface {
	Hooks
	Deliveries
	Feed
}

// Hooks keeps webhooks.
type Hooks interface {
	// CreateWebhook stores a new webhook under version 1, unless the organisation has most already. Errors: ErrExists, ErrTooMany.
	CreateWebhook(ctx context.Context, w webhook.Webhook, most int) (webhook.Webhook, error)
	// GetWebhook returns a webhook. Errors: ErrNotFound.
	GetWebhook(ctx context.Context, organization, id string) (webhook.Webhook, error)
	// ListWebhooks returns webhooks, those created last first, and whether there are more.
	ListWebhooks(ctx context.Context, q Query) (hooks []webhook.Webhook, more bool, err error)
	// UpdateWebhook stores DisplayName, URL, Events and Disabled over the version w.Version and returns the webhook with the next version. A webhook that
	// is enabled again has not failed. Errors: ErrNotFound, ErrChanged.
	UpdateWebhook(ctx context.Context, w webhook.Webhook) (webhook.Webhook, error)
	// RotateWebhook gives a webhook another sealed secret; the one before becomes the old one until oldEnd. Errors: ErrNotFound.
	RotateWebhook(ctx context.Context, w webhook.Ref, secret []byte, oldEnd time.Time) (webhook.Webhook, error)
	// DeleteWebhook removes a webhook with its deliveries. Errors: ErrNotFound.
	DeleteWebhook(ctx context.Context, organization, id string) error
	// ListSealed returns webhooks of all organisations after one of them, in the order of their names.
	ListSealed(ctx context.Context, after webhook.Ref, limit int) ([]webhook.Webhook, error)
	// ReplaceSealed puts other sealed texts of the same secrets in place of those of w; where the secrets are other ones by now it changes nothing.
	ReplaceSealed(ctx context.Context, w webhook.Webhook, secret, oldSecret []byte) error
}

// Deliveries keeps what is on its way.
type Deliveries interface {
	// EnqueueEvents makes deliveries of occurrences, pending at once, for the enabled webhooks that want them. Where a delivery of the identifier exists it
	// stays as it is. What happened to a person who was erased since (Erasures.EraseDeliveries) is left out.
	EnqueueEvents(ctx context.Context, occurrences []webhook.Occurrence) error
	// AddDelivery stores a delivery of a webhook. Errors: ErrNotFound.
	AddDelivery(ctx context.Context, d webhook.Delivery) error
	// GetDelivery returns a delivery. Errors: ErrNotFound.
	GetDelivery(ctx context.Context, w webhook.Ref, id string) (webhook.Delivery, error)
	// ListDeliveries returns deliveries of a webhook, those created last first, and whether there are more. Errors: ErrNotFound when there is no webhook.
	ListDeliveries(ctx context.Context, w webhook.Ref, q Query) (deliveries []webhook.Delivery, more bool, err error)
	// ReplayDelivery makes a delivery pending, to be sent at a time, with attempts counted anew. Errors: ErrNotFound.
	ReplayDelivery(ctx context.Context, w webhook.Ref, id string, at time.Time) (webhook.Delivery, error)
	// DueWebhooks returns enabled webhooks after one of them, in the order of their names, with pending deliveries whose NextTime is not after now.
	DueWebhooks(ctx context.Context, after webhook.Ref, now time.Time, limit int) ([]webhook.Ref, error)
	// ClaimDeliveries returns pending deliveries whose NextTime is not after now, the oldest of it first, and moves it to until; Attempts is one more.
	// No delivery is claimed by two calls for the same time.
	ClaimDeliveries(ctx context.Context, w webhook.Ref, now, until time.Time, limit int) ([]webhook.Delivery, error)
	// FinishDelivery notes what came of a claim, also in the webhook (webhook.Webhook.After). When the delivery was claimed or replayed again since, or
	// is gone, nothing changes.
	FinishDelivery(ctx context.Context, o webhook.Outcome) error
	// SweepDeliveries removes deliveries that were delivered before one time, or failed before another, at most limit, and tells how many. It forgets with the
	// failed ones whose messages were left out until then.
	SweepDeliveries(ctx context.Context, delivered, failed time.Time, limit int) (int, error)
}

// Feed keeps how far the logs of other services were read. One process at a time follows each.
type Feed interface {
	// WantsFeed tells whether an enabled webhook wants events that come from a log.
	WantsFeed(ctx context.Context, log webhook.Log) (bool, error)
	// HoldFeed makes the feed the holder's until a time, unless it is another's at the time now. It returns the position, and whether there is one.
	// Errors: ErrLost.
	HoldFeed(ctx context.Context, log webhook.Log, holder string, now, until time.Time) (position int64, begun bool, err error)
	// PlaceFeed sets the position of the feed that is the holder's; nil forgets it. Errors: ErrLost.
	PlaceFeed(ctx context.Context, log webhook.Log, holder string, position *int64) error
	// AdvanceFeed moves the position of the feed that is the holder's from one to another, and enqueues what was read between, all or nothing. Errors: ErrLost,
	// also when the position is not from.
	AdvanceFeed(ctx context.Context, log webhook.Log, holder string, from, to int64, occurrences []webhook.Occurrence) error
	// LeaveFeed gives the feed up if it is the holder's.
	LeaveFeed(ctx context.Context, log webhook.Log, holder string) error
}

// WebhookRow is a row of a webhook.
type WebhookRow struct {
	Organization, ID, DisplayName, URL string
	Events                             int64
	Disabled                           bool
	Version, CreateTime                int64
	Success, Failure, Failing          *int64
	Secret, OldSecret                  []byte
	OldSecretEnd                       *int64
}

// Fields are where the columns are read to: organization, id, display_name, url, events, disabled, version, create_time, last_success_time,
// last_failure_time, failing_since, secret, old_secret, old_secret_end.
func (r *WebhookRow) Fields() []any {
	return []any{
		&r.Organization, &r.ID, &r.DisplayName, &r.URL, &r.Events, &r.Disabled, &r.Version, &r.CreateTime, &r.Success, &r.Failure, &r.Failing, &r.Secret,
		&r.OldSecret, &r.OldSecretEnd,
	}
}

// Size is about how large the webhook is on a page.
func (r WebhookRow) Size() int { return len(r.DisplayName) + len(r.URL) }

// Webhook is the webhook of the row.
func (r WebhookRow) Webhook() (webhook.Webhook, error) {
	return webhook.Webhook{
		Ref: webhook.Ref{Organization: r.Organization, ID: r.ID}, DisplayName: r.DisplayName, URL: r.URL, Events: webhook.Events(r.Events),
		Disabled: r.Disabled, Version: r.Version, CreateTime: FromNano(r.CreateTime), LastSuccessTime: FromNull(r.Success), LastFailureTime: FromNull(r.Failure),
		FailingSince: FromNull(r.Failing), Secret: r.Secret, OldSecret: r.OldSecret, OldSecretEnd: FromNull(r.OldSecretEnd),
	}, nil
}

// DeliveryRow is a row of a delivery.
type DeliveryRow struct {
	Organization, Webhook, ID string
	Event                     int16
	Resource                  string
	State                     int16
	Attempts                  int32
	CreateTime                int64
	Next                      *int64
	Result                    string
}

// Fields are where the columns are read to: organization, webhook, id, event, resource, state, attempts, create_time, next_time, last_result.
func (r *DeliveryRow) Fields() []any {
	return []any{&r.Organization, &r.Webhook, &r.ID, &r.Event, &r.Resource, &r.State, &r.Attempts, &r.CreateTime, &r.Next, &r.Result}
}

// Size is about how large the delivery is on a page.
func (r DeliveryRow) Size() int { return len(r.Resource) + len(r.Result) }

// Delivery is the delivery of the row.
func (r DeliveryRow) Delivery() (webhook.Delivery, error) {
	return webhook.Delivery{
		Webhook: webhook.Ref{Organization: r.Organization, ID: r.Webhook}, ID: r.ID, Event: webhook.Event(r.Event), Resource: r.Resource,
		State: webhook.State(r.State), Attempts: int(r.Attempts), CreateTime: FromNano(r.CreateTime), NextTime: FromNull(r.Next), LastResult: r.Result,
	}, nil
}

// NewDelivery is the delivery of an occurrence to a webhook.
func NewDelivery(w webhook.Ref, o webhook.Occurrence) webhook.Delivery {
	return webhook.Delivery{
		Webhook: w, ID: webhook.DeliveryID(w, o), Event: o.Event, Resource: o.Resource, State: webhook.Pending, CreateTime: o.Time, NextTime: o.Time,
		Person: o.Person,
	}
}

// EndOf is when a delivery ended, as backends keep it; nil while it has not.
func EndOf(o webhook.Outcome) *int64 {
	if o.State == webhook.Pending {
		return nil
	}
	return NullNano(o.Time)
}
