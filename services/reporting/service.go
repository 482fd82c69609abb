// Package reporting is the service that explains: what to fix first, what drives an outcome, and why it moved. It keeps nothing; each answer is computed from
// the moments and facts that the scoring service tells the caller.
package reporting

import (
	"context"
	"errors"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/reporting/internal/api"
	"github.com/otklik/otklik/services/reporting/internal/peers"
)

// Deps is what the service needs from outside.
type Deps struct {
	// Survey and Scoring are the connections to the services that it asks, without a credential: each call goes out by the credential of its caller.
	// Required.
	Survey, Scoring grpc.ClientConnInterface
}

// Service is a reporting service that is ready to be registered and run.
type Service struct{ api *api.Server }

// New makes the service. It does not wait for other services.
func New(config Config, deps Deps) (*Service, error) {
	if err := config.check(); err != nil {
		return nil, err
	}
	if deps.Survey == nil || deps.Scoring == nil {
		return nil, errors.New("check dependencies: Survey and Scoring are needed")
	}
	return &Service{api: api.New(peers.NewSurveys(deps.Survey), peers.NewScoring(deps.Scoring), config.RankResponses)}, nil
}

// Register registers the service's RPCs.
func (s *Service) Register(r grpc.ServiceRegistrar) { s.api.Register(r) }

// Run waits for the end of ctx: there is nothing to do but to answer.
func (s *Service) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Ready tells that the service can answer: it has no store of its own.
func (s *Service) Ready(context.Context) error { return nil }

// Close has nothing to close.
func (s *Service) Close() error { return nil }
