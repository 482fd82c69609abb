// Package comment is the service that listens: it understands what customers wrote, in Russian, Kyrgyz and English and on this machine, keeps it without
// personal data, and tells what it says together.
package comment

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"
	_ "time/tzdata" // time zones for systems that have none, such as bare containers

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/comment/internal/analysis"
	"github.com/otklik/otklik/services/comment/internal/api"
	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/model"
	"github.com/otklik/otklik/services/comment/internal/peers"
	"github.com/otklik/otklik/services/comment/internal/store"
	"github.com/otklik/otklik/services/comment/internal/store/postgres"
	"github.com/otklik/otklik/services/comment/internal/store/sqlite"
	"github.com/otklik/otklik/services/comment/internal/theme"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Schema is what the service keeps in PostgreSQL, for otklik migrate.
func Schema() pgkit.Schema { return postgres.Schema() }

// Deps is what the service needs from outside.
type Deps struct {
	// Survey is the connection to the survey service, Vault the one to the access service, with a credential of the role service. Required.
	Survey, Vault grpc.ClientConnInterface
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

// backend is a store with what the service has to know of where it is kept.
type backend interface {
	store.Store
	// Place says where the data is, for logs.
	Place() string
}

// Service is a comment service that is ready to be registered and run.
type Service struct {
	store      backend
	keeper     *seal.Keeper
	api        *api.Server
	analysis   *api.Analysis
	follower   *ingest.Follower
	reanalyser *ingest.Reanalyser
	chores     chores
}

// New loads the models and opens the store. When it fails, nothing is left open. It does not wait for other services.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Survey == nil || deps.Vault == nil {
		return nil, errors.New("check dependencies: Survey and Vault are needed")
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Instance == "" {
		deps.Instance = rand.Text()
	}
	models, err := model.Load()
	if err != nil {
		return nil, err
	}
	db, err := open(ctx, config, deps)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	keeper := seal.NewKeeper(peers.NewVault(deps.Vault), seal.KeeperOptions{Lease: leaseOfUnknown, Now: deps.Now})
	s, err := newService(config, deps, db, keeper, models)
	if err != nil {
		return nil, errors.Join(err, keeper.Close(), db.Close())
	}
	deps.Logger.InfoContext(ctx, "comment store is open", slog.String("path", db.Place()), slog.String("model", models.Name))
	return s, nil
}

// leaseOfUnknown is how many keys are leased ahead for what people wrote of whom nobody knows who they are: one for each organisation.
const leaseOfUnknown = 10

// newService makes a service over a store and a keeper, which stay the caller's when it fails.
func newService(config Config, deps Deps, db backend, keeper *seal.Keeper, models *model.Model) (*Service, error) {
	location, err := time.LoadLocation(config.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("check time_zone: %w", err)
	}
	analyzer := analysis.New(models)
	originals, book, consents := ingest.NewOriginals(keeper), ingest.NewAspectBook(db), peers.NewConsents(deps.Survey)
	options := ingest.Options{
		Store: db, Survey: surveyv1.NewEventFeedServiceClient(deps.Survey), Catalog: peers.NewCatalog(deps.Survey), Originals: originals, Aspects: book,
		NewAnalyst: func() ingest.Analyst { return &analyst{analyzer: analyzer} }, Holder: deps.Instance, Logger: deps.Logger, Now: deps.Now,
	}
	if deps.Meters != nil {
		if options.Instruments, err = ingest.NewInstruments(deps.Meters); err != nil {
			return nil, err
		}
	}
	s := &Service{store: db, keeper: keeper, follower: ingest.NewFollower(options)}
	options.Leads = func() bool { return s.follower.Status().Leads }
	s.reanalyser = ingest.NewReanalyser(options)
	if deps.Meters != nil {
		if err := s.follower.Observe(deps.Meters); err != nil {
			return nil, err
		}
	}
	proposer := &theme.Proposer{Store: db, NameOf: namesOfAspects(db), Now: deps.Now}
	s.chores = chores{
		store: db, proposer: proposer, consents: consents, mine: func() bool { return s.follower.Status().Connected }, config: config, log: deps.Logger, now: deps.Now,
	}
	s.analysis = api.NewAnalysis(api.AnalysisOptions{
		Analyzer: analyzer, Card: models.Card, Models: db, PageTTL: config.PageTokenTTL, Now: deps.Now,
		Own: func(ctx context.Context, organization string) (*aspect.Custom, error) {
			own, err := book.Of(ctx, organization)
			return own.Custom, err
		},
	})
	s.api, err = api.New(api.Options{
		Store: db, Follower: s.follower, Reanalyser: s.reanalyser, Originals: originals, Consents: consents, Proposer: proposer, Location: location,
		PageTTL: config.PageTokenTTL, Now: deps.Now,
	})
	return s, err
}

// open opens the store that the configuration names.
func open(ctx context.Context, config Config, deps Deps) (backend, error) {
	if config.Postgres.Enabled() {
		return postgres.Open(ctx, config.Postgres, pgkit.Options{Component: component, Logger: deps.Logger, Tracers: deps.Tracers, Meters: deps.Meters})
	}
	path := config.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(deps.Data, path)
	}
	return sqlite.Open(ctx, path)
}

// namesOfAspects says what aspects are called in the registers, where people of all languages read: in English, or in whatever language there is.
func namesOfAspects(db store.Aspects) func(ctx context.Context, organization, id string) (string, error) {
	fixed := make(map[string]string)
	for _, d := range aspect.Definitions() {
		fixed[d.ID] = d.Names["en"]
	}
	return func(ctx context.Context, organization, id string) (string, error) {
		if name, ok := fixed[id]; ok {
			return name, nil
		}
		own, err := db.GetAspect(ctx, organization, id)
		if errors.Is(err, store.ErrNotFound) {
			return id, nil
		}
		if name, ok := own.Names["en"]; ok || err != nil {
			return name, err
		}
		for _, language := range []string{"ru", "ky"} {
			if name, ok := own.Names[language]; ok {
				return name, nil
			}
		}
		return id, nil
	}
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) {
	s.api.Register(r)
	s.analysis.Register(r)
}

// Run follows the survey service's change log, analyses anew what another model analysed, and does the chores, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		s.follower.Run(ctx)
		return nil
	})
	work.Go(func() error {
		s.reanalyser.Run(ctx)
		return nil
	})
	work.Go(func() error { return s.chores.run(ctx) })
	return work.Wait()
}

// Ready tells whether the service's own store can be read.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Close waits for writes under way and closes the store. Close it after the server has drained. Safe to call twice.
func (s *Service) Close() error { return errors.Join(s.keeper.Close(), s.store.Close()) }
