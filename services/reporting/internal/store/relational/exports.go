package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	exportColumns     = `organization, id, creator, state, create_time, begin_time, end_time, expire_time, holder, held_until, written, bytes, parts, position, cursor, total, failure, body`
	sqlInsertExport   = `INSERT INTO exports (` + exportColumns + `) VALUES ($1, $2, $3, $4, $5, NULL, NULL, $6, '', 0, 0, 0, 0, 0, NULL, $7, '', $8) ON CONFLICT DO NOTHING`
	sqlCountExports   = `SELECT count(*) FROM exports WHERE organization = $1`
	sqlCountUnended   = `SELECT count(*) FROM exports WHERE organization = $1 AND state IN (1, 2)`
	sqlSelectExport   = `SELECT ` + exportColumns + ` FROM exports WHERE organization = $1 AND id = $2`
	sqlListExports    = `SELECT ` + exportColumns + ` FROM exports WHERE organization = $1 AND creator = $2 ORDER BY create_time DESC, id DESC LIMIT $3`
	sqlListMore       = `SELECT ` + exportColumns + ` FROM exports WHERE organization = $1 AND creator = $2 AND (create_time < $4 OR create_time = $4 AND id < $5) ORDER BY create_time DESC, id DESC LIMIT $3`
	sqlFreeExports    = `SELECT ` + exportColumns + ` FROM exports WHERE state IN (1, 2) AND held_until < $1 ORDER BY create_time, organization, id LIMIT 1`
	sqlHoldExport     = `UPDATE exports SET state = 2, holder = $3, held_until = $4 WHERE organization = $1 AND id = $2 AND state IN (1, 2) AND held_until < $5`
	sqlCountLateOnes  = `SELECT count(*) FROM exports WHERE state IN (1, 2) AND create_time < $1`
	sqlFreeAll        = `UPDATE exports SET held_until = 0 WHERE state IN (1, 2)`
	sqlRenewExport    = `UPDATE exports SET held_until = $4 WHERE organization = $1 AND id = $2 AND holder = $3 AND state = 2`
	sqlProceedExport  = `UPDATE exports SET state = $4, held_until = $5, written = $6, bytes = $7, parts = $8, position = $9, total = $10, begin_time = $11, end_time = $12, failure = $13, cursor = $14 WHERE organization = $1 AND id = $2 AND holder = $3 AND state = 2`
	sqlInsertPart     = `INSERT INTO export_parts (organization, export, number, place, size, sealed) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlCancelExport   = `UPDATE exports SET state = 5, end_time = $3, holder = '', bytes = 0, parts = 0 WHERE organization = $1 AND id = $2 AND state IN (1, 2)`
	sqlDeleteExport   = `DELETE FROM exports WHERE organization = $1 AND id = $2`
	sqlDeleteParts    = `DELETE FROM export_parts WHERE organization = $1 AND export = $2`
	sqlPartAt         = `SELECT number, place, size, sealed FROM export_parts WHERE organization = $1 AND export = $2 AND place <= $3 ORDER BY place DESC LIMIT 1`
	sqlExpiredExports = `SELECT ` + exportColumns + ` FROM exports WHERE expire_time < $1 ORDER BY expire_time LIMIT $2`
)

func scanExport(row relational.Scanner) (e export.Export, err error) {
	var created, expires, until int64
	var began, ended *int64
	var body []byte
	err = row.Scan(&e.Organization, &e.ID, &e.Creator, &e.State, &created, &began, &ended, &expires, &e.Holder, &until, &e.Rows, &e.Bytes, &e.Parts, &e.Position, &e.Cursor, &e.Total,
		&e.Failure, &body)
	if err != nil {
		return e, err
	}
	e.Create, e.Begin, e.End = relational.FromMicro(created), relational.FromNull(began), relational.FromNull(ended)
	e.Expire, e.Until = relational.FromMicro(expires), relational.FromMicro(until)
	if err := json.Unmarshal(body, &e.Order); err != nil {
		return e, fmt.Errorf("decode export %s: %w", e.ID, err)
	}
	return e, nil
}

// CreateExport implements store.Exports.
func (s *Store) CreateExport(ctx context.Context, e export.Export, most, atOnce int) error {
	body, err := json.Marshal(e.Order)
	if err != nil {
		return fmt.Errorf("encode export: %w", err)
	}
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		n, err := w.Exec(ctx, sqlInsertExport, e.Organization, e.ID, e.Creator, int64(export.Pending), relational.ToMicro(e.Create), relational.ToMicro(e.Expire), e.Total, body)
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrExists
		}
		for query, limit := range map[string]int{sqlCountExports: most, sqlCountUnended: atOnce} {
			count, err := relational.One(ctx, w, relational.Value[int], query, e.Organization)
			if err != nil {
				return err
			}
			if count > limit {
				return store.ErrTooMany
			}
		}
		return nil
	})
	return s.db.Explain("create export", err)
}

// Export implements store.Exports.
func (s *Store) Export(ctx context.Context, organization, id string) (e export.Export, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) (err error) {
		e, err = exportOf(ctx, r, organization, id)
		return err
	})
	return e, s.db.Explain("read export", err)
}

func exportOf(ctx context.Context, r relational.Reader, organization, id string) (export.Export, error) {
	e, err := relational.One(ctx, r, scanExport, sqlSelectExport, organization, id)
	if errors.Is(err, relational.ErrNoRow) {
		return e, store.ErrNotFound
	}
	return e, err
}

// ListExports implements store.Exports.
func (s *Store) ListExports(ctx context.Context, organization, creator string, after store.ExportMark, limit int) (out []export.Export, err error) {
	if after.ID == "" {
		out, err = relational.ListOnce(ctx, s.db, scanExport, sqlListExports, organization, creator, limit)
	} else {
		out, err = relational.ListOnce(ctx, s.db, scanExport, sqlListMore, organization, creator, limit, relational.ToMicro(after.Create), after.ID)
	}
	return out, s.db.Explain("list exports", err)
}

// ClaimExport implements store.Exports.
func (s *Store) ClaimExport(ctx context.Context, holder string, now, until time.Time) (e export.Export, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		e, err = relational.One(ctx, w, scanExport, sqlFreeExports, relational.ToMicro(now))
		if errors.Is(err, relational.ErrNoRow) {
			return store.ErrNotFound
		}
		if err != nil {
			return err
		}
		n, err := w.Exec(ctx, sqlHoldExport, e.Organization, e.ID, holder, relational.ToMicro(until), relational.ToMicro(now))
		if err != nil {
			return err
		}
		if n == 0 {
			// Somebody else was faster; the next look finds another one.
			return store.ErrNotFound
		}
		e.State, e.Holder, e.Until = export.Running, holder, until
		return nil
	})
	return e, s.db.Explain("claim export", err)
}

// HoldExport implements store.Exports.
func (s *Store) HoldExport(ctx context.Context, e export.Export, until time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		n, err := w.Exec(ctx, sqlRenewExport, e.Organization, e.ID, e.Holder, relational.ToMicro(until))
		if err == nil && n == 0 {
			err = store.ErrLost
		}
		return err
	})
	return s.db.Explain("hold export", err)
}

// FreeExports lets go of all exports that are held: for a store that no other process uses, when it is opened.
func (s *Store) FreeExports(ctx context.Context) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		_, err := w.Exec(ctx, sqlFreeAll)
		return err
	})
	return s.db.Explain("free exports", err)
}

// proceed stores how far an export has come.
func proceed(ctx context.Context, w relational.Writer, e export.Export) error {
	n, err := w.Exec(ctx, sqlProceedExport, e.Organization, e.ID, e.Holder, int64(e.State), relational.ToMicro(e.Until), e.Rows, e.Bytes, e.Parts, e.Position, e.Total,
		relational.NullMicro(e.Begin), relational.NullMicro(e.End), e.Failure, e.Cursor)
	if err == nil && n == 0 {
		err = store.ErrLost
	}
	return err
}

// ProceedExport implements store.Exports.
func (s *Store) ProceedExport(ctx context.Context, e export.Export, part *export.Part) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if err := proceed(ctx, w, e); err != nil || part == nil {
			return err
		}
		_, err := w.Exec(ctx, sqlInsertPart, e.Organization, e.ID, part.Number, part.Offset, part.Size, part.Sealed)
		return err
	})
	return s.db.Explain("proceed with export", err)
}

// RestartExport implements store.Exports.
func (s *Store) RestartExport(ctx context.Context, e export.Export) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if err := proceed(ctx, w, e); err != nil {
			return err
		}
		_, err := w.Exec(ctx, sqlDeleteParts, e.Organization, e.ID)
		return err
	})
	return s.db.Explain("begin export anew", err)
}

// CountUnended implements store.Exports.
func (s *Store) CountUnended(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		n, err = relational.One(ctx, r, relational.Value[int64], sqlCountLateOnes, relational.ToMicro(before))
		return err
	})
	return n, s.db.Explain("count exports", err)
}

// CancelExport implements store.Exports.
func (s *Store) CancelExport(ctx context.Context, organization, id string, now time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		n, err := w.Exec(ctx, sqlCancelExport, organization, id, relational.ToMicro(now))
		if err != nil {
			return err
		}
		if n == 0 {
			if _, err := exportOf(ctx, w, organization, id); err != nil {
				return err
			}
			return store.ErrChanged
		}
		_, err = w.Exec(ctx, sqlDeleteParts, organization, id)
		return err
	})
	return s.db.Explain("cancel export", err)
}

// DeleteExport implements store.Exports.
func (s *Store) DeleteExport(ctx context.Context, organization, id string) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error { return forgetExport(ctx, w, organization, id) })
	return s.db.Explain("delete export", err)
}

func forgetExport(ctx context.Context, w relational.Writer, organization, id string) error {
	n, err := w.Exec(ctx, sqlDeleteExport, organization, id)
	if err != nil {
		return err
	}
	if n == 0 {
		return store.ErrNotFound
	}
	_, err = w.Exec(ctx, sqlDeleteParts, organization, id)
	return err
}

// ExportPart implements store.Exports.
func (s *Store) ExportPart(ctx context.Context, organization, id string, offset int64) (out export.Part, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out, err = relational.One(ctx, r, func(row relational.Scanner) (p export.Part, err error) {
			err = row.Scan(&p.Number, &p.Offset, &p.Size, &p.Sealed)
			return p, err
		}, sqlPartAt, organization, id, offset)
		if errors.Is(err, relational.ErrNoRow) || err == nil && offset >= out.Offset+out.Size {
			return store.ErrNotFound
		}
		return err
	})
	return out, s.db.Explain("read part of export", err)
}

// ForgetExports implements store.Exports.
func (s *Store) ForgetExports(ctx context.Context, before time.Time, limit int) (n int, err error) {
	expired, err := relational.ListOnce(ctx, s.db, scanExport, sqlExpiredExports, relational.ToMicro(before), limit)
	for _, e := range expired {
		if err = s.DeleteExport(ctx, e.Organization, e.ID); err != nil && !errors.Is(err, store.ErrNotFound) {
			return n, err
		}
		n++
	}
	return n, s.db.Explain("forget exports", err)
}
