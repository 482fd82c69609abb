// Package access is the service that says who may do what: keys, members, sessions and one-time tokens, and what was done with them.
package access

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/access/internal/api"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/store"
	"github.com/otklik/otklik/services/access/internal/store/postgres"
	"github.com/otklik/otklik/services/access/internal/store/sqlite"
	"github.com/otklik/otklik/services/access/internal/territory"
)

// Schema is what the service keeps in PostgreSQL, for otklik migrate.
func Schema() pgkit.Schema { return postgres.Schema() }

// Roles says which roles there are and what they give.
type Roles = credential.Roles

// Deps is what the service needs from outside.
type Deps struct {
	// Data is the folder that a relative Config.Path begins in; empty means the working directory.
	Data string
	// Roles says which roles there are and what they give. Required.
	Roles Roles
	// Static knows the keys of the configuration by organisation and identifier, so that services can act on behalf of their holders; nil where there are none.
	Static func(organization, id string) (authn.Principal, bool)
	// Survey, Scoring, Comment and Segmentation reach the services of those names, with a credential of the role service; nil where nothing is to be asked of
	// them.
	Survey, Scoring, Comment, Segmentation grpc.ClientConnInterface
	// Reporting reaches the reporting service in the same way, whose reports webhooks tell of; nil where there is none.
	Reporting grpc.ClientConnInterface
	// Instance names this process among its replicas; empty: a name is made.
	Instance string
	// Logger gets what has no caller to be told; nil discards it.
	Logger *slog.Logger
	// Tracers make spans of the statements of calls that are traced; nil makes none.
	Tracers trace.TracerProvider
	// Meters make instruments; nil makes none.
	Meters metric.MeterProvider
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// backend is a store with what the service has to know of where it is kept.
type backend interface {
	store.Store
	// Place says where the data is, for logs.
	Place() string
}

// Service is an access service that is ready to be registered and run.
type Service struct {
	api     *api.Server
	store   backend
	persons *persons
	sweeper sweeper
}

// New opens the store and makes the service. When it fails, nothing is left open. It does not wait for other services.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Roles == nil {
		return nil, errors.New("check dependencies: Roles is needed")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	if deps.Logger == nil {
		deps.Logger = slog.New(slog.DiscardHandler)
	}
	db, err := open(ctx, config, deps)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s, err := newService(ctx, config, deps, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	deps.Logger.InfoContext(ctx, "access store is open", slog.String("path", db.Place()))
	return s, nil
}

// newService makes a service over a store, which stays the caller's when it fails.
func newService(ctx context.Context, config Config, deps Deps, db backend) (*Service, error) {
	persons, err := newPersons(ctx, config, deps, db)
	if err != nil {
		return nil, err
	}
	var territories *territory.Territories
	if deps.Segmentation != nil {
		territories = territory.New(api.Regions(deps.Segmentation), territory.Options{Now: deps.Now, Logger: deps.Logger})
	}
	server, err := api.New(api.Options{
		Store: db, Roles: deps.Roles, Static: deps.Static, SessionLifetime: config.SessionLifetime, PageTTL: config.PageTokenTTL, Now: deps.Now,
		Vault: persons.vault, Respondents: persons.respondents, Holders: persons.holders, Directory: persons.directory, ErasuresWake: persons.erasures.Wake,
		Webhooks: persons.hooks.calls(), Territories: territories,
	})
	if err != nil {
		return nil, errors.Join(err, persons.close())
	}
	return &Service{api: server, store: db, persons: persons, sweeper: sweeper{store: db, now: deps.Now, log: deps.Logger}}, nil
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

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// Run does what happens outside of calls until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	work.Go(func() error {
		s.persons.run(ctx)
		return nil
	})
	work.Go(func() error { return s.persons.hooks.run(ctx) })
	work.Go(func() error {
		s.sweeper.run(ctx)
		return nil
	})
	return work.Wait()
}

// Ready tells whether the service's own store can be read.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Close waits for writes under way and closes the store. Close it after the server has drained. Safe to call twice.
func (s *Service) Close() error { return errors.Join(s.persons.close(), s.store.Close()) }
