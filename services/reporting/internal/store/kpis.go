package store

import (
	"context"

	"github.com/otklik/otklik/services/reporting/internal/kpi"
)

// MostKpis is how many definitions of key figures an organisation may have, and MostKpiVersions how many versions one may have.
const (
	MostKpis        = 200
	MostKpiVersions = 10_000
)

// Kpis keeps definitions of key figures, in versions that never change.
type Kpis interface {
	// CreateKpi stores version 1 of a definition. Errors: ErrExists, ErrTooMany.
	CreateKpi(ctx context.Context, organization string, d kpi.Definition) error
	// AddKpiVersion stores the version after d.Version-1, which must be the newest. Errors: ErrNotFound, ErrChanged, ErrTooMany.
	AddKpiVersion(ctx context.Context, organization string, d kpi.Definition) error
	// Kpi returns a version of a definition; 0 is the newest. Error: ErrNotFound.
	Kpi(ctx context.Context, organization, id string, version int) (kpi.Definition, error)
	// ListKpis returns the newest versions of definitions by identifier, those after one, at most limit.
	ListKpis(ctx context.Context, organization, after string, limit int) ([]kpi.Definition, error)
	// KpiVersions returns the versions of a definition, the newest first, those before one (0: all), at most limit; none where there is no such definition.
	KpiVersions(ctx context.Context, organization, id string, before, limit int) ([]kpi.Definition, error)
}
