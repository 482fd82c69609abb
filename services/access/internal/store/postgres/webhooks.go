package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const (
	hookColumns = `organization, id, display_name, url, events, disabled, version, create_time, last_success_time, last_failure_time, failing_since,
secret, old_secret, old_secret_end`

	// Whoever adds a webhook of an organisation waits for the others who do: how many there are stays so until the commit.
	sqlLockHooks = `SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/webhooks/' || $1::text, 0))`

	sqlHookExists = `SELECT FROM webhooks WHERE organization = $1 AND id = $2`
	sqlCountHooks = `SELECT count(*) FROM webhooks WHERE organization = $1`
	sqlInsertHook = `INSERT INTO webhooks (organization, id, display_name, url, events, disabled, version, create_time, secret) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $8)`
	sqlSelectHook = `SELECT ` + hookColumns + ` FROM webhooks WHERE organization = $1 AND id = $2`
	sqlListHooks  = `SELECT ` + hookColumns + ` FROM webhooks WHERE organization = $1 AND (create_time, id) < ($2, $3) ORDER BY create_time DESC, id DESC LIMIT $4`
	sqlUpdateHook = `UPDATE webhooks SET display_name = $4, url = $5, events = $6, failing_since = CASE WHEN disabled AND NOT $7 THEN NULL ELSE failing_since END,
disabled = $7, version = version + 1 WHERE organization = $1 AND id = $2 AND version = $3`
	sqlRotateHook = `UPDATE webhooks SET old_secret = secret, old_secret_end = $3, secret = $4, version = version + 1 WHERE organization = $1 AND id = $2`
	sqlNoteHook   = `UPDATE webhooks SET last_success_time = $3, last_failure_time = $4, failing_since = $5, disabled = $6, version = $7
WHERE organization = $1 AND id = $2`
	sqlDeleteHook = `DELETE FROM webhooks WHERE organization = $1 AND id = $2`

	sqlListSealed    = `SELECT ` + hookColumns + ` FROM webhooks WHERE (organization, id) > ($1, $2) ORDER BY organization, id LIMIT $3`
	sqlReplaceSealed = `UPDATE webhooks SET secret = $3, old_secret = $4 WHERE organization = $1 AND id = $2 AND secret = $5 AND old_secret IS NOT DISTINCT FROM $6`
)

func scanHook(row store.Scanner) (webhook.Webhook, error) {
	return read(row, (*store.WebhookRow).Fields, store.WebhookRow.Webhook)
}

// CreateWebhook implements store.Webhooks.
func (s *Store) CreateWebhook(ctx context.Context, w webhook.Webhook, most int) (out webhook.Webhook, err error) {
	err = s.update(ctx, "create webhook", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockHooks, w.Organization); err != nil {
			return err
		}
		if taken, err := exists(ctx, tx, sqlHookExists, w.Organization, w.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		var n int
		if err := tx.QueryRow(ctx, sqlCountHooks, w.Organization).Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return store.ErrTooMany
		}
		if _, err := tx.Exec(ctx, sqlInsertHook, w.Organization, w.ID, w.DisplayName, w.URL, int64(w.Events), w.Disabled, store.ToNano(w.CreateTime), w.Secret); err != nil {
			return err
		}
		out, err = scanHook(tx.QueryRow(ctx, sqlSelectHook, w.Organization, w.ID))
		return err
	})
	return out, err
}

// GetWebhook implements store.Webhooks.
func (s *Store) GetWebhook(ctx context.Context, organization, id string) (webhook.Webhook, error) {
	out, err := scanHook(s.db.Pool.QueryRow(ctx, sqlSelectHook, organization, id))
	return out, s.fail("get webhook", err)
}

// ListWebhooks implements store.Webhooks.
func (s *Store) ListWebhooks(ctx context.Context, q store.Query) ([]webhook.Webhook, bool, error) {
	created, id := q.Bounds()
	rows, err := s.db.Pool.Query(ctx, sqlListHooks, q.Organization, created, id, q.Limit+1)
	if err != nil {
		return nil, false, s.fail("list webhooks", err)
	}
	out, more, err := fill(rows, q, (*store.WebhookRow).Fields, store.WebhookRow.Size, store.WebhookRow.Webhook)
	return out, more, s.fail("list webhooks", err)
}

// UpdateWebhook implements store.Webhooks.
func (s *Store) UpdateWebhook(ctx context.Context, w webhook.Webhook) (out webhook.Webhook, err error) {
	err = s.update(ctx, "update webhook", func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlUpdateHook, w.Organization, w.ID, w.Version, w.DisplayName, w.URL, int64(w.Events), w.Disabled)
		if err != nil {
			return err
		}
		if out, err = scanHook(tx.QueryRow(ctx, sqlSelectHook, w.Organization, w.ID)); err == nil && tag.RowsAffected() == 0 {
			return store.ErrChanged
		}
		return err
	})
	if err != nil {
		return webhook.Webhook{}, err
	}
	return out, nil
}

// RotateWebhook implements store.Webhooks.
func (s *Store) RotateWebhook(ctx context.Context, w webhook.Ref, secret []byte, oldEnd time.Time) (out webhook.Webhook, err error) {
	err = s.update(ctx, "rotate secret of webhook", func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlRotateHook, w.Organization, w.ID, store.ToNano(oldEnd), secret); err != nil {
			return err
		}
		out, err = scanHook(tx.QueryRow(ctx, sqlSelectHook, w.Organization, w.ID))
		return err
	})
	return out, err
}

// DeleteWebhook implements store.Webhooks.
func (s *Store) DeleteWebhook(ctx context.Context, organization, id string) error {
	return s.update(ctx, "delete webhook", func(ctx context.Context, tx pgx.Tx) error {
		// The webhook first: who adds deliveries meanwhile holds it, and is waited for.
		tag, err := tx.Exec(ctx, sqlDeleteHook, organization, id)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return store.ErrNotFound
		}
		_, err = tx.Exec(ctx, sqlDeleteDeliveries, organization, id)
		return err
	})
}

// ListSealed implements store.Webhooks.
func (s *Store) ListSealed(ctx context.Context, after webhook.Ref, limit int) ([]webhook.Webhook, error) {
	out, err := list(ctx, s, scanHook, sqlListSealed, after.Organization, after.ID, limit)
	return out, s.fail("list webhooks of all", err)
}

// ReplaceSealed implements store.Webhooks.
func (s *Store) ReplaceSealed(ctx context.Context, w webhook.Webhook, secret, oldSecret []byte) error {
	return s.update(ctx, "seal secrets of webhook anew", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlReplaceSealed, w.Organization, w.ID, secret, oldSecret, w.Secret, w.OldSecret)
		return err
	})
}
