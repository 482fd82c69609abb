package api

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/recovery"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	recoveriesCollection = "recoveries/"
	recoveryPolicyName   = "recoveryPolicy"
	// nonceLength is the length of what tells apart invitations after a case.
	nonceLength = 8
)

// recoveryServer serves RecoveryService.
type recoveryServer struct {
	segmentationv1.UnimplementedRecoveryServiceServer
	*Server
}

// policy is the organisation's policy, version 0 where it has none.
func (s *recoveryServer) policy(ctx context.Context, org string) (recovery.Policy, error) {
	p, err := s.Store.GetRecoveryPolicy(ctx, org)
	if errors.Is(err, store.ErrNotFound) {
		return recovery.Policy{Organization: org, Wait: recovery.DefaultWait, Cut: recovery.DefaultCut}, nil
	}
	return p, storeError(err)
}

// GetRecoveryPolicy returns what is asked after a case was closed.
func (s *recoveryServer) GetRecoveryPolicy(ctx context.Context, _ *segmentationv1.GetRecoveryPolicyRequest) (*segmentationv1.GetRecoveryPolicyResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.policy(ctx, org)
	if err != nil {
		return nil, err
	}
	return &segmentationv1.GetRecoveryPolicyResponse{RecoveryPolicy: recoveryPolicyToProto(p)}, nil
}

// UpdateRecoveryPolicy says what is asked after a case was closed. With an etag the policy must still have it.
func (s *recoveryServer) UpdateRecoveryPolicy(ctx context.Context, req *segmentationv1.UpdateRecoveryPolicyRequest) (*segmentationv1.UpdateRecoveryPolicyResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetRecoveryPolicy()
	p := recovery.Policy{
		Organization: org, Survey: bare(surveysCollection, in.GetSurvey()), Delay: in.GetDelay().AsDuration(), Wait: recovery.DefaultWait,
		Question: in.GetQuestion(), Cut: in.GetCut(), CreateTime: s.Now(), UpdateTime: s.Now(),
	}
	if in.GetWait() != nil {
		p.Wait = in.GetWait().AsDuration()
	}
	if p.Cut == 0 {
		p.Cut = recovery.DefaultCut
	}
	if err := s.checkRecoveryPolicy(ctx, p); err != nil {
		return nil, err
	}
	wanted := stated{in.GetEtag(), "recovery_policy.etag"}
	stored, err := retried(wanted, func() (recovery.Policy, error) {
		there, err := s.policy(ctx, org)
		if err != nil {
			return there, err
		}
		if err := wanted.is(etagOf(there.CreateTime, there.Version)); err != nil {
			return there, err
		}
		if there.Version > 0 {
			p.CreateTime = there.CreateTime
		}
		p.Version = there.Version
		return s.Store.PutRecoveryPolicy(ctx, p)
	})
	if err != nil {
		return nil, storeError(err)
	}
	return &segmentationv1.UpdateRecoveryPolicyResponse{RecoveryPolicy: recoveryPolicyToProto(stored)}, nil
}

// checkRecoveryPolicy refuses a survey or a question that there is not.
func (s *recoveryServer) checkRecoveryPolicy(ctx context.Context, p recovery.Policy) error {
	if p.Survey == "" {
		return nil
	}
	revision, found, err := s.Catalog.Current(ctx, p.Organization, p.Survey)
	if err != nil {
		return err
	}
	if !found {
		return validation.Malformed("recovery_policy.survey", "SURVEY_NOT_PUBLISHED", "is no survey that was published")
	}
	if _, rated := revision.Scales[p.Question]; p.Question != "" && !rated {
		return validation.Malformed("recovery_policy.question", "QUESTION_NOT_RATED", "is no rated question of the survey")
	}
	return nil
}

