package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	sqlInsertVault = `INSERT INTO vaults (organization, fingerprint) VALUES (?, ?) ON CONFLICT DO NOTHING`
	sqlSelectVault = `SELECT fingerprint FROM vaults WHERE organization = ?`
	sqlAnyVault    = `SELECT organization, fingerprint FROM vaults LIMIT 1`
)

// NoteVault implements store.Vaults.
func (s *Store) NoteVault(ctx context.Context, organization string, fingerprint []byte) (noted []byte, err error) {
	err = s.db.QueryRow(ctx, sqlSelectVault, organization).Scan(&noted)
	if err == nil || !errors.Is(err, sql.ErrNoRows) {
		return noted, s.fail("read fingerprint of vault", err)
	}
	err = s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		if _, err := tx.ExecContext(ctx, sqlInsertVault, organization, fingerprint); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, sqlSelectVault, organization).Scan(&noted)
	})
	return noted, s.fail("note fingerprint of vault", err)
}

// AnyVault implements store.Vaults.
func (s *Store) AnyVault(ctx context.Context) (organization string, fingerprint []byte, err error) {
	err = s.db.QueryRow(ctx, sqlAnyVault).Scan(&organization, &fingerprint)
	if errors.Is(err, sql.ErrNoRows) {
		err = store.ErrNotFound
	}
	return organization, fingerprint, s.fail("read fingerprint of a vault", err)
}
