package sqlite

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	// The second condition is that of the index.
	sqlListPerson = `SELECT ` + submissionColumns + ` FROM submissions WHERE organization = ? AND person = ? AND person > x'' AND position > ?
ORDER BY position LIMIT ?`
	sqlListUnmarked = `SELECT ` + submissionColumns + ` FROM submissions INDEXED BY submissions_unmarked WHERE organization = ? AND person IS NULL AND position > ?
ORDER BY position LIMIT ?`
	sqlListAllUnmarked = `SELECT ` + submissionColumns + ` FROM submissions INDEXED BY submissions_unmarked WHERE person IS NULL AND (organization, position) > (?, ?)
ORDER BY organization, position LIMIT ?`
	sqlMark             = `UPDATE submissions SET person = ? WHERE organization = ? AND position = ? AND person IS NULL`
	sqlDeleteSubmission = `DELETE FROM submissions WHERE organization = ? AND position = ? AND kind < ?`
	sqlForgetRemoval    = `DELETE FROM submissions WHERE organization = ? AND position = ? AND kind = ? AND position < (` + sqlHead + `)`
	sqlRewrite          = `UPDATE submissions SET body = ? WHERE organization = ? AND position = ? AND kind < ?`
	sqlCountRemoval     = `UPDATE erasures SET responses = responses + ?, refusals = refusals + ?, comments = comments + ?, position = ?
WHERE organization = ? AND erasure = ?`
	sqlInsertErasedKey = `INSERT INTO erased_keys (organization, erasure, person_key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
)

// ListPerson implements store.Persons.
func (s *Store) ListPerson(ctx context.Context, q store.PersonQuery) ([]store.Submission, error) {
	out, err := s.listOfPerson(ctx, q.Page, sqlListPerson, q.Organization, q.Person, q.After, q.Limit)
	return out, s.fail("list submissions of a person", err)
}

// ListUnmarked implements store.Persons.
func (s *Store) ListUnmarked(ctx context.Context, q store.PersonQuery) ([]store.Submission, error) {
	out, err := s.listOfPerson(ctx, q.Page, sqlListUnmarked, q.Organization, q.After, q.Limit)
	return out, s.fail("list unmarked submissions", err)
}

// ListAllUnmarked implements store.Persons.
func (s *Store) ListAllUnmarked(ctx context.Context, q store.PersonQuery) ([]store.Submission, error) {
	out, err := s.listOfPerson(ctx, q.Page, sqlListAllUnmarked, q.Organization, q.After, q.Limit)
	return out, s.fail("list all unmarked submissions", err)
}

// Mark implements store.Persons.
func (s *Store) Mark(ctx context.Context, organization string, marks []store.Mark) error {
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		for _, m := range marks {
			if _, err := tx.ExecContext(ctx, sqlMark, marked(m.Person), organization, m.Position); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail("mark submissions", err)
}

func (s *Store) listOfPerson(ctx context.Context, page store.Page, query string, args ...any) ([]store.Submission, error) {
	rows, err := s.db.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	return collect(rows, page, scanSubmission, func(v store.Submission) int { return len(v.Body) })
}

// Remove implements store.Persons.
func (s *Store) Remove(ctx context.Context, r store.Removals) (store.Removed, error) {
	var out store.Removed
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) (err error) {
		out, err = remove(ctx, tx, r)
		return err
	})
	if err != nil {
		return store.Removed{}, s.fail("remove submissions", err)
	}
	s.head.Advance(out.Position)
	return out, nil
}

func remove(ctx context.Context, tx *sqlkit.Tx, r store.Removals) (out store.Removed, err error) {
	counted, err := progress(ctx, tx, progressUsage)
	if err != nil {
		return out, err
	}
	var responses, refusals, comments int64
	for _, item := range r.Items {
		v, err := scanSubmission(tx.QueryRowContext(ctx, sqlSelectSubmission, r.Organization, item.Position))
		if errors.Is(err, store.ErrNotFound) || err == nil && v.Kind >= store.KindRemoval {
			continue
		}
		if err != nil {
			return out, err
		}
		if _, err := tx.ExecContext(ctx, sqlDeleteSubmission, r.Organization, item.Position, int64(store.KindRemoval)); err != nil {
			return out, err
		}
		if _, err := tx.ExecContext(ctx, sqlForgetContent, store.Forgotten, r.Organization, scope(v.Kind, v.Survey), v.ID); err != nil {
			return out, err
		}
		if _, err := tx.ExecContext(ctx, sqlDeleteChange, item.Position); err != nil {
			return out, err
		}
		if item.Position <= counted {
			if _, err := tx.ExecContext(ctx, sqlAddUsage, -1, -len(v.Body), r.Organization); err != nil {
				return out, err
			}
		}
		if out.Position, err = noteRemoval(ctx, tx, v, item.Body); err != nil {
			return out, err
		}
		if r.Erasure != "" && item.Key != "" {
			if _, err := tx.ExecContext(ctx, sqlInsertErasedKey, r.Organization, r.Erasure, item.Key); err != nil {
				return out, err
			}
		}
		out.Count++
		comments += int64(item.Comments)
		if v.Kind == store.KindResponse {
			responses++
		} else {
			refusals++
		}
	}
	if r.Erasure == "" || out.Count == 0 {
		return out, nil
	}
	_, err = tx.ExecContext(ctx, sqlCountRemoval, responses, refusals, comments, out.Position, r.Organization, r.Erasure)
	return out, err
}

// noteRemoval adds a removal to the log of changes.
func noteRemoval(ctx context.Context, tx *sqlkit.Tx, v store.Submission, body []byte) (int64, error) {
	res, err := tx.ExecContext(ctx, sqlInsertChange, v.Organization, v.Survey, int64(store.KindRemoval))
	if err != nil {
		return 0, err
	}
	position, err := res.LastInsertId()
	if err != nil {
		return 0, err
	}
	_, err = tx.ExecContext(ctx, sqlInsertSubmission, position, v.Organization, v.Survey, int64(store.KindRemoval), v.ID, int64(0),
		store.ToNano(v.CountTime), nil, body, marked(nil))
	return position, err
}

// ForgetRemovals implements store.Persons.
func (s *Store) ForgetRemovals(ctx context.Context, organization string, positions []int64) error {
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		for _, position := range positions {
			res, err := tx.ExecContext(ctx, sqlForgetRemoval, organization, position, int64(store.KindRemoval))
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err == nil && n > 0 {
				_, err = tx.ExecContext(ctx, sqlDeleteChange, position)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail("forget removals", err)
}

// Rewrite implements store.Persons.
func (s *Store) Rewrite(ctx context.Context, organization string, bodies []store.NewBody) error {
	err := s.batcher.Do(ctx, func(ctx context.Context, tx *sqlkit.Tx) error {
		counted, err := progress(ctx, tx, progressUsage)
		if err != nil {
			return err
		}
		for _, b := range bodies {
			v, err := scanSubmission(tx.QueryRowContext(ctx, sqlSelectSubmission, organization, b.Position))
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if _, err := tx.ExecContext(ctx, sqlRewrite, b.Body, organization, b.Position, int64(store.KindRemoval)); err != nil {
				return err
			}
			if b.Position > counted {
				continue
			}
			if _, err := tx.ExecContext(ctx, sqlAddUsage, 0, len(b.Body)-len(v.Body), organization); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fail("rewrite submissions", err)
}

// DropEmptyMonths implements store.Persons: rows of all months share one file, which uses the space again.
func (s *Store) DropEmptyMonths(context.Context) (int, error) { return 0, nil }
