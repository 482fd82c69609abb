package relational

import (
	"context"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	// sqlNoteDeleted follows the change of the version.
	sqlNoteDeleted = `INSERT INTO deleted_aspects (organization, id, version, pending)
SELECT v.organization, CAST($2 AS text), v.version, 1 FROM aspect_versions v WHERE v.organization = $1
ON CONFLICT (organization, id) DO UPDATE SET version = excluded.version, pending = 1`
	sqlPending      = `SELECT organization, id FROM deleted_aspects WHERE pending = 1 ORDER BY organization, id LIMIT 1`
	sqlAnyPending   = `SELECT 1 FROM deleted_aspects WHERE pending = 1`
	sqlIsPending    = `SELECT 1 FROM deleted_aspects WHERE organization = $1 AND id = $2 AND pending = 1`
	sqlEndPending   = `UPDATE deleted_aspects SET pending = 0 WHERE organization = $1 AND id = $2`
	sqlPendingOf    = `SELECT id FROM deleted_aspects WHERE organization = $1 AND pending = 1`
	sqlGoneAspects  = `SELECT d.id FROM deleted_aspects d WHERE d.organization = $1 AND NOT EXISTS (SELECT 1 FROM aspects a WHERE a.organization = d.organization AND a.id = d.id)`
	sqlDeletedOf    = `SELECT id, version FROM deleted_aspects WHERE organization = $1`
	sqlNamingAspect = `SELECT ` + commentColumns + commentTables + ` WHERE c.organization = $1 AND c.seq IN (
SELECT m.seq FROM comment_aspects m WHERE m.organization = $1 AND m.aspect = $2 LIMIT $3)`
	sqlSetBody = `UPDATE comment_bodies SET analysis = $3, previous = $4, correction = $5 WHERE organization = $1 AND seq = $2`

	// deletedColumn are the aspects that the organisation of a comment deleted, with the versions, as deletions reads them.
	deletedColumn = `(SELECT string_agg(d.id || ' ' || CAST(d.version AS text), ' ') FROM deleted_aspects d WHERE d.organization = c.organization)`

	// takenOutAtOnce is out of how many comments an aspect is taken in one transaction when it is created anew.
	takenOutAtOnce = 200
)

// deletions are aspects that were deleted, and the versions of the aspects from which they are: what was found by an older version is void.
type deletions map[string]int64

// readDeletions reads deletedColumn.
func readDeletions(column *string) (deletions, error) {
	if column == nil {
		return nil, nil
	}
	words := strings.Fields(*column)
	d := make(deletions, len(words)/2)
	for i := 0; i+1 < len(words); i += 2 {
		version, err := strconv.ParseInt(words[i+1], 10, 64)
		if err != nil {
			return nil, err
		}
		d[words[i]] = version
	}
	return d, nil
}

// of are the mentions that hold of those found by a version.
func (d deletions) of(mentions []store.AspectMention, version int64) []store.AspectMention {
	isVoid := func(m store.AspectMention) bool { return version < d[m.Aspect] }
	if len(d) == 0 || !slices.ContainsFunc(mentions, isVoid) {
		return mentions
	}
	return slices.DeleteFunc(slices.Clone(mentions), isVoid)
}

// apply leaves out of a comment what is void.
func (d deletions) apply(c *store.Comment) {
	if len(d) == 0 {
		return
	}
	c.Analysis.Aspects = d.of(c.Analysis.Aspects, c.Analysis.AspectsVersion)
	if c.Previous != nil {
		c.Previous.Aspects = d.of(c.Previous.Aspects, c.Previous.AspectsVersion)
	}
	if k := c.Correction; k != nil {
		k.Aspects, k.Analysis.Aspects = d.of(k.Aspects, k.AspectsVersion), d.of(k.Analysis.Aspects, k.Analysis.AspectsVersion)
	}
}

// deletionsOf are those of an organisation, read once in a transaction, which holds its turn.
func (w *writing) deletionsOf(ctx context.Context, organization string) (deletions, error) {
	if d, isThere := w.deleted[organization]; isThere {
		return d, nil
	}
	d := deletions{}
	_, err := relational.List(ctx, w, func(row relational.Scanner) (none struct{}, err error) {
		var id string
		var version int64
		err = row.Scan(&id, &version)
		d[id] = version
		return none, err
	}, sqlDeletedOf, organization)
	if err != nil {
		return nil, err
	}
	if w.deleted == nil {
		w.deleted = map[string]deletions{}
	}
	w.deleted[organization] = d
	return d, nil
}

// TakeOutAspects implements store.Aspects.
func (s *Store) TakeOutAspects(ctx context.Context, limit int) (taken int, err error) {
	// A look costs less than a turn, and as a rule there is nothing.
	if pending, err := relational.Exists(ctx, s.db, sqlAnyPending); err != nil || !pending {
		return 0, s.db.Explain("look for deleted aspects", err)
	}
	err = s.write(ctx, "take out deleted aspects", func(ctx context.Context, w *writing) error {
		for taken == 0 {
			k, err := relational.One(ctx, w, scanSurvey, sqlPending)
			if errors.Is(err, relational.ErrNoRow) {
				return nil
			}
			if err != nil {
				return err
			}
			if taken, err = w.takeOut(ctx, k[0], k[1], limit); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return taken, nil
}

// finishDeleting takes an aspect that was deleted out of all comments.
func (s *Store) finishDeleting(ctx context.Context, organization, id string) error {
	pending, err := relational.Exists(ctx, s.db, sqlIsPending, organization, id)
	if err != nil {
		return s.db.Explain("look for deleted aspect", err)
	}
	for taken := 1; taken > 0 && pending; {
		err := s.write(ctx, "take out deleted aspect", func(ctx context.Context, w *writing) (err error) {
			if pending, err = relational.Exists(ctx, w, sqlIsPending, organization, id); err != nil || !pending {
				return err
			}
			taken, err = w.takeOut(ctx, organization, id, takenOutAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// takeOut takes an aspect that was deleted out of some comments that are stored with it, and notes when there are none.
func (w *writing) takeOut(ctx context.Context, organization, id string, limit int) (int, error) {
	comments, err := relational.List(ctx, w, scanComment, sqlNamingAspect, organization, id, limit)
	if err != nil {
		return 0, err
	}
	if len(comments) == 0 {
		_, err := w.Exec(ctx, sqlEndPending, organization, id)
		return 0, err
	}
	var responses []responseKey
	for _, c := range comments {
		// Whatever version it was found by: none of this name can be made while it is pending.
		deletions{id: math.MaxInt64}.apply(&c)
		if err := w.storeParts(ctx, c); err != nil {
			return 0, err
		}
		responses = append(responses, responseKey{c.Organization, c.Survey, c.Response})
	}
	return len(comments), w.tellAnew(ctx, responses)
}

// storeParts stores the analyses and the correction of a comment, and what holds by them.
func (w *writing) storeParts(ctx context.Context, c store.Comment) error {
	analysis, previous, correction, err := bodyColumns(c)
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlSetBody, c.Organization, c.Seq, analysis, previous, correction); err != nil {
		return err
	}
	return w.storeHolds(ctx, c)
}

// notPending is a condition on the aspect of a row of a table: it is none that is still to be taken out.
func (c *conditions) notPending(table, organization string) string {
	return " AND " + table + ".aspect NOT IN (SELECT d.id FROM deleted_aspects d WHERE d.organization = " + c.arg(organization) + " AND d.pending = 1)"
}
