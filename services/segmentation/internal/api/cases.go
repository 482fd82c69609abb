package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	casesCollection     = "cases/"
	caseRulesCollection = "caseRules/"
	// shownLinks is how many links of a case are shown.
	shownLinks = 200
	// manual is the subject of cases whose subject is not stated.
	manual = "manual"
)

// caseServer serves CaseService.
type caseServer struct {
	segmentationv1.UnimplementedCaseServiceServer
	*Server
}

// now is the time as it is kept.
func (s *Server) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// by says who calls.
func (s *Server) by(ctx context.Context) store.By {
	return store.By{Actor: callerID(ctx), Units: unitsOf(ctx), Time: s.now()}
}

// byRequest says who calls, and by what request, so that its repetition is told from another one.
func (s *Server) byRequest(ctx context.Context, id string, req proto.Message) (store.By, error) {
	by := s.by(ctx)
	if id == "" {
		return by, nil
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(req)
	if err != nil {
		return store.By{}, fmt.Errorf("encode request: %w", err)
	}
	sum := sha256.Sum256(append([]byte(req.ProtoReflect().Descriptor().FullName()+"\n"), content...))
	by.Request, by.Content = id, sum[:]
	return by, nil
}

// caseRef reads a case's name.
func caseRef(ctx context.Context, field, name string) (store.CaseRef, error) {
	org, id, err := parseOwned(ctx, field, casesCollection, name)
	return store.CaseRef{Organization: org, ID: id, Units: unitsOf(ctx)}, err
}

// CreateCase opens a case by hand.
func (s *caseServer) CreateCase(ctx context.Context, req *segmentationv1.CreateCaseRequest) (*segmentationv1.CreateCaseResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	c, err := s.caseFromProto(ctx, org, req.GetCase())
	if err != nil {
		return nil, err
	}
	c.Organization, c.ID = org, cases.NewID()
	if a := c.About; !unitsOf(ctx).Within(store.Place{Company: a.Company, Location: a.Location, Region: a.Region}) {
		return nil, refuseField(codes.PermissionDenied, segmentationv1.ErrorReason_ERROR_REASON_CASE_INVALID, "case", "must name a unit of the caller's: a company, location or region")
	}
	if err := s.knowsContact(ctx, org, c.About.Contact); err != nil {
		return nil, err
	}
	if err := s.checkLinks(ctx, org, req.GetLinks()); err != nil {
		return nil, err
	}
	by, err := s.byRequest(ctx, req.GetRequestId(), req)
	if err != nil {
		return nil, err
	}
	out, err := s.Store.OpenCase(ctx, c, req.GetLinks(), by)
	if errors.Is(err, store.ErrNotFound) {
		return nil, caseOfNobody()
	}
	if err != nil {
		return nil, caseError(err, "case", "")
	}
	p, err := s.shownCase(ctx, out)
	return &segmentationv1.CreateCaseResponse{Case: p}, err
}

// knowsContact refuses callers who are restricted to units and name a contact of others.
func (s *caseServer) knowsContact(ctx context.Context, org, contact string) error {
	if contact == "" || len(unitsOf(ctx)) == 0 {
		return nil
	}
	_, err := s.seenContact(ctx, org, contact)
	if errors.Is(err, store.ErrNotFound) {
		return caseOfNobody()
	}
	return storeError(err)
}

// linkedResponse is a link to a response, or to a comment of one.
var linkedResponse = regexp.MustCompile(`^(surveys/[^/]+/responses/[^/]+)(/comments/[^/]+)?$`)

// checkLinks refuses links to responses, and to comments of responses, that there are not or that belong to others than the caller. What other things are is
// known where they are kept.
func (s *caseServer) checkLinks(ctx context.Context, org string, links []string) error {
	for i, link := range links {
		response := linkedResponse.FindStringSubmatch(link)
		if response == nil {
			continue
		}
		at, there, err := s.Catalog.ResponseAt(ctx, org, response[1])
		if err != nil {
			return err
		}
		if !there || !unitsOf(ctx).Within(store.Place(at)) {
			return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_CASE_INVALID, "links["+strconv.Itoa(i)+"]", "is no response that the caller sees, or a comment of none")
		}
	}
	return nil
}

