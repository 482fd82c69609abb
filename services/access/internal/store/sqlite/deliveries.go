package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const (
	deliveryColumns = `organization, webhook, id, event, resource, state, attempts, create_time, next_time, last_result`

	sqlWanting        = `SELECT id FROM webhooks WHERE organization = ? AND disabled = 0 AND events & ? <> 0 ORDER BY id`
	sqlInsertDelivery = `INSERT INTO webhook_deliveries (organization, webhook, id, event, resource, state, attempts, create_time, next_time, last_result, person)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, '', NULLIF(?, '')) ON CONFLICT DO NOTHING`
	sqlSelectDelivery = `SELECT ` + deliveryColumns + ` FROM webhook_deliveries WHERE organization = ? AND webhook = ? AND id = ?`
	sqlListDeliveries = `SELECT ` + deliveryColumns + ` FROM webhook_deliveries WHERE organization = ? AND webhook = ? AND (create_time, id) < (?, ?)
ORDER BY create_time DESC, id DESC LIMIT ?`
	sqlReplayDelivery   = `UPDATE webhook_deliveries SET state = 1, attempts = 0, next_time = ?, end_time = NULL WHERE organization = ? AND webhook = ? AND id = ?`
	sqlDeleteDeliveries = `DELETE FROM webhook_deliveries WHERE organization = ? AND webhook = ?`

	sqlDueHooks = `SELECT organization, id FROM webhooks w WHERE disabled = 0 AND (organization, id) > (?, ?) AND EXISTS (SELECT 1 FROM webhook_deliveries d
WHERE d.organization = w.organization AND d.webhook = w.id AND d.state = 1 AND d.next_time <= ?) ORDER BY organization, id LIMIT ?`
	sqlDueDeliveries = `SELECT ` + deliveryColumns + ` FROM webhook_deliveries WHERE organization = ? AND webhook = ? AND state = 1 AND next_time <= ?
ORDER BY next_time, id LIMIT ?`
	sqlClaimDelivery  = `UPDATE webhook_deliveries SET next_time = ?, attempts = attempts + 1 WHERE organization = ? AND webhook = ? AND id = ?`
	sqlFinishDelivery = `UPDATE webhook_deliveries SET state = ?, next_time = ?, end_time = ?, last_result = ?
WHERE organization = ? AND webhook = ? AND id = ? AND state = 1 AND attempts = ? AND next_time = ?`
	sqlSweepDeliveries = `DELETE FROM webhook_deliveries WHERE (organization, webhook, id) IN (SELECT organization, webhook, id FROM webhook_deliveries
WHERE state = ? AND end_time < ? LIMIT ?)`

	sqlWasErased    = `SELECT 1 FROM erased_persons WHERE organization = ? AND person = ? AND until >= ?`
	sqlForgetErased = `DELETE FROM erased_persons WHERE until < ?`
)

func scanDelivery(row store.Scanner) (webhook.Delivery, error) {
	return read(row, (*store.DeliveryRow).Fields, store.DeliveryRow.Delivery)
}

func scanRef(row store.Scanner) (ref webhook.Ref, err error) {
	err = row.Scan(&ref.Organization, &ref.ID)
	return ref, err
}

// EnqueueEvents implements store.Webhooks.
func (s *Store) EnqueueEvents(ctx context.Context, occurrences []webhook.Occurrence) error {
	return s.update(ctx, "enqueue events", func(ctx context.Context, tx *sqlkit.Tx) error { return enqueue(ctx, tx, occurrences) })
}

func enqueue(ctx context.Context, tx *sqlkit.Tx, occurrences []webhook.Occurrence) error {
	type group struct {
		organization string
		event        webhook.Event
	}
	wanting := make(map[group][]string)
	for _, o := range occurrences {
		if o.Person != "" {
			if erased, err := exists(ctx, tx, sqlWasErased, o.Organization, o.Person, store.ToNano(o.Time)); err != nil {
				return err
			} else if erased {
				continue
			}
		}
		g := group{o.Organization, o.Event}
		hooks, known := wanting[g]
		if !known {
			rows, err := tx.QueryContext(ctx, sqlWanting, o.Organization, int64(webhook.SetOf(o.Event)))
			if err != nil {
				return err
			}
			if hooks, err = collect(rows, func(row store.Scanner) (id string, err error) { return id, row.Scan(&id) }); err != nil {
				return err
			}
			wanting[g] = hooks
		}
		for _, id := range hooks {
			if err := insertDelivery(ctx, tx, store.NewDelivery(webhook.Ref{Organization: o.Organization, ID: id}, o)); err != nil {
				return err
			}
		}
	}
	return nil
}

func insertDelivery(ctx context.Context, tx *sqlkit.Tx, d webhook.Delivery) error {
	_, err := tx.ExecContext(ctx, sqlInsertDelivery, d.Webhook.Organization, d.Webhook.ID, d.ID, int64(d.Event), d.Resource, int64(d.State), d.Attempts,
		store.ToNano(d.CreateTime), store.NullNano(d.NextTime), d.Person)
	return err
}

