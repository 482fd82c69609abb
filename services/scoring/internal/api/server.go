// Package api serves the scoring service's RPCs: it authorises by the caller's organisation, converts, and calls.
package api

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/scoring/internal/alarm"
	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/live"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
	"github.com/otklik/otklik/services/scoring/internal/store"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// Catalog is what the API must know of surveys; *surveys.Catalog is one.
type Catalog interface {
	History(ctx context.Context, organization, survey string) (questionnaire.History, error)
	HistoryAfter(ctx context.Context, organization, survey string, moment time.Time) (questionnaire.History, error)
	Forget(organization, survey string)
}

// Rebuilder begins rebuilds; *ingest.Rebuilder is one.
type Rebuilder interface {
	Start(ctx context.Context, organization string) (store.Rebuild, error)
}

// Applier applies events; *ingest.Applier is one.
type Applier interface {
	// Replay applies an event that was set aside.
	Replay(ctx context.Context, organization string, position int64) error
	// CatchUp counts what is stored.
	CatchUp(ctx context.Context) error
	// AppliedUpTo tells whether all events of an organisation up to a position are applied.
	AppliedUpTo(ctx context.Context, organization string, position int64) (bool, error)
}

// Options are what a Server works with; all but Cache, Thresholds and Vault are required.
type Options struct {
	Store     store.Store
	Board     *live.Board
	Catalog   Catalog
	Rebuilder Rebuilder
	Applier   Applier
	// Cache keeps what takes long to work out; nil keeps nothing.
	Cache  Cache
	Logger *slog.Logger
	// Vault is the connection to the access service, which knows the pseudonyms of persons.
	Vault grpc.ClientConnInterface
	// Location is the time zone of queries that name none.
	Location *time.Location
	// Thresholds judge estimates; nil means the defaults of the definitions.
	Thresholds *metric.Thresholds
	// LeastAnswers is how many answers are released together where they are protected.
	LeastAnswers int
	// PageTokens makes and checks page tokens.
	PageTokens page.Codec
	// Watch says how live scores are sent.
	Watch WatchOptions
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Server serves ScoringService.
type Server struct {
	scoringv1.UnimplementedScoringServiceServer
	Options

	zones zones
	views *views
	// definitions say what scores mean.
	definitions *definition.Registry
	watchers    *watchers
}

// New makes a server. Stop it when it has drained.
func New(o Options) *Server {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{Options: o, definitions: definition.New(o.Store, o.Catalog, o.Now)}
	s.views = newViews(o.Store, o.Board)
	s.watchers = newWatchers(s.evaluate, o.Board, o.Watch)
	return s
}

// Register registers the services.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	scoringv1.RegisterScoringServiceServer(r, s)
	scoringv1.RegisterMetricDefinitionServiceServer(r, &definitionServer{Server: s})
	scoringv1.RegisterAlertServiceServer(r, &alertServer{
		Server: s, planner: &alarm.Planner{Board: s.Board, Catalog: s.Catalog}, rules: sync.OnceValues(validation.New),
		end: eventlog.NewEnd(alertPause, s.endOfAlerts),
	})
	scoringv1.RegisterEventFeedServiceServer(r, &feedServer{Server: s})
	scoringv1.RegisterPersonServiceServer(r, &personServer{server: s})
}

// Stop ends what works for streams and waits for it. The streams themselves are ended by the server that they are registered with, before.
// Safe to call twice.
func (s *Server) Stop() { s.watchers.stop() }
