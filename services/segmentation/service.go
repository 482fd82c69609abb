// Package segmentation is the service that knows who needs attention, and what was done about it: companies, contacts, locations and staff, their lights and
// segments, cases, interviews, purchases, and the timeline of each customer.
package segmentation

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

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/api"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/ingest"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/peers"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/postgres"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"
)

// Schema is what the service keeps in PostgreSQL, for otklik migrate.
func Schema() pgkit.Schema { return postgres.Schema() }

// Deps is what the service needs from outside.
type Deps struct {
	// Survey, Comment and Scoring are the connections to the services that it follows and asks, Vault the one to the access service, with a credential of the
	// role service. Required.
	Survey, Comment, Scoring, Vault grpc.ClientConnInterface
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

// Service is a segmentation service that is ready to be registered and run.
type Service struct {
	store  store.Store
	keeper *seal.Keeper
	api    *api.Server
	leader *follow.Leader
	house  chore.Household
	chores []chore.Chore
}

// leaseOfUnknown is how many keys are leased ahead for persons who are heard of first.
const leaseOfUnknown = 100

// New opens the store. When it fails, nothing is left open. It does not wait for other services.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Survey == nil || deps.Comment == nil || deps.Scoring == nil || deps.Vault == nil {
		return nil, errors.New("check dependencies: Survey, Comment, Scoring and Vault are needed")
	}
	deps = deps.withDefaults()
	db, err := open(ctx, config, deps)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	keeper := seal.NewKeeper(peers.NewVault(deps.Vault), seal.KeeperOptions{Lease: leaseOfUnknown, Now: deps.Now})
	s, err := newService(config, deps, db, keeper)
	if err != nil {
		return nil, errors.Join(err, keeper.Close(), db.Close())
	}
	deps.Logger.InfoContext(ctx, "segmentation store is open", slog.String("path", db.Place()))
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

// newService makes a service over a store and a keeper, which stay the caller's when it fails.
func newService(config Config, deps Deps, db store.Store, keeper *seal.Keeper) (*Service, error) {
	location, err := time.LoadLocation(config.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("check time_zone: %w", err)
	}
	p := parts{config: config, deps: deps, store: db, keeper: keeper, location: location}
	if p.mailing, err = newMailing(config, deps); err != nil {
		return nil, err
	}
	p.catalog = surveys.New(deps.Survey)
	p.lights = &ingest.Lights{Store: db, Revisions: p.catalog, Now: deps.Now}
	p.segments = &ingest.Segments{Store: db, Evaluator: membership.NewEvaluator(db, deps.Now)}
	options := follow.Options{Store: db, Holder: deps.Instance, Logger: deps.Logger, Now: deps.Now}
	if deps.Meters != nil {
		if options.Aside, err = follow.CountAside(deps.Meters); err != nil {
			return nil, err
		}
	}
	leader := follow.New(options, p.followers()...)
	if deps.Meters != nil {
		if err := errors.Join(leader.Observe(deps.Meters), leader.ObserveComparisons(deps.Meters, p.segments.Evaluator.Oldest)); err != nil {
			return nil, err
		}
	}
	served, err := api.New(api.Options{
		Store: db, Followers: leader, Keeper: keeper, Lights: p.lights, Catalog: p.catalog, Addresses: peers.NewAddresses(deps.Vault), PublicURL: config.PublicURL,
		Location: location, PageTTL: config.PageTokenTTL, Now: deps.Now,
	})
	if err != nil {
		return nil, err
	}
	return &Service{
		store: db, keeper: keeper, leader: leader, api: served, chores: p.chores(),
		house: chore.Household{Mine: leader.Leads, Log: deps.Logger, Now: deps.Now},
	}, nil
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// Run follows the other services and does the chores while this process leads, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		s.leader.Run(ctx)
		return nil
	})
	work.Go(func() error { return s.house.Run(ctx, s.chores...) })
	return work.Wait()
}

// Ready tells whether the service's own store can be read.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Close waits for writes under way and closes the store. Close it after the server has drained. Safe to call twice.
func (s *Service) Close() error { return errors.Join(s.keeper.Close(), s.store.Close()) }
