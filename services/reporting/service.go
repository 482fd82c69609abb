// Package reporting is the service that explains: what to fix first, what drives an outcome, and why it moved. It keeps what was recorded of stores beside
// answers, and what reports are made of, but no answers: each analysis is computed from the moments and facts that the scoring service tells the caller.
package reporting

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"time"
	_ "time/tzdata" // time zones for systems that have none, such as bare containers

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/lead"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/api"
	"github.com/otklik/otklik/services/reporting/internal/api/benchmarks"
	"github.com/otklik/otklik/services/reporting/internal/api/operations"
	"github.com/otklik/otklik/services/reporting/internal/api/overview"
	"github.com/otklik/otklik/services/reporting/internal/api/performance"
	"github.com/otklik/otklik/services/reporting/internal/api/reports"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/store"
	"github.com/otklik/otklik/services/reporting/internal/store/postgres"
	"github.com/otklik/otklik/services/reporting/internal/store/sqlite"
)

const meterName = "github.com/otklik/otklik/services/reporting"

// Schema is what the service keeps in PostgreSQL, for otklik migrate.
func Schema() pgkit.Schema { return postgres.Schema() }

// Deps is what the service needs from outside.
type Deps struct {
	// Survey, Scoring, Segmentation and Comment are the connections to the services that it asks, without a credential: each call goes out by the credential of
	// its caller. Required.
	Survey, Scoring, Segmentation, Comment grpc.ClientConnInterface
	// Access is a connection to the access service with a credential of the role service: reports are made by themselves on behalf of people. Required.
	Access grpc.ClientConnInterface
	// Instance names this process among those that share the store; empty: a name is made.
	Instance string
	// Data is the folder that a relative Config.Path begins in; empty means the working directory.
	Data string
	// Logger gets what has no caller to be told; nil discards it.
	Logger *slog.Logger
	// Meters make instruments; nil makes none.
	Meters metric.MeterProvider
	// Tracers make spans of the statements of calls that are traced; nil makes none.
	Tracers trace.TracerProvider
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// withDefaults fills in what may be left out.
func (d Deps) withDefaults() Deps {
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	if d.Now == nil {
		d.Now = time.Now
	}
	if d.Instance == "" {
		d.Instance = rand.Text()
	}
	return d
}

// room answers the calls of one of the service's parts.
type room interface{ Register(grpc.ServiceRegistrar) }

// Service is a reporting service that is ready to be registered and run.
type Service struct {
	store   store.Store
	rooms   []room
	keeper  *seal.Keeper
	exports *export.Runner
	leader  *lead.Leader
	house   chore.Household
	chores  []chore.Chore
}

// New opens the store. When it fails, nothing is left open. It does not wait for other services.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Survey == nil || deps.Scoring == nil || deps.Segmentation == nil || deps.Comment == nil || deps.Access == nil {
		return nil, errors.New("check dependencies: Survey, Scoring, Segmentation, Comment and Access are needed")
	}
	deps = deps.withDefaults()
	db, err := open(ctx, config, deps)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := newService(config, deps, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	deps.Logger.InfoContext(ctx, "reporting store is open", slog.String("path", db.Place()))
	return s, nil
}

// open opens the store that the configuration names.
func open(ctx context.Context, config Config, deps Deps) (store.Store, error) {
	if config.Postgres.Enabled() {
		return postgres.Open(ctx, config.Postgres, pgkit.Options{Component: component, Logger: deps.Logger, Tracers: deps.Tracers, Meters: deps.Meters})
	}
	path := config.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(deps.Data, path)
	}
	return sqlite.Open(ctx, path)
}

