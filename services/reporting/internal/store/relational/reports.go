package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const versionColumns = `v.id, v.version, v.author, v.made, v.body`

// scanVersion reads a row of versionColumns.
func scanVersion(row relational.Scanner) (d report.Definition, err error) {
	var made int64
	var body []byte
	if err := row.Scan(&d.ID, &d.Version, &d.Author, &made, &body); err != nil {
		return d, err
	}
	d.Time = time.UnixMicro(made).UTC()
	if err := json.Unmarshal(body, &d.Content); err != nil {
		return d, fmt.Errorf("decode report %s, version %d: %w", d.ID, d.Version, err)
	}
	return d, nil
}

// insertVersion stores a version.
func insertVersion(ctx context.Context, w relational.Writer, organization string, d report.Definition) error {
	body, err := json.Marshal(d.Content)
	if err != nil {
		return fmt.Errorf("encode report: %w", err)
	}
	_, err = w.Exec(ctx, `INSERT INTO report_versions (organization, id, version, author, made, body) VALUES ($1, $2, $3, $4, $5, $6)`,
		organization, d.ID, d.Version, d.Author, d.Time.UnixMicro(), string(body))
	return err
}

// reportExists returns store.ErrNotFound when there is no such report.
func reportExists(ctx context.Context, r relational.Reader, organization, id string) error {
	found, err := relational.Exists(ctx, r, `SELECT 1 FROM reports WHERE organization = $1 AND id = $2`, organization, id)
	if err == nil && !found {
		err = store.ErrNotFound
	}
	return err
}

// CreateReport implements store.Reports.
func (s *Store) CreateReport(ctx context.Context, organization string, d report.Definition) (int, error) {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		switch err := reportExists(ctx, w, organization, d.ID); {
		case err == nil:
			return store.ErrExists
		case !errors.Is(err, store.ErrNotFound):
			return err
		}
		count, err := relational.One(ctx, w, relational.Value[int], `SELECT count(*) FROM reports WHERE organization = $1`, organization)
		if err != nil {
			return err
		}
		if count >= store.MostReports {
			return store.ErrTooMany
		}
		last, err := relational.One(ctx, w, relational.Value[int], `SELECT coalesce(max(version), 0) FROM report_versions WHERE organization = $1 AND id = $2`, organization, d.ID)
		if err != nil {
			return err
		}
		d.Version = last + 1
		taken, err := w.Exec(ctx, `INSERT INTO reports (organization, id, version) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`, organization, d.ID, d.Version)
		if err != nil {
			return err
		}
		if taken == 0 {
			return store.ErrExists
		}
		return insertVersion(ctx, w, organization, d)
	})
	return d.Version, s.db.Explain("create report", err)
}

// Report implements store.Reports.
func (s *Store) Report(ctx context.Context, organization, id string, version int) (report.Definition, error) {
	d, err := relational.One(ctx, s.db, scanVersion, `SELECT `+versionColumns+` FROM reports r JOIN report_versions v ON v.organization = r.organization AND v.id = r.id
		WHERE r.organization = $1 AND r.id = $2 AND v.version = CASE WHEN $3 = 0 THEN r.version ELSE $3 END`, organization, id, version)
	if errors.Is(err, relational.ErrNoRow) {
		err = store.ErrNotFound
	}
	return d, s.db.Explain("read report", err)
}

// ListReports implements store.Reports.
func (s *Store) ListReports(ctx context.Context, organization, after string, limit int) ([]report.Definition, error) {
	found, err := relational.List(ctx, s.db, scanVersion, `SELECT `+versionColumns+` FROM reports r JOIN report_versions v ON v.organization = r.organization AND v.id = r.id
		AND v.version = r.version WHERE r.organization = $1 AND r.id > $2 ORDER BY r.id LIMIT $3`, organization, after, limit)
	return found, s.db.Explain("list reports", err)
}

