// Package survey is the service that asks: surveys and their published revisions, responses and refusals. It is the system of record for
// answers.
package survey

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

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/pgkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
	"github.com/otklik/otklik/services/survey/internal/intake"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/postgres"
	"github.com/otklik/otklik/services/survey/internal/store/sqlite"
)

// Config is how the service behaves. Start from DefaultConfig.
type Config struct {
	Path         string        `koanf:"path" doc:"SQLite file of the survey service, relative to the data folder; made when it is missing. One process uses it at a time. Unused with PostgreSQL."`
	Postgres     pgkit.Config  `koanf:"postgres"`
	GracePeriod  time.Duration `koanf:"grace_period" doc:"Time after the closing of a survey in which answers given before it are still accepted and flagged LATE. 0 is none."`
	CommitBatch  int           `koanf:"commit_batch" doc:"Most calls whose writes are committed together."`
	FeedLinger   time.Duration `koanf:"feed_linger" doc:"Time for which the change log gathers changes before it sends them to an idle reader. 0 sends at once."`
	PageTokenTTL time.Duration `koanf:"page_token_ttl" doc:"Life of page tokens."`

	Retention RetentionConfig        `koanf:"retention"`
	Quota     QuotaConfig            `koanf:"quota"`
	Quotas    map[string]QuotaConfig `koanf:"quotas" doc:"What organisations may store for which survey.quota does not hold, by organisation."`
}

// RetentionConfig is how long what is stored is kept.
type RetentionConfig struct {
	Words   time.Duration `koanf:"words" doc:"Time after its receipt for which it is kept who answered and what was written in words (purpose contact); then only the answers are left. 0 is for ever."`
	Answers time.Duration `koanf:"answers" doc:"Time after their receipt for which responses and refusals are kept (purpose research); then they are removed, from scores too. 0 is for ever."`
}

// QuotaConfig is how much an organisation may store.
type QuotaConfig struct {
	Submissions int64 `koanf:"submissions" doc:"Most responses and refusals that an organisation may store. 0 is unlimited."`
	Bytes       int64 `koanf:"bytes" doc:"Greatest size of the responses and refusals that an organisation may store, in bytes. 0 is unlimited."`
}

func (c QuotaConfig) check(name string) error {
	if c.Submissions < 0 || c.Bytes < 0 {
		return fmt.Errorf("check %s: submissions %d or bytes %d is negative", name, c.Submissions, c.Bytes)
	}
	return nil
}

// defaultFeedLinger makes a reader's batches worth a commit of its own while adding little to the 250 ms in which an answer has to reach the
// scores.
const defaultFeedLinger = 100 * time.Millisecond

// component names the service in its messages, and the schema of its tables unless told otherwise.
const component = "survey"

// DefaultConfig is a sound configuration: one process on SQLite.
func DefaultConfig() Config {
	return Config{
		Path:         "survey.db",
		Postgres:     pgkit.DefaultConfig(component),
		GracePeriod:  intake.DefaultGracePeriod,
		CommitBatch:  postgres.DefaultCommitBatch,
		FeedLinger:   defaultFeedLinger,
		PageTokenTTL: page.DefaultTTL,
	}
}

func (c Config) check() error {
	switch {
	case c.Path == "" && !c.Postgres.Enabled():
		return errors.New("check path: it is empty")
	case c.GracePeriod < 0:
		return fmt.Errorf("check grace_period: %v is negative", c.GracePeriod)
	case c.CommitBatch < 1:
		return fmt.Errorf("check commit_batch: %d is not positive", c.CommitBatch)
	case c.FeedLinger < 0:
		return fmt.Errorf("check feed_linger: %v is negative", c.FeedLinger)
	case c.PageTokenTTL <= 0:
		return fmt.Errorf("check page_token_ttl: %v is not positive", c.PageTokenTTL)
	case c.Retention.Words < 0 || c.Retention.Answers < 0:
		return fmt.Errorf("check retention: words %v or answers %v is negative", c.Retention.Words, c.Retention.Answers)
	}
	if err := c.Quota.check("quota"); err != nil {
		return err
	}
	for organization, q := range c.Quotas {
		if err := q.check("quotas." + organization); err != nil {
			return err
		}
	}
	return c.Postgres.Check()
}

// Schema is what the service keeps in PostgreSQL, for otklik migrate.
func Schema() pgkit.Schema { return postgres.Schema() }

