package sqlite

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/webhook"
)

const (
	hookColumns = `organization, id, display_name, url, events, disabled, version, create_time, last_success_time, last_failure_time, failing_since,
secret, old_secret, old_secret_end`

	sqlHookExists = `SELECT 1 FROM webhooks WHERE organization = ? AND id = ?`
	sqlCountHooks = `SELECT count(*) FROM webhooks WHERE organization = ?`
	sqlInsertHook = `INSERT INTO webhooks (organization, id, display_name, url, events, disabled, version, create_time, secret) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)`
	sqlSelectHook = `SELECT ` + hookColumns + ` FROM webhooks WHERE organization = ? AND id = ?`
	sqlListHooks  = `SELECT ` + hookColumns + ` FROM webhooks WHERE organization = ? AND (create_time, id) < (?, ?) ORDER BY create_time DESC, id DESC LIMIT ?`
	sqlUpdateHook = `UPDATE webhooks SET display_name = ?4, url = ?5, events = ?6, failing_since = CASE WHEN disabled = 1 AND ?7 = 0 THEN NULL ELSE failing_since END,
disabled = ?7, version = version + 1 WHERE organization = ?1 AND id = ?2 AND version = ?3`
	sqlRotateHook = `UPDATE webhooks SET old_secret = secret, old_secret_end = ?, secret = ?, version = version + 1 WHERE organization = ? AND id = ?`
	sqlNoteHook   = `UPDATE webhooks SET last_success_time = ?, last_failure_time = ?, failing_since = ?, disabled = ?, version = ? WHERE organization = ? AND id = ?`
	sqlDeleteHook = `DELETE FROM webhooks WHERE organization = ? AND id = ?`

	sqlListSealed    = `SELECT ` + hookColumns + ` FROM webhooks WHERE (organization, id) > (?, ?) ORDER BY organization, id LIMIT ?`
	sqlReplaceSealed = `UPDATE webhooks SET secret = ?, old_secret = ? WHERE organization = ? AND id = ? AND secret = ? AND old_secret IS ?`
)

func scanHook(row store.Scanner) (webhook.Webhook, error) {
	return read(row, (*store.WebhookRow).Fields, store.WebhookRow.Webhook)
}

// CreateWebhook implements store.Webhooks.
func (s *Store) CreateWebhook(ctx context.Context, w webhook.Webhook, most int) (out webhook.Webhook, err error) {
	err = s.update(ctx, "create webhook", func(ctx context.Context, tx *sqlkit.Tx) error {
		if taken, err := exists(ctx, tx, sqlHookExists, w.Organization, w.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		var n int
		if err := tx.QueryRowContext(ctx, sqlCountHooks, w.Organization).Scan(&n); err != nil {
			return err
		}
		if n >= most {
			return store.ErrTooMany
		}
		if _, err := tx.ExecContext(ctx, sqlInsertHook, w.Organization, w.ID, w.DisplayName, w.URL, int64(w.Events), w.Disabled, store.ToNano(w.CreateTime), w.Secret); err != nil {
			return err
		}
		out, err = scanHook(tx.QueryRowContext(ctx, sqlSelectHook, w.Organization, w.ID))
		return err
	})
	return out, err
}

// GetWebhook implements store.Webhooks.
func (s *Store) GetWebhook(ctx context.Context, organization, id string) (webhook.Webhook, error) {
	out, err := scanHook(s.db.QueryRow(ctx, sqlSelectHook, organization, id))
	return out, s.fail("get webhook", err)
}

// ListWebhooks implements store.Webhooks.
func (s *Store) ListWebhooks(ctx context.Context, q store.Query) ([]webhook.Webhook, bool, error) {
	created, id := q.Bounds()
	rows, err := s.db.Query(ctx, sqlListHooks, q.Organization, created, id, q.Limit+1)
	if err != nil {
		return nil, false, s.fail("list webhooks", err)
	}
	out, more, err := fill(rows, q, (*store.WebhookRow).Fields, store.WebhookRow.Size, store.WebhookRow.Webhook)
	return out, more, s.fail("list webhooks", err)
}

// UpdateWebhook implements store.Webhooks.
func (s *Store) UpdateWebhook(ctx context.Context, w webhook.Webhook) (out webhook.Webhook, err error) {
	err = s.update(ctx, "update webhook", func(ctx context.Context, tx *sqlkit.Tx) error {
		changed, err := affected(tx.ExecContext(ctx, sqlUpdateHook, w.Organization, w.ID, w.Version, w.DisplayName, w.URL, int64(w.Events), w.Disabled))
		if err != nil {
			return err
		}
		if out, err = scanHook(tx.QueryRowContext(ctx, sqlSelectHook, w.Organization, w.ID)); err == nil && !changed {
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
	err = s.update(ctx, "rotate secret of webhook", func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlRotateHook, store.ToNano(oldEnd), secret, w.Organization, w.ID); err != nil {
			return err
		}
		out, err = scanHook(tx.QueryRowContext(ctx, sqlSelectHook, w.Organization, w.ID))
		return err
	})
	return out, err
}

// DeleteWebhook implements store.Webhooks.
func (s *Store) DeleteWebhook(ctx context.Context, organization, id string) error {
	return s.update(ctx, "delete webhook", func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlDeleteDeliveries, organization, id); err != nil {
			return err
		}
		found, err := affected(tx.ExecContext(ctx, sqlDeleteHook, organization, id))
		if err == nil && !found {
			err = store.ErrNotFound
		}
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
	return s.update(ctx, "seal secrets of webhook anew", func(ctx context.Context, tx *sqlkit.Tx) error {
		_, err := tx.ExecContext(ctx, sqlReplaceSealed, secret, oldSecret, w.Organization, w.ID, w.Secret, w.OldSecret)
		return err
	})
}
