package api

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// registerServer serves RegisterService.
type registerServer struct {
	commentv1.UnimplementedRegisterServiceServer
	*Server
}

// CreateRegisterEntry enters a trend or a risk. The same identifier with the same content returns what is there.
func (s *registerServer) CreateRegisterEntry(ctx context.Context, req *commentv1.CreateRegisterEntryRequest) (*commentv1.CreateRegisterEntryResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetRegisterEntry()
	e := entryFromProto(in)
	e.Organization, e.ID = org, req.GetRegisterEntryId()
	if e.ID == "" {
		e.ID = newID()
	}
	if e.State == 0 {
		e.State = register.UnderReview
	}
	e.CreateTime = s.Now()
	e.UpdateTime = e.CreateTime
	if err := s.checkEntry(ctx, in, org); err != nil {
		return nil, err
	}
	if err := e.Move(0, callerID(ctx), e.CreateTime); err != nil {
		return nil, entryRefusal(err)
	}
	stored, err := s.Store.CreateEntry(ctx, e)
	if errors.Is(err, store.ErrExists) {
		if there, err := s.Store.GetEntry(ctx, org, e.ID); err == nil && sameEntry(there, e) {
			return &commentv1.CreateRegisterEntryResponse{RegisterEntry: entryToProto(there)}, nil
		}
		return nil, refuseField(codes.AlreadyExists, commentv1.ErrorReason_ERROR_REASON_REGISTER_ENTRY_EXISTS, "register_entry_id", "is taken; choose another one")
	}
	if err != nil {
		return nil, storeError(err)
	}
	return &commentv1.CreateRegisterEntryResponse{RegisterEntry: entryToProto(stored)}, nil
}

// sameEntry tells whether two entries have the same content, whoever entered them and when.
func sameEntry(a, b register.Entry) bool {
	for _, e := range []*register.Entry{&a, &b} {
		e.Changes, e.CreateTime, e.UpdateTime, e.Version = nil, time.Time{}, time.Time{}, 0
	}
	return proto.Equal(entryToProto(a), entryToProto(b))
}

// checkEntry refuses what an entry names that there is not.
func (s *registerServer) checkEntry(ctx context.Context, in *commentv1.RegisterEntry, org string) error {
	if in.GetAspect() == "" && in.GetSentiment() != 0 {
		return refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_REGISTER_ENTRY_INVALID, "register_entry.sentiment", "needs an aspect: say of what")
	}
	return s.requireAspect(ctx, org, "register_entry.aspect", in.GetAspect())
}

// entryRefusal explains a *register.Refusal; other errors pass.
func entryRefusal(err error) error {
	var refusal *register.Refusal
	switch {
	case !errors.As(err, &refusal):
		return err
	case refusal.Transition:
		return refuseField(codes.FailedPrecondition, commentv1.ErrorReason_ERROR_REASON_REGISTER_TRANSITION, "register_entry."+refusal.Field, refusal.Description)
	}
	return refuseField(codes.InvalidArgument, commentv1.ErrorReason_ERROR_REASON_REGISTER_ENTRY_INVALID, "register_entry."+refusal.Field, refusal.Description)
}

// GetRegisterEntry returns an entry.
func (s *registerServer) GetRegisterEntry(ctx context.Context, req *commentv1.GetRegisterEntryRequest) (*commentv1.GetRegisterEntryResponse, error) {
	org, id, err := parseOwned(ctx, "name", entriesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	e, err := s.Store.GetEntry(ctx, org, id)
	if err != nil {
		return nil, entryNotFound(err, req.GetName())
	}
	return &commentv1.GetRegisterEntryResponse{RegisterEntry: entryToProto(e)}, nil
}

func entryNotFound(err error, name string) error {
	return orNotFound(err, commentv1.ErrorReason_ERROR_REASON_REGISTER_ENTRY_NOT_FOUND, "register entry", name)
}

// ListRegisterEntries lists entries: risks by severity, then trends.
func (s *registerServer) ListRegisterEntries(ctx context.Context, req *commentv1.ListRegisterEntriesRequest) (*commentv1.ListRegisterEntriesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.openPage(commentv1.RegisterService_ListRegisterEntries_FullMethodName, org, req, req.GetPageToken(), req.GetPageSize())
	if err != nil {
		return nil, err
	}
	q := store.EntryQuery{Organization: org, Kind: register.Kind(req.GetKind()), Offset: p.offset(), Limit: p.size}
	for _, state := range req.GetStates() {
		q.States = append(q.States, register.State(state))
	}
	list, more, err := s.Store.ListEntries(ctx, q)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.ListRegisterEntriesResponse{NextPageToken: p.next(more, int64(q.Offset+len(list)))}
	for _, e := range list {
		out.RegisterEntries = append(out.RegisterEntries, entryToProto(e))
	}
	return out, nil
}

// mutableEntryFields are the fields of an entry that an update may change.
var mutableEntryFields = []string{
	"display_name", "description", "state", "idea", "likelihood", "impact", "actions", "owner", "survey", "aspect", "sentiment", "phrase", "comments",
}

// UpdateRegisterEntry changes an entry, or moves it on. With an etag the entry must still have it.
func (s *registerServer) UpdateRegisterEntry(ctx context.Context, req *commentv1.UpdateRegisterEntryRequest) (*commentv1.UpdateRegisterEntryResponse, error) {
	in := req.GetRegisterEntry()
	// The rules of the protos leave the entry of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&commentv1.GetRegisterEntryRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("register_entry", err)
	}
	org, id, err := parseOwned(ctx, "register_entry.name", entriesCollection, in.GetName())
	if err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutableEntryFields)
	if err != nil {
		return nil, err
	}
	for range changeAttempts {
		current, err := s.Store.GetEntry(ctx, org, id)
		if err != nil {
			return nil, entryNotFound(err, in.GetName())
		}
		if in.GetEtag() != "" && in.GetEtag() != etag(current.CreateTime, current.Version) {
			return nil, etagMismatch("register_entry.etag")
		}
		next, err := s.overlaid(ctx, current, in, fields)
		if err != nil {
			return nil, err
		}
		stored, err := s.Store.UpdateEntry(ctx, next)
		if err == nil {
			return &commentv1.UpdateRegisterEntryResponse{RegisterEntry: entryToProto(stored)}, nil
		}
		if !errors.Is(err, store.ErrChanged) || in.GetEtag() != "" {
			return nil, entryNotFound(err, in.GetName())
		}
	}
	return nil, etagMismatch("register_entry.etag")
}

