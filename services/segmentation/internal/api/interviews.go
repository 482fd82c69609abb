package api

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

const (
	interviewsCollection = "interviews/"
	guidesCollection     = "interviewGuides/"
)

// interviewServer serves InterviewService.
type interviewServer struct {
	segmentationv1.UnimplementedInterviewServiceServer
	*Server
}

// interviewed is an interview with its words.
type interviewed struct {
	interview.Interview
	words interview.Words
}

// CreateInterview enters an interview. The same identifier with the same content returns what is there.
func (s *interviewServer) CreateInterview(ctx context.Context, req *segmentationv1.CreateInterviewRequest) (*segmentationv1.CreateInterviewResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	i := interviewFromProto(req.GetInterview())
	i.Organization, i.ID, i.Origin = org, req.GetInterviewId(), interview.Manual
	if i.ID == "" {
		i.ID = newID()
	}
	if err := s.place(ctx, &i.Interview); err != nil {
		return nil, err
	}
	if err := s.checkInterview(ctx, "interview", i, interviewed{}); err != nil {
		return nil, err
	}
	if err := i.Begin(s.Now()); err != nil {
		return nil, interviewRefusal("interview", err)
	}
	if i.Sealed, err = s.sealWords(ctx, i); err != nil {
		return nil, err
	}
	stored, err := s.Store.CreateInterview(ctx, i.Interview)
	if errors.Is(err, store.ErrExists) {
		there, err := s.find(ctx, req.GetInterviewId(), i.ID)
		if err != nil {
			return nil, err
		}
		if sameInterview(there, i) {
			return &segmentationv1.CreateInterviewResponse{Interview: s.show(ctx, there)}, nil
		}
		return nil, refuseField(codes.AlreadyExists, segmentationv1.ErrorReason_ERROR_REASON_ID_REUSED, "interview_id", "is taken; choose another one")
	}
	if err != nil {
		return nil, interviewFailure(err, i.ID)
	}
	return &segmentationv1.CreateInterviewResponse{Interview: s.show(ctx, interviewed{stored, i.words})}, nil
}

// sameInterview tells whether two interviews have the same content, whenever they were entered.
func sameInterview(a, b interviewed) bool {
	x, y := interviewToProto(a, true), interviewToProto(b, true)
	for _, i := range []*segmentationv1.Interview{x, y} {
		i.CreateTime, i.UpdateTime, i.Etag = nil, nil, ""
	}
	return proto.Equal(x, y)
}

// place finds the contact of an interview, and where it belongs.
func (s *interviewServer) place(ctx context.Context, i *interview.Interview) error {
	found, err := s.Store.GetContacts(ctx, i.Organization, []string{i.Contact})
	if err != nil {
		return storeError(err)
	}
	c, ok := found[i.Contact]
	if !ok || c.MergedInto != "" {
		return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_INTERVIEW_INVALID, "interview.contact", "is no contact of the directory")
	}
	i.Company, i.Location = c.Company, c.Location
	identities, err := s.Store.Identities(ctx, i.Organization, []string{i.Contact})
	if err != nil {
		return storeError(err)
	}
	for _, known := range identities[i.Contact] {
		if known.Home == i.Contact || i.Person == nil {
			i.Person = known.Person
		}
	}
	return nil
}

// find returns an interview that the caller sees.
func (s *interviewServer) find(ctx context.Context, name, id string) (interviewed, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return interviewed{}, err
	}
	i, err := s.Store.GetInterview(ctx, org, unitsOf(ctx), id)
	if err != nil {
		return interviewed{}, orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_INTERVIEW_NOT_FOUND, "interview", name)
	}
	words, err := s.openWords(ctx, []interview.Interview{i})
	if err != nil {
		return interviewed{}, err
	}
	return interviewed{i, words[0]}, nil
}

// show is an interview as the caller sees it.
func (*interviewServer) show(ctx context.Context, i interviewed) *segmentationv1.Interview {
	return interviewToProto(i, seesPersons(ctx))
}

