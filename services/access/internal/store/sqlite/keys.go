package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlInsertKey = `INSERT INTO api_keys (organization, id, version, create_time, expire_time, body) VALUES (?, ?, 1, ?, ?, ?) ON CONFLICT DO NOTHING`
	sqlSelectKey = `SELECT ` + keyColumns + ` FROM api_keys WHERE organization = ? AND id = ?`
	sqlListKeys  = `SELECT ` + keyColumns + ` FROM api_keys WHERE organization = ? AND (create_time, id) < (?, ?) ORDER BY create_time DESC, id DESC LIMIT ?`
	sqlUpdateKey = `UPDATE api_keys SET version = version + 1, expire_time = ?, body = ?
WHERE organization = ? AND id = ? AND version = ? AND revoke_time IS NULL`
	sqlTouchKey = `UPDATE api_keys SET version = version + 1 WHERE organization = ? AND id = ? AND version = ? AND revoke_time IS NULL`
	sqlRevoke   = `UPDATE api_keys SET version = version + 1, revoke_time = ? WHERE organization = ? AND id = ? AND revoke_time IS NULL`

	sqlInsertSecret = `INSERT INTO secrets (sha256, organization, kind, owner, hint, create_time, expire_time) VALUES (?, ?, ?, ?, ?, ?, ?)`
	sqlEndSecrets   = `UPDATE secrets SET expire_time = ?4
WHERE organization = ?1 AND kind = ?2 AND owner = ?3 AND (expire_time IS NULL OR expire_time > ?4)`
	sqlDeleteSecrets = `DELETE FROM secrets WHERE organization = ? AND kind IN (?, ?) AND owner = ?`
	sqlKeySecrets    = `SELECT owner, hint, create_time, expire_time, last_use_time FROM secrets
WHERE organization = ? AND kind = ? AND owner IN (SELECT value FROM json_each(?)) ORDER BY create_time DESC, expire_time IS NULL DESC, sha256`
)

// CreateKey implements store.Keys.
func (s *Store) CreateKey(ctx context.Context, key store.Key, secret store.Secret) (out store.Key, err error) {
	body, err := store.EncodeBody(key.Key)
	if err != nil {
		return store.Key{}, err
	}
	err = s.update(ctx, "create key", func(ctx context.Context, tx *sqlkit.Tx) error {
		fresh, err := affected(tx.ExecContext(ctx, sqlInsertKey, key.Organization, key.ID, store.ToNano(key.CreateTime), store.NullNano(key.ExpireTime), body))
		if err != nil {
			return err
		}
		if !fresh {
			return store.ErrExists
		}
		if err := insertSecret(ctx, tx, key.Organization, store.SecretOfKey, key.ID, secret, time.Time{}); err != nil {
			return err
		}
		out, err = keyOf(ctx, tx, key.Organization, key.ID)
		return err
	})
	return out, err
}

// insertSecret stores a secret of something.
func insertSecret(ctx context.Context, tx *sqlkit.Tx, organization string, kind store.SecretKind, owner string, secret store.Secret, expires time.Time) error {
	_, err := tx.ExecContext(ctx, sqlInsertSecret, secret.Digest[:], organization, int64(kind), owner, secret.Hint,
		store.ToNano(secret.CreateTime), store.NullNano(expires))
	return err
}

// querier runs queries.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// keyOf reads a key with its secrets.
func keyOf(ctx context.Context, q querier, organization, id string) (store.Key, error) {
	key, err := scanKey(q.QueryRowContext(ctx, sqlSelectKey, organization, id))
	if err != nil {
		return store.Key{}, err
	}
	keys := []store.Key{key}
	err = addSecrets(ctx, q, organization, keys)
	return keys[0], err
}

