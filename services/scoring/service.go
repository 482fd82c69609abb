// Package scoring is the service that measures: it keeps the answers as facts and serves scores with their intervals, comparisons, live
// scores, and the definitions behind them.
package scoring

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"
	_ "time/tzdata" // time zones for systems that have none, such as bare containers

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/alarm"
	"github.com/otklik/otklik/services/scoring/internal/api"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	scoremetric "github.com/otklik/otklik/services/scoring/internal/metric"
)

// Deps is what the service needs from outside.
type Deps struct {
	// Survey is the connection to the survey service, with a key that may act for any organisation. Required.
	Survey grpc.ClientConnInterface
	// Vault is the connection to the access service, which knows the pseudonyms of persons; nil lets nobody export a person's data.
	Vault grpc.ClientConnInterface
	// Comment is the connection to the comment service, which tells what responses express and speak of; nil, and one that nobody answers, lets scores be
	// cut by all but that.
	Comment grpc.ClientConnInterface
	// Segmentation is the connection to the segmentation service, which tells to which segments respondents belonged, and whether a case of theirs was
	// not solved; nil, and one that nobody answers, lets scores be cut by all but that.
	Segmentation grpc.ClientConnInterface
	// Events makes the log that the service follows. refill is a partition of the survey service's own log, of count. Nil follows all of that
	// log, from the survey service itself.
	Events func(refill func(partition, count int) eventlog.Source[*surveyv1.Event]) (eventlog.Log[*surveyv1.Event], error)
	// Signal wakes the processes that share the store; nil wakes nobody: each looks by itself once in a while.
	Signal Signal
	// Cache keeps what takes long to work out; nil keeps nothing.
	Cache Cache
	// Instance names this process among those that share the store. Two must not have the same name at a time.
	Instance string
	// Data is the folder that a relative Config.Path begins in; empty means the working directory.
	Data string
	// Logger gets what has no caller to be told; nil discards it.
	Logger *slog.Logger
	// Meters make instruments for metrics; nil makes none.
	Meters metric.MeterProvider
	// Tracers make the spans of batches and statements; nil makes none.
	Tracers trace.TracerProvider
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Signal wakes the processes that share a store when one of them has stored something. Losing a signal makes them look a little later.
type Signal = ingest.Signal

// Cache keeps values for the processes that share a store. A value that is lost is worked out again.
type Cache = api.Cache

// Service is a scoring service that is ready to be registered and run.
type Service struct {
	store     store.Store
	now       func() time.Time
	api       *api.Server
	applier   *ingest.Applier
	follower  *follower
	rebuilder *ingest.Rebuilder
	alarm     *alarm.Evaluator
	closing   sync.Once
	closeErr  error
}

// Schema is what the service keeps in PostgreSQL, for otklik migrate.
func Schema() pgkit.Schema { return postgres.Schema() }

// New opens the store and loads the scores. When it fails, nothing is left open. It does not wait for the survey service.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Survey == nil {
		return nil, errors.New("check dependencies: Survey is needed")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	db, err := open(ctx, config, deps)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := newService(ctx, config, deps, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// open opens the store that the configuration names.
func open(ctx context.Context, config Config, deps Deps) (store.Store, error) {
	if config.Postgres.Enabled() {
		db, err := pgkit.Open(ctx, config.Postgres, pgkit.Options{Component: component, Logger: deps.Logger, Tracers: deps.Tracers, Meters: deps.Meters})
		if err != nil {
			return nil, err
		}
		st, err := postgres.Open(ctx, db, deps.Logger)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		return st, nil
	}
	path := config.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(deps.Data, path)
	}
	return sqlite.Open(ctx, path)
}

// newService makes a service over a store, which stays the caller's when it fails.
func newService(ctx context.Context, config Config, deps Deps, db store.Store) (*Service, error) {
	location, err := time.LoadLocation(config.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("check time_zone: %w", err)
	}
	board := live.New()
	s := &Service{store: db, now: deps.Now}
	var instruments *ingest.Instruments
	if deps.Meters != nil {
		if instruments, err = ingest.NewInstruments(deps.Meters, board, deps.Now); err != nil {
			return nil, err
		}
	}
	// The log refills itself from the survey service through the sinks of the applier, whose number is that of the log's partitions.
	feed := ingest.NewFeed(deps.Survey)
	log := eventlog.Whole(feed.Of(""))
	if deps.Events != nil {
		if log, err = deps.Events(feed.Part); err != nil {
			return nil, err
		}
	}
	catalog := surveys.New(deps.Survey, config.SurveyRefresh, deps.Now)
	s.applier = ingest.NewApplier(ingest.Options{
		Store: db, Board: board, Catalog: catalog, Log: feed, Partitions: log.Partitions(), Logger: deps.Logger, Instruments: instruments,
		Tracers: deps.Tracers, Signal: deps.Signal, FollowInterval: config.FollowInterval, Instance: deps.Instance, Now: deps.Now,
	})
	if err := s.applier.Load(ctx); err != nil {
		return nil, explain(err)
	}
	s.rebuilder = ingest.NewRebuilder(s.applier)
	if err := s.rebuilder.Recover(ctx); err != nil {
		return nil, err
	}
	s.follower = newFollower(log, s.applier, config.BatchSize, deps.Logger)
	if deps.Comment != nil {
		followFindings(s.follower, "comments", ingest.Comments(deps.Comment))
	}
	if deps.Segmentation != nil {
		followFindings(s.follower, "segmentation", ingest.Segmentation(deps.Segmentation))
	}
	if deps.Meters != nil {
		if err := ingest.ObserveFeed(deps.Meters, s.follower.status); err != nil {
			return nil, err
		}
	}
	s.alarm = &alarm.Evaluator{
		Store: db, Source: &alarm.Planner{Board: board, Catalog: catalog}, Interval: config.AlertInterval, Logger: deps.Logger, Now: deps.Now,
	}
	s.api = api.New(api.Options{
		Store: db, Board: board, Catalog: catalog, Rebuilder: s.rebuilder, Applier: s.applier, Cache: deps.Cache, Logger: deps.Logger,
		Vault: deps.Vault, Now: deps.Now,
		Location: location, LeastAnswers: config.Privacy.LeastAnswers,
		PageTokens: page.Codec{TTL: config.PageTokenTTL, Now: deps.Now},
		Thresholds: &scoremetric.Thresholds{
			StrongAbove: config.Bands.StrongAbove, SystemicTo: config.Bands.SystemicTo, CaseLevelFrom: config.Bands.CaseLevelFrom,
		},
		Watch: api.WatchOptions{Interval: config.WatchInterval, Heartbeat: config.WatchHeartbeat, Patience: config.WatchPatience},
	})
	return s, nil
}

// explain adds to an error of the start what to do about it.
func explain(err error) error {
	if errors.Is(err, store.ErrPartitions) {
		return fmt.Errorf("%w: give events.partitions its former value, or let the scores be counted anew into an empty store", err)
	}
	return err
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// keeper is a store that needs new partitions as time goes by.
type keeper interface {
	KeepPartitions(ctx context.Context, now func() time.Time)
}

var _ keeper = (*postgres.Store)(nil)

// Run follows the survey service's change log and the other processes that do, works on rebuilds, and evaluates alert rules, until ctx ends. Streams are ended by the
// server that they are registered with, when it drains.
func (s *Service) Run(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error { return s.rebuilder.Run(ctx) })
	work.Go(func() error { return s.follower.run(ctx) })
	work.Go(func() error {
		s.applier.Run(ctx)
		return nil
	})
	work.Go(func() error {
		s.alarm.Run(ctx)
		return nil
	})
	if k, ok := s.store.(keeper); ok {
		work.Go(func() error {
			k.KeepPartitions(ctx, s.now)
			return nil
		})
	}
	return work.Wait()
}

// Ready tells whether the service's own store can be read.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Close ends the evaluation of watched queries and closes the store. Close it after Run has returned and the server has drained. Safe to call twice.
func (s *Service) Close() error {
	s.closing.Do(func() {
		s.api.Stop()
		s.closeErr = s.store.Close()
	})
	return s.closeErr
}