// GetInterview returns an interview.
func (s *interviewServer) GetInterview(ctx context.Context, req *segmentationv1.GetInterviewRequest) (*segmentationv1.GetInterviewResponse, error) {
	_, id, err := parseOwned(ctx, "name", interviewsCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	i, err := s.find(ctx, req.GetName(), id)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.GetInterviewResponse{Interview: s.show(ctx, i)}, nil
}

// ListInterviews lists interviews in the order in which they are to be held.
func (s *interviewServer) ListInterviews(ctx context.Context, req *segmentationv1.ListInterviewsRequest) (*segmentationv1.ListInterviewsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[int](s.Server, segmentationv1.InterviewService_ListInterviews_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	q := store.InterviewQuery{
		Organization: org, Units: unitsOf(ctx), Contact: bare(contactsCollection, req.GetContact()), Interviewer: req.GetInterviewer(), Code: req.GetCode(),
		Offset: p.cursor, Limit: p.size,
	}
	for _, state := range req.GetStates() {
		q.States = append(q.States, interview.State(state))
	}
	if len(q.States) == 0 {
		q.States = []interview.State{interview.Open, interview.Scheduled}
	}
	list, more, err := s.Store.ListInterviews(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	words := make([]interview.Words, len(list))
	if seesPersons(ctx) {
		if words, err = s.openWords(ctx, list); err != nil {
			return nil, err
		}
	}
	out := &segmentationv1.ListInterviewsResponse{NextPageToken: p.next(more, q.Offset+len(list))}
	for n, i := range list {
		out.Interviews = append(out.Interviews, s.show(ctx, interviewed{i, words[n]}))
	}
	return out, nil
}

// mutableInterviewFields are the fields of an interview that an update may change; wordyFields those of them that hold words.
var (
	mutableInterviewFields = []string{"survey", "state", "interviewer", "schedule_time", "duration", "answers", "notes", "codes", "findings"}
	wordyFields            = []string{"answers", "notes", "findings"}
)

// UpdateInterview changes an interview. With an etag the interview must still have it.
func (s *interviewServer) UpdateInterview(ctx context.Context, req *segmentationv1.UpdateInterviewRequest) (*segmentationv1.UpdateInterviewResponse, error) {
	in := req.GetInterview()
	// The rules of the protos leave the interview of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&segmentationv1.GetInterviewRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("interview", err)
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableInterviewFields)
	if err != nil {
		return nil, err
	}
	if err := mayWrite(ctx, fields, wordyFields); err != nil {
		return nil, err
	}
	stored, err := s.change(ctx, in.GetName(), stated{in.GetEtag(), "interview.etag"}, func(current interviewed) (interviewed, error) {
		return s.overlaidInterview(ctx, current, in, fields)
	})
	if err != nil {
		return nil, err
	}
	return &segmentationv1.UpdateInterviewResponse{Interview: s.show(ctx, stored)}, nil
}

// mayWrite refuses to let callers write over what is personal and they do not see.
func mayWrite(ctx context.Context, fields, personal []string) error {
	for _, f := range fields {
		if slices.Contains(personal, f) && !seesPersons(ctx) {
			return rpcerr.New(codes.PermissionDenied, authz.ReasonDenied, "the caller lacks the permission "+permissionPersons+", without which what is written is not seen",
				rpcerr.WithMetadata("permission", permissionPersons))
		}
	}
	return nil
}

// change applies a change to an interview as it is, again when another change was faster. The interview is stored unless it is as before.
func (s *interviewServer) change(
	ctx context.Context, name string, wanted stated, apply func(current interviewed) (interviewed, error),
) (interviewed, error) {
	_, id, err := parseOwned(ctx, "name", interviewsCollection, name)
	if err != nil {
		return interviewed{}, err
	}
	out, err := retried(wanted, func() (none interviewed, err error) {
		current, err := s.find(ctx, name, id)
		if err != nil {
			return none, err
		}
		if err := wanted.is(etag(current.CreateTime, current.Version)); err != nil {
			return none, err
		}
		next, err := apply(current)
		if err != nil {
			return none, err
		}
		if next.Version == 0 {
			return current, nil
		}
		if next.Sealed, err = s.sealWords(ctx, next); err != nil {
			return none, err
		}
		stored, err := s.Store.UpdateInterview(ctx, next.Interview)
		return interviewed{stored, next.words}, err
	})
	if err != nil {
		return interviewed{}, interviewFailure(err, name)
	}
	return out, nil
}

// overlaidInterview is an interview with some fields changed. The result is checked as a whole.
func (s *interviewServer) overlaidInterview(ctx context.Context, current interviewed, in proto.Message, fields []string) (interviewed, error) {
	merged := interviewToProto(current, true)
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&segmentationv1.CreateInterviewRequest{Interview: merged}); err != nil {
		return interviewed{}, err
	}
	next := interviewFromProto(merged)
	next.keep(current)
	if next.State == 0 {
		next.State = current.State
	}
	if next.Duration == 0 {
		next.Duration = interview.DefaultDuration
	}
	if err := s.checkInterview(ctx, "interview", next, current); err != nil {
		return interviewed{}, err
	}
	return next, interviewRefusal("interview", next.Change(current.State, s.Now()))
}

// keep takes over what no change changes.
func (i *interviewed) keep(current interviewed) {
	i.Organization, i.ID, i.Contact, i.Company, i.Location, i.Region = current.Organization, current.ID, current.Contact, current.Company, current.Location, current.Region
	i.Person, i.Origin, i.Score, i.Stake = current.Person, current.Origin, current.Score, current.Stake
	i.CreateTime, i.CompleteTime, i.Version = current.CreateTime, current.CompleteTime, current.Version
}

// CompleteInterview says that an interview was held.
func (s *interviewServer) CompleteInterview(ctx context.Context, req *segmentationv1.CompleteInterviewRequest) (*segmentationv1.CompleteInterviewResponse, error) {
	result := proto.CloneOf(req.GetResult())
	if result == nil {
		result = &segmentationv1.Interview{}
	}
	fields, err := mask.Changed(nil, result, []string{"answers", "notes", "codes", "findings"})
	if err != nil {
		return nil, err
	}
	if err := mayWrite(ctx, fields, wordyFields); err != nil {
		return nil, err
	}
	stored, err := s.change(ctx, req.GetName(), stated{req.GetEtag(), "etag"}, func(current interviewed) (interviewed, error) {
		merged := interviewToProto(current, true)
		mask.Overlay(merged, result, fields)
		if err := s.rules.Check(&segmentationv1.CreateInterviewRequest{Interview: merged}); err != nil {
			return interviewed{}, err
		}
		brought := interviewFromProto(result)
		next := current
		words, changed, err := next.Complete(current.words, interview.Result{Words: brought.words, Codes: brought.Codes, Findings: brought.Findings}, s.Now())
		if err != nil {
			return interviewed{}, interviewRefusal("result", err)
		}
		if !changed {
			return interviewed{}, nil
		}
		next.words = words
		return next, s.checkInterview(ctx, "result", next, current)
	})
	if err != nil {
		return nil, err
	}
	return &segmentationv1.CompleteInterviewResponse{Interview: s.show(ctx, stored)}, nil
}

// checkInterview refuses what an interview names that there is not, unless it named it before. field is where it stands in the request.
func (s *interviewServer) checkInterview(ctx context.Context, field string, i, before interviewed) error {
	if !slices.Equal(i.Codes, before.Codes) {
		book, err := s.Store.GetCodeBook(ctx, i.Organization)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return storeError(err)
		}
		for n, code := range i.Codes {
			if !book.Allows(code, before.Codes) {
				return interviewInvalid(fmt.Sprintf(field+".codes[%d]", n), "is no code of the code book, or a retired one")
			}
		}
	}
	if !slices.Equal(i.words.Answers, before.words.Answers) {
		guide, err := s.guideOf(ctx, i.Organization, i.Survey)
		if err != nil {
			return err
		}
		for n, a := range i.words.Answers {
			known := slices.ContainsFunc(before.words.Answers, func(b interview.Answer) bool { return b.Question == a.Question })
			if !known && !guide.Asks(a.Question) {
				return interviewInvalid(fmt.Sprintf(field+".answers[%d].question", n), "is no question of the guide")
			}
		}
	}
	return s.checkFindings(ctx, field, i, before)
}

