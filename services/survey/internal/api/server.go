// Package api serves the survey service's RPCs: it takes the organisation from the caller's credential, asks the rules and the store, and
// converts between messages and records. It alone knows both protobuf and records.
package api

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/seal"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// Options of New.
type Options struct {
	// Store keeps the data. Required.
	Store store.Store
	// GracePeriod is how long after closing a survey takes answers given before; 0 means none.
	GracePeriod time.Duration
	// FeedLinger is how long StreamEvents gathers changes after it was idle before it sends them.
	FeedLinger time.Duration
	// FeedHeartbeat is the longest silence of StreamEvents; 0 means a second.
	FeedHeartbeat time.Duration
	// PageTTL is how long page tokens are good for; 0 means page.DefaultTTL.
	PageTTL time.Duration
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Vault keeps the keys of persons. Required.
	Vault seal.Vault
	// Keeping is how the keys are used.
	Keeping seal.KeeperOptions
	// Quota is how much an organisation may store that Quotas does not name.
	Quota  Quota
	Quotas map[string]Quota
	// Retention is how long what is stored is kept.
	Retention Retention
	// Settle is how long after an erasure submissions may arrive that were sealed before it; 0 means defaultSettle.
	Settle time.Duration
	// Logger gets what the work in the background fails with; nil discards it.
	Logger *slog.Logger
}

// Server serves SurveyService, EventFeedService and PersonService.
type Server struct {
	vault     *knownVault
	keeper    *seal.Keeper
	quotas    *quotas
	retention Retention
	settle    time.Duration
	log       *slog.Logger
	store     store.Store
	rules     *validation.Interceptor
	forms     *forms
	pages     page.Codec
	now       func() time.Time
	grace     time.Duration
	feed      feedOptions
}

// defaultHeartbeat is the longest silence of StreamEvents unless told otherwise.
const defaultHeartbeat = time.Second

// New makes a server. Close it.
func New(o Options) (*Server, error) {
	if o.Vault == nil {
		return nil, errors.New("make server: it needs a vault for the keys of persons")
	}
	rules, err := validation.New()
	if err != nil {
		return nil, fmt.Errorf("make checker of items: %w", err)
	}
	now := o.Now
	if now == nil {
		now = time.Now
	}
	s := &Server{
		store: o.Store, rules: rules, forms: newForms(o.Store), pages: page.Codec{TTL: o.PageTTL, Now: now}, grace: o.GracePeriod,
		// Microseconds are what every backend can keep.
		now:  func() time.Time { return now().UTC().Truncate(time.Microsecond) },
		feed: feedOptions{linger: o.FeedLinger, heartbeat: o.FeedHeartbeat},
	}
	s.quotas = &quotas{store: o.Store, now: now, standard: o.Quota, of: o.Quotas, known: make(map[string]knownUsage)}
	s.retention, s.settle, s.log = o.Retention, o.Settle, o.Logger
	if s.settle <= 0 {
		s.settle = defaultSettle
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.vault = &knownVault{Vault: o.Vault, notes: o.Store, log: s.log}
	s.keeper = seal.NewKeeper(s.vault, o.Keeping)
	if s.feed.heartbeat <= 0 {
		s.feed.heartbeat = defaultHeartbeat
	}
	return s, nil
}

// Close ends what the server does in the background. Safe to call twice.
func (s *Server) Close() error { return s.keeper.Close() }

// Register registers the services.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	surveyv1.RegisterSurveyServiceServer(r, &surveyServer{Server: s})
	surveyv1.RegisterEventFeedServiceServer(r, &feedServer{Server: s})
	surveyv1.RegisterPersonServiceServer(r, &personServer{Server: s})
}

// surveyServer serves SurveyService.
type surveyServer struct {
	surveyv1.UnimplementedSurveyServiceServer
	*Server
}

// feedServer serves EventFeedService.
type feedServer struct {
	surveyv1.UnimplementedEventFeedServiceServer
	*Server
}

// personServer serves PersonService.
type personServer struct {
	surveyv1.UnimplementedPersonServiceServer
	*Server
}
