package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlVaultAddKeys = `INSERT INTO vault_keys (kind, id, kek, body)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::text[], $4::bytea[]) ON CONFLICT DO NOTHING`
	sqlVaultGetKeys     = `SELECT kind, id, kek, body FROM vault_keys WHERE kind = $1 AND id = ANY($2)`
	sqlVaultDestroyKeys = `DELETE FROM vault_keys WHERE kind = $1 AND id = ANY($2)`
	sqlVaultListKeys    = `SELECT kind, id, kek, body FROM vault_keys WHERE kind = $1 ORDER BY id`
	sqlVaultListWrapped = `SELECT kind, id, kek, body FROM vault_keys WHERE kek = $1 AND kind <> 3 LIMIT $2`
	sqlVaultCountKeys   = `SELECT count(*) FROM (SELECT 1 FROM vault_keys WHERE kek = $1 AND kind <> 3 LIMIT $2) AS k`
	sqlVaultRewrapKeys  = `UPDATE vault_keys AS k SET kek = u.kek, body = u.body
FROM unnest($2::smallint[], $3::text[], $4::text[], $5::bytea[]) AS u (kind, id, kek, body) WHERE k.kind = u.kind AND k.id = u.id AND k.kek = $1`
)

// AddVaultKeys implements store.Vault.
func (s *Store) AddVaultKeys(ctx context.Context, keys []store.WrappedKey) error {
	return s.update(ctx, "add keys", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlVaultAddKeys, wrappedColumns(keys)...)
		return err
	})
}

// wrappedColumns are the columns of keys.
func wrappedColumns(keys []store.WrappedKey) []any {
	kinds, ids, keks, bodies := make([]int16, len(keys)), make([]string, len(keys)), make([]string, len(keys)), make([][]byte, len(keys))
	for i, k := range keys {
		kinds[i], ids[i], keks[i], bodies[i] = int16(k.Kind), k.ID, k.KEK, k.Body
	}
	return []any{kinds, ids, keks, bodies}
}

// GetVaultKeys implements store.Vault.
func (s *Store) GetVaultKeys(ctx context.Context, kind store.KeyKind, ids []string) ([]store.WrappedKey, error) {
	keys, err := list(ctx, s, scanWrapped, sqlVaultGetKeys, int16(kind), ids)
	return keys, s.fail("get keys", err)
}

// DestroyVaultKeys implements store.Vault.
func (s *Store) DestroyVaultKeys(ctx context.Context, kind store.KeyKind, ids []string) (int, error) {
	var destroyed int64
	err := s.update(ctx, "destroy keys", func(ctx context.Context, tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlVaultDestroyKeys, int16(kind), ids)
		destroyed = tag.RowsAffected()
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(destroyed), nil
}

// ListVaultKeys implements store.Vault.
func (s *Store) ListVaultKeys(ctx context.Context, kind store.KeyKind) ([]store.WrappedKey, error) {
	keys, err := list(ctx, s, scanWrapped, sqlVaultListKeys, int16(kind))
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
	err := s.db.Pool.QueryRow(ctx, sqlVaultCountKeys, kek, most).Scan(&n)
	return n, s.fail("count wrapped keys", err)
}

// RewrapKeys implements store.Vault.
func (s *Store) RewrapKeys(ctx context.Context, from string, keys []store.WrappedKey) error {
	return s.update(ctx, "wrap keys anew", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlVaultRewrapKeys, append([]any{from}, wrappedColumns(keys)...)...)
		return err
	})
}

func scanWrapped(row store.Scanner) (store.WrappedKey, error) {
	var k store.WrappedKey
	var kind int16
	err := row.Scan(&kind, &k.ID, &k.KEK, &k.Body)
	k.Kind = store.KeyKind(kind)
	return k, err
}