// checkFindings refuses findings about what a survey does not ask.
func (s *interviewServer) checkFindings(ctx context.Context, field string, i, before interviewed) error {
	for n, f := range i.Findings {
		if slices.ContainsFunc(before.Findings, func(b interview.Finding) bool { return b.Survey == f.Survey && b.Question == f.Question }) {
			continue
		}
		revision, found, err := s.Catalog.Current(ctx, i.Organization, f.Survey)
		if err != nil {
			return err
		}
		if !found {
			return interviewInvalid(fmt.Sprintf(field+".findings[%d].survey", n), "is no survey that was published")
		}
		if _, rated := revision.Scales[f.Question]; !rated {
			return interviewInvalid(fmt.Sprintf(field+".findings[%d].question", n), "is no rated question of the survey")
		}
	}
	return nil
}

func interviewInvalid(field, description string) error {
	return refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_INTERVIEW_INVALID, field, description)
}

// interviewRefusal explains an *interview.Refusal about something that stands at a field; other errors pass.
func interviewRefusal(field string, err error) error {
	var refusal *interview.Refusal
	switch {
	case !errors.As(err, &refusal):
		return err
	case refusal.Transition:
		return refuseField(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_INTERVIEW_STATE, field+"."+refusal.Field, refusal.Description)
	}
	return interviewInvalid(field+"."+refusal.Field, refusal.Description)
}

// interviewFailure explains an error of the store about an interview.
func interviewFailure(err error, name string) error {
	if errors.Is(err, store.ErrInterviewed) {
		return refuseField(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_INTERVIEW_EXISTS, "interview.contact",
			"has an interview that is to be held: complete or cancel that one")
	}
	return orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_INTERVIEW_NOT_FOUND, "interview", name)
}
