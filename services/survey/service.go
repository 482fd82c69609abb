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

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/survey/internal/api"
	"github.com/otklik/otklik/services/survey/internal/intake"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/sqlite"
)

// Config is how the service behaves. Start from DefaultConfig.
type Config struct {
	Path         string        `koanf:"path" doc:"SQLite file of the survey service, relative to the data folder; made when it is missing. One process uses it at a time."`
	GracePeriod  time.Duration `koanf:"grace_period" doc:"Time after the closing of a survey in which answers given before it are still accepted and flagged LATE. 0 is none."`
	CommitBatch  int           `koanf:"commit_batch" doc:"Most calls whose writes are committed together."`
	FeedLinger   time.Duration `koanf:"feed_linger" doc:"Time for which the change log gathers changes before it sends them to an idle reader. 0 sends at once."`
	PageTokenTTL time.Duration `koanf:"page_token_ttl" doc:"Life of page tokens."`
}

// defaultFeedLinger makes a reader's batches worth a commit of its own while adding little to the 250 ms in which an answer has to reach the
// scores.
const defaultFeedLinger = 100 * time.Millisecond

// defaultCommitBatch is far more calls than queue during one commit at the highest load measured.
const defaultCommitBatch = 512

// DefaultConfig is a sound configuration.
func DefaultConfig() Config {
	return Config{
		Path:         "survey.db",
		GracePeriod:  intake.DefaultGracePeriod,
		CommitBatch:  defaultCommitBatch,
		FeedLinger:   defaultFeedLinger,
		PageTokenTTL: page.DefaultTTL,
	}
}

func (c Config) check() error {
	switch {
	case c.Path == "":
		return errors.New("check path: it is empty")
	case c.GracePeriod < 0:
		return fmt.Errorf("check grace_period: %v is negative", c.GracePeriod)
	case c.CommitBatch < 1:
		return fmt.Errorf("check commit_batch: %d is not positive", c.CommitBatch)
	case c.FeedLinger < 0:
		return fmt.Errorf("check feed_linger: %v is negative", c.FeedLinger)
	case c.PageTokenTTL <= 0:
		return fmt.Errorf("check page_token_ttl: %v is not positive", c.PageTokenTTL)
	}
	return nil
}

// Deps is what the service needs from outside.
type Deps struct {
	// Data is the folder that a relative Config.Path begins in; empty means the working directory.
	Data string
	// Logger gets what has no caller to be told; nil discards it.
	Logger *slog.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Service is a survey service that is ready to be registered.
type Service struct {
	api   *api.Server
	store store.Store
}

// New opens the store and makes the service. When it fails, nothing is left open.
func New(ctx context.Context, config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	path := config.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(deps.Data, path)
	}
	db, err := sqlite.Open(ctx, sqlite.Options{Path: path, CommitBatch: config.CommitBatch})
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	server, err := api.New(api.Options{Store: db, GracePeriod: config.GracePeriod, FeedLinger: config.FeedLinger, PageTTL: config.PageTokenTTL, Now: deps.Now})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if deps.Logger != nil {
		head, err := db.Head(ctx)
		if err != nil {
			return nil, errors.Join(err, db.Close())
		}
		deps.Logger.InfoContext(ctx, "survey store is open", slog.String("path", path), slog.Int64("head_position", head))
	}
	return &Service{api: server, store: db}, nil
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// Run waits until ctx ends: all happens within calls, the service has no work of its own. Streams are ended by the server that they are
// registered with, when it drains.
func (s *Service) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Ready tells whether the service's own store can be read.
func (s *Service) Ready(ctx context.Context) error { return s.store.Ping(ctx) }

// Close waits for writes under way and closes the store. Close it after the server has drained. Safe to call twice.
func (s *Service) Close() error { return s.store.Close() }
