package relational

import (
	"context"
	"errors"
	"slices"

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

	// sqlNaming finds comments that name an aspect by what holds, sqlCorrected those that were corrected, which may have named it before.
	sqlNaming = `SELECT ` + commentColumns + commentTables + ` WHERE c.organization = $1 AND c.seq IN (
SELECT m.seq FROM comment_aspects m WHERE m.organization = $1 AND m.aspect = $2 AND m.seq > $3 ORDER BY m.seq LIMIT $4) ORDER BY c.seq`
	sqlCorrected = `SELECT ` + commentColumns + commentTables + ` WHERE c.organization = $1 AND c.seq IN (
SELECT x.seq FROM corrections k JOIN comments x ON x.organization = k.organization AND x.survey = k.survey AND x.response = k.response AND x.id = k.comment
WHERE k.organization = $1 AND x.seq > $2) ORDER BY c.seq LIMIT $3`
	sqlSetAnalysis = `UPDATE comment_bodies SET analysis = $3, previous = $4 WHERE organization = $1 AND seq = $2`

	// namingAtOnce bounds how many comments are held in memory while an aspect is taken out of them.
	namingAtOnce = 1000
)

func scanAspect(row Scanner) (a store.Aspect, err error) {
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
	err := s.write(ctx, "create aspect", func(ctx context.Context, w *writing) error {
		if taken, err := exists(ctx, w, sqlAspectExists, a.Organization, a.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		n, err := one(ctx, w, value[int], sqlCountAspects, a.Organization)
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
	a, err := one(ctx, s.db, scanAspect, sqlSelectAspect, organization, id)
	return a, s.db.Explain("get aspect", notFound(err))
}

// ListAspects implements store.Aspects.
func (s *Store) ListAspects(ctx context.Context, organization string) ([]store.Aspect, error) {
	out, err := list(ctx, s.db, scanAspect, sqlListAspects, organization)
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
		if out, err = one(ctx, w, scanAspect, sqlSelectAspect, a.Organization, a.ID); err != nil {
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
		if err := w.takeOutOf(ctx, id, func(after int64) ([]store.Comment, error) {
			return list(ctx, w, scanComment, sqlNaming, organization, id, after, namingAtOnce)
		}); err != nil {
			return err
		}
		if err := w.takeOutOf(ctx, id, func(after int64) ([]store.Comment, error) {
			return list(ctx, w, scanComment, sqlCorrected, organization, after, namingAtOnce)
		}); err != nil {
			return err
		}
		return w.aspectsChanged(ctx, organization)
	})
}

// takeOutOf takes an aspect out of comments, which are read part by part after a number.
func (w *writing) takeOutOf(ctx context.Context, id string, read func(after int64) ([]store.Comment, error)) error {
	for after := int64(0); ; {
		comments, err := read(after)
		if err != nil || len(comments) == 0 {
			return err
		}
		var responses []responseKey
		for _, c := range comments {
			after = c.Seq
			if !takeOut(&c, id) {
				continue
			}
			if err := w.storeParts(ctx, c); err != nil {
				return err
			}
			responses = append(responses, responseKey{c.Organization, c.Survey, c.Response})
		}
		if err := w.tellAnew(ctx, responses); err != nil {
			return err
		}
	}
}

// takeOut takes an aspect out of what a comment speaks of, and tells whether it was there.
func takeOut(c *store.Comment, id string) bool {
	was := false
	without := func(mentions []store.AspectMention) []store.AspectMention {
		return slices.DeleteFunc(mentions, func(m store.AspectMention) bool {
			was = was || m.Aspect == id
			return m.Aspect == id
		})
	}
	c.Analysis.Aspects = without(c.Analysis.Aspects)
	if c.Previous != nil {
		c.Previous.Aspects = without(c.Previous.Aspects)
	}
	if c.Correction != nil {
		c.Correction.Aspects = without(c.Correction.Aspects)
		c.Correction.Analysis.Aspects = without(c.Correction.Analysis.Aspects)
	}
	return was
}

// storeParts stores the analyses and the correction of a comment, and what holds by them.
func (w *writing) storeParts(ctx context.Context, c store.Comment) error {
	analysis, err := encode(c.Analysis)
	if err != nil {
		return err
	}
	previous, err := encodeNull(c.Previous)
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlSetAnalysis, c.Organization, c.Seq, analysis, previous); err != nil {
		return err
	}
	return w.storeCorrection(ctx, c)
}

// AspectsVersion implements store.Aspects.
func (s *Store) AspectsVersion(ctx context.Context, organization string) (int64, error) {
	version, err := one(ctx, s.db, value[int64], sqlAspectsVersion, organization)
	if errors.Is(err, errNoRow) {
		return 0, nil
	}
	return version, s.db.Explain("read version of aspects", err)
}
