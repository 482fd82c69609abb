package api

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// ClaimCase makes a case the caller's.
func (s *caseServer) ClaimCase(ctx context.Context, req *segmentationv1.ClaimCaseRequest) (*segmentationv1.ClaimCaseResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if req.GetName() != "" && req.GetQueue() != "" {
		return nil, validation.Malformed("queue", "CONTRADICTION", "cannot be stated together with a name")
	}
	owner := req.GetOwner()
	if owner == "" {
		owner = callerID(ctx)
	}
	by := s.by(ctx)
	var c cases.Case
	if req.GetName() == "" {
		c, err = s.Store.ClaimFirst(ctx, org, req.GetQueue(), unitsOf(ctx), owner, by)
		if errors.Is(err, store.ErrNotFound) {
			return nil, refuse(codes.NotFound, segmentationv1.ErrorReason_ERROR_REASON_CASE_NONE_LEFT, "there is no case that nobody owns")
		}
	} else {
		var ref store.CaseRef
		if ref, err = caseRef(ctx, "name", req.GetName()); err != nil {
			return nil, err
		}
		c, err = s.Store.ChangeCase(ctx, ref, by, func(c *cases.Case, _ cases.Calendar) ([]cases.Entry, error) {
			e, news, err := c.Claim(owner, by.Actor, by.Time)
			if !news {
				return nil, err
			}
			return []cases.Entry{e}, err
		})
	}
	if err != nil {
		return nil, caseError(err, "name", req.GetName())
	}
	p, err := s.shownCase(ctx, c)
	return &segmentationv1.ClaimCaseResponse{Case: p}, err
}

// MoveCase brings a case to another state.
func (s *caseServer) MoveCase(ctx context.Context, req *segmentationv1.MoveCaseRequest) (*segmentationv1.MoveCaseResponse, error) {
	ref, err := caseRef(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	by, err := s.byRequest(ctx, req.GetRequestId(), req)
	if err != nil {
		return nil, err
	}
	c, err := s.Store.ChangeCase(ctx, ref, by, func(c *cases.Case, cal cases.Calendar) ([]cases.Entry, error) {
		if req.GetEtag() != "" && req.GetEtag() != etag(c.CreateTime, c.Version) {
			return nil, etagMismatch("etag")
		}
		if req.GetRootCause() != 0 {
			c.Cause = cases.Cause(req.GetRootCause())
		}
		e, err := c.Move(cases.State(req.GetState()), by.Actor, by.Time, cal)
		return []cases.Entry{e}, err
	})
	if err != nil {
		return nil, caseError(err, "name", req.GetName())
	}
	p, err := s.shownCase(ctx, c)
	return &segmentationv1.MoveCaseResponse{Case: p}, err
}

// AddCaseNote notes something.
func (s *caseServer) AddCaseNote(ctx context.Context, req *segmentationv1.AddCaseNoteRequest) (*segmentationv1.AddCaseNoteResponse, error) {
	ref, err := caseRef(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	by, err := s.byRequest(ctx, req.GetRequestId(), req)
	if err != nil {
		return nil, err
	}
	c, err := s.Store.ChangeCase(ctx, ref, by, func(c *cases.Case, _ cases.Calendar) ([]cases.Entry, error) {
		c.UpdateTime = by.Time
		return []cases.Entry{{Kind: cases.Noted, Time: by.Time, Text: req.GetText()}}, nil
	})
	if err != nil {
		return nil, caseError(err, "name", req.GetName())
	}
	p, err := s.shownCase(ctx, c)
	return &segmentationv1.AddCaseNoteResponse{Case: p}, err
}

// MergeCases takes cases into another one.
func (s *caseServer) MergeCases(ctx context.Context, req *segmentationv1.MergeCasesRequest) (*segmentationv1.MergeCasesResponse, error) {
	into, err := caseRef(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	var sources []string
	for _, name := range req.GetSources() {
		ref, err := caseRef(ctx, "sources", name)
		if err != nil {
			return nil, err
		}
		sources = append(sources, ref.ID)
	}
	c, err := s.Store.MergeCases(ctx, into, sources, s.by(ctx))
	if err != nil {
		return nil, caseError(err, "name", req.GetName()+", or not all of the sources")
	}
	p, err := s.shownCase(ctx, c)
	return &segmentationv1.MergeCasesResponse{Case: p}, err
}

// ChangeCases does the same to many cases.
func (s *caseServer) ChangeCases(ctx context.Context, req *segmentationv1.ChangeCasesRequest) (*segmentationv1.ChangeCasesResponse, error) {
	out := &segmentationv1.ChangeCasesResponse{}
	for _, name := range req.GetNames() {
		c, err := s.changeOne(ctx, name, req)
		outcome := &segmentationv1.ChangeCasesResponse_Outcome{Name: name}
		var refusal *rpcerr.Error
		switch {
		case err == nil:
			outcome.Case = caseToProto(c)
		case !errors.As(err, &refusal) || refusal.Code == codes.Unavailable || refusal.Code == codes.Internal:
			// Not a refusal: the caller repeats the call, and what was done is done once.
			return nil, err
		default:
			outcome.Reason, outcome.Message = refusal.Reason, refusal.Message
		}
		out.Outcomes = append(out.Outcomes, outcome)
	}
	return out, nil
}

// changeOne does what ChangeCases asks to one case.
func (s *caseServer) changeOne(ctx context.Context, name string, req *segmentationv1.ChangeCasesRequest) (cases.Case, error) {
	ref, err := caseRef(ctx, "names", name)
	if err != nil {
		return cases.Case{}, err
	}
	by := s.by(ctx)
	c, err := s.Store.ChangeCase(ctx, ref, by, func(c *cases.Case, cal cases.Calendar) ([]cases.Entry, error) {
		to := cases.Handling{Owner: c.Owner, Queue: c.Queue, Severity: c.Severity}
		switch change := req.GetChange().(type) {
		case *segmentationv1.ChangeCasesRequest_State:
			e, err := c.Move(cases.State(change.State), by.Actor, by.Time, cal)
			return []cases.Entry{e}, err
		case *segmentationv1.ChangeCasesRequest_Owner:
			to.Owner = change.Owner
		case *segmentationv1.ChangeCasesRequest_Queue:
			to.Queue = change.Queue
		case *segmentationv1.ChangeCasesRequest_Severity:
			to.Severity = cases.Severity(change.Severity)
		}
		e, news, err := c.Assign(to, by.Actor, by.Time)
		if !news {
			return nil, err
		}
		return []cases.Entry{e}, err
	})
	if err != nil {
		return cases.Case{}, caseError(err, "names", name)
	}
	return c, nil
}

// ListCaseEntries lists what happened to a case.
func (s *caseServer) ListCaseEntries(ctx context.Context, req *segmentationv1.ListCaseEntriesRequest) (*segmentationv1.ListCaseEntriesResponse, error) {
	ref, err := caseRef(ctx, "parent", req.GetParent())
	if err != nil {
		return nil, err
	}
	p, err := openPage[int64](s.Server, segmentationv1.CaseService_ListCaseEntries_FullMethodName, ref.Organization, req)
	if err != nil {
		return nil, err
	}
	found, err := s.Store.CaseEntries(ctx, ref, p.cursor, p.size+1)
	if err != nil {
		return nil, caseError(err, "parent", req.GetParent())
	}
	list, more := relational.Page(found, p.size)
	out := &segmentationv1.ListCaseEntriesResponse{}
	for _, e := range list {
		out.Entries = append(out.Entries, caseEntryToProto(e))
		out.NextPageToken = p.next(more, e.Seq)
	}
	return out, nil
}
