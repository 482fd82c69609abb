package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlVaultAddKey      = `INSERT INTO vault_keys (kind, id, kek, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`
	sqlVaultGetKeys     = `SELECT kind, id, kek, body FROM vault_keys WHERE kind = ? AND id IN (SELECT value FROM json_each(?))`
	sqlVaultDestroyKeys = `DELETE FROM vault_keys WHERE kind = ? AND id IN (SELECT value FROM json_each(?))`
	sqlVaultListKeys    = `SELECT kind, id, kek, body FROM vault_keys WHERE kind = ? ORDER BY id`
	sqlVaultListWrapped = `SELECT kind, id, kek, body FROM vault_keys WHERE kek = ? AND kind <> 3 LIMIT ?`
	sqlVaultCountKeys   = `SELECT count(*) FROM (SELECT 1 FROM vault_keys WHERE kek = ? AND kind <> 3 LIMIT ?)`
	sqlVaultRewrapKey   = `UPDATE vault_keys SET kek = ?, body = ? WHERE kind = ? AND id = ? AND kek = ?`
)

// AddVaultKeys implements store.Vault.
func (s *Store) AddVaultKeys(ctx context.Context, keys []store.WrappedKey) error {
	return s.update(ctx, "add keys", func(ctx context.Context, tx *sqlkit.Tx) error {
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, sqlVaultAddKey, int64(k.Kind), k.ID, k.KEK, k.Body); err != nil {
				return err
			}
		}
		return nil
	})
}

// GetVaultKeys implements store.Vault.
func (s *Store) GetVaultKeys(ctx context.Context, kind store.KeyKind, ids []string) ([]store.WrappedKey, error) {
	names, err := json.Marshal(ids)
	if err != nil {
		return nil, fmt.Errorf("spell identifiers of keys: %w", err)
	}
	keys, err := list(ctx, s, scanWrapped, sqlVaultGetKeys, int64(kind), string(names))
	return keys, s.fail("get keys", err)
}

// DestroyVaultKeys implements store.Vault.
func (s *Store) DestroyVaultKeys(ctx context.Context, kind store.KeyKind, ids []string) (int, error) {
	names, err := json.Marshal(ids)
	if err != nil {
		return 0, fmt.Errorf("spell identifiers of keys: %w", err)
	}
	var destroyed int64
	err = s.update(ctx, "destroy keys", func(ctx context.Context, tx *sqlkit.Tx) error {
		res, err := tx.ExecContext(ctx, sqlVaultDestroyKeys, int64(kind), string(names))
		if err != nil {
			return err
		}
		destroyed, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(destroyed), nil
}

// ListVaultKeys implements store.Vault.
func (s *Store) ListVaultKeys(ctx context.Context, kind store.KeyKind) ([]store.WrappedKey, error) {
	keys, err := list(ctx, s, scanWrapped, sqlVaultListKeys, int64(kind))
	return keys, s.fail("list keys", err)
}

// ListWrapped implements store.Vault.
func (s *Store) ListWrapped(ctx context.Context, kek string, limit int) ([]store.WrappedKey, error) {
	keys, err := list(ctx, s, scanWrapped, sqlVaultListWrapped, kek, limit)
	return keys, s.fail("list wrapped keys", err)
}

// CountWrapped implements store.Vault.
func (s *Store) CountWrapped(ctx context.Context, kek string, most int64) (int64, error) {
	var n int64
	err := s.db.QueryRow(ctx, sqlVaultCountKeys, kek, most).Scan(&n)
	return n, s.fail("count wrapped keys", err)
}

// RewrapKeys implements store.Vault.
func (s *Store) RewrapKeys(ctx context.Context, from string, keys []store.WrappedKey) error {
	return s.update(ctx, "wrap keys anew", func(ctx context.Context, tx *sqlkit.Tx) error {
		for _, k := range keys {
			if _, err := tx.ExecContext(ctx, sqlVaultRewrapKey, k.KEK, k.Body, int64(k.Kind), k.ID, from); err != nil {
				return err
			}
		}
		return nil
	})
}

func scanWrapped(row store.Scanner) (store.WrappedKey, error) {
	var k store.WrappedKey
	var kind int64
	err := row.Scan(&kind, &k.ID, &k.KEK, &k.Body)
	k.Kind = store.KeyKind(kind)
	return k, err
}