func caseOfNobody() error {
	return refuseField(codes.NotFound, segmentationv1.ErrorReason_ERROR_REASON_CASE_INVALID, "case.contact", "is not in the directory")
}

// GetCase returns a case.
func (s *caseServer) GetCase(ctx context.Context, req *segmentationv1.GetCaseRequest) (*segmentationv1.GetCaseResponse, error) {
	ref, err := caseRef(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	c, err := s.Store.GetCase(ctx, ref)
	if err != nil {
		return nil, caseError(err, "name", req.GetName())
	}
	p, err := s.shownCase(ctx, c)
	return &segmentationv1.GetCaseResponse{Case: p}, err
}

// shownCase is a case as it is shown by itself: with what it is about.
func (s *caseServer) shownCase(ctx context.Context, c cases.Case) (*segmentationv1.Case, error) {
	links, err := s.Store.CaseLinks(ctx, c.Organization, c.ID, shownLinks)
	if err != nil {
		return nil, storeError(err)
	}
	p := caseToProto(c)
	for _, l := range links {
		p.Links = append(p.Links, &segmentationv1.CaseLink{Resource: l.Resource, Rule: named(caseRulesCollection, l.Rule), Time: timeToProto(l.Time)})
	}
	if c.About.Employee != "" {
		if seesPersons(ctx) {
			p.Employee = named(employeesCollection, c.About.Employee)
		} else {
			p.WithheldFields = []string{"employee"}
		}
	}
	return p, nil
}

// ListCases lists cases in the order in which they are seen to.
func (s *caseServer) ListCases(ctx context.Context, req *segmentationv1.ListCasesRequest) (*segmentationv1.ListCasesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if req.GetUnowned() && req.GetOwner() != "" {
		return nil, validation.Malformed("unowned", "CONTRADICTION", "cannot be asked for together with an owner")
	}
	p, err := openPage[*store.CaseMark](s.Server, segmentationv1.CaseService_ListCases_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	q := store.CaseQuery{
		Organization: org, Units: unitsOf(ctx), Queue: req.GetQueue(), Owner: req.GetOwner(), Unowned: req.GetUnowned(), Contact: bare(contactsCollection, req.GetContact()),
		Company: bare(companiesCollection, req.GetCompany()), Location: bare(locationsCollection, req.GetLocation()), After: p.cursor, Limit: p.size,
	}
	for _, state := range req.GetStates() {
		q.States = append(q.States, cases.State(state))
	}
	list, more, err := s.Store.ListCases(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListCasesResponse{}
	for _, c := range list {
		out.Cases = append(out.Cases, caseToProto(c))
	}
	if more {
		mark := store.MarkOf(list[len(list)-1])
		out.NextPageToken = p.next(true, &mark)
	}
	return out, nil
}

// mutableCaseFields are the fields of a case that an update may change.
var mutableCaseFields = []string{"display_name", "description", "severity", "queue", "owner", "root_cause", "prevention", "tasks"}

// UpdateCase changes a case. With an etag the case must still have it.
func (s *caseServer) UpdateCase(ctx context.Context, req *segmentationv1.UpdateCaseRequest) (*segmentationv1.UpdateCaseResponse, error) {
	in := req.GetCase()
	// The rules of the protos leave the case of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&segmentationv1.GetCaseRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("case", err)
	}
	ref, err := caseRef(ctx, "case.name", in.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableCaseFields)
	if err != nil {
		return nil, err
	}
	employees, err := s.employeesNamed(ctx, ref.Organization, fields)
	if err != nil {
		return nil, err
	}
	by := s.by(ctx)
	c, err := s.Store.ChangeCase(ctx, ref, by, func(c *cases.Case, _ cases.Calendar) ([]cases.Entry, error) {
		if in.GetEtag() != "" && in.GetEtag() != etag(c.CreateTime, c.Version) {
			return nil, etagMismatch("case.etag")
		}
		return s.overlayCase(c, in, fields, employees, by)
	})
	if err != nil {
		return nil, caseError(err, "case", in.GetName())
	}
	p, err := s.shownCase(ctx, c)
	return &segmentationv1.UpdateCaseResponse{Case: p}, err
}

// overlayCase changes fields of a case, which is checked as a whole, and says what happened.
func (s *caseServer) overlayCase(c *cases.Case, in *segmentationv1.Case, fields []string, employees []store.EmployeeName, by store.By) ([]cases.Entry, error) {
	merged := caseToProto(*c)
	before := proto.CloneOf(merged)
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&segmentationv1.CreateCaseRequest{Case: merged}); err != nil {
		return nil, err
	}
	if err := namesNobody(merged, employees); err != nil {
		return nil, err
	}
	var out []cases.Entry
	to := cases.Handling{Owner: merged.GetOwner(), Queue: merged.GetQueue(), Severity: severityFromProto(merged.GetSeverity())}
	e, news, err := c.Assign(to, by.Actor, by.Time)
	if err != nil {
		return nil, err
	}
	var changed []string
	for _, name := range fields {
		if !slices.Contains(handlingFields, name) && !sameField(before, merged, name) {
			changed = append(changed, name)
		}
	}
	if news {
		out = append(out, e)
	}
	if len(changed) > 0 {
		c.UpdateTime = by.Time
		out = append(out, cases.Entry{Kind: cases.Changed, Time: by.Time, Fields: changed})
	}
	c.DisplayName, c.Description, c.Cause = merged.GetDisplayName(), merged.GetDescription(), cases.Cause(merged.GetRootCause())
	c.Prevention, c.Tasks = taskFromProto(merged.GetPrevention()), tasksFromProto(merged.GetTasks())
	return out, nil
}

// handlingFields are those that cases.Assign changes.
var handlingFields = []string{"severity", "queue", "owner"}

func sameField(a, b *segmentationv1.Case, name string) bool {
	clear := func(in *segmentationv1.Case) *segmentationv1.Case {
		out := &segmentationv1.Case{}
		mask.Overlay(out, in, []string{name})
		return out
	}
	return proto.Equal(clear(a), clear(b))
}

// caseError explains an error of a store, or of the rules of cases. field is where a case stands in the request.
func caseError(err error, field, name string) error {
	var refusal *cases.Refusal
	var exists *store.CaseExists
	switch {
	case errors.Is(err, store.ErrExists):
		return refuseField(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_ID_REUSED, "request_id", "was used with other content; use a new one for new content")
	case errors.As(err, &exists):
		there := casesCollection + exists.ID
		return refuse(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_CASE_EXISTS,
			"the contact has an unresolved case of this subject, "+there+": note it there, or name another subject", rpcerr.WithMetadata("case", there))
	case errors.As(err, &refusal):
		reason := caseReasons[refusal.Kind]
		code := codes.FailedPrecondition
		if refusal.Kind == cases.Invalid {
			code = codes.InvalidArgument
		}
		at := refusal.Field
		if field == "case" {
			at = "case." + at
		}
		return refuseField(code, reason, at, refusal.Description)
	}
	return orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_CASE_NOT_FOUND, "case", name)
}

var caseReasons = map[cases.Kind]segmentationv1.ErrorReason{
	cases.Invalid:       segmentationv1.ErrorReason_ERROR_REASON_CASE_INVALID,
	cases.Transition:    segmentationv1.ErrorReason_ERROR_REASON_CASE_TRANSITION,
	cases.AlreadyClosed: segmentationv1.ErrorReason_ERROR_REASON_CASE_CLOSED,
	cases.Owned:         segmentationv1.ErrorReason_ERROR_REASON_CASE_OWNED,
	cases.Unmergeable:   segmentationv1.ErrorReason_ERROR_REASON_CASE_UNMERGEABLE,
}
