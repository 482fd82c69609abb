package relational

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	sqlInsertCorrection = `INSERT INTO corrections (organization, id, survey, response, comment, model, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlListCorrections  = `SELECT body FROM corrections WHERE organization = $1 AND id < $2 ORDER BY id DESC LIMIT $3`
	sqlLastCorrections  = `SELECT body FROM corrections WHERE organization = $1 AND id IN (
SELECT max(id) FROM corrections WHERE organization = $1 GROUP BY survey, response, comment, model) ORDER BY model, id`

	sqlSetCorrection = `UPDATE comment_bodies SET correction = $3 WHERE organization = $1 AND seq = $2`
	sqlSetHolds      = `UPDATE comments SET language = $3, sentiment = $4, themes = $5 WHERE organization = $1 AND seq = $2`
)

func scanCorrection(row relational.Scanner) (c store.Correction, err error) {
	text, err := relational.Value[string](row)
	if err == nil {
		err = decode(text, &c)
	}
	return c, err
}

// Correct implements store.Corrections.
func (s *Store) Correct(ctx context.Context, ref store.Ref, units store.Units, correction store.Correction) (out store.Comment, err error) {
	err = s.write(ctx, "correct analysis", func(ctx context.Context, w *writing) error {
		c, err := getComment(ctx, w, ref, units)
		if err != nil {
			return err
		}
		correction.ID, correction.Ref, correction.Analysis = next(&w.corrections), c.Ref, c.Analysis
		correction.CreateTime = relational.FromMicro(relational.ToMicro(correction.CreateTime))
		if err := w.fillVersion(ctx, &correction); err != nil {
			return err
		}
		text, err := encode(correction)
		if err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlInsertCorrection, ref.Organization, correction.ID, ref.Survey, ref.Response, ref.ID, c.Analysis.Model, text)
		if err != nil {
			return err
		}
		c.Correction = &correction
		if err := w.storeCorrection(ctx, c); err != nil {
			return err
		}
		out = c
		return w.tellAnew(ctx, []responseKey{{ref.Organization, ref.Survey, ref.Response}})
	})
	if err != nil {
		return store.Comment{}, err
	}
	return out, nil
}

// fillVersion fills the version of the aspects that a correction is made with, and leaves those out that were deleted.
func (w *writing) fillVersion(ctx context.Context, c *store.Correction) (err error) {
	if c.AspectsVersion, err = aspectsVersion(ctx, w, c.Ref.Organization); err != nil || len(c.Aspects) == 0 {
		return err
	}
	gone, err := relational.List(ctx, w, relational.Value[string], sqlGoneAspects, c.Ref.Organization)
	if err != nil {
		return err
	}
	isGone := func(m store.AspectMention) bool { return slices.Contains(gone, m.Aspect) }
	if slices.ContainsFunc(c.Aspects, isGone) {
		c.Aspects = slices.DeleteFunc(slices.Clone(c.Aspects), isGone)
	}
	return nil
}

// storeCorrection stores the correction of a comment, and what holds by it.
func (w *writing) storeCorrection(ctx context.Context, c store.Comment) error {
	correction, err := encodeNull(c.Correction)
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlSetCorrection, c.Organization, c.Seq, correction); err != nil {
		return err
	}
	return w.storeHolds(ctx, c)
}

// storeHolds stores what holds of a comment.
func (w *writing) storeHolds(ctx context.Context, c store.Comment) error {
	holds := c.Effective()
	if _, err := w.Exec(ctx, sqlSetHolds, c.Organization, c.Seq, int64(holds.Language), int64(holds.Sentiment), packThemes(holds.Aspects)); err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlDeleteAspects, c.Organization, c.Seq); err != nil {
		return err
	}
	var rows rowsOfComments
	rows.addAspects(c.Organization, c.Seq, holds.Aspects)
	return rows.write(ctx, w)
}

// ListCorrections implements store.Corrections.
func (s *Store) ListCorrections(ctx context.Context, organization string, before int64, limit int) ([]store.Correction, bool, error) {
	if before == 0 {
		before = math.MaxInt64
	}
	found, err := relational.List(ctx, s.db, scanCorrection, sqlListCorrections, organization, before, limit+1)
	if err != nil {
		return nil, false, s.db.Explain("list corrections", err)
	}
	out, more := relational.Page(found, limit)
	return out, more, nil
}

// EachCorrection implements store.Corrections.
func (s *Store) EachCorrection(ctx context.Context, organization string, see func(store.Correction) error) error {
	var seen error
	_, err := relational.List(ctx, s.db, func(row relational.Scanner) (struct{}, error) {
		c, err := scanCorrection(row)
		if err == nil {
			seen = see(c)
			err = seen
		}
		return struct{}{}, err
	}, sqlLastCorrections, organization)
	if seen != nil && errors.Is(err, seen) {
		return seen
	}
	return s.db.Explain("read corrections", err)
}
