package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	sqlInsertVault = `INSERT INTO vaults (organization, fingerprint) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	sqlSelectVault = `SELECT fingerprint FROM vaults WHERE organization = $1`
	sqlAnyVault    = `SELECT organization, fingerprint FROM vaults LIMIT 1`
)

// NoteVault implements store.Vaults.
func (s *Store) NoteVault(ctx context.Context, organization string, fingerprint []byte) (noted []byte, err error) {
	const doing = "note fingerprint of vault"
	if err := s.ready(doing); err != nil {
		return nil, err
	}
	err = s.db.Pool.QueryRow(ctx, sqlSelectVault, organization).Scan(&noted)
	if err == nil || !errors.Is(err, pgx.ErrNoRows) {
		return noted, s.fail(doing, err)
	}
	if _, err := s.db.Pool.Exec(ctx, sqlInsertVault, organization, notNull(fingerprint)); err != nil {
		return nil, s.fail(doing, err)
	}
	// Of several processes that note one at once the first wins.
	err = s.db.Pool.QueryRow(ctx, sqlSelectVault, organization).Scan(&noted)
	return noted, s.fail(doing, err)
}

// AnyVault implements store.Vaults.
func (s *Store) AnyVault(ctx context.Context) (organization string, fingerprint []byte, err error) {
	const doing = "read fingerprint of a vault"
	if err := s.ready(doing); err != nil {
		return "", nil, err
	}
	err = s.db.Pool.QueryRow(ctx, sqlAnyVault).Scan(&organization, &fingerprint)
	if errors.Is(err, pgx.ErrNoRows) {
		err = store.ErrNotFound
	}
	return organization, fingerprint, s.fail(doing, err)
}
