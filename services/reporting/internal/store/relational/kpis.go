package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/kpi"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const kpiColumns = `k.id, k.version, k.author, k.made, k.body`

// newestKpi holds of the newest version of a definition, of which there is no later one.
const newestKpi = `NOT EXISTS (SELECT 1 FROM kpi_versions l WHERE l.organization = k.organization AND l.id = k.id AND l.version > k.version)`

// scanKpi reads a row of kpiColumns.
func scanKpi(row relational.Scanner) (d kpi.Definition, err error) {
	var made int64
	var body []byte
	if err := row.Scan(&d.ID, &d.Version, &d.Author, &made, &body); err != nil {
		return d, err
	}
	d.Time = time.UnixMicro(made).UTC()
	if err := json.Unmarshal(body, &d.Content); err != nil {
		return d, fmt.Errorf("decode key figure %s, version %d: %w", d.ID, d.Version, err)
	}
	return d, nil
}

// insertKpi stores a version; false where there is one of the number.
func insertKpi(ctx context.Context, w relational.Writer, organization string, d kpi.Definition) (bool, error) {
	body, err := json.Marshal(d.Content)
	if err != nil {
		return false, fmt.Errorf("encode key figure: %w", err)
	}
	n, err := w.Exec(ctx, `INSERT INTO kpi_versions (organization, id, version, author, made, body) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		organization, d.ID, d.Version, d.Author, d.Time.UnixMicro(), string(body))
	return n > 0, err
}

// CreateKpi implements store.Kpis.
func (s *Store) CreateKpi(ctx context.Context, organization string, d kpi.Definition) error {
	d.Version = 1
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		known, err := relational.Exists(ctx, w, `SELECT 1 FROM kpi_versions WHERE organization = $1 AND id = $2`, organization, d.ID)
		switch {
		case err != nil:
			return err
		case known:
			return store.ErrExists
		}
		count, err := relational.One(ctx, w, relational.Value[int], `SELECT count(*) FROM kpi_versions WHERE organization = $1 AND version = 1`, organization)
		switch {
		case err != nil:
			return err
		case count >= store.MostKpis:
			return store.ErrTooMany
		}
		made, err := insertKpi(ctx, w, organization, d)
		if err == nil && !made {
			err = store.ErrExists
		}
		return err
	})
	return s.db.Explain("create key figure", err)
}

// AddKpiVersion implements store.Kpis.
func (s *Store) AddKpiVersion(ctx context.Context, organization string, d kpi.Definition) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		newest, err := relational.One(ctx, w, relational.Value[int], `SELECT coalesce(max(version), 0) FROM kpi_versions WHERE organization = $1 AND id = $2`, organization, d.ID)
		switch {
		case err != nil:
			return err
		case newest == 0:
			return store.ErrNotFound
		case newest != d.Version-1:
			return store.ErrChanged
		case d.Version > store.MostKpiVersions:
			return store.ErrTooMany
		}
		// Another replica may have been faster.
		made, err := insertKpi(ctx, w, organization, d)
		if err == nil && !made {
			err = store.ErrChanged
		}
		return err
	})
	return s.db.Explain("add version of key figure", err)
}

// Kpi implements store.Kpis.
func (s *Store) Kpi(ctx context.Context, organization, id string, version int) (kpi.Definition, error) {
	d, err := relational.One(ctx, s.db, scanKpi, `SELECT `+kpiColumns+` FROM kpi_versions k WHERE k.organization = $1 AND k.id = $2
		AND ($3 = 0 OR k.version = $3) ORDER BY k.version DESC LIMIT 1`, organization, id, version)
	if errors.Is(err, relational.ErrNoRow) {
		err = store.ErrNotFound
	}
	return d, s.db.Explain("read key figure", err)
}

// ListKpis implements store.Kpis.
func (s *Store) ListKpis(ctx context.Context, organization, after string, limit int) ([]kpi.Definition, error) {
	found, err := relational.List(ctx, s.db, scanKpi, `SELECT `+kpiColumns+` FROM kpi_versions k WHERE k.organization = $1 AND k.id > $2 AND `+newestKpi+`
		ORDER BY k.id LIMIT $3`, organization, after, limit)
	return found, s.db.Explain("list key figures", err)
}

// KpiVersions implements store.Kpis.
func (s *Store) KpiVersions(ctx context.Context, organization, id string, before, limit int) ([]kpi.Definition, error) {
	found, err := relational.List(ctx, s.db, scanKpi, `SELECT `+kpiColumns+` FROM kpi_versions k
		WHERE k.organization = $1 AND k.id = $2 AND ($3 = 0 OR k.version < $3) ORDER BY k.version DESC LIMIT $4`, organization, id, before, limit)
	return found, s.db.Explain("list versions of key figure", err)
}
