// Package schedules answers the calls of ScheduleService: it keeps who is sent which report when, and tells what became of it.
package schedules

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/delivery"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const (
	collection = "reportSchedules/"
	runsPart   = "/runs/"
	// mostSchedules is how many schedules an organisation may have.
	mostSchedules = 1000
	defaultPage   = 50
)

// Reports knows which reports there are.
type Reports interface {
	// CheckPlanned refuses a report that could never be made for the caller, by fields of the schedule.
	CheckPlanned(ctx context.Context, q report.Request) error
	// CheckShareable tells whether whoever has a link may be shown a report.
	CheckShareable(ctx context.Context, field, name, subject, filter string) error
}

// Links knows the links that were mailed; *shares.Server is one.
type Links interface {
	// EndMailed ends those that a recipient was sent, by the credential of the recipient.
	EndMailed(ctx context.Context, organization, recipient string) error
}

// Deps is what the server needs.
type Deps struct {
	Store       store.Schedules
	Links       Links
	Reports     Reports
	Credentials *peers.Credentials
	Envelope    seal.Envelope
	Tokens      page.Codec
	// PublicURL is the address of the app, to which links lead; empty where it is not known.
	PublicURL string
	// Zone is the time zone of schedules that name none.
	Zone *time.Location
	Now  func() time.Time
}

// Server answers the calls of ScheduleService.
type Server struct {
	reportingv1.UnimplementedScheduleServiceServer
	Deps
	rules *validation.Interceptor
}

// New makes a server.
func New(d Deps) (*Server, error) {
	rules, err := validation.New()
	if err != nil {
		return nil, fmt.Errorf("make checker of schedules: %w", err)
	}
	return &Server{Deps: d, rules: rules}, nil
}

// Register registers the service's RPCs.
func (s *Server) Register(r grpc.ServiceRegistrar) { reportingv1.RegisterScheduleServiceServer(r, s) }

// caller is who calls.
type caller struct {
	organization, id string
	// outside tells that the caller may send to addresses of nobody who logs in, and see them.
	outside bool
	// shares tells that the caller may make links that show reports.
	shares bool
	// owner narrows what the caller sees to what is his; empty for all.
	owner string
}

// callerOf reads who calls.
func callerOf(ctx context.Context) (caller, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return caller{}, err
	}
	p, _ := authn.FromContext(ctx)
	holds := func(permission string) bool {
		return p.HasRole(authn.RoleService) || authz.FromContext(ctx).Holds(permission)
	}
	c := caller{organization: organization, id: p.ID, outside: holds(delivery.PermissionAddresses), shares: holds(delivery.PermissionShare)}
	if p.Restricted() {
		c.owner = p.ID
	}
	return c, nil
}

// find returns a schedule that the caller sees, by its name.
func (s *Server) find(ctx context.Context, c caller, name string) (schedule.Schedule, error) {
	found, err := s.Store.GetSchedule(ctx, c.organization, strings.TrimPrefix(name, collection))
	if errors.Is(err, store.ErrNotFound) || err == nil && c.owner != "" && found.Owner != c.owner {
		return schedule.Schedule{}, notFound(name)
	}
	return found, storeError(err)
}

func notFound(name string) error {
	return fault.Refuse(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_SCHEDULE_NOT_FOUND, "there is no "+name+"; list the schedules",
		rpcerr.WithMetadata("resource", name))
}

// storeError explains an error of the store that there is no better answer for.
func storeError(err error) error {
	var known *rpcerr.Error
	if errors.Is(err, store.ErrClosed) && !errors.As(err, &known) {
		return rpcerr.New(codes.Unavailable, rpcerr.ReasonShuttingDown, "the service is shutting down", rpcerr.WithCause(err))
	}
	return err
}

// etagOf changes with every change; with the time of creation in it, it is not that of something of the same name deleted before.
func etagOf(s schedule.Schedule) string {
	raw := binary.BigEndian.AppendUint64(nil, uint64(s.CreateTime.UnixMicro())) //nolint:gosec // an opaque text
	return base64.RawURLEncoding.EncodeToString(binary.AppendVarint(raw, s.Version))
}

// newID makes an identifier that nobody guesses.
func newID() string { return strings.ToLower(rand.Text()) }

// listed is a request for a page of a list.
type listed interface {
	proto.Message
	GetPageSize() int32
	GetPageToken() string
}

// pageOf reads a page of a list by its offset.
func pageOf[T any](s *Server, method, organization string, req listed, read func(offset, limit int) ([]T, bool, error)) ([]T, string, error) {
	binding := page.Binding(method, organization, req)
	cursor, err := s.Tokens.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, "", err
	}
	offset := 0
	if len(cursor) > 0 {
		if offset, err = strconv.Atoi(string(cursor)); err != nil || offset < 0 {
			return nil, "", page.ErrMalformed
		}
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	list, more, err := read(offset, size)
	if err != nil || !more {
		return list, "", storeError(err)
	}
	return list, s.Tokens.Encode(binding, []byte(strconv.Itoa(offset+len(list)))), nil
}

// endLinks ends the links that were mailed to recipients. A schedule is deleted after that: who could not end them all tries again.
func (s *Server) endLinks(ctx context.Context, organization string, recipients []schedule.Recipient) error {
	for _, r := range recipients {
		if err := s.Links.EndMailed(ctx, organization, r.Key); err != nil {
			return err
		}
	}
	return nil
}