// newService makes a service over a store, which stays the caller's when it fails.
func newService(config Config, deps Deps, db store.Store) (*Service, error) {
	zone, err := time.LoadLocation(config.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("check time_zone: %w", err)
	}
	leader := lead.New(lead.Options{Lease: db, Holder: deps.Instance, Complaint: "chores of reporting are not done", Log: deps.Logger, Now: deps.Now})
	if deps.Meters != nil {
		_, err := deps.Meters.Meter(meterName).Int64ObservableGauge("otklik.reporting.leads", metric.WithDescription("1 in the process that leads, 0 in others."),
			metric.WithInt64Callback(leader.Observe))
		if err != nil {
			return nil, fmt.Errorf("make instruments: %w", err)
		}
	}
	surveys := peers.NewSurveys(deps.Survey)
	analyses := api.New(api.Deps{
		Surveys: surveys, Scoring: peers.NewScoring(deps.Scoring), Measures: peers.NewMeasures(deps.Scoring), Segmentation: peers.NewSegmentation(deps.Segmentation),
		RankResponses: config.RankResponses, Now: deps.Now,
	})
	tokens := page.Codec{TTL: config.PageTokenTTL, Now: deps.Now}
	stores := &performance.Server{Operations: db, Segmentation: peers.NewSegmentation(deps.Segmentation), Zone: zone}
	kpis := &performance.Kpis{Store: db, Performance: stores, Measures: peers.NewMeasures(deps.Scoring), Tokens: tokens, Zone: zone, Now: deps.Now}
	others := &benchmarks.Server{
		Store: db, Measures: peers.NewMeasures(deps.Scoring), Segmentation: peers.NewSegmentation(deps.Segmentation), Tokens: tokens, Zone: zone, Now: deps.Now,
	}
	made := reports.New(reports.Deps{
		Store: db, Surveys: surveys, Measures: peers.NewMeasures(deps.Scoring), Sources: peers.NewSources(deps.Survey, deps.Scoring, deps.Comment, deps.Segmentation),
		Analyses: analyses, Performance: stores, Kpis: kpis, Others: others, Tokens: tokens, Zone: zone, Now: deps.Now,
	})
	recorded := &operations.Server{Store: db, Segmentation: peers.NewSegmentation(deps.Segmentation), Tokens: tokens, Zone: zone, Now: deps.Now}
	rooms := []room{
		analyses, made, recorded,
		stores, kpis, others,
		&overview.Server{
			Measures: peers.NewMeasures(deps.Scoring), Surveys: surveys, Segmentation: peers.NewSegmentation(deps.Segmentation), Comments: peers.NewComments(deps.Comment),
			Zone: zone, Now: deps.Now,
		},
	}
	planned, err := newScheduling(config, deps, db, made, zone, leader.Leads)
	if err != nil {
		return nil, err
	}
	recorded.Pages = seal.Envelope{Keeper: planned.keeper, Owner: "\x00operations", Label: "reporting/operations/pages"}
	exported, err := newExporting(config.Exports, deps, db, planned.keeper, tokens, recorded, reports.Batches{Reports: made}, leader.Leads)
	if err != nil {
		return nil, errors.Join(err, planned.keeper.Close())
	}
	return &Service{
		store: db, rooms: slices.Concat(rooms, planned.rooms, []room{exported.room}), keeper: planned.keeper, leader: leader, exports: exported.runner,
		house:  chore.Household{Mine: leader.Leads, Log: deps.Logger, Now: deps.Now},
		chores: append(planned.chores, exported.chore, chore.Chore{What: "forgetting what reports were made of", Every: time.Hour, Do: made.Forget}),
	}, nil
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	for _, room := range s.rooms {
		room.Register(r)
	}
}

// Run does the chores while this process leads, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		s.leader.Run(ctx, func(ctx context.Context) error { return s.house.Run(ctx, s.chores...) })
		return nil
	})
	work.Go(func() error { return s.exports.Run(ctx) })
	return work.Wait()
}

// Ready tells whether the service's own store can be read.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Close waits for writes under way and closes the store. Close it after the server has drained. Safe to call twice.
func (s *Service) Close() error { return errors.Join(s.keeper.Close(), s.store.Close()) }