// ListRecoveries lists recoveries in the order in which they are due.
func (s *recoveryServer) ListRecoveries(ctx context.Context, req *segmentationv1.ListRecoveriesRequest) (*segmentationv1.ListRecoveriesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := openPage[int](s.Server, segmentationv1.RecoveryService_ListRecoveries_FullMethodName, org, req)
	if err != nil {
		return nil, err
	}
	q := store.RecoveryQuery{Organization: org, Now: s.Now(), Offset: p.cursor, Limit: p.size}
	for _, state := range req.GetStates() {
		q.States = append(q.States, recovery.State(state))
	}
	list, more, err := s.Store.ListRecoveries(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ListRecoveriesResponse{NextPageToken: p.next(more, q.Offset+len(list))}
	for _, r := range list {
		out.Recoveries = append(out.Recoveries, recoveryToProto(r, q.Now))
	}
	return out, nil
}

// InviteRecovery makes a one-time token by which the contact answers.
func (s *recoveryServer) InviteRecovery(ctx context.Context, req *segmentationv1.InviteRecoveryRequest) (*segmentationv1.InviteRecoveryResponse, error) {
	org, id, err := parseOwned(ctx, "name", recoveriesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	now := s.Now()
	r, err := s.Store.GetRecovery(ctx, org, id)
	if err != nil {
		return nil, recoveryFailure(err, req.GetName())
	}
	switch r.At(now) {
	case recovery.Waiting, recovery.Due, recovery.Invited:
	default:
		return nil, recoveryState()
	}
	invitation, err := recovery.Invitation(id, newID()[:nonceLength])
	if err != nil {
		return nil, err
	}
	// The contact's own identifier, by which the answer comes to the contact; one that this service gave says nothing to the survey service.
	respondent := r.Contact
	if directory.GivenByService(respondent) {
		respondent = ""
	}
	token, err := s.Addresses.Invite(ctx, org, surveysCollection+r.Survey, invitation, respondent, r.ExpireTime)
	if err != nil {
		return nil, err
	}
	// A token that nobody was told ends by itself.
	if r, err = s.Store.InviteRecovery(ctx, org, id, now); err != nil {
		return nil, recoveryFailure(err, req.GetName())
	}
	return &segmentationv1.InviteRecoveryResponse{Recovery: recoveryToProto(r, now), Token: token, TokenExpireTime: timestamppb.New(r.ExpireTime)}, nil
}

func recoveryState() error {
	return refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_RECOVERY_STATE, "the recovery was answered, cancelled, or is over")
}

func recoveryFailure(err error, name string) error {
	if errors.Is(err, store.ErrChanged) {
		return recoveryState()
	}
	return orNotFound(err, segmentationv1.ErrorReason_ERROR_REASON_RECOVERY_NOT_FOUND, "recovery", name)
}

// QueryRecoveryRate tells how many of those who answered are recovered.
func (s *recoveryServer) QueryRecoveryRate(ctx context.Context, req *segmentationv1.QueryRecoveryRateRequest) (*segmentationv1.QueryRecoveryRateResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	var from, to time.Time
	if t := req.GetPeriod().GetStartTime(); t != nil {
		from = t.AsTime()
	}
	if t := req.GetPeriod().GetEndTime(); t != nil {
		to = t.AsTime()
	}
	c, err := s.Store.CountRecoveries(ctx, org, from, to)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.QueryRecoveryRateResponse{Cases: c.Cases, Invited: c.Invited, Answered: c.Answered, Recovered: c.Recovered, RecoveredByLight: c.ByLight}
	rate, interval, ok, err := c.Rate()
	if err != nil {
		return nil, err
	}
	if ok {
		out.Rate = &rate
		out.Interval = &typev1.ConfidenceInterval{Lower: interval.Low, Upper: interval.High, Level: recovery.Level, Method: "WILSON"}
	}
	if share, ok := c.ResponseRate(); ok {
		out.ResponseRate = &share
	}
	return out, nil
}

func recoveryPolicyToProto(p recovery.Policy) *segmentationv1.RecoveryPolicy {
	out := &segmentationv1.RecoveryPolicy{
		Name: recoveryPolicyName, Survey: named(surveysCollection, p.Survey), Delay: durationpb.New(p.Delay), Wait: durationpb.New(p.Wait), Question: p.Question, Cut: p.Cut,
		UpdateTime: timeToProto(p.UpdateTime),
	}
	if p.Version > 0 {
		out.Etag = etag(p.CreateTime, p.Version)
	}
	return out
}

func recoveryToProto(r recovery.Recovery, now time.Time) *segmentationv1.Recovery {
	out := &segmentationv1.Recovery{
		Name: recoveriesCollection + r.Case, Case: casesCollection + r.Case, Contact: contactsCollection + r.Contact, Survey: surveysCollection + r.Survey,
		State: segmentationv1.Recovery_State(r.At(now)), CloseTime: timeToProto(r.CloseTime), DueTime: timeToProto(r.DueTime), ExpireTime: timeToProto(r.ExpireTime),
		InviteTime: timeToProto(r.InviteTime), Response: r.Response, Score: r.Score,
	}
	if recovered, known := r.Recovered(); known {
		out.Recovered = &recovered
	}
	return out
}