// Deps is what the service needs from outside.
type Deps struct {
	// Data is the folder that a relative Config.Path begins in; empty means the working directory.
	Data string
	// Logger gets what has no caller to be told; nil discards it.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Publisher brings the change log to where other processes read it; nil brings it nowhere: readers call StreamEvents.
	Publisher eventlog.Publisher[*surveyv1.Event]
	// Vault leads to the vault of the access service with the role service. Required: what answers say of persons is encrypted with keys of the
	// vault.
	Vault grpc.ClientConnInterface
	// Tracers make spans of the statements of calls that are traced; nil makes none.
	Tracers trace.TracerProvider
	// Meters make instruments for the connections to PostgreSQL; nil makes none.
	Meters metric.MeterProvider
}

// backend is a store with what the service has to know of where it is kept.
type backend interface {
	store.Store
	// Place says where the data is, for logs.
	Place() string
}

// shared is a backend on PostgreSQL, which needs new partitions as time goes by.
type shared interface {
	KeepPartitions(ctx context.Context, now func() time.Time)
}

var _ shared = (*postgres.Store)(nil)

// Service is a survey service that is ready to be registered.
type Service struct {
	api       *api.Server
	store     backend
	publisher eventlog.Publisher[*surveyv1.Event]
	now       func() time.Time
}

// New opens the store and makes the service. When it fails, nothing is left open.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Vault == nil {
		return nil, errors.New("make survey service: it needs the vault of the access service")
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	db, err := open(ctx, config, deps)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	server, err := api.New(api.Options{
		Store: db, GracePeriod: config.GracePeriod, FeedLinger: config.FeedLinger, PageTTL: config.PageTokenTTL, Now: deps.Now, Logger: deps.Logger,
		Vault: api.NewVault(deps.Vault), Quota: api.Quota(config.Quota), Quotas: quotasOf(config.Quotas), Retention: api.Retention(config.Retention),
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if deps.Logger != nil {
		head, err := db.Head(ctx)
		if err != nil {
			return nil, errors.Join(err, server.Close(), db.Close())
		}
		deps.Logger.InfoContext(ctx, "survey store is open", slog.String("path", db.Place()), slog.Int64("head_position", head))
	}
	return &Service{api: server, store: db, publisher: deps.Publisher, now: deps.Now}, nil
}

func quotasOf(in map[string]QuotaConfig) map[string]api.Quota {
	out := make(map[string]api.Quota, len(in))
	for organization, q := range in {
		out[organization] = api.Quota(q)
	}
	return out
}

// open opens the store that the configuration names.
func open(ctx context.Context, config Config, deps Deps) (backend, error) {
	if config.Postgres.Enabled() {
		return postgres.Open(ctx, config.Postgres, postgres.Options{
			Options:     pgkit.Options{Component: component, Logger: deps.Logger, Tracers: deps.Tracers, Meters: deps.Meters},
			CommitBatch: config.CommitBatch,
		})
	}
	path := config.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(deps.Data, path)
	}
	return sqlite.Open(ctx, sqlite.Options{Path: path, CommitBatch: config.CommitBatch})
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// Run does what happens outside of calls until ctx ends: it publishes the change log, makes partitions for the months ahead, removes what was kept for long
// enough, settles erasures and counts what is stored. Streams are ended by
// the server that they are registered with, when it drains.
func (s *Service) Run(ctx context.Context) error {
	work, ctx := errgroup.WithContext(ctx)
	if db, ok := s.store.(shared); ok {
		work.Go(func() error {
			db.KeepPartitions(ctx, s.now)
			return nil
		})
	}
	if s.publisher != nil {
		work.Go(func() error {
			if err := s.publisher.Run(ctx, s.api.Events()); err != nil {
				return fmt.Errorf("publish events: %w", err)
			}
			return nil
		})
	}
	work.Go(func() error { return s.api.Work(ctx) })
	return work.Wait()
}

// Ready tells whether the service's own store can be read, and whether the vault is the one that its data was sealed by.
func (s *Service) Ready(ctx context.Context) error {
	if err := s.store.Ping(ctx); err != nil {
		return err
	}
	return s.api.Ready()
}

// Close waits for writes under way and closes the store. Close it after the server has drained. Safe to call twice.
func (s *Service) Close() error { return errors.Join(s.api.Close(), s.store.Close()) }