// addSecrets reads the secrets of keys of one organisation.
func addSecrets(ctx context.Context, q querier, organization string, keys []store.Key) error {
	if len(keys) == 0 {
		return nil
	}
	ids, index := make([]string, len(keys)), make(map[string]int, len(keys))
	for i, k := range keys {
		ids[i], index[k.ID] = k.ID, i
	}
	list, err := json.Marshal(ids)
	if err != nil {
		return fmt.Errorf("encode identifiers: %w", err)
	}
	rows, err := q.QueryContext(ctx, sqlKeySecrets, organization, int64(store.SecretOfKey), string(list))
	if err != nil {
		return err
	}
	_, err = collect(rows, func(row store.Scanner) (struct{}, error) {
		owner, secret, err := store.ScanKeySecret(row)
		if err != nil {
			return struct{}{}, err
		}
		key := &keys[index[owner]]
		key.Secrets = append(key.Secrets, secret)
		return struct{}{}, nil
	})
	return err
}

// reader runs queries on the reading connections with prepared statements.
type reader struct{ db *sqlkit.DB }

func (r reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.db.Query(ctx, query, args...)
}

func (r reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return r.db.QueryRow(ctx, query, args...)
}

// GetKey implements store.Keys.
func (s *Store) GetKey(ctx context.Context, organization, id string) (store.Key, error) {
	out, err := keyOf(ctx, reader{s.db}, organization, id)
	return out, s.fail("get key", err)
}

// ListKeys implements store.Keys.
func (s *Store) ListKeys(ctx context.Context, q store.Query) ([]store.Key, bool, error) {
	created, id := q.Bounds()
	rows, err := s.db.Query(ctx, sqlListKeys, q.Organization, created, id, q.Limit+1)
	if err != nil {
		return nil, false, s.fail("list keys", err)
	}
	out, more, err := fill(rows, q, (*store.KeyRow).Fields, func(r store.KeyRow) int { return len(r.Body) }, store.KeyRow.Key)
	if err != nil {
		return nil, false, s.fail("list keys", err)
	}
	return out, more, s.fail("list secrets of keys", addSecrets(ctx, reader{s.db}, q.Organization, out))
}

// UpdateKey implements store.Keys.
func (s *Store) UpdateKey(ctx context.Context, key store.Key) (out store.Key, err error) {
	body, err := store.EncodeBody(key.Key)
	if err != nil {
		return store.Key{}, err
	}
	err = s.update(ctx, "update key", func(ctx context.Context, tx *sqlkit.Tx) error {
		out, err = changeKey(ctx, tx, key.Organization, key.ID, sqlUpdateKey, store.NullNano(key.ExpireTime), body, key.Organization, key.ID, key.Version)
		return err
	})
	return out, err
}

// changeKey runs a statement that changes a key of a version, and returns the key.
func changeKey(ctx context.Context, tx *sqlkit.Tx, organization, id, statement string, args ...any) (store.Key, error) {
	changed, err := affected(tx.ExecContext(ctx, statement, args...))
	if err != nil {
		return store.Key{}, err
	}
	key, err := keyOf(ctx, tx, organization, id)
	if err == nil && !changed {
		err = store.ErrChanged
	}
	return key, err
}

// RotateKey implements store.Keys.
func (s *Store) RotateKey(ctx context.Context, organization, id string, version int64, secret store.Secret, end time.Time) (out store.Key, err error) {
	err = s.update(ctx, "rotate key", func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := changeKey(ctx, tx, organization, id, sqlTouchKey, organization, id, version); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlEndSecrets, organization, int64(store.SecretOfKey), id, store.ToNano(end)); err != nil {
			return err
		}
		if err := insertSecret(ctx, tx, organization, store.SecretOfKey, id, secret, time.Time{}); err != nil {
			return err
		}
		out, err = keyOf(ctx, tx, organization, id)
		return err
	})
	return out, err
}

// RevokeKey implements store.Keys.
func (s *Store) RevokeKey(ctx context.Context, organization, id string, at time.Time) (out store.Key, err error) {
	err = s.update(ctx, "revoke key", func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlDeleteSecrets, organization, int64(store.SecretOfKey), int64(store.DelegatedKey), id); err != nil {
			return err
		}
		out, err = changeKey(ctx, tx, organization, id, sqlRevoke, store.ToNano(at), organization, id)
		if errors.Is(err, store.ErrChanged) {
			return nil // it was revoked before
		}
		return err
	})
	return out, err
}
