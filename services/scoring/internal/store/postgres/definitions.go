package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// selectDefinitions reads versions of definitions for scanDefinition.
const selectDefinitions = `
	SELECT v.organization, v.id, v.version, v.author, v.note, v.created, v.body, d.newest, d.changes, d.retired, d.retired_by, d.retired_note
	FROM definitions AS d JOIN definition_versions AS v ON v.organization = d.organization AND v.id = d.id `

func scanDefinition(row pgx.Row) (store.Definition, error) {
	var d store.Definition
	var created, retired int64
	var r store.Retirement
	err := row.Scan(&d.Organization, &d.ID, &d.Version, &d.Author, &d.Note, &created, &d.Body, &d.Newest, &d.Changes, &retired, &r.Author, &r.Note)
	switch {
	case noRows(err):
		return store.Definition{}, store.ErrNotFound
	case err != nil:
		return store.Definition{}, pgkit.Translate(err)
	}
	d.Created = store.FromNano(created)
	if r.Time = store.FromNano(retired); retired != 0 {
		d.Retired = &r
	}
	return d, nil
}

// CreateDefinition stores a definition with its first version.
func (s *Store) CreateDefinition(ctx context.Context, d store.Definition, most int) (stored store.Definition, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		// The row comes first: of two that create the same definition one waits for the other.
		done, err := tx.Exec(ctx, `
			INSERT INTO definitions (organization, id, newest, changes, retired, retired_by, retired_note) VALUES ($1, $2, 0, 0, 0, '', '')
			ON CONFLICT (organization, id) DO NOTHING`, d.Organization, d.ID)
		if err != nil {
			return err
		}
		if done.RowsAffected() == 0 {
			return store.ErrTaken
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM definitions WHERE organization = $1`, d.Organization).Scan(&n); err != nil {
			return err
		}
		if n > most {
			return store.ErrTooMany
		}
		stored, err = addVersion(ctx, tx, d)
		return err
	})
	if err != nil {
		return store.Definition{}, fmt.Errorf("create definition: %w", err)
	}
	return stored, nil
}

// ReviseDefinition stores the next version of a definition.
func (s *Store) ReviseDefinition(ctx context.Context, d store.Definition) (stored store.Definition, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := inUse(ctx, tx, d.Organization, d.ID, d.Changes); err != nil {
			return err
		}
		stored, err = addVersion(ctx, tx, d)
		return err
	})
	if err != nil {
		return store.Definition{}, fmt.Errorf("revise definition: %w", err)
	}
	return stored, nil
}

// RetireDefinition records that a definition is not in use any more.
func (s *Store) RetireDefinition(
	ctx context.Context, organization, id string, changes int64, r store.Retirement,
) (stored store.Definition, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if err := inUse(ctx, tx, organization, id, changes); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `
			UPDATE definitions SET changes = changes + 1, retired = $3, retired_by = $4, retired_note = $5 WHERE organization = $1 AND id = $2`,
			organization, id, store.ToNano(r.Time), prose(r.Author), prose(r.Note)); err != nil {
			return err
		}
		stored, err = definition(ctx, tx, organization, id)
		return err
	})
	if err != nil {
		return store.Definition{}, fmt.Errorf("retire definition: %w", err)
	}
	return stored, nil
}

// inUse tells why a definition cannot be changed, if it cannot, and keeps it as it is until the end of the transaction.
func inUse(ctx context.Context, tx pgx.Tx, organization, id string, changes int64) error {
	var now, retired int64
	err := tx.QueryRow(ctx, `SELECT changes, retired FROM definitions WHERE organization = $1 AND id = $2 FOR UPDATE`, organization, id).Scan(&now, &retired)
	switch {
	case noRows(err):
		return store.ErrNotFound
	case err != nil:
		return err
	case retired != 0:
		return store.ErrRetired
	case now != changes:
		return fmt.Errorf("changed %d times, not %d: %w", now, changes, store.ErrChanged)
	}
	return nil
}

// addVersion adds the next version of a definition.
func addVersion(ctx context.Context, tx pgx.Tx, d store.Definition) (store.Definition, error) {
	if _, err := tx.Exec(ctx, `UPDATE definitions SET newest = newest + 1, changes = changes + 1 WHERE organization = $1 AND id = $2`,
		d.Organization, d.ID); err != nil {
		return store.Definition{}, err
	}
	// An empty value is not NULL.
	body := append([]byte{}, d.Body...)
	if _, err := tx.Exec(ctx, `
		INSERT INTO definition_versions (organization, id, version, created, author, note, body)
		SELECT organization, id, newest, $3::bigint, $4::text, $5::text, $6::bytea FROM definitions WHERE organization = $1 AND id = $2`,
		d.Organization, d.ID, store.ToNano(d.Created), prose(d.Author), prose(d.Note), body); err != nil {
		return store.Definition{}, err
	}
	return definition(ctx, tx, d.Organization, d.ID)
}

// definition is the newest version of a definition.
func definition(ctx context.Context, tx pgx.Tx, organization, id string) (store.Definition, error) {
	return scanDefinition(tx.QueryRow(ctx, selectDefinitions+`WHERE d.organization = $1 AND d.id = $2 AND v.version = d.newest`, organization, id))
}

// Definition returns a version of a definition.
func (s *Store) Definition(ctx context.Context, organization, id string, version int64) (store.Definition, error) {
	d, err := scanDefinition(s.db.Pool.QueryRow(ctx,
		selectDefinitions+`WHERE d.organization = $1 AND d.id = $2 AND v.version = coalesce(nullif($3::bigint, 0), d.newest)`, organization, id, version))
	if err != nil {
		return store.Definition{}, fmt.Errorf("read definition: %w", err)
	}
	return d, nil
}

// ListDefinitions lists the newest versions of an organisation's definitions.
func (s *Store) ListDefinitions(ctx context.Context, organization, after string, retired bool, limit int) ([]store.Definition, error) {
	return s.definitions(ctx, `WHERE d.organization = $1 AND d.id > $2 AND v.version = d.newest AND (d.retired = 0 OR $3) ORDER BY d.id LIMIT $4`,
		organization, after, retired, limit)
}

// DefinitionVersions lists the versions of a definition, the newest first.
func (s *Store) DefinitionVersions(ctx context.Context, organization, id string, before int64, limit int) ([]store.Definition, error) {
	return s.definitions(ctx, `WHERE d.organization = $1 AND d.id = $2 AND ($3 = 0 OR v.version < $3) ORDER BY v.version DESC LIMIT $4`,
		organization, id, before, limit)
}

func (s *Store) definitions(ctx context.Context, which string, args ...any) ([]store.Definition, error) {
	rows, err := s.db.Pool.Query(ctx, selectDefinitions+which, args...)
	var list []store.Definition
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (store.Definition, error) { return scanDefinition(row) })
	}
	if err != nil {
		return nil, fmt.Errorf("list definitions: %w", pgkit.Translate(err))
	}
	return list, nil
}