// ReportVersions implements store.Reports.
func (s *Store) ReportVersions(ctx context.Context, organization, id string, before, limit int) ([]report.Definition, error) {
	var found []report.Definition
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		err := reportExists(ctx, r, organization, id)
		if err != nil {
			return err
		}
		found, err = relational.List(ctx, r, scanVersion, `SELECT `+versionColumns+` FROM report_versions v
			WHERE v.organization = $1 AND v.id = $2 AND ($3 = 0 OR v.version < $3) ORDER BY v.version DESC LIMIT $4`, organization, id, before, limit)
		return err
	})
	return found, s.db.Explain("list versions of report", err)
}

// UpdateReport implements store.Reports.
func (s *Store) UpdateReport(ctx context.Context, organization string, d report.Definition) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if err := reportExists(ctx, w, organization, d.ID); err != nil {
			return err
		}
		if d.Version > store.MostVersions {
			return store.ErrTooMany
		}
		changed, err := w.Exec(ctx, `UPDATE reports SET version = $3 WHERE organization = $1 AND id = $2 AND version = $3 - 1`, organization, d.ID, d.Version)
		if err != nil {
			return err
		}
		if changed == 0 {
			return store.ErrChanged
		}
		return insertVersion(ctx, w, organization, d)
	})
	return s.db.Explain("update report", err)
}

// DeleteReport implements store.Reports.
func (s *Store) DeleteReport(ctx context.Context, organization, id string, version int) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if err := reportExists(ctx, w, organization, id); err != nil {
			return err
		}
		deleted, err := w.Exec(ctx, `DELETE FROM reports WHERE organization = $1 AND id = $2 AND ($3 = 0 OR version = $3)`, organization, id, version)
		if err == nil && deleted == 0 {
			err = store.ErrChanged
		}
		return err
	})
	return s.db.Explain("delete report", err)
}

// PutRendition implements store.Reports.
func (s *Store) PutRendition(ctx context.Context, organization string, r report.Rendition) error {
	body, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode rendition: %w", err)
	}
	known, err := relational.Exists(ctx, s.db, `SELECT 1 FROM report_renditions WHERE organization = $1 AND fingerprint = $2`, organization, r.Fingerprint)
	if known || err != nil {
		return s.db.Explain("look for rendition", err)
	}
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		_, err := w.Exec(ctx, `INSERT INTO report_renditions (organization, fingerprint, made, body) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
			organization, r.Fingerprint, r.Time.UnixMicro(), string(body))
		return err
	})
	return s.db.Explain("remember rendition", err)
}

// Rendition implements store.Reports.
func (s *Store) Rendition(ctx context.Context, organization, fingerprint string) (report.Rendition, error) {
	r, err := relational.One(ctx, s.db, func(row relational.Scanner) (r report.Rendition, err error) {
		var made int64
		var body []byte
		if err := row.Scan(&made, &body); err != nil {
			return r, err
		}
		err = json.Unmarshal(body, &r)
		r.Fingerprint, r.Time = fingerprint, time.UnixMicro(made).UTC()
		return r, err
	}, `SELECT made, body FROM report_renditions WHERE organization = $1 AND fingerprint = $2`, organization, fingerprint)
	if errors.Is(err, relational.ErrNoRow) {
		err = store.ErrNotFound
	}
	return r, s.db.Explain("read rendition", err)
}

// ForgetRenditions implements store.Reports.
func (s *Store) ForgetRenditions(ctx context.Context, before time.Time, limit int) (int64, error) {
	type key struct{ organization, fingerprint string }
	var n int64
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		old, err := relational.List(ctx, w, func(row relational.Scanner) (k key, err error) {
			err = row.Scan(&k.organization, &k.fingerprint)
			return k, err
		}, `SELECT organization, fingerprint FROM report_renditions WHERE made < $1 ORDER BY made LIMIT $2`, before.UnixMicro(), limit)
		if err != nil {
			return err
		}
		args := make([][]any, len(old))
		for i, k := range old {
			args[i] = []any{k.organization, k.fingerprint}
		}
		n = int64(len(old))
		return w.Many(ctx, `DELETE FROM report_renditions WHERE organization = $1 AND fingerprint = $2`, args)
	})
	return n, s.db.Explain("forget renditions", err)
}
