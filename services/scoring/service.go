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
	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/scoring/internal/api"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/sqlite"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	scoremetric "github.com/otklik/otklik/services/scoring/internal/metric"
)

// Deps is what the service needs from outside.
type Deps struct {
	// Survey is the connection to the survey service, with a key that may act for any organisation. Required.
	Survey grpc.ClientConnInterface
	// Data is the folder that a relative Config.Path begins in; empty means the working directory.
	Data string
	// Logger gets what has no caller to be told; nil discards it.
	Logger *slog.Logger
	// Meters make instruments for metrics; nil makes none.
	Meters metric.MeterProvider
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service is a scoring service that is ready to be registered and run.
type Service struct {
	store     store.Store
	board     *live.Board
	api       *api.Server
	consumer  *eventlog.Consumer[*surveyv1.Event]
	rebuilder *ingest.Rebuilder
	closing   sync.Once
	closeErr  error
}

// New opens the store and loads the scores. When it fails, nothing is left open. It does not wait for the survey service.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Survey == nil {
		return nil, errors.New("check dependencies: Survey is needed")
	}
	path := config.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(deps.Data, path)
	}
	db, err := sqlite.Open(ctx, path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := newService(ctx, config, deps, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// newService makes a service over a store, which stays the caller's when it fails.
func newService(ctx context.Context, config Config, deps Deps, db store.Store) (*Service, error) {
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	location, err := time.LoadLocation(config.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("check time_zone: %w", err)
	}
	s := &Service{store: db, board: live.New()}
	var instruments *ingest.Instruments
	if deps.Meters != nil {
		if instruments, err = ingest.NewInstruments(deps.Meters, s.board, deps.Now); err != nil {
			return nil, err
		}
	}
	catalog := surveys.New(deps.Survey, config.SurveyRefresh, deps.Now)
	applier := ingest.NewApplier(ingest.Options{
		Store: db, Board: s.board, Catalog: catalog, Logger: deps.Logger, Instruments: instruments, Now: deps.Now,
	})
	if err := applier.Load(ctx); err != nil {
		return nil, err
	}
	feed := ingest.NewFeed(deps.Survey)
	s.rebuilder = ingest.NewRebuilder(applier, feed)
	if err := s.rebuilder.Recover(ctx); err != nil {
		return nil, err
	}
	s.consumer = eventlog.New[*surveyv1.Event](
		eventlog.Config{Name: "scoring", MaxBatch: config.BatchSize, Queue: readAhead, MinBackoff: minBackoff, Logger: deps.Logger},
		applier.Following(feed), applier, (*surveyv1.Event).GetPosition)
	if deps.Meters != nil {
		if err := ingest.ObserveFeed(deps.Meters, s.consumer.Status); err != nil {
			return nil, err
		}
	}
	s.api = api.New(api.Options{
		Store: db, Board: s.board, Catalog: catalog, Rebuilder: s.rebuilder, Logger: deps.Logger, Location: location,
		PageTokens: page.Codec{TTL: config.PageTokenTTL, Now: deps.Now},
		Thresholds: &scoremetric.Thresholds{
			StrongAbove: config.Bands.StrongAbove, SystemicTo: config.Bands.SystemicTo, CaseLevelFrom: config.Bands.CaseLevelFrom,
		},
		Watch: api.WatchOptions{Interval: config.WatchInterval, Heartbeat: config.WatchHeartbeat, Patience: config.WatchPatience},
	})
	return s, nil
}

const (
	// readAhead is how many batches are read ahead of the one that is applied. Few, so that a busy consumer makes the survey service gather
	// changes into larger batches, which cost both sides less.
	readAhead = 2
	// minBackoff is the first wait after the change log could not be read; at the start the survey service is often up a moment later.
	minBackoff = 20 * time.Millisecond
)

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// Run follows the survey service's change log and works on rebuilds until ctx ends. Streams are ended by the server that they are
// registered with, when it drains.
func (s *Service) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	var rebuildErr error
	beside.Go(func() { rebuildErr = s.rebuilder.Run(ctx) })
	err := s.consumer.Run(ctx)
	beside.Wait()
	return errors.Join(err, rebuildErr)
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
