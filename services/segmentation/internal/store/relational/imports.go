package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	importColumns = `organization, id, kind, state, body, parts, bytes, checked, refused, position, applied, created, updated, ignored, refusal, create_time, end_time, tries`

	sqlInsertImport  = `INSERT INTO imports (` + importColumns + `, touch_time) VALUES ($1, $2, $3, $4, $5, 0, 0, 0, 0, 0, 0, 0, 0, '[]', '', $6, NULL, 0, $6)`
	sqlSelectImport  = `SELECT ` + importColumns + ` FROM imports WHERE organization = $1 AND id = $2`
	sqlListImports   = `SELECT ` + importColumns + ` FROM imports WHERE organization = $1 ORDER BY create_time DESC, id DESC LIMIT $2 OFFSET $3`
	sqlImportRuns    = `SELECT ` + importColumns + ` FROM imports WHERE organization = $1 AND kind = $2 AND end_time IS NULL`
	sqlImportIsStale = `SELECT 1 FROM imports WHERE organization = $1 AND id = $2 AND touch_time < $3`
	sqlAbandoned     = `SELECT organization, id FROM imports WHERE end_time IS NULL AND state = $1 AND touch_time < $2 ORDER BY organization, id LIMIT $3`
	sqlPutImportPart = `INSERT INTO import_parts (organization, import, part, data) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, import, part) DO UPDATE SET data = excluded.data`
	sqlSumImportParts = `UPDATE imports SET touch_time = $3, parts = (SELECT count(*) FROM import_parts WHERE organization = $1 AND import = $2),
bytes = bytes + $4 WHERE organization = $1 AND id = $2`
	sqlImportPartSize   = `SELECT length(data) FROM import_parts WHERE organization = $1 AND import = $2 AND part = $3`
	sqlSelectImportPart = `SELECT data FROM import_parts WHERE organization = $1 AND import = $2 AND part = $3`
	sqlImportParts      = `SELECT part FROM import_parts WHERE organization = $1 AND import = $2 ORDER BY part`
	sqlSetState         = `UPDATE imports SET state = $3 WHERE organization = $1 AND id = $2`
	sqlClaimImport      = `UPDATE imports SET holder = $1, until = $3, tries = tries + 1 WHERE (organization, id) = (
SELECT i.organization, i.id FROM imports i WHERE i.end_time IS NULL AND i.state <> $4 AND (i.holder IN ('', $1) OR i.until <= $2) AND NOT EXISTS (
SELECT 1 FROM imports o WHERE o.organization = i.organization AND o.end_time IS NULL AND o.id <> i.id AND o.holder NOT IN ('', '` + nobody + `') AND o.until > $2)
ORDER BY i.create_time, i.organization, i.id LIMIT 1)
RETURNING ` + importColumns
	sqlPutOffImport = `UPDATE imports SET holder = '` + nobody + `', until = $4 WHERE organization = $1 AND id = $2 AND holder = $3 AND end_time IS NULL`
	sqlHoldImport   = `UPDATE imports SET until = $4 WHERE organization = $1 AND id = $2 AND holder = $3 AND end_time IS NULL`
	sqlMoveImport   = `UPDATE imports SET tries = CASE WHEN state = $5 AND checked = $6 AND position = $8 THEN tries ELSE 0 END, until = $4, state = $5, checked = $6, refused = $7,
position = $8, applied = $9, ignored = $10 WHERE organization = $1 AND id = $2 AND holder = $3 AND end_time IS NULL`
	sqlRehearsed       = `UPDATE imports SET created = $3, updated = $4 WHERE organization = $1 AND id = $2`
	sqlEndImport       = `UPDATE imports SET end_time = $3, state = $4, refusal = $5, holder = '', until = 0 WHERE organization = $1 AND id = $2 AND end_time IS NULL`
	sqlDropImportParts = `DELETE FROM import_parts WHERE organization = $1 AND import = $2`
	sqlLastRefusal     = `SELECT COALESCE(max(no), 0) FROM import_refusals WHERE organization = $1 AND import = $2`
	sqlAddRefusal      = `INSERT INTO import_refusals (organization, import, no, line, row, field, reason, description) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlListRefusals    = `SELECT no, line, row, field, reason, description FROM import_refusals WHERE organization = $1 AND import = $2 AND no > $3 ORDER BY no LIMIT $4`
	mostKeptRefusals   = 10_000
	// nobody holds an import that was put off: no process is called so.
	nobody = "- put off"
)

func scanImport(row relational.Scanner) (i store.Import, err error) {
	var state, created int64
	var ended *int64
	var body, ignored string
	err = row.Scan(&i.Organization, &i.ID, &i.Kind, &state, &body, &i.Parts, &i.Bytes, &i.Checked, &i.Refused, &i.Position, &i.Applied, &i.Created, &i.Updated, &ignored, &i.Refusal,
		&created, &ended, &i.Tries)
	if err != nil {
		return i, err
	}
	if err := errors.Join(json.Unmarshal([]byte(body), &i.ImportSettings), json.Unmarshal([]byte(ignored), &i.Ignored)); err != nil {
		return i, fmt.Errorf("decode import %s: %w", i.ID, err)
	}
	i.State, i.CreateTime, i.EndTime = store.ImportState(state), relational.FromMicro(created), relational.FromNull(ended) //nolint:gosec // what was stored
	return i, nil
}

func (w *writing) importOf(ctx context.Context, organization, id string) (store.Import, error) {
	i, err := relational.One(ctx, w, scanImport, sqlSelectImport, organization, id)
	return i, notFound(err)
}

// CreateImport implements store.Imports.
func (s *Store) CreateImport(ctx context.Context, organization string, i store.Import, stale time.Time) (out store.Import, err error) {
	err = s.write(ctx, "create import", func(ctx context.Context, w *writing) error {
		switch _, err := w.importOf(ctx, organization, i.ID); {
		case err == nil:
			return store.ErrExists
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		if err := w.makeWay(ctx, organization, i, stale); err != nil {
			return err
		}
		body, err := json.Marshal(i.ImportSettings)
		if err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlInsertImport, organization, i.ID, i.Kind, int64(store.ImportOpen), string(body), relational.ToMicro(i.CreateTime)); err != nil {
			return err
		}
		out, err = w.importOf(ctx, organization, i.ID)
		return err
	})
	return out, err
}

// makeWay ends the import of the same kind that runs, if that may be. Errors: *store.RunningError.
func (w *writing) makeWay(ctx context.Context, organization string, i store.Import, stale time.Time) error {
	running, err := relational.One(ctx, w, scanImport, sqlImportRuns, organization, i.Kind)
	if errors.Is(err, relational.ErrNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	ends := running.State == store.ImportOpen && running.Creator == i.Creator
	if running.State == store.ImportOpen && !ends {
		if ends, err = relational.Exists(ctx, w, sqlImportIsStale, organization, running.ID, relational.ToMicro(stale)); err != nil {
			return err
		}
	}
	if !ends {
		return &store.RunningError{ID: running.ID}
	}
	return w.endImport(ctx, organization, running.ID, store.ImportCancelled, "", i.CreateTime)
}

// GetImport implements store.Imports.
func (s *Store) GetImport(ctx context.Context, organization, id string) (store.Import, error) {
	i, err := relational.One(ctx, s.db, scanImport, sqlSelectImport, organization, id)
	return i, s.db.Explain("get import", notFound(err))
}

// ListImports implements store.Imports.
func (s *Store) ListImports(ctx context.Context, organization string, offset, limit int) ([]store.Import, bool, error) {
	all, err := relational.List(ctx, s.db, scanImport, sqlListImports, organization, limit+1, offset)
	if err != nil {
		return nil, false, s.db.Explain("list imports", err)
	}
	out, more := relational.Page(all, limit)
	return out, more, nil
}

// PutPart implements store.Imports.
func (s *Store) PutPart(ctx context.Context, organization, id string, part int, data []byte, most int64, at time.Time) (out store.Import, err error) {
	err = s.write(ctx, "put part of import", func(ctx context.Context, w *writing) error {
		i, err := w.importOf(ctx, organization, id)
		if err != nil {
			return err
		}
		before, err := relational.One(ctx, w, relational.Value[int64], sqlImportPartSize, organization, id, part)
		if err != nil && !errors.Is(err, relational.ErrNoRow) {
			return err
		}
		switch more := int64(len(data)) - before; {
		case i.State != store.ImportOpen:
			return store.ErrChanged
		case i.Bytes+more > most:
			return store.ErrTooMany
		default:
			if _, err := w.Exec(ctx, sqlPutImportPart, organization, id, part, data); err != nil {
				return err
			}
			if _, err := w.Exec(ctx, sqlSumImportParts, organization, id, relational.ToMicro(at), more); err != nil {
				return err
			}
		}
		out, err = w.importOf(ctx, organization, id)
		return err
	})
	return out, err
}

// Part implements store.Imports.
func (s *Store) Part(ctx context.Context, organization, id string, part int) ([]byte, error) {
	data, err := relational.One(ctx, s.db, relational.Value[[]byte], sqlSelectImportPart, organization, id, part)
	return data, s.db.Explain("read part of import", notFound(err))
}

// CommitImport implements store.Imports.
func (s *Store) CommitImport(ctx context.Context, organization, id string, parts int) (out store.Import, err error) {
	err = s.write(ctx, "commit import", func(ctx context.Context, w *writing) error {
		if out, err = w.importOf(ctx, organization, id); err != nil {
			return err
		}
		if out.State != store.ImportOpen {
			if out.Parts != parts || out.State == store.ImportCancelled {
				return store.ErrChanged
			}
			return nil
		}
		there, err := relational.List(ctx, w, relational.Value[int64], sqlImportParts, organization, id)
		if err != nil {
			return err
		}
		for n, part := range there {
			if int64(n) != part {
				return &store.MissingPartError{Part: n}
			}
		}
		if len(there) < parts {
			return &store.MissingPartError{Part: len(there)}
		}
		if len(there) > parts {
			return store.ErrChanged
		}
		out.State = store.ImportChecking
		_, err = w.Exec(ctx, sqlSetState, organization, id, int64(out.State))
		return err
	})
	return out, err
}

// ClaimImport implements store.Imports.
func (s *Store) ClaimImport(ctx context.Context, holder string, now, until time.Time) (out store.Import, err error) {
	err = s.write(ctx, "claim import", func(ctx context.Context, w *writing) error {
		out, err = relational.One(ctx, w, scanImport, sqlClaimImport, holder, relational.ToMicro(now), relational.ToMicro(until), int64(store.ImportOpen))
		return notFound(err)
	})
	return out, err
}

// MoveImport implements store.Imports.
func (s *Store) MoveImport(ctx context.Context, holder string, until time.Time, i store.Import, refusals []store.ImportRefusal) error {
	return s.write(ctx, "move import", func(ctx context.Context, w *writing) error {
		ignored, err := json.Marshal(append([]string{}, i.Ignored...))
		if err != nil {
			return err
		}
		err = held(w.Exec(ctx, sqlMoveImport, i.Organization, i.ID, holder, relational.ToMicro(until), int64(i.State), i.Checked, i.Refused, i.Position, i.Applied, string(ignored)))
		if err == nil && i.State == store.ImportChecking {
			_, err = w.Exec(ctx, sqlRehearsed, i.Organization, i.ID, i.Created, i.Updated)
		}
		if err != nil || len(refusals) == 0 {
			return err
		}
		last, err := relational.One(ctx, w, relational.Value[int64], sqlLastRefusal, i.Organization, i.ID)
		if err != nil {
			return err
		}
		var rows [][]any
		for _, r := range refusals {
			if last++; last <= mostKeptRefusals {
				rows = append(rows, []any{i.Organization, i.ID, last, r.Line, r.Row, r.Field, r.Reason, r.Description})
			}
		}
		if len(rows) == 0 {
			return nil
		}
		return w.Many(ctx, sqlAddRefusal, rows)
	})
}

// HoldImport implements store.Imports.
func (s *Store) HoldImport(ctx context.Context, organization, id, holder string, until time.Time) error {
	return s.write(ctx, "hold import", func(ctx context.Context, w *writing) error {
		return held(w.Exec(ctx, sqlHoldImport, organization, id, holder, relational.ToMicro(until)))
	})
}

// PutOffImport implements store.Imports.
func (s *Store) PutOffImport(ctx context.Context, organization, id, holder string, until time.Time) error {
	return s.write(ctx, "put off import", func(ctx context.Context, w *writing) error {
		return held(w.Exec(ctx, sqlPutOffImport, organization, id, holder, relational.ToMicro(until)))
	})
}

// EndImport implements store.Imports.
func (s *Store) EndImport(ctx context.Context, organization, id string, state store.ImportState, refusal string, at time.Time) (out store.Import, err error) {
	err = s.write(ctx, "end import", func(ctx context.Context, w *writing) error {
		if err := w.endImport(ctx, organization, id, state, refusal, at); err != nil {
			return err
		}
		out, err = w.importOf(ctx, organization, id)
		return err
	})
	return out, err
}

func (w *writing) endImport(ctx context.Context, organization, id string, state store.ImportState, refusal string, at time.Time) error {
	n, err := w.Exec(ctx, sqlEndImport, organization, id, relational.ToMicro(at), int64(state), refusal)
	if err != nil || n == 0 {
		return err
	}
	for _, drop := range []string{sqlDropImportParts, sqlDropErased} {
		if _, err := w.Exec(ctx, drop, organization, id); err != nil {
			return err
		}
	}
	return nil
}

// CancelStaleImports implements store.Imports.
func (s *Store) CancelStaleImports(ctx context.Context, stale, at time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "cancel imports that nobody goes on with", func(ctx context.Context, w *writing) error {
		old, err := relational.List(ctx, w, func(row relational.Scanner) (of [2]string, err error) {
			err = row.Scan(&of[0], &of[1])
			return of, err
		}, sqlAbandoned, int64(store.ImportOpen), relational.ToMicro(stale), limit)
		if err != nil {
			return err
		}
		for _, of := range old {
			if err := w.endImport(ctx, of[0], of[1], store.ImportCancelled, "", at); err != nil {
				return err
			}
		}
		n = len(old)
		return nil
	})
	return n, err
}

// ListImportRefusals implements store.Imports.
func (s *Store) ListImportRefusals(ctx context.Context, organization, id string, after int64, limit int) ([]store.ImportRefusal, error) {
	all, err := relational.List(ctx, s.db, func(row relational.Scanner) (r store.ImportRefusal, err error) {
		err = row.Scan(&r.No, &r.Line, &r.Row, &r.Field, &r.Reason, &r.Description)
		return r, err
	}, sqlListRefusals, organization, id, after, limit)
	return all, s.db.Explain("list refusals of import", err)
}
