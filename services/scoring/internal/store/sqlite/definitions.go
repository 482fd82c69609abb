package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// selectDefinitions reads versions of definitions for scanDefinition.
const selectDefinitions = `
	SELECT v.organization, v.id, v.version, v.author, v.note, v.created, v.body, d.newest, d.changes, d.retired, d.retired_by, d.retired_note
	FROM definitions AS d JOIN definition_versions AS v USING (organization, id) `

func scanDefinition(row scanner) (store.Definition, error) {
	var d store.Definition
	var created, retired int64
	var r store.Retirement
	err := row.Scan(&d.Organization, &d.ID, &d.Version, &d.Author, &d.Note, &created, &d.Body, &d.Newest, &d.Changes, &retired, &r.Author, &r.Note)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Definition{}, store.ErrNotFound
	case err != nil:
		return store.Definition{}, sqlkit.Translate(err)
	}
	d.Created = store.FromNano(created)
	if r.Time = store.FromNano(retired); retired != 0 {
		d.Retired = &r
	}
	return d, nil
}

// CreateDefinition stores a definition with its first version.
func (s *Store) CreateDefinition(ctx context.Context, d store.Definition, most int) (stored store.Definition, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		_, err := definition(ctx, tx, d.Organization, d.ID)
		switch {
		case err == nil:
			return store.ErrTaken
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM definitions WHERE organization = ?`, d.Organization).Scan(&n); err != nil {
			return sqlkit.Translate(err)
		}
		if n >= most {
			return store.ErrTooMany
		}
		if _, err := tx.ExecContext(ctx, `
			INSERT INTO definitions (organization, id, newest, changes, retired, retired_by, retired_note) VALUES (?, ?, 0, 0, 0, '', '')`,
			d.Organization, d.ID); err != nil {
			return err
		}
		stored, err = addVersion(ctx, tx, d)
		return err
	})
	if err != nil {
		return store.Definition{}, fmt.Errorf("create definition: %w", sqlkit.Translate(err))
	}
	return stored, nil
}

// ReviseDefinition stores the next version of a definition.
func (s *Store) ReviseDefinition(ctx context.Context, d store.Definition) (stored store.Definition, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		if err := inUse(ctx, tx, d.Organization, d.ID, d.Changes); err != nil {
			return err
		}
		stored, err = addVersion(ctx, tx, d)
		return err
	})
	if err != nil {
		return store.Definition{}, fmt.Errorf("revise definition: %w", sqlkit.Translate(err))
	}
	return stored, nil
}

// RetireDefinition records that a definition is not in use any more.
func (s *Store) RetireDefinition(
	ctx context.Context, organization, id string, changes int64, r store.Retirement,
) (stored store.Definition, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		if err := inUse(ctx, tx, organization, id, changes); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `
			UPDATE definitions SET changes = changes + 1, retired = ?, retired_by = ?, retired_note = ? WHERE organization = ? AND id = ?`,
			store.ToNano(r.Time), r.Author, r.Note, organization, id); err != nil {
			return err
		}
		stored, err = definition(ctx, tx, organization, id)
		return err
	})
	if err != nil {
		return store.Definition{}, fmt.Errorf("retire definition: %w", sqlkit.Translate(err))
	}
	return stored, nil
}

// inUse tells why a definition cannot be changed, if it cannot.
func inUse(ctx context.Context, tx *sqlkit.Tx, organization, id string, changes int64) error {
	d, err := definition(ctx, tx, organization, id)
	switch {
	case err != nil:
		return err
	case d.Retired != nil:
		return store.ErrRetired
	case d.Changes != changes:
		return fmt.Errorf("changed %d times, not %d: %w", d.Changes, changes, store.ErrChanged)
	}
	return nil
}

// addVersion adds the next version of a definition.
func addVersion(ctx context.Context, tx *sqlkit.Tx, d store.Definition) (store.Definition, error) {
	if _, err := tx.ExecContext(ctx, `UPDATE definitions SET newest = newest + 1, changes = changes + 1 WHERE organization = ? AND id = ?`,
		d.Organization, d.ID); err != nil {
		return store.Definition{}, err
	}
	// An empty value is not NULL.
	body := append([]byte{}, d.Body...)
	if _, err := tx.ExecContext(ctx, `
		INSERT INTO definition_versions (organization, id, version, created, author, note, body)
		SELECT organization, id, newest, ?, ?, ?, ? FROM definitions WHERE organization = ? AND id = ?`,
		store.ToNano(d.Created), d.Author, d.Note, body, d.Organization, d.ID); err != nil {
		return store.Definition{}, err
	}
	return definition(ctx, tx, d.Organization, d.ID)
}

// definition is the newest version of a definition.
func definition(ctx context.Context, tx *sqlkit.Tx, organization, id string) (store.Definition, error) {
	return scanDefinition(tx.QueryRowContext(ctx, selectDefinitions+`WHERE d.organization = ? AND d.id = ? AND v.version = d.newest`, organization, id))
}

// Definition returns a version of a definition.
func (s *Store) Definition(ctx context.Context, organization, id string, version int64) (store.Definition, error) {
	d, err := scanDefinition(s.db.QueryRow(ctx,
		selectDefinitions+`WHERE d.organization = ? AND d.id = ? AND v.version = coalesce(nullif(?, 0), d.newest)`, organization, id, version))
	if err != nil {
		return store.Definition{}, fmt.Errorf("read definition: %w", err)
	}
	return d, nil
}

// ListDefinitions lists the newest versions of an organisation's definitions.
func (s *Store) ListDefinitions(ctx context.Context, organization, after string, retired bool, limit int) ([]store.Definition, error) {
	return s.definitions(ctx, `WHERE d.organization = ? AND d.id > ? AND v.version = d.newest AND (d.retired = 0 OR ?) ORDER BY d.id LIMIT ?`,
		organization, after, retired, limit)
}

// DefinitionVersions lists the versions of a definition, the newest first.
func (s *Store) DefinitionVersions(ctx context.Context, organization, id string, before int64, limit int) ([]store.Definition, error) {
	return s.definitions(ctx, `WHERE d.organization = ? AND d.id = ? AND (? = 0 OR v.version < ?) ORDER BY v.version DESC LIMIT ?`,
		organization, id, before, before, limit)
}

func (s *Store) definitions(ctx context.Context, which string, args ...any) (list []store.Definition, err error) {
	rows, err := s.db.Query(ctx, selectDefinitions+which, args...)
	if err != nil {
		return nil, fmt.Errorf("list definitions: %w", sqlkit.Translate(err))
	}
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		d, err := scanDefinition(rows)
		if err != nil {
			return nil, fmt.Errorf("list definitions: %w", err)
		}
		list = append(list, d)
	}
	return list, nil
}
