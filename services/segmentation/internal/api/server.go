// Package api serves the segmentation service's RPCs: it takes the organisation and the units from the caller's credential, asks the rules and the store, and
// converts.
package api

import (
	"context"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/eventlog"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Followers apply what other services tell; *follow.Leader is one.
type Followers interface {
	// Replay applies a dead letter again and removes it. Errors: store.ErrNotFound; *follow.Unfit.
	Replay(ctx context.Context, organization string, id int64) (store.DeadLetter, error)
	// OfSurveys names the followers of the survey service's change log.
	OfSurveys() []string
}

// Options are what a Server works with. All are required.
type Options struct {
	Store     store.Store
	Followers Followers
	// Keeper seals and opens what is personal, and knows pseudonyms.
	Keeper *seal.Keeper
	// Lights keeps lights current.
	Lights LightFollower
	// Catalog tells what surveys ask.
	Catalog Catalog
	// Addresses makes secret addresses and invitations.
	Addresses Addresses
	// PublicURL is the address of the app, for links; empty where it is not known.
	PublicURL string
	// Location is the time zone where a query names none.
	Location *time.Location
	PageTTL  time.Duration
	Now      func() time.Time
}

// Server serves the segmentation service.
type Server struct {
	Options
	// rules check messages that are put together, such as what an update makes of a thing.
	rules *validation.Interceptor
	pages page.Codec
	// end is where the outbox ends.
	end *eventlog.End
	// heavy has room for those who read all of an organisation at the same time.
	heavy chan struct{}
}

// New makes a server.
func New(o Options) (*Server, error) {
	rules, err := validation.New()
	if err != nil {
		return nil, err
	}
	s := &Server{Options: o, rules: rules, pages: page.Codec{TTL: o.PageTTL, Now: o.Now}, heavy: make(chan struct{}, mostHeavy)}
	s.end = eventlog.NewEnd(feedPause, s.endOfOutbox)
	return s, nil
}

// Register registers the services.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	segmentationv1.RegisterCaseServiceServer(r, &caseServer{Server: s})
	segmentationv1.RegisterCaseRuleServiceServer(r, &caseRuleServer{Server: s})
	segmentationv1.RegisterCalendarServiceServer(r, &calendarServer{Server: s})
	segmentationv1.RegisterDigestServiceServer(r, &digestServer{Server: s})
	segmentationv1.RegisterEventFeedServiceServer(r, &feedServer{Server: s})
	segmentationv1.RegisterEventServiceServer(r, &eventServer{Server: s})
	segmentationv1.RegisterLightServiceServer(r, &lightServer{Server: s})
	segmentationv1.RegisterInterviewServiceServer(r, &interviewServer{Server: s})
	segmentationv1.RegisterPersonServiceServer(r, &personServer{Server: s})
	segmentationv1.RegisterImportServiceServer(r, &importServer{Server: s})
	segmentationv1.RegisterContactServiceServer(r, &contactServer{Server: s})
	segmentationv1.RegisterDirectoryServiceServer(r, &directoryServer{Server: s})
	segmentationv1.RegisterSegmentServiceServer(r, &segmentServer{Server: s, reader: membership.NewReader(s.Store, s.Now)})
	segmentationv1.RegisterPurchaseServiceServer(r, &purchaseServer{Server: s})
	segmentationv1.RegisterRecoveryServiceServer(r, &recoveryServer{Server: s})
	segmentationv1.RegisterTimelineServiceServer(r, &timelineServer{Server: s})
	segmentationv1.RegisterRetentionServiceServer(r, &retentionServer{Server: s})
}
