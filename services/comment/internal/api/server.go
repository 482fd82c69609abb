// Package api serves the comment service's RPCs: it takes the organisation and the units from the caller's credential, asks the rules and the store, and
// converts.
package api

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// Follower applies the survey service's events; *ingest.Follower is one.
type Follower interface {
	Replay(ctx context.Context, organization string, id int64) (store.DeadLetter, error)
}

// Reanalyser begins reanalyses; *ingest.Reanalyser is one.
type Reanalyser interface {
	Begin(ctx context.Context, organization string) (store.Reanalysis, error)
}

// Consents tells whether who wrote something agrees to its publication.
type Consents interface {
	// Publication returns the consent, `consents/{consent}`, by which whoever gave a response agrees to publication now; empty when nobody does.
	Publication(ctx context.Context, organization, response string) (string, error)
}

// Proposer finds themes that emerge in a survey and enters them in the registers.
type Proposer interface {
	Propose(ctx context.Context, organization, survey string) ([]register.Entry, error)
}

// Options are what a Server works with. All are required.
type Options struct {
	Store      store.Store
	Follower   Follower
	Reanalyser Reanalyser
	Originals  *ingest.Originals
	Consents   Consents
	Proposer   Proposer
	// Location is the time zone of steps where a query names none.
	Location *time.Location
	PageTTL  time.Duration
	Now      func() time.Time
}

// Server serves the comment service but for AnalysisService.
type Server struct {
	Options
	rules *validation.Interceptor
	pages page.Codec
}

// New makes a server.
func New(o Options) (*Server, error) {
	rules, err := validation.New()
	if err != nil {
		return nil, err
	}
	return &Server{Options: o, rules: rules, pages: page.Codec{TTL: o.PageTTL, Now: o.Now}}, nil
}

// Register registers the services.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	commentv1.RegisterCommentServiceServer(r, &commentServer{Server: s})
	commentv1.RegisterAspectServiceServer(r, &aspectServer{Server: s})
	commentv1.RegisterInsightServiceServer(r, &insightServer{Server: s})
	commentv1.RegisterRegisterServiceServer(r, &registerServer{Server: s})
	commentv1.RegisterTestimonialServiceServer(r, &testimonialServer{Server: s})
	commentv1.RegisterEventFeedServiceServer(r, &feedServer{Server: s})
	commentv1.RegisterPersonServiceServer(r, &personServer{Server: s})
}