// AddDelivery implements store.Webhooks.
func (s *Store) AddDelivery(ctx context.Context, d webhook.Delivery) error {
	return s.update(ctx, "add delivery", func(ctx context.Context, tx *sqlkit.Tx) error {
		if known, err := exists(ctx, tx, sqlHookExists, d.Webhook.Organization, d.Webhook.ID); err != nil {
			return err
		} else if !known {
			return store.ErrNotFound
		}
		return insertDelivery(ctx, tx, d)
	})
}

// GetDelivery implements store.Webhooks.
func (s *Store) GetDelivery(ctx context.Context, w webhook.Ref, id string) (webhook.Delivery, error) {
	out, err := scanDelivery(s.db.QueryRow(ctx, sqlSelectDelivery, w.Organization, w.ID, id))
	return out, s.fail("get delivery", err)
}

// ListDeliveries implements store.Webhooks.
func (s *Store) ListDeliveries(ctx context.Context, w webhook.Ref, q store.Query) ([]webhook.Delivery, bool, error) {
	if _, err := s.GetWebhook(ctx, w.Organization, w.ID); err != nil {
		return nil, false, err
	}
	created, id := q.Bounds()
	rows, err := s.db.Query(ctx, sqlListDeliveries, w.Organization, w.ID, created, id, q.Limit+1)
	if err != nil {
		return nil, false, s.fail("list deliveries", err)
	}
	out, more, err := fill(rows, q, (*store.DeliveryRow).Fields, store.DeliveryRow.Size, store.DeliveryRow.Delivery)
	return out, more, s.fail("list deliveries", err)
}

// ReplayDelivery implements store.Webhooks.
func (s *Store) ReplayDelivery(ctx context.Context, w webhook.Ref, id string, at time.Time) (out webhook.Delivery, err error) {
	err = s.update(ctx, "replay delivery", func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlReplayDelivery, store.ToNano(at), w.Organization, w.ID, id); err != nil {
			return err
		}
		out, err = scanDelivery(tx.QueryRowContext(ctx, sqlSelectDelivery, w.Organization, w.ID, id))
		return err
	})
	return out, err
}

// DueWebhooks implements store.Webhooks.
func (s *Store) DueWebhooks(ctx context.Context, after webhook.Ref, now time.Time, limit int) ([]webhook.Ref, error) {
	out, err := list(ctx, s, scanRef, sqlDueHooks, after.Organization, after.ID, store.ToNano(now), limit)
	return out, s.fail("find due webhooks", err)
}

// ClaimDeliveries implements store.Webhooks.
func (s *Store) ClaimDeliveries(ctx context.Context, w webhook.Ref, now, until time.Time, limit int) (out []webhook.Delivery, err error) {
	err = s.update(ctx, "claim deliveries", func(ctx context.Context, tx *sqlkit.Tx) error {
		rows, err := tx.QueryContext(ctx, sqlDueDeliveries, w.Organization, w.ID, store.ToNano(now), limit)
		if err != nil {
			return err
		}
		if out, err = collect(rows, scanDelivery); err != nil {
			return err
		}
		for i, d := range out {
			if _, err := tx.ExecContext(ctx, sqlClaimDelivery, store.ToNano(until), w.Organization, w.ID, d.ID); err != nil {
				return err
			}
			out[i].Attempts, out[i].NextTime = d.Attempts+1, store.FromNano(store.ToNano(until))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// FinishDelivery implements store.Webhooks.
func (s *Store) FinishDelivery(ctx context.Context, o webhook.Outcome) error {
	d := o.Delivery
	return s.update(ctx, "finish delivery", func(ctx context.Context, tx *sqlkit.Tx) error {
		changed, err := affected(tx.ExecContext(ctx, sqlFinishDelivery, int64(o.State), store.NullNano(o.NextTime), store.EndOf(o), o.Result,
			d.Webhook.Organization, d.Webhook.ID, d.ID, d.Attempts, store.ToNano(d.NextTime)))
		if err != nil || !changed {
			return err
		}
		w, err := scanHook(tx.QueryRowContext(ctx, sqlSelectHook, d.Webhook.Organization, d.Webhook.ID))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		w = w.After(o)
		_, err = tx.ExecContext(ctx, sqlNoteHook, store.NullNano(w.LastSuccessTime), store.NullNano(w.LastFailureTime), store.NullNano(w.FailingSince),
			w.Disabled, w.Version, w.Organization, w.ID)
		return err
	})
}

// SweepDeliveries implements store.Webhooks.
func (s *Store) SweepDeliveries(ctx context.Context, delivered, failed time.Time, limit int) (n int, err error) {
	err = s.update(ctx, "sweep deliveries", func(ctx context.Context, tx *sqlkit.Tx) error {
		n = 0
		for state, before := range map[webhook.State]time.Time{webhook.Delivered: delivered, webhook.Failed: failed} {
			res, err := tx.ExecContext(ctx, sqlSweepDeliveries, int64(state), store.ToNano(before), limit-n)
			if err != nil {
				return err
			}
			removed, err := res.RowsAffected()
			if err != nil {
				return err
			}
			n += int(removed)
		}
		_, err := tx.ExecContext(ctx, sqlForgetErased, store.ToNano(failed))
		return err
	})
	return n, err
}
