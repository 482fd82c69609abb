package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	sqlAspectExists    = `SELECT 1 FROM aspects WHERE organization = $1 AND id = $2`
	sqlCountAspects    = `SELECT count(*) FROM aspects WHERE organization = $1`
	sqlInsertAspectOwn = `INSERT INTO aspects (organization, id, version, body) VALUES ($1, $2, $3, $4)`
	sqlSelectAspect    = `SELECT version, body FROM aspects WHERE organization = $1 AND id = $2`
	sqlListAspects     = `SELECT version, body FROM aspects WHERE organization = $1 ORDER BY id`
	sqlUpdateAspect    = `UPDATE aspects SET version = version + 1, body = $4 WHERE organization = $1 AND id = $2 AND version = $3`
	sqlDeleteAspect    = `DELETE FROM aspects WHERE organization = $1 AND id = $2`

	sqlAspectsChanged = `INSERT INTO aspect_versions (organization, version) VALUES ($1, 1)
ON CONFLICT (organization) DO UPDATE SET version = aspect_versions.version + 1`
	sqlAspectsVersion = `SELECT version FROM aspect_versions WHERE organization = $1`
)

func scanAspect(row relational.Scanner) (a store.Aspect, err error) {
	var version int64
	var body string
	if err = row.Scan(&version, &body); err != nil {
		return store.Aspect{}, err
	}
	err = decode(body, &a)
	a.Version = version
	return a, err
}

// CreateAspect implements store.Aspects.
func (s *Store) CreateAspect(ctx context.Context, a store.Aspect, most int) (store.Aspect, error) {
	a.Version = 1
	if err := s.finishDeleting(ctx, a.Organization, a.ID); err != nil {
		return store.Aspect{}, err
	}
	err := s.write(ctx, "create aspect", func(ctx context.Context, w *writing) error {
		if taken, err := relational.Exists(ctx, w, sqlAspectExists, a.Organization, a.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		if pending, err := relational.Exists(ctx, w, sqlIsPending, a.Organization, a.ID); err != nil {
			return err
		} else if pending {
			// Deleted meanwhile.
			return store.ErrExists
		}
		n, err := relational.One(ctx, w, relational.Value[int], sqlCountAspects, a.Organization)
		if err != nil {
			return err
		}
		if n >= most {
			return store.ErrTooMany
		}
		body, err := encode(a)
		if err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlInsertAspectOwn, a.Organization, a.ID, a.Version, body); err != nil {
			return err
		}
		return w.aspectsChanged(ctx, a.Organization)
	})
	if err != nil {
		return store.Aspect{}, err
	}
	return a, nil
}

func (w *writing) aspectsChanged(ctx context.Context, organization string) error {
	_, err := w.Exec(ctx, sqlAspectsChanged, organization)
	return err
}

// GetAspect implements store.Aspects.
func (s *Store) GetAspect(ctx context.Context, organization, id string) (store.Aspect, error) {
	a, err := relational.One(ctx, s.db, scanAspect, sqlSelectAspect, organization, id)
	return a, s.db.Explain("get aspect", notFound(err))
}

// ListAspects implements store.Aspects.
func (s *Store) ListAspects(ctx context.Context, organization string) ([]store.Aspect, error) {
	out, err := relational.List(ctx, s.db, scanAspect, sqlListAspects, organization)
	return out, s.db.Explain("list aspects", err)
}

// UpdateAspect implements store.Aspects.
func (s *Store) UpdateAspect(ctx context.Context, a store.Aspect) (out store.Aspect, err error) {
	err = s.write(ctx, "update aspect", func(ctx context.Context, w *writing) error {
		body, err := encode(a)
		if err != nil {
			return err
		}
		isSame, err := changed(w.Exec(ctx, sqlUpdateAspect, a.Organization, a.ID, a.Version, body))
		if err != nil {
			return err
		}
		if out, err = relational.One(ctx, w, scanAspect, sqlSelectAspect, a.Organization, a.ID); err != nil {
			return notFound(err)
		}
		if !isSame {
			return store.ErrChanged
		}
		return w.aspectsChanged(ctx, a.Organization)
	})
	if err != nil {
		return store.Aspect{}, err
	}
	return out, nil
}

// DeleteAspect implements store.Aspects.
func (s *Store) DeleteAspect(ctx context.Context, organization, id string) error {
	return s.write(ctx, "delete aspect", func(ctx context.Context, w *writing) error {
		if err := found(w.Exec(ctx, sqlDeleteAspect, organization, id)); err != nil {
			return err
		}
		if err := w.aspectsChanged(ctx, organization); err != nil {
			return err
		}
		_, err := w.Exec(ctx, sqlNoteDeleted, organization, id)
		return err
	})
}

// AspectsVersion implements store.Aspects.
func (s *Store) AspectsVersion(ctx context.Context, organization string) (int64, error) {
	version, err := aspectsVersion(ctx, s.db, organization)
	return version, s.db.Explain("read version of aspects", err)
}

func aspectsVersion(ctx context.Context, r relational.Reader, organization string) (int64, error) {
	version, err := relational.One(ctx, r, relational.Value[int64], sqlAspectsVersion, organization)
	if errors.Is(err, relational.ErrNoRow) {
		return 0, nil
	}
	return version, err
}
