// Package shares answers the calls of ReportShareService: it makes and ends links by which reports are read without logging in, and shows those reports.
package shares

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/lru"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/reports"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	collection = "reportShares/"
	// pagePath is where the gateway shows a report to whoever has the secret of a link.
	pagePath = "/r/"
	// mostShares is how many links an organisation may have, ended ones that are still listed included.
	mostShares = 10_000
	// readsASecond is how often the report of a link may be read.
	readsASecond = 5
	// shownAgain is how long what was made for a link is shown again to who may see the same, and mostShown how many of these, reports and
	// files, are remembered.
	shownAgain = 15 * time.Second
	mostShown  = 128
	// swept is how many ended links are forgotten at a time.
	swept = 100
)

// Permissions that are asked for on behalf of whom a report is shown.
const (
	permissionRender = "reporting.reports.render"
	permissionShare  = "reporting.shares.create"
)

// Maker makes the reports of links; *reports.Server is one.
type Maker interface {
	CheckShared(ctx context.Context, q reports.Shared) error
	Shared(ctx context.Context, q reports.Shared) (reports.MadeShared, error)
}

// Credentials makes and ends the credentials that secrets of links are; *peers.Credentials is one.
type Credentials interface {
	Make(ctx context.Context, organization string, of peers.Credential) (name, secret string, err error)
	End(ctx context.Context, organization, name string) error
}

// Behalf returns a context of calls on behalf of a principal, with the rights that it has now, and whether it has a permission. Errors: peers.ErrGone; others
// pass away.
type Behalf func(ctx context.Context, organization, principal, resource string) (context.Context, func(permission string) bool, error)

// Deps is what the server needs.
type Deps struct {
	Store       store.Shares
	Reports     Maker
	Credentials Credentials
	Behalf      Behalf
	Tokens      page.Codec
	// PublicURL is the address of the app; empty where it is not known.
	PublicURL string
	// Zone is the time zone of periods.
	Zone *time.Location
	Now  func() time.Time
	Log  *slog.Logger
}

// Server answers the calls of ReportShareService.
type Server struct {
	reportingv1.UnimplementedReportShareServiceServer
	Deps
	making singleflight.Group
	places *places
	mu     sync.Mutex
	shown  *lru.Cache[string, shown]
}

// New makes a server.
func New(d Deps) *Server {
	return &Server{Deps: d, places: newPlaces(), shown: lru.New[string, shown](mostShown, nil)}
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) {
	reportingv1.RegisterReportShareServiceServer(r, s)
}

// caller is who calls; owner narrows what he sees to what is his, and is empty for all.
type caller struct{ organization, id, owner string }

func callerOf(ctx context.Context) (caller, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return caller{}, err
	}
	p, _ := authn.FromContext(ctx)
	c := caller{organization: organization, id: p.ID}
	if p.Restricted() {
		c.owner = p.ID
	}
	return c, nil
}

// find returns a link that the caller sees, by its name.
func (s *Server) find(ctx context.Context, c caller, name string) (share.Share, error) {
	found, err := s.Store.GetShare(ctx, c.organization, strings.TrimPrefix(name, collection))
	if errors.Is(err, store.ErrNotFound) || err == nil && c.owner != "" && found.Creator != c.owner {
		return share.Share{}, fault.Refuse(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_SHARE_NOT_FOUND, "there is no "+name+"; list the links",
			rpcerr.WithMetadata("resource", name))
	}
	return found, storeError(err)
}

// storeError explains an error of the store that there is no better answer for.
func storeError(err error) error {
	var known *rpcerr.Error
	if errors.Is(err, store.ErrClosed) && !errors.As(err, &known) {
		return rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is shutting down", rpcerr.WithCause(err))
	}
	return err
}

// newID makes an identifier that nobody guesses.
func newID() string { return strings.ToLower(rand.Text()) }

// Sweep ends and forgets links whose time was over long ago. One that cannot be ended holds up no other.
func (s *Server) Sweep(ctx context.Context) error {
	return chore.EachDue(ctx, swept, func(ctx context.Context, limit int) ([]share.Share, error) {
		return s.Store.EndedShares(ctx, s.Now().Add(-share.Kept), limit)
	}, func(one share.Share) [2]string { return [2]string{one.Organization, one.ID} }, s.end)
}

// end ends a link for good. The credential goes first: nothing is forgotten that still leads somewhere.
func (s *Server) end(ctx context.Context, one share.Share) error {
	if err := s.Credentials.End(ctx, one.Organization, one.Key); err != nil {
		return err
	}
	return storeError(s.Store.DeleteShare(ctx, one.Organization, one.ID))
}