// overlaid is an entry with some fields changed. The result is checked as a whole.
func (s *registerServer) overlaid(ctx context.Context, current register.Entry, in proto.Message, fields []string) (register.Entry, error) {
	merged := entryToProto(current)
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&commentv1.CreateRegisterEntryRequest{RegisterEntry: merged}); err != nil {
		return register.Entry{}, err
	}
	// An aspect that was deleted since stays named where it was.
	if merged.GetAspect() != current.Aspect || merged.GetSentiment() != commentv1.Sentiment(current.Sentiment) {
		if err := s.checkEntry(ctx, merged, current.Organization); err != nil {
			return register.Entry{}, err
		}
	}
	next := entryFromProto(merged)
	next.Organization, next.ID, next.Version, next.CreateTime = current.Organization, current.ID, current.Version, current.CreateTime
	next.Theme, next.QValue, next.Changes, next.UpdateTime = current.Theme, current.QValue, current.Changes, s.Now()
	if next.State == 0 {
		next.State = current.State
	}
	return next, entryRefusal(next.Move(current.State, callerID(ctx), next.UpdateTime))
}

// DeleteRegisterEntry deletes an entry.
func (s *registerServer) DeleteRegisterEntry(ctx context.Context, req *commentv1.DeleteRegisterEntryRequest) (*commentv1.DeleteRegisterEntryResponse, error) {
	org, id, err := parseOwned(ctx, "name", entriesCollection, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.Store.DeleteEntry(ctx, org, id); err != nil {
		return nil, entryNotFound(err, req.GetName())
	}
	return &commentv1.DeleteRegisterEntryResponse{}, nil
}

// ProposeRegisterEntries enters themes that emerge in a survey.
func (s *registerServer) ProposeRegisterEntries(ctx context.Context, req *commentv1.ProposeRegisterEntriesRequest) (*commentv1.ProposeRegisterEntriesResponse, error) {
	org, id, err := parseOwned(ctx, "survey", surveysCollection, req.GetSurvey())
	if err != nil {
		return nil, err
	}
	list, err := s.Proposer.Propose(ctx, org, id)
	if err != nil {
		return nil, storeError(err)
	}
	out := &commentv1.ProposeRegisterEntriesResponse{}
	for _, e := range list {
		out.RegisterEntries = append(out.RegisterEntries, entryToProto(e))
	}
	return out, nil
}

func entryFromProto(in *commentv1.RegisterEntry) register.Entry {
	e := register.Entry{
		Kind: register.Kind(in.GetKind()), State: register.State(in.GetState()), DisplayName: in.GetDisplayName(), Description: in.GetDescription(),
		Idea: in.GetIdea(), Likelihood: int(in.GetLikelihood()), Impact: int(in.GetImpact()), Owner: in.GetOwner(), Survey: in.GetSurvey(), Aspect: in.GetAspect(),
		Sentiment: uint8(in.GetSentiment()), Phrase: in.GetPhrase(), Comments: in.GetComments(),
	}
	for _, a := range in.GetActions() {
		action := register.Action{Text: a.GetText(), Owner: a.GetOwner(), Done: a.GetDone()}
		if a.GetDueTime() != nil {
			action.Due = a.GetDueTime().AsTime()
		}
		e.Actions = append(e.Actions, action)
	}
	return e
}

func entryToProto(e register.Entry) *commentv1.RegisterEntry {
	out := &commentv1.RegisterEntry{
		Name: entriesCollection + e.ID, Kind: commentv1.RegisterEntry_Kind(e.Kind), DisplayName: e.DisplayName, Description: e.Description,
		State: commentv1.RegisterEntry_State(e.State), Idea: e.Idea, Likelihood: int32(e.Likelihood), Impact: int32(e.Impact), Owner: e.Owner, Survey: e.Survey,
		Aspect: e.Aspect, Sentiment: commentv1.Sentiment(e.Sentiment), Phrase: e.Phrase, Comments: e.Comments, Severity: int32(e.Severity()), QValue: e.QValue,
		CreateTime: timeToProto(e.CreateTime), UpdateTime: timeToProto(e.UpdateTime), Etag: etag(e.CreateTime, e.Version),
	}
	for _, a := range e.Actions {
		out.Actions = append(out.Actions, &commentv1.RegisterAction{Text: a.Text, Owner: a.Owner, DueTime: timeToProto(a.Due), Done: a.Done})
	}
	for _, c := range e.Changes {
		out.Changes = append(out.Changes, &commentv1.RegisterChange{State: commentv1.RegisterEntry_State(c.State), Actor: c.Actor, Time: timeToProto(c.Time)})
	}
	return out
}
