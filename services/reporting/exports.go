package reporting

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/api/exports"
	"github.com/otklik/otklik/services/reporting/internal/api/reports"
	"github.com/otklik/otklik/services/reporting/internal/api/rows"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// forgottenAtOnce is how many exports are forgotten at a time.
const forgottenAtOnce = 100

// Exports says how many files of exports are kept, and for how long.
type Exports struct {
	Keep     time.Duration `koanf:"keep" doc:"Time for which the file of an export is kept."`
	Most     int           `koanf:"most" doc:"Most exports that an organisation keeps."`
	AtOnce   int           `koanf:"at_once" doc:"Most exports of an organisation that have not ended."`
	MaxBytes int64         `koanf:"max_bytes" doc:"Most bytes of a file; an export that has more fails."`
}

// defaultExports keeps files for a day.
func defaultExports() Exports {
	return Exports{Keep: 24 * time.Hour, Most: 50, AtOnce: 5, MaxBytes: 8 << 30}
}

func (e Exports) check() error {
	if e.Keep <= 0 || e.Most <= 0 || e.AtOnce <= 0 || e.MaxBytes <= 0 {
		return fmt.Errorf("check exports: keep %v, most %d, at_once %d and max_bytes %d must be positive", e.Keep, e.Most, e.AtOnce, e.MaxBytes)
	}
	return nil
}

// exporting is what makes exports.
type exporting struct {
	room   room
	runner *export.Runner
	chore  chore.Chore
}

// newExporting makes what takes orders for exports, makes them and forgets them. records lists what was recorded of stores, batches makes
// reports of many units.
func newExporting(config Exports, deps Deps, db store.Store, keeper *seal.Keeper, tokens page.Codec, records rows.Records, batches reports.Batches, leads func() bool) (exporting, error) {
	noted, err := countExports(deps, db, leads)
	if err != nil {
		return exporting{}, err
	}
	parts, measures := exports.Parts{Keeper: keeper}, peers.NewMeasures(deps.Scoring)
	asked := peers.NewSources(deps.Survey, deps.Scoring, deps.Comment, deps.Segmentation)
	responses := &rows.Responses{Client: asked.Surveys}
	sources := map[export.Kind]export.Source{
		export.Responses: responses, export.Comments: rows.Comments{Client: asked.Comments, Responses: responses}, export.Scores: rows.Scores{Measures: measures},
		export.Contacts: rows.Contacts{Client: asked.Contacts}, export.Cases: rows.Cases{Client: asked.Cases}, export.Operations: rows.Operations{Records: records},
		export.Reports: batches, export.Refusals: rows.Refusals{Client: asked.Surveys, Responses: responses},
	}
	return exporting{
		room: &exports.Server{
			Store: db, Sources: sources, Batches: batches, Measures: measures, Erasures: peers.NewErasures(deps.Access), Parts: parts, Tokens: tokens,
			Keep: config.Keep, Most: config.Most, AtOnce: config.AtOnce, Now: deps.Now,
		},
		runner: &export.Runner{
			Kept: exports.Kept{Store: db}, Acting: rows.Acting{Delegates: peers.Delegate(deps.Access), Sources: sources}.For, Sources: sources, Safe: parts,
			MostBytes: config.MaxBytes, Now: deps.Now, Log: deps.Logger, Noted: noted,
		},
		chore: chore.Chore{What: "forgetting exports", Every: time.Minute, Do: func(ctx context.Context) error {
			_, err := db.ForgetExports(ctx, deps.Now(), forgottenAtOnce)
			return err
		}},
	}, nil
}

// late is after how long an export that has not ended is looked after by people.
const late = time.Hour

// countExports makes the instruments of exports: how they end, and how many do not, told by the process that does the chores.
func countExports(deps Deps, db store.Exports, leads func() bool) (func(context.Context, export.Export), error) {
	if deps.Meters == nil {
		return nil, nil
	}
	meter := deps.Meters.Meter(meterName)
	counter, err := meter.Int64Counter("otklik.exports.ended", metric.WithUnit("{export}"), metric.WithDescription("Exports that were made, by outcome: succeeded or failed."))
	if err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	outcomes := map[export.State]string{export.Succeeded: "succeeded", export.Failed: "failed"}
	// Shown from the start.
	for _, outcome := range outcomes {
		counter.Add(context.Background(), 0, metric.WithAttributes(attribute.String("outcome", outcome)))
	}
	_, err = meter.Int64ObservableGauge("otklik.exports.late", metric.WithUnit("{export}"),
		metric.WithDescription("Exports that were asked for over an hour ago and have not ended; told by the process that leads."),
		metric.WithInt64Callback(func(ctx context.Context, o metric.Int64Observer) error {
			if !leads() {
				return nil
			}
			n, err := db.CountUnended(ctx, deps.Now().Add(-late))
			if err == nil {
				o.Observe(n)
			}
			return err
		}))
	if err != nil {
		return nil, fmt.Errorf("make instruments: %w", err)
	}
	return func(ctx context.Context, e export.Export) {
		counter.Add(ctx, 1, metric.WithAttributes(attribute.String("outcome", outcomes[e.State])))
	}, nil
}
